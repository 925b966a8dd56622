"""The quantities that leaves of rules ask for.

Each has a `question`, the fact that settles it; `read` gives the limits between which it lies in a
patient, `words` says what is known of it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from crural.history.attempts import ENOUGH_RELIEF, Attempt
from crural.rules.subject import DURATION, Subject
from crural.rules.verdict import UNKNOWN_INTERVAL, Interval


@dataclass(frozen=True)
class Grade:
    """How far a finding goes: the index of its state, on the worse side."""

    finding: str

    @property
    def question(self) -> str:
        return self.finding

    def read(self, subject: Subject) -> Interval:
        return subject.grade(self.finding)

    def words(self, subject: Subject) -> str:
        return subject.words(self.finding)


@dataclass(frozen=True)
class Age:
    """Age in years."""

    question: ClassVar[str] = "age"

    def read(self, subject: Subject) -> Interval:
        return _number(subject.age)

    def words(self, subject: Subject) -> str:
        return f"aged {subject.age:g}"


@dataclass(frozen=True)
class Female:
    """1 in a woman, 0 in a man."""

    question: ClassVar[str] = "sex"

    def read(self, subject: Subject) -> Interval:
        return _number(None if subject.sex is None else float(subject.sex == "female"))

    def words(self, subject: Subject) -> str:
        return f"{subject.sex}"


@dataclass(frozen=True)
class PregnancyWeeks:
    """Completed weeks of a present pregnancy; 0 without one."""

    question: ClassVar[str] = "pregnancy_weeks"

    def read(self, subject: Subject) -> Interval:
        return subject.pregnancy_weeks

    def words(self, subject: Subject) -> str:
        if subject.pregnancy_weeks[1] == 0:
            return "not pregnant"
        return f"{_span(subject.pregnancy_weeks, 'weeks')} pregnant"


@dataclass(frozen=True)
class DurationDays:
    """Days since the pain began."""

    question: ClassVar[str] = DURATION

    def read(self, subject: Subject) -> Interval:
        return subject.duration_days

    def words(self, subject: Subject) -> str:
        return f"pain for {_span(subject.duration_days, 'days')}"


@dataclass(frozen=True)
class Likelihood:
    """Posterior probability of a condition."""

    condition: str

    @property
    def question(self) -> str:
        return f"probability:{self.condition}"

    def read(self, subject: Subject) -> Interval:
        return _number(subject.probability(self.condition))

    def words(self, subject: Subject) -> str:
        condition = subject.knowledge.conditions.get(self.condition)
        name = self.condition if condition is None else condition.name
        return f"{name}: probability {_percent(subject.probability(self.condition) or 0.0)}"


@dataclass(frozen=True)
class DrugsOfClass:
    """How many drugs of a class are taken.

    finding: what a drug of the class implies ("takes an anticoagulant", but also "has diabetes" for
    insulin); None when it implies nothing.
    """

    drug_class: str
    finding: str | None

    question: ClassVar[str] = "drugs"

    def read(self, subject: Subject) -> Interval:
        listed = sum(self.drug_class in drug.classes for drug in subject.drugs or ())
        if listed:
            return (listed, listed)
        least, most = UNKNOWN_INTERVAL if self.finding is None else subject.grade(self.finding)
        if most < 1:
            return (0, 0)
        # A list is taken as complete, until a finding says that a drug may be missing from it.
        return UNKNOWN_INTERVAL if subject.drugs is None or least >= 1 else (0, 0)

    def words(self, subject: Subject) -> str:
        taken = [drug.name for drug in subject.drugs or () if self.drug_class in drug.classes]
        if taken:
            return f"takes {' and '.join(taken)}"
        label = subject.knowledge.drugs.classes.get(self.drug_class, self.drug_class)
        return f"takes nothing of the kind: {label}"


@dataclass(frozen=True)
class DrugsTogether:
    """How many different drugs between them cover all of some classes; 0 when one is missing."""

    classes: tuple[DrugsOfClass, ...]

    question: ClassVar[str] = "drugs"

    def read(self, subject: Subject) -> Interval:
        counts = [wanted.read(subject) for wanted in self.classes]
        if any(most == 0 for _, most in counts):
            return (0, 0)
        if any(least == 0 for least, _ in counts):
            return UNKNOWN_INTERVAL
        names = {wanted.drug_class for wanted in self.classes}
        relevant = sum(not names.isdisjoint(drug.classes) for drug in subject.drugs or ())
        return (relevant, relevant)

    def words(self, subject: Subject) -> str:
        missing = [wanted for wanted in self.classes if wanted.read(subject)[1] == 0]
        said = (wanted.words(subject) for wanted in missing[:1] or self.classes)
        return "; ".join(dict.fromkeys(said))


@dataclass(frozen=True)
class LikelihoodOfAny:
    """Posterior probability of the most probable of several conditions."""

    conditions: tuple[str, ...]

    @property
    def question(self) -> str:
        return f"probability:{self.conditions[0]}"

    def read(self, subject: Subject) -> Interval:
        known = [p for c in self.conditions if (p := subject.probability(c)) is not None]
        return _number(max(known, default=None))

    def words(self, subject: Subject) -> str:
        known = [(p, c) for c in self.conditions if (p := subject.probability(c)) is not None]
        if not known:
            return "probabilities not computed"
        return Likelihood(max(known)[1]).words(subject)


@dataclass(frozen=True)
class LatestPain:
    """The latest pain score, 0 to 10."""

    question: ClassVar[str] = "pain_scores"

    def read(self, subject: Subject) -> Interval:
        return subject.pain_score

    def words(self, subject: Subject) -> str:
        least, most = subject.pain_score
        if least == most:
            return f"pain {least:g} of 10"
        return f"pain {least:g} to {most:.0f} of 10"


@dataclass(frozen=True)
class OpioidMme:
    """Opioids taken now, in milligrams of oral morphine a day."""

    question: ClassVar[str] = "doses"

    def read(self, subject: Subject) -> Interval:
        return subject.opioid_mme

    def words(self, subject: Subject) -> str:
        return f"opioids equal to {_span(subject.opioid_mme, 'mg')} of oral morphine a day"


@dataclass(frozen=True)
class Allergy:
    """1 when an allergy is recorded whose text holds one of the words."""

    holding: tuple[str, ...]

    question: ClassVar[str] = "allergies"

    def _found(self, subject: Subject) -> list[str]:
        return [
            allergy
            for allergy in subject.allergies or ()
            if any(word.casefold() in allergy.casefold() for word in self.holding)
        ]

    def read(self, subject: Subject) -> Interval:
        if subject.allergies is None:
            return UNKNOWN_INTERVAL
        return (1, 1) if self._found(subject) else (0, 0)

    def words(self, subject: Subject) -> str:
        found = self._found(subject)
        return f"allergic to {' and '.join(found)}" if found else "no such allergy recorded"


@dataclass(frozen=True)
class _OfTreatments:
    """Common to what is asked of treatments.

    names: ids of treatments or families; covered: the families that an umbrella among them stands
    for ('conventional medical treatment').
    """

    names: tuple[str, ...]
    covered: tuple[str, ...]

    @property
    def question(self) -> str:
        return f"tried:{self.names[0]}"

    def attempts(self, subject: Subject) -> list[Attempt]:
        """The attempts that speak of these treatments.

        A vague attempt ('anticonvulsants') speaks of a family, not of a treatment in it.
        """
        wanted = {*self.names, *self.covered}
        return [
            attempt
            for attempt in subject.attempts
            if wanted.intersection(attempt.treatments) or wanted.intersection(attempt.families)
        ]

    def named(self, attempt: Attempt) -> bool:
        """Does the attempt speak of them by name, not only of a part of what they cover?"""
        return bool({*attempt.treatments, *attempt.families}.intersection(self.names))

    def _said(self, subject: Subject) -> str:
        said = [f"{a.text}: {_OUTCOMES[a.outcome]}" for a in self.attempts(subject)]
        return "; ".join(said) or f"not recorded: {self.names[0].replace('-', ' ')}"


@dataclass(frozen=True)
class Outcome(_OfTreatments):
    """1 when one of the treatments had the outcome, 0 when it is known to have had another.

    What an umbrella covers has failed when two kinds of it have: one tablet is not all of medicine.
    """

    outcome: str

    def read(self, subject: Subject) -> Interval:
        found = self.attempts(subject)
        had = [a for a in found if self.outcome == "tried" or _had(a, self.outcome)]
        kinds = {family for attempt in had for family in attempt.families}
        if any(self.named(a) for a in had) or len(kinds) >= (_KINDS if self.covered else 1):
            return (1, 1)
        still_open = any(attempt.outcome in {"going-on", "unknown"} for attempt in found)
        partly = had and self.covered
        return (0, 1) if not found or still_open or partly else (0, 0)

    def words(self, subject: Subject) -> str:
        return self._said(subject)


@dataclass(frozen=True)
class DaysOfUse(_OfTreatments):
    """For how many days one of the treatments was used, the longest course.

    Of what an umbrella covers: from the first day of any to the last, at most as long as the pain.
    """

    def read(self, subject: Subject) -> Interval:
        found = self.attempts(subject)
        longest = max((a.days for a in found if a.days is not None), default=0)
        if self.covered:
            least = max(longest, _span_of(found))
            return (least, max(least, subject.duration_days[1]))
        certain = bool(found) and all(a.days is not None and not a.going_on for a in found)
        return (longest, longest) if certain else (longest, math.inf)

    def words(self, subject: Subject) -> str:
        return f"{self._said(subject)} ({_span(self.read(subject), 'days')})"


@dataclass(frozen=True)
class Relief(_OfTreatments):
    """How much relief one of the treatments gave, in percent; the best of them."""

    def read(self, subject: Subject) -> Interval:
        limits = [_relief_of(attempt) for attempt in self.attempts(subject)]
        if not limits:
            return (0, 100)
        return (max(least for least, _ in limits), max(most for _, most in limits))

    def words(self, subject: Subject) -> str:
        return f"{self._said(subject)} ({_span(self.read(subject), '% relief')})"


# So many kinds of treatment must have failed before what covers them has.
_KINDS = 2

_OUTCOMES = {
    "helps": "helps enough",
    "helped": "helped for a time",
    "failed": "not enough relief",
    "not-tolerated": "not tolerated",
    "going-on": "going on",
    "unknown": "outcome not recorded",
}


def _had(attempt: Attempt, outcome: str) -> bool:
    if outcome == "failed":
        return attempt.counts_as_failed
    if outcome == "good":
        return attempt.outcome in {"helps", "helped"}
    return attempt.outcome == outcome


def _span_of(attempts: Sequence[Attempt]) -> float:
    """Days from the first start that is known to the last end."""
    dated = [(a.start, a.start + dt.timedelta(days=a.days or 0)) for a in attempts if a.start]
    if not dated:
        return 0
    return (max(end for _, end in dated) - min(start for start, _ in dated)).days


def _relief_of(attempt: Attempt) -> Interval:
    if attempt.relief_percent is not None:
        return (attempt.relief_percent, attempt.relief_percent)
    if attempt.outcome in {"helps", "helped"}:
        return (ENOUGH_RELIEF, 100)
    if attempt.outcome == "failed":
        return (0, math.nextafter(ENOUGH_RELIEF, 0))
    return (0, 100)


Quantity: TypeAlias = (
    Grade
    | Age
    | Female
    | PregnancyWeeks
    | DurationDays
    | Likelihood
    | LikelihoodOfAny
    | DrugsOfClass
    | DrugsTogether
    | LatestPain
    | OpioidMme
    | Allergy
    | Outcome
    | DaysOfUse
    | Relief
)


def _percent(probability: float) -> str:
    """As a whole per cent, never as a certainty; below ten per cent with one place."""
    if probability > 0.99:
        return "over 99 %"
    return f"{100 * probability:.0f} %" if probability >= 0.1 else f"{100 * probability:.2g} %"


def _number(value: float | None) -> Interval:
    return UNKNOWN_INTERVAL if value is None else (value, value)


def _span(interval: Interval, unit: str) -> str:
    least, most = interval
    if unit == "days":
        # A month is 30.4375 days, but nobody says so.
        least, most = (round(days) if 10 <= days < math.inf else days for days in interval)
    if least == most:
        return f"{_shown(least)} {unit}"
    if most == math.inf:
        return f"{_shown(least)} {unit} or more"
    return f"{_shown(least)} to {_shown(most)} {unit}"


def _shown(number: float) -> str:
    """From a hundred on without places: nobody counts quarters of days."""
    return f"{number:.0f}" if number >= 100 else f"{number:g}"
