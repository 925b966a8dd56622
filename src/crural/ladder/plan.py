"""The ladders of all plausible causes, put together: what serves them all, and what must wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from crural.diagnosis.next_check import Check
from crural.knowledge import Knowledge
from crural.knowledge.ladder import Ladder, Stage
from crural.ladder.options import OPEN, Option
from crural.ladder.position import LadderPosition, position_on
from crural.rules import Patient, Truth, truth_of
from crural.safety import RaisedAlert, alerts_of

# From this probability on a cause has a say in what is done; at most so many do.
PLAUSIBLE = 0.15
MOST_CAUSES = 4
# A step that only one cause asks for need not wait for another check from this probability on.
SURE_ENOUGH = 0.8
# From this probability on the ladder of an emergency that is raised stands first, before that of a
# likelier cause: a prolapse may be surer than the cauda equina that it presses on.
LEADS_AS_EMERGENCY = 0.5
# So many steps that serve every cause are named.
MOST_SHARED = 8

_STAGES_SHARED: frozenset[Stage] = frozenset(
    {"self-care", "simple-analgesic", "physical", "neuropathic-drug", "antispasmodic-drug"}
)
# What never comes before an emergency. Drugs against pain, treatment of the cause and operations
# may belong to it.
_CAN_WAIT: frozenset[Stage] = frozenset(
    {"self-care", "physical", "injection", "programme", "stimulation", "intrathecal"}
)
# Nor before a cancer is looked for that an alert of today speaks of.
_NEEDLES: frozenset[Stage] = frozenset({"injection", "stimulation", "intrathecal"})


@dataclass(frozen=True)
class WaitingStep:
    """A step on the next rung that only one cause asks for, and the checks it waits for."""

    treatment: str
    condition: str
    probability: float
    checks: tuple[str, ...]


@dataclass(frozen=True)
class TreatmentPlan:
    """Ladders of the plausible causes, the most probable first, but an emergency that is likely
    before all others.

    shared: treatments that are open on the ladder of every plausible cause, in the order of the
    first ladder; waiting: steps that hang on one cause which is not sure yet. Before a cancer is
    looked for today no needle and no implant is next. With an emergency nothing is next that can
    wait, and no steps are named as shared or waiting: its alert says what to do.
    """

    ladders: tuple[LadderPosition, ...]
    shared: tuple[str, ...]
    waiting: tuple[WaitingStep, ...]

    @property
    def leading(self) -> LadderPosition:
        """The ladder that is told in full: of the most probable cause, or of the emergency."""
        return self.ladders[0]


def plan_of(
    patient: Patient, ranked: Sequence[tuple[str, float]], checks: Sequence[Check]
) -> TreatmentPlan | None:
    """The plan for a patient whose causes are ranked (condition, probability), likeliest first.

    None when the knowledge holds no ladders.
    """
    knowledge = patient.knowledge
    if not knowledge.ladders:
        return None
    emergencies = [alert for alert in alerts_of(patient) if alert.urgency == "emergency"]
    plausible = [(name, p) for name, p in ranked if p >= PLAUSIBLE][:MOST_CAUSES]
    feared = {name for alert in emergencies for name in alert.about}
    plausible.sort(key=lambda cause: not _leads(cause[0], cause[1], feared, knowledge))
    positions: list[LadderPosition] = []
    for name, _ in plausible:
        for ladder in ladders_for(name, patient):
            if all(ladder.id != known.ladder.id for known in positions):
                positions.append(position_on(ladder, name, patient))
    if not positions:
        positions = [position_on(_general(knowledge), None, patient)]
    if emergencies:
        return TreatmentPlan(
            ladders=tuple(_after(emergencies, _CAN_WAIT, position) for position in positions),
            shared=(),
            waiting=(),
        )
    today = [alert for alert in alerts_of(patient) if _is_of_cancer_today(alert, knowledge)]
    if today:
        positions = [_after(today, _NEEDLES, position) for position in positions]
    return TreatmentPlan(
        ladders=tuple(positions),
        shared=_shared(positions),
        waiting=_waiting(positions, dict(plausible), checks),
    )


def _leads(name: str, probability: float, feared: set[str], knowledge: Knowledge) -> bool:
    """Is it an emergency that an alert speaks of, and likelier than not?"""
    is_emergency = knowledge.conditions[name].urgency == "emergency"
    return is_emergency and name in feared and probability >= LEADS_AS_EMERGENCY


def _is_of_cancer_today(alert: RaisedAlert, knowledge: Knowledge) -> bool:
    return alert.urgency == "same-day" and any(
        knowledge.conditions[c].is_cancer for c in alert.about
    )


def _after(
    alerts: Sequence[RaisedAlert], can_wait: AbstractSet[Stage], position: LadderPosition
) -> LadderPosition:
    """The ladder while what must not wait is dealt with: what can is later, unless a finding makes
    it next at once."""
    before = " and ".join(alert.title for alert in alerts)
    rungs = []
    for rung in position.rungs:
        waits = rung.state == "next" and rung.rung.stage in can_wait and not rung.at_once
        why = f"first: {before}"
        rungs.append(replace(rung, state="later", because=(why,)) if waits else rung)
    return replace(position, rungs=tuple(rungs))


def ladders_for(condition: str, patient: Patient) -> list[Ladder]:
    """The ladders of a condition: those made for such a patient; else all of it that may apply.

    A condition that no ladder names has the general one.
    """
    of = [k for k in patient.knowledge.ladders.values() if condition in k.conditions]
    truths = {k.id: Truth.MET if k.when is None else truth_of(k.when, patient) for k in of}
    special = [k for k in of if k.when is not None and truths[k.id] is Truth.MET]
    plain = [k for k in of if k.when is None]
    possible = [k for k in of if truths[k.id] is not Truth.NOT_MET]
    return special or plain or possible or [_general(patient.knowledge)]


def _general(knowledge: Knowledge) -> Ladder:
    return next(ladder for ladder in knowledge.ladders.values() if ladder.general)


def _open_options(position: LadderPosition) -> dict[str, Option]:
    """Treatments that can still be begun on a rung that is not passed."""
    return {
        option.treatment.id: option
        for rung in position.rungs
        if rung.state in {"next", "later", "in-progress"} and rung.rung.stage in _STAGES_SHARED
        for option in rung.options
        if option.verdict in OPEN - {"advised-against"}
    }


def _shared(positions: Sequence[LadderPosition]) -> tuple[str, ...]:
    """What is open on a ladder of every cause, in the order of the first."""
    if len({position.condition for position in positions}) < 2:
        return ()
    of: dict[str | None, dict[str, Option]] = {}
    for position in positions:
        of.setdefault(position.condition, {}).update(_open_options(position))
    first, *others = of.values()
    return tuple(name for name in first if all(name in other for other in others))[:MOST_SHARED]


def _waiting(
    positions: Sequence[LadderPosition], probability: Mapping[str, float], checks: Sequence[Check]
) -> tuple[WaitingStep, ...]:
    waiting = []
    for position in positions:
        step = position.next
        likely = probability.get(position.condition or "", 0.0)
        if step is None or position.condition is None or likely >= SURE_ENOUGH:
            continue
        telling = tuple(
            check.finding
            for check in checks
            if position.condition in {name for name, _, _ in (*check.if_present, *check.if_absent)}
        )[:2]
        if not telling:
            continue
        elsewhere = {
            name
            for other in positions
            if other is not position
            for rung in other.rungs
            for name in rung.rung.options
        }
        waiting += [
            WaitingStep(option.treatment.id, position.condition, likely, telling)
            for option in step.options
            if option.verdict in OPEN and option.treatment.id not in elsewhere
        ][:1]
    return tuple(waiting)
