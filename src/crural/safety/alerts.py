"""Alerts raised, and alerts that only a question keeps from being raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from crural.knowledge import Knowledge
from crural.knowledge.model import Alert, AlertUrgency, Condition
from crural.knowledge.rules import ProbabilityLeaf
from crural.rules import (
    Compiled,
    DrugsOfClass,
    DrugsTogether,
    Grade,
    InRange,
    Likelihood,
    Negation,
    Outcome,
    Patient,
    PregnancyWeeks,
    Truth,
    Verdict,
    compile_rule,
    decide_all,
    evaluate,
    leaves_in_favour,
    leaves_of,
    truth_of,
)

# Above this probability a dangerous condition is worth a question. In a surgery with ten such
# patients a week it is one patient in five weeks.
WORTH_A_QUESTION = 0.02

# Below this probability of everything that an alert is about no question is open about it, though
# a fact of its rule is there: weakness of one root in pain of two years is no limb without blood.
# In a surgery with ten such patients a week it is one patient a year.
HARDLY_POSSIBLE = 0.002

# From which probability a dangerous condition is itself an alert, how urgent it then is, and what
# to do. One in ten: about where clinicians act on suspicion (a scan for suspected cauda equina
# syndrome confirms it in one of five). For cancer three in a hundred, the risk from which NICE
# wants a referral (NG12).
SUSPECTED: Mapping[str, tuple[float, AlertUrgency, str]] = {
    "emergency": (0.10, "same-day", "Confirm or exclude it today."),
    "urgent": (0.10, "two-weeks", "Confirm or exclude it within two weeks, sooner if it worsens."),
    "cancer": (0.03, "two-weeks", "Confirm or exclude it within two weeks, sooner if it worsens."),
}
CANCER_SOURCE = "cancer-referral-ng12-threshold"

_ORDER: Mapping[AlertUrgency, int] = {"emergency": 0, "same-day": 1, "two-weeks": 2}

# What was done to a patient, and known illnesses that whole alerts are about. Hardly anybody has a
# pump or had a needle in the spine without its being known, so an alert that needs it waits for it.
_PRECONDITIONS = frozenset(
    {
        "pump-in-place",
        "spinal-intrathecal-exposure",
        "lumbar-surgery-previous",
        "diabetes-known",
        "hba1c",
        "ms-known",
    }
)

# Age and sex are known of everybody: they bring no alert to life.
_FACTS = (Grade, DrugsOfClass, DrugsTogether, PregnancyWeeks)


@dataclass(frozen=True)
class RaisedAlert:
    """An alert whose rule is met.

    because: the facts that raise it, in words; rationale: why such a thing must not wait;
    unknown: what the alert wants to be asked and is not known yet (it is raised all the same).
    """

    id: str
    title: str
    urgency: AlertUrgency
    because: tuple[str, ...]
    rationale: str
    unknown: tuple[str, ...]
    action: str
    sources: tuple[str, ...]
    about: tuple[str, ...]
    verdict: Verdict


@dataclass(frozen=True)
class OpenAlert:
    """An alert that may be met, with a reason to think so.

    because: the facts and suspicions that keep it alive, in words; ask: what to find out now, the
    alert's own questions first, then the verdict's, those that settle it most directly first.
    """

    id: str
    title: str
    urgency: AlertUrgency
    because: tuple[str, ...]
    rationale: str
    ask: tuple[str, ...]
    action: str
    sources: tuple[str, ...]
    about: tuple[str, ...]
    verdict: Verdict


def alerts_of(patient: Patient) -> tuple[RaisedAlert, ...]:
    """The alerts whose rule is met, the most urgent first, then the likeliest first."""
    return patient.memo.once("alerts", lambda: _alerts_of(patient))


def _alerts_of(patient: Patient) -> tuple[RaisedAlert, ...]:
    decide_all(patient)
    raised = []
    for alert, rule, advised, _ in _in_order(patient.knowledge):
        if truth_of(rule, patient) is Truth.MET:
            more = [say for when, say in advised if truth_of(when, patient) is Truth.MET]
            verdict = evaluate(rule, patient)
            raised.append(
                RaisedAlert(
                    id=alert.id,
                    title=alert.title,
                    urgency=alert.urgency,
                    because=verdict.because,
                    rationale=alert.because,
                    unknown=_not_known(alert.ask, patient),
                    action=" ".join((alert.action, *more)),
                    sources=alert.sources,
                    about=alert.about,
                    verdict=verdict,
                )
            )
    raised = _each_thing_once(raised, patient.knowledge)
    raised += _suspected(raised, patient)
    return tuple(
        sorted(raised, key=lambda a: (_ORDER[a.urgency], -_likeliest(a, patient), a.title))
    )


def _likeliest(alert: RaisedAlert, patient: Patient) -> float:
    """The probability of the likeliest cause that the alert is about; one that is about none, such
    as that two drugs do not go together, is certain: its facts are there."""
    return max((patient.probability(name) or 0.0 for name in alert.about), default=1.0)


def _each_thing_once(raised: Sequence[RaisedAlert], knowledge: Knowledge) -> list[RaisedAlert]:
    """The alerts without those for which a stronger one speaks; it takes over their facts, what
    they are about, and what they want to be asked."""
    absorbed_by = {
        milder: alert.id for alert in raised for milder in knowledge.alerts[alert.id].absorbs
    }
    told = []
    for alert in raised:
        if alert.id in absorbed_by:
            continue
        every = [alert, *(other for other in raised if absorbed_by.get(other.id) == alert.id)]
        said = "; ".join(alert.because)
        more = (fact for fact in _once(a.because for a in every[1:]) if fact not in said)
        told.append(
            replace(
                alert,
                because=(*alert.because, *more),
                unknown=_once(a.unknown for a in every),
                sources=_once(a.sources for a in every),
                about=_once(a.about for a in every),
            )
        )
    return told


def _once(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(lists)))


def _suspected(raised: list[RaisedAlert], patient: Patient) -> list[RaisedAlert]:
    """An alert for each probable dangerous condition of which no other alert speaks."""
    spoken_of = {name for alert in raised for name in alert.about}
    suspected = []
    for condition, probable in _dangerous(patient.knowledge):
        if condition.id in spoken_of:
            continue
        if condition.known_as is not None and patient.grade(condition.known_as)[0] >= 1:
            continue
        if truth_of(probable, patient) is Truth.MET:
            verdict = evaluate(probable, patient)
            _, urgency, action = SUSPECTED[_kind_of(condition)]
            suspected.append(
                RaisedAlert(
                    id=f"suspected-{condition.id}",
                    title=f"Suspected: {condition.name}",
                    urgency=urgency,
                    because=verdict.because,
                    rationale=condition.description,
                    unknown=(),
                    action=action,
                    sources=(CANCER_SOURCE,) if condition.is_cancer else (),
                    about=(condition.id,),
                    verdict=verdict,
                )
            )
    return suspected


def open_questions(patient: Patient) -> tuple[OpenAlert, ...]:
    """The alerts that are unknown but alive, with what to ask now, the most urgent first.

    Of equally urgent ones those come first that fewer facts could raise.
    Alive: one of the facts that speak for the alert is there, or a dangerous condition that it is
    about has a probability of at least `WORTH_A_QUESTION`. What an alert is made for must be known,
    though: without a pump, no question is open about its catheter. Nor is one where all that the
    alert is about is hardly possible.
    """
    decide_all(patient)
    still_open = []
    for alert, rule, _, speaking_for_it in _in_order(patient.knowledge):
        if truth_of(rule, patient) is not Truth.UNKNOWN or _is_hardly_possible(alert, patient):
            continue
        because = _signs_of_life(alert, speaking_for_it, patient)
        if because and _is_for(rule, patient):
            verdict = evaluate(rule, patient)
            still_open.append(
                OpenAlert(
                    id=alert.id,
                    title=alert.title,
                    urgency=alert.urgency,
                    because=because,
                    rationale=alert.because,
                    ask=_to_ask(alert, verdict, patient),
                    action=alert.action,
                    sources=alert.sources,
                    about=alert.about,
                    verdict=verdict,
                )
            )
    still_open.sort(key=lambda a: (_ORDER[a.urgency], len(a.verdict.to_met), a.title))
    return tuple(still_open)


class _Prepared(NamedTuple):
    """An alert, its compiled rule, when to advise what else, and the facts that bring it to
    life."""

    alert: Alert
    rule: Compiled
    advised: tuple[tuple[Compiled, str], ...]
    speaking_for_it: tuple[InRange, ...]


@lru_cache(maxsize=4)
def _in_order(knowledge: Knowledge) -> tuple[_Prepared, ...]:
    """The alerts made ready, the most urgent first."""
    prepared = []
    for alert in sorted(knowledge.alerts.values(), key=lambda a: (_ORDER[a.urgency], a.title)):
        rule = compile_rule(alert.when, knowledge)
        leaves = (leaf for leaf in leaves_in_favour(rule) if _can_speak(leaf, knowledge))
        advised = tuple((compile_rule(a.when, knowledge), a.say) for a in alert.also)
        prepared.append(_Prepared(alert, rule, advised, tuple(leaves)))
    return tuple(prepared)


@lru_cache(maxsize=4)
def _dangerous(knowledge: Knowledge) -> tuple[tuple[Condition, Compiled], ...]:
    """The dangerous conditions, each with the rule that it is probable enough to be suspected."""
    return tuple(
        (condition, compile_rule(_suspicion_of(condition), knowledge))
        for condition in knowledge.conditions.values()
        if condition.urgency != "routine"
    )


def _suspicion_of(condition: Condition) -> ProbabilityLeaf:
    threshold, _, _ = SUSPECTED[_kind_of(condition)]
    return ProbabilityLeaf(probability=condition.id, min=threshold)


def _kind_of(condition: Condition) -> str:
    return "cancer" if condition.is_cancer else condition.urgency


def _can_speak(leaf: InRange, knowledge: Knowledge) -> bool:
    """Can this fact alone bring an alert to life? Where it hurts and who the patient is cannot: low
    back pain would keep every alert of the spine open."""
    if isinstance(leaf.quantity, Grade):
        return knowledge.findings[leaf.quantity.finding].role in {"effect", "care"}
    return isinstance(leaf.quantity, _FACTS)


def _is_hardly_possible(alert: Alert, patient: Patient) -> bool:
    probable = (patient.probability(name) for name in alert.about)
    return bool(alert.about) and all(p is not None and p < HARDLY_POSSIBLE for p in probable)


def _is_for(rule: Compiled, patient: Patient) -> bool:
    """Can the rule be met by what is not known yet, without a precondition that nobody has told?"""
    if isinstance(rule, InRange):
        return _is_likely(rule, patient)
    if isinstance(rule, Negation):
        return True
    parts = list(zip(rule.points, rule.parts, strict=True))
    if sum(points for points, part in parts if _is_for(part, patient)) >= rule.minimum:
        return True
    # Or when nothing but the drugs is left to know.
    met = sum(points for points, part in parts if truth_of(part, patient) is Truth.MET)
    left = sum(points for points, part in parts if _is_about_drugs_together(part)) if met > 0 else 0
    return 0 < met >= rule.minimum - left


def _is_likely(leaf: InRange, patient: Patient) -> bool:
    """May a leaf be met for all that is known, and is it no precondition that nobody has told?"""
    match leaf.quantity:
        case Grade(finding=name):
            return name not in _PRECONDITIONS or truth_of(leaf, patient) is Truth.MET
        case Likelihood(condition=name):
            probability = patient.probability(name)
            return probability is None or probability >= WORTH_A_QUESTION
        case Outcome():
            return truth_of(leaf, patient) is Truth.MET
        case DrugsTogether(classes=classes):
            # That two drugs do not go together is asked when one of them is taken.
            return any(drugs.read(patient)[0] >= 1 for drugs in classes)
        case _:
            return True


def _is_about_drugs_together(rule: Compiled) -> bool:
    return all(isinstance(leaf.quantity, DrugsTogether) for leaf in leaves_of(rule))


def _signs_of_life(
    alert: Alert, speaking_for_it: tuple[InRange, ...], patient: Patient
) -> tuple[str, ...]:
    """The facts that speak for the alert and the suspicions it is about, in words."""
    signs = [
        leaf.quantity.words(patient)
        for leaf in speaking_for_it
        if truth_of(leaf, patient) is Truth.MET
    ]
    for name in alert.about:
        condition = patient.knowledge.conditions[name]
        probability = patient.probability(name) or 0.0
        if condition.urgency != "routine" and probability >= WORTH_A_QUESTION:
            signs.append(f"{condition.name}: probability {100 * probability:.2g} %")
    return tuple(dict.fromkeys(signs))


def _to_ask(alert: Alert, verdict: Verdict, patient: Patient) -> tuple[str, ...]:
    # A probability is nothing that a patient could be asked for.
    wanted = [fact for fact in verdict.unknown if not fact.startswith("probability:")]
    return tuple(dict.fromkeys((*_not_known(alert.ask, patient), *wanted)))


def _not_known(findings: tuple[str, ...], patient: Patient) -> tuple[str, ...]:
    def is_open(finding: str) -> bool:
        least, most = patient.grade(finding)
        return least < most

    return tuple(finding for finding in findings if is_open(finding))
