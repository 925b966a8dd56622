"""The treatments of one rung, weighed for this patient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from statistics import NormalDist
from typing import Literal

from crural.history import Attempt
from crural.knowledge import Knowledge, Quantity, resolve
from crural.knowledge.treatment import Amount, Effect, Position, RenalDose, Treatment
from crural.ladder.precautions import Warned, doubted, precautions_of, without_itself
from crural.rules import Compiled, Patient, Truth, compile_rule, truth_of

# In the order in which options are shown: what can be begun comes first.
OptionVerdict = Literal[
    "helps",
    "going-on",
    "offer",
    "offer-with-care",
    "check-first",
    "too-short",
    "advised-against",
    "failed",
    "not-tolerated",
    "barred",
]
_SHOWN: tuple[OptionVerdict, ...] = (
    "helps",
    "going-on",
    "offer",
    "check-first",
    "offer-with-care",
    "too-short",
    "advised-against",
    "failed",
    "not-tolerated",
    "barred",
)
# What may still be begun, or begun anew.
OPEN: frozenset[OptionVerdict] = frozenset(
    {"offer", "check-first", "offer-with-care", "too-short", "advised-against"}
)

_DRUGS = frozenset({"drug", "topical"})

# Estimates of the model itself, with their reasons (docs/method.md lists them).
# Standard deviation of pain scores (0 to 10) between patients of trials in lasting pain, by which a
# difference of means becomes a share of patients.
NRS_SD = 2.5
# Share of patients of a control group who lose half their pain, on which such a share is based.
CONTROL_RESPONSE = 0.2
# Share that gains beyond control where nobody has published it: that of a weak analgesic.
UNKNOWN_BENEFIT = 0.1


@dataclass(frozen=True)
class Dose:
    """How much to begin with and at most. `adjusted`: why the most is less than usual."""

    start: Quantity
    start_unit: str
    most: Quantity
    most_unit: str
    how: str
    adjusted: str | None


@dataclass(frozen=True)
class Option:
    """A treatment on a rung.

    benefit: share of patients who gain from it beyond control (1 / NNT), None where no figure was
    found; for_, against: reasons in words; attempt: what came of it when it was tried.
    """

    treatment: Treatment
    verdict: OptionVerdict
    benefit: float | None
    effect: Effect | None
    figure: Quantity | None
    for_: tuple[str, ...]
    against: tuple[str, ...]
    cautions: tuple[Warned, ...]
    positions: tuple[Position, ...]
    attempt: Attempt | None
    dose: Dose | None

    @property
    def tried(self) -> OptionVerdict | None:
        """What came of it when it was tried, whatever speaks against it now."""
        return _verdict_of_attempt(self.attempt)

    @property
    def sources(self) -> tuple[str, ...]:
        """Evidence entries behind effect, positions and cautions."""
        named = [*(self.effect.sources if self.effect else ())]
        named += [position.source for position in self.positions]
        named += [source for warned in self.cautions for source in warned.sources]
        named += self.figure.sources if self.figure else ()
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True)
class Choice:
    """The treatments of a rung, weighed when they are looked at: most rungs are never opened.

    `pains` are what figures and guidelines may speak of: the condition first, then kinds of pain;
    `attempts` what was tried of the rung.
    """

    names: tuple[str, ...]
    patient: Patient = field(repr=False)
    pains: tuple[str, ...]
    attempts: tuple[Attempt, ...]

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """The treatments weighed, the best first."""
        return options_of(self.names, self.patient, self.pains, self.attempts)

    @property
    def is_barred(self) -> bool:
        """Can nothing of it be given? It takes no weighing to tell."""
        treatments = (self.patient.knowledge.treatments[name] for name in self.names)
        return all(_is_barred(_cautions(treatment, self.patient)) for treatment in treatments)


def options_of(
    names: Iterable[str], patient: Patient, pains: Sequence[str], attempts: Sequence[Attempt]
) -> tuple[Option, ...]:
    """The treatments of a rung, the best first.

    `pains` are what figures and guidelines may speak of: the condition first, then kinds of pain.
    What relieves pain and has neither a figure nor a guideline there stands behind all else that
    can be begun.
    """
    of = patient.knowledge.treatments
    options = [_option(of[name], patient, tuple(pains), attempts) for name in names]
    place = {option.treatment.id: i for i, option in enumerate(options)}

    def key(option: Option) -> tuple[int, float, int]:
        benefit = UNKNOWN_BENEFIT if option.benefit is None else option.benefit
        at = _SHOWN.index(option.verdict)
        if option.verdict in OPEN and _says_nothing_for(option):
            at = max(at, _SHOWN.index("too-short"))
            benefit = -1.0
        return (at, -benefit, place[option.treatment.id])

    return tuple(sorted(options, key=key))


def _says_nothing_for(option: Option) -> bool:
    """Is it a drug for the pain, not for its cause, of which nobody has said what it does here?"""
    treatment = option.treatment
    eases = treatment.kind in _DRUGS and "cause" not in treatment.acts_on
    return eases and option.effect is None and not option.positions


@dataclass(frozen=True)
class _Published:
    """What figures and guidelines say of a treatment in some pains: the same for every patient."""

    effect: Effect | None
    figure: Quantity | None
    benefit: float | None
    positions: tuple[Position, ...]
    for_: tuple[str, ...]
    against: tuple[str, ...]


@lru_cache(maxsize=8192)
def _published(name: str, pains: tuple[str, ...], knowledge: Knowledge) -> _Published:
    treatment = knowledge.treatments[name]
    effect = effect_in(treatment, pains)
    figure = _figure(effect, knowledge)
    benefit = None if effect is None else benefit_of(effect, figure)
    positions = positions_in(treatment, pains)
    said = () if effect is None else (effect.says,)
    return _Published(
        effect=effect,
        figure=figure,
        benefit=benefit,
        positions=positions,
        for_=(*_said(positions, "for"), *(said if benefit else ())),
        against=(*_said(positions, "against"), *(said if benefit == 0 else ())),
    )


def _option(
    treatment: Treatment, patient: Patient, pains: tuple[str, ...], attempts: Sequence[Attempt]
) -> Option:
    published = _published(treatment.id, pains, patient.knowledge)
    cautions = _cautions(treatment, patient)
    attempt = attempt_at(treatment, attempts)
    if attempt is not None and attempt.dose_doubt is not None:
        cautions = (*cautions, doubted(attempt.dose_doubt.says, attempt.text))
    return Option(
        treatment=treatment,
        verdict=_verdict(cautions, published.positions, attempt),
        benefit=published.benefit,
        effect=published.effect,
        figure=published.figure,
        for_=published.for_,
        against=(
            *published.against,
            *(warned.say for warned in cautions if warned.level != "check"),
        ),
        cautions=cautions,
        positions=published.positions,
        attempt=attempt,
        dose=dose_of(treatment, patient),
    )


def _cautions(treatment: Treatment, patient: Patient) -> tuple[Warned, ...]:
    return precautions_of(treatment, without_itself(treatment, patient))


def _is_barred(cautions: Iterable[Warned]) -> bool:
    return any(warned.level == "barred" for warned in cautions)


def dose_of(treatment: Treatment, patient: Patient) -> Dose | None:
    """Start and limit of a drug in this patient.

    Where kidneys work less well the lowest limit that applies holds. Where their work is not known
    the usual limit is given; that it must be known is said by the precautions.
    """
    dosing = treatment.dosing
    if dosing is None:
        return None
    start, most, limits = _amounts(treatment.id, patient.knowledge)
    unit, adjusted = dosing.most.unit, None
    for renal, applies, limit in limits:
        if renal.most.unit != unit or limit.value >= most.value:
            continue
        if truth_of(applies, patient) is Truth.MET:
            most, adjusted = limit, renal.say
    if adjusted is not None and dosing.start.unit == unit and start.value > most.value:
        start = most
    return Dose(start, dosing.start.unit, most, unit, dosing.how, adjusted)


@lru_cache(maxsize=2048)
def _amounts(
    name: str, knowledge: Knowledge
) -> tuple[Quantity, Quantity, tuple[tuple[RenalDose, Compiled, Quantity], ...]]:
    """Start and most of a drug, and for kidneys that work less well: when, and how much at most."""
    dosing = knowledge.treatments[name].dosing
    if dosing is None:
        raise ValueError(f"{name} has no dose")

    def quantity(amount: Amount) -> Quantity:
        return resolve(amount.amount, knowledge.evidence, "real")

    limits = tuple(
        (renal, compile_rule(renal.when, knowledge), quantity(renal.most)) for renal in dosing.renal
    )
    return quantity(dosing.start), quantity(dosing.most), limits


def _said(positions: Iterable[Position], stance: str) -> Iterable[str]:
    return (f"{p.body} ({p.year}): {p.says}" for p in positions if p.stance == stance)


def _verdict(
    cautions: Sequence[Warned], positions: Sequence[Position], attempt: Attempt | None
) -> OptionVerdict:
    tried = _verdict_of_attempt(attempt)
    # What must not be given is barred whatever came of it before; `Option.tried` tells that too.
    if _is_barred(cautions):
        return "barred"
    against = advised_against(positions)
    if tried is not None and not (tried == "too-short" and against):
        return tried
    if against:
        return "advised-against"
    levels = {warned.level for warned in cautions}
    if "caution" in levels:
        return "offer-with-care"
    return "check-first" if "check" in levels else "offer"


def _verdict_of_attempt(attempt: Attempt | None) -> OptionVerdict | None:
    if attempt is None:
        return None
    if attempt.outcome == "not-tolerated":
        return "not-tolerated"
    if attempt.outcome == "helps":
        return "helps"
    if attempt.going_on and attempt.outcome == "going-on":
        return "going-on"
    if attempt.counts_as_failed:
        return "failed"
    return "too-short" if attempt.adequacy in {"too-short", "too-little"} else None


def advised_against(positions: Iterable[Position]) -> bool:
    """Do more bodies speak against it than for it?"""
    stances = [position.stance for position in positions]
    return stances.count("against") > stances.count("for")


def attempt_at(treatment: Treatment, attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that says most of this treatment: going on, then one that counts, then any."""
    own = [attempt for attempt in attempts if treatment.id in attempt.treatments]

    def weight(attempt: Attempt) -> int:
        if attempt.outcome == "helps":
            return 0
        if attempt.counts_as_failed:
            return 1
        return 2 if attempt.outcome == "going-on" else 3

    return min(own, key=weight, default=None)


