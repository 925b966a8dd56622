"""The guided interview: which question comes next, and why it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crural.knowledge import Finding, Knowledge
from crural.safety import OpenAlert
from crural.web.assessment import painting
from crural.web.assessment.draft import Draft
from crural.web.live import Answered

# An emergency less probable than this is not what the next question is about: there are many.
WORTH_ASKING: Final = 0.002
_BURDENS: Final = ("ask", "examine")
# Signs that answer a question when they are there: whose foot was found numb is not asked whether
# it is numb. A sign that is absent answers nothing, for the symptom may come and go.
ANSWERED_BY: Final[Mapping[str, frozenset[str]]] = {
    "numbness-leg": frozenset({"sensory-loss-leg"}),
    "numbness-foot": frozenset(
        {
            "sensory-loss-l5",
            "sensory-loss-s1",
            "sensory-loss-sole",
            "sensory-loss-stocking",
            "sensory-loss-peroneal",
        }
    ),
    "numbness-anterolateral-thigh": frozenset({"sensory-loss-anterolateral-thigh"}),
    "weakness-leg-symptom": frozenset({"weakness-any-leg"}),
}


@dataclass(frozen=True)
class Question:
    """The next question of the interview, and why it is asked. `check` tells what the answer would
    change, where the network knows."""

    finding: Finding
    why: str
    check: Mapping[str, Any] | None = None


def next_question(draft: Draft, answered: Answered | None, knowledge: Knowledge) -> Question | None:
    """The most useful question that has not been answered: first what the painted shape suggests,
    then what could be an emergency, the most probable one first, then what tells most."""

    def open_(finding: str) -> bool:
        return (
            finding in knowledge.findings
            and finding not in draft.skipped
            and not draft.observed(finding)
            and (answered is None or not _known(finding, answered))
        )

    for shape in painting.shapes_alike(draft.painted):
        if open_(shape):
            why = "The painted area looks like it, which would tell much."
            return Question(knowledge.findings[shape], why)
    if answered is None:
        return None
    return next(_of_emergencies(answered, knowledge, open_), None) or next(
        _of_causes(answered, knowledge, open_), None
    )


def _of_emergencies(
    answered: Answered, knowledge: Knowledge, open_: Callable[[str], bool]
) -> Iterator[Question]:
    """Questions that could settle an emergency, the most probable one first."""
    alive = [
        (_weight(alert, answered), alert)
        for alert in answered.assessment.open_alerts
        if alert.urgency == "emergency"
    ]
    for weight, alert in sorted(alive, key=lambda pair: -pair[0]):
        if weight < WORTH_ASKING:
            return
        for finding in alert.ask:
            # What is of use only once the alert is raised can wait until it is.
            if finding not in alert.verdict.unknown:
                continue
            if open_(finding) and knowledge.findings[finding].burden == "ask":
                why = (
                    f"The answer could mean an emergency: {alert.title}. "
                    f"Known so far: {'; '.join(alert.because)}."
                )
                yield Question(knowledge.findings[finding], why)


def _weight(alert: OpenAlert, answered: Answered) -> float:
    """How probable the emergency is. One that is about no cause of pain, such as a pump that gives
    too much, is alive only where its ground is known, and comes first."""
    probability = answered.assessment.diagnosis.probability
    return max((probability.get(name, 0.0) for name in alert.about), default=1.0)


def _of_causes(
    answered: Answered, knowledge: Knowledge, open_: Callable[[str], bool]
) -> Iterator[Question]:
    """Questions that tell most about the cause, those that need no test first."""

    def effort(check: Mapping[str, Any]) -> int:
        burden = check["burden"]
        return _BURDENS.index(burden) if burden in _BURDENS else len(_BURDENS)

    why = "Of all that is not known yet, the answer tells most about the cause."
    for check in sorted(answered.data["next"], key=effort):
        if open_(check["finding"]):
            yield Question(knowledge.findings[check["finding"]], why, check)


def _known(finding: str, answered: Answered) -> bool:
    """Is it on record, or shown by a sign that was found?"""
    shown_by = ANSWERED_BY.get(finding, frozenset())
    return any(
        fact.finding == finding or (fact.state > 0 and fact.finding in shown_by)
        for fact in answered.assessment.facts.table.values()
    )