def effect_in(treatment: Treatment, pains: Sequence[str]) -> Effect | None:
    """The published effect that fits best: in the condition itself, then in its kind of pain."""
    for pain in pains:
        for effect in treatment.effects:
            if pain in effect.in_:
                return effect
    return None


def positions_in(treatment: Treatment, pains: Sequence[str]) -> tuple[Position, ...]:
    """What guidelines say of it in this pain, the newest first; of one body the newest alone."""
    fitting = [p for p in treatment.positions if set(p.in_).intersection(pains)]
    newest: dict[str, Position] = {}
    for position in sorted(fitting, key=lambda p: -p.year):
        newest.setdefault(position.body, position)
    return tuple(newest.values())


def _figure(effect: Effect | None, knowledge: Knowledge) -> Quantity | None:
    if effect is None or effect.value is None:
        return None
    return resolve(effect.value, knowledge.evidence, effect.scale)


def benefit_of(effect: Effect, figure: Quantity | None) -> float | None:
    """Share of patients who gain beyond control.

    A number needed to treat is inverted. A difference of means d, in standard deviations, becomes
    Phi(d + Phi^-1(c)) - c, where c is the share of the control group that answers (Furukawa &
    Leucht 2011, doi 10.1371/journal.pone.0019070). A share of responders without a control says
    nothing of gain: None.
    """
    if effect.measure == "no-difference":
        return 0.0
    if figure is None or effect.measure == "responders":
        return None
    if effect.measure == "nnt":
        return min(1.0 / figure.value, 1.0) if figure.value > 0 else 0.0
    if effect.measure == "responder-difference":
        return max(figure.value, 0.0)
    scale = NRS_SD if effect.measure == "mean-difference-nrs" else 1.0
    distance = max(-figure.value, 0.0) / scale
    normal = NormalDist()
    return normal.cdf(distance + normal.inv_cdf(CONTROL_RESPONSE)) - CONTROL_RESPONSE
