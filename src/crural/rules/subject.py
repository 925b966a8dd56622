"""What rules need to know of one patient, and the record's way of giving it.

Nothing here decides anything: a subject says between which limits each quantity lies, and what is
not recorded lies anywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from crural.facts import Facts
from crural.history import Attempt, attempts_of, opioid_total
from crural.knowledge import Knowledge
from crural.rules.verdict import UNKNOWN_INTERVAL, Interval, Verdict

_T = TypeVar("_T")

DURATION = "pain-duration"
SEVERITY = "pain-severity"
PREGNANT = "pregnancy-any"
THIRD_TRIMESTER = "pregnancy-third-trimester"

# A woman of these ages may be pregnant without the record saying so.
CHILDBEARING_AGE: Interval = (12, 55)
THIRD_TRIMESTER_WEEKS = 28
NO_PAIN_TO_WORST: Interval = (0, 10)


# What a verdict can ask for that is no finding, and how to ask the patient for it.
RECORD_QUESTIONS: Mapping[str, str] = {
    "age": "How old are you?",
    "sex": "Are you female or male?",
    "pregnancy_weeks": "Are you pregnant and, if so, in which week?",
    "drugs": "Which drugs do you take now, bought ones included?",
    "doses": "How much of each pain killer do you take, and how often?",
    "allergies": "Are you allergic to any drug?",
    "pain_scores": "How bad is the pain, from 0 (none) to 10 (worst)?",
}


def question_of(fact: str, knowledge: Knowledge) -> str | None:
    """How to ask for a fact that a verdict names: a finding, a field of the record, a treatment."""
    finding = knowledge.findings.get(fact)
    if finding is not None:
        return finding.question
    if fact.startswith("tried:"):
        named = fact.removeprefix("tried:")
        entry = knowledge.treatments.get(named) or knowledge.families.get(named)
        name = named.replace("-", " ") if entry is None else entry.name
        return f"Has {name} been tried: how much, for how long, and what came of it?"
    return RECORD_QUESTIONS.get(fact)


class DrugTaken(NamedTuple):
    """A drug the patient takes now, and the classes it belongs to."""

    name: str
    classes: frozenset[str]


class Memo:
    """What has been worked out about one patient: no rule is decided twice.

    codes, verdicts: by compiled rule; silent: the rules of which nothing is known, down to their
    last leaf, so that `nobody` answers for them; is_first: whether the subject is the first of whom
    all rules are asked (see `sheet`). Other rooms keep theirs with `once`. It belongs to one
    subject, of which nothing changes; a subject that differs in anything has its own.
    """

    __slots__ = ("_answers", "codes", "is_first", "nobody", "silent", "verdicts")

    def __init__(self) -> None:
        self.codes: dict[object, int] = {}
        self.verdicts: dict[object, Verdict] = {}
        self.silent: set[object] = set()
        self.nobody: Nobody | None = None
        self.is_first = False
        self._answers: dict[Hashable, Any] = {}

    def once(self, question: Hashable, answer: Callable[[], _T]) -> _T:
        """The answer to a question about the patient, computed when it is asked first."""
        try:
            found: _T = self._answers[question]
        except KeyError:
            found = self._answers[question] = answer()
        return found


class Subject(Protocol):
    """What rules need to know of one patient. Intervals include both ends."""

    @property
    def memo(self) -> Memo:
        """What has been decided of this patient already."""
        ...

    @property
    def knowledge(self) -> Knowledge:
        """States of findings, scores, and names."""
        ...

    @property
    def told(self) -> AbstractSet[str]:
        """The findings of which something is known, and `drugs`, `allergies` and `treatments`
        where something was recorded of them."""
        ...

    @property
    def age(self) -> float | None:
        """Age in years."""
        ...

    @property
    def sex(self) -> str | None:
        """female or male."""
        ...

    @property
    def pregnancy_weeks(self) -> Interval:
        """Completed weeks of a present pregnancy; 0 without one."""
        ...

    @property
    def duration_days(self) -> Interval:
        """Days since the pain began."""
        ...

    @property
    def drugs(self) -> Sequence[DrugTaken] | None:
        """The drugs taken now, each drug once; None when they are not recorded."""
        ...

    def grade(self, finding: str) -> Interval:
        """Index of the finding's state on the worse side (0: absent or normal)."""
        ...

    def words(self, finding: str) -> str:
        """What is known of a finding, in words."""
        ...

    def probability(self, condition: str) -> float | None:
        """Posterior probability of a condition; None when it was not computed."""
        ...

    @property
    def attempts(self) -> Sequence[Attempt]:
        """What was tried, and what is taken now."""
        ...

    @property
    def pain_score(self) -> Interval:
        """The latest pain score, 0 to 10."""
        ...

    @property
    def opioid_mme(self) -> Interval:
        """Opioids taken now, in milligrams of oral morphine a day."""
        ...

    @property
    def allergies(self) -> Sequence[str] | None:
        """The allergies recorded; None when nobody asked."""
        ...


@dataclass(frozen=True)
class Nobody:
    """The subject of whom nothing is known. Whoever tells nothing of what a rule asks for is
    answered as nobody is, so that it need be worked out only once."""

    knowledge: Knowledge
    memo: Memo = field(default_factory=Memo, init=False, repr=False, compare=False)

    told: ClassVar[AbstractSet[str]] = frozenset()
    age: ClassVar[None] = None
    sex: ClassVar[None] = None
    pregnancy_weeks: ClassVar[Interval] = UNKNOWN_INTERVAL
    duration_days: ClassVar[Interval] = UNKNOWN_INTERVAL
    drugs: ClassVar[None] = None
    attempts: ClassVar[tuple[Attempt, ...]] = ()
    pain_score: ClassVar[Interval] = NO_PAIN_TO_WORST
    opioid_mme: ClassVar[Interval] = UNKNOWN_INTERVAL
    allergies: ClassVar[None] = None

    def grade(self, _: str) -> Interval:
        """May be anything."""
        return UNKNOWN_INTERVAL

    def words(self, finding: str) -> str:
        """That it is not known."""
        return f"{self.knowledge.findings[finding].name}: not known"

    def probability(self, _: str) -> float | None:
        """Was not computed."""
        return None


@lru_cache(maxsize=4)
def nobody_of(knowledge: Knowledge) -> Nobody:
    """The one nobody of a piece of knowledge, who remembers every answer."""
    return Nobody(knowledge)


@dataclass(frozen=True)
class Patient:
    """The facts of a record, and the probabilities that follow from them, as a subject of rules."""

    facts: Facts
    probabilities: Mapping[str, float] = field(default_factory=dict)
    # Made anew for every patient, by `replace` too: what is remembered of one is wrong of another.
    memo: Memo = field(default_factory=Memo, init=False, repr=False, compare=False)

    @property
    def knowledge(self) -> Knowledge:
        """States of findings, scores, and names."""
        return self.facts.knowledge

    @cached_property
    def told(self) -> AbstractSet[str]:
        """The findings of which something is known, and the lists of the record with anything in
        them."""
        lists = {"drugs": self.drugs, "allergies": self.allergies, "treatments": self.attempts}
        return {*self._grades, *(name for name, recorded in lists.items() if recorded)}

    @property
    def age(self) -> float:
        """Age in years."""
        return self.facts.record.age

    @property
    def sex(self) -> str:
        """female or male."""
        return self.facts.record.sex

    @cached_property
    def pregnancy_weeks(self) -> Interval:
        """Completed weeks of a present pregnancy; 0 without one."""
        weeks = self.facts.record.pregnancy_weeks
        if weeks is not None:
            return (weeks, weeks)
        pregnant = self.facts.state(PREGNANT)
        late = self.facts.state(THIRD_TRIMESTER)
        youngest, oldest = CHILDBEARING_AGE
        if self.sex == "male" or pregnant == 0:
            return (0, 0)
        if late:
            return (THIRD_TRIMESTER_WEEKS, math.inf)
        if pregnant is None and not youngest <= self.age <= oldest:
            return (0, 0)
        return (1 if pregnant else 0, math.inf if late is None else THIRD_TRIMESTER_WEEKS - 1)

    @cached_property
    def duration_days(self) -> Interval:
        """Days since the pain began: the number stated, or the limits of the state stated."""
        fact = self.facts.table.get((DURATION, "here"))
        if fact is None:
            return UNKNOWN_INTERVAL
        if fact.value is not None:
            return (fact.value, fact.value)
        state = self.knowledge.findings[DURATION].states[fact.state]
        return (
            0.0 if state.min is None else state.min,
            math.inf if state.max is None else math.nextafter(state.max, -math.inf),
        )

    @cached_property
    def drugs(self) -> tuple[DrugTaken, ...] | None:
        """The drugs taken now. An empty list in the record means that nobody asked."""
        if not self.facts.record.drugs:
            return None
        # Two strengths of one drug are one drug.
        taken: dict[str, DrugTaken] = {}
        for drug, classes in zip(self.facts.record.drugs, self.facts.drug_classes, strict=True):
            taken.setdefault(_without_dose(drug.name), DrugTaken(drug.name, classes))
        return tuple(taken.values())

    def grade(self, finding: str) -> Interval:
        """Index of the finding's state on the worse side (0: absent or normal).

        A record that speaks of the painful side alone is taken at its word for the other one too;
        one that speaks of the other side alone leaves open how much worse the painful one is.
        """
        return self._grades.get(finding, UNKNOWN_INTERVAL)

    @cached_property
    def _grades(self) -> Mapping[str, Interval]:
        """Of every finding that something is known of."""
        grades: dict[str, Interval] = {}
        for finding, _ in self.facts.table:
            here = self.facts.state(finding, "here")
            other = self.facts.state(finding, "other-side") or 0
            worse = other if here is None else max(here, other)
            grades[finding] = (worse, math.inf if here is None else worse)
        return grades

    def words(self, finding: str) -> str:
        """What is known of a finding, in words."""
        here = self.facts.table.get((finding, "here"))
        other = self.facts.table.get((finding, "other-side"))
        fact = other if here is None or (other and other.state > here.state) else here
        entry = self.knowledge.findings[finding]
        if fact is None:
            return f"{entry.name}: not known"
        said = entry.name if fact.state else f"{entry.name}: absent"
        if entry.graded:
            said = f"{entry.name}: {entry.states[fact.state].name}"
        if fact.value is not None:
            said += f", {fact.value:g} {fact.unit or ''}".rstrip()
        remarks = ["other leg"] if fact.place == "other-side" else []
        remarks += [] if fact.stated else [fact.why]
        return f"{said} ({'; '.join(remarks)})" if remarks else said

    def probability(self, condition: str) -> float | None:
        """Posterior probability of a condition; None when it was not computed."""
        return self.probabilities.get(condition)

    @cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        """What was tried, and what is taken now."""
        return attempts_of(self.facts.record, self.knowledge)

    @cached_property
    def pain_score(self) -> Interval:
        """The latest pain, 0 to 10: of the scores and the severity stated, what is later.

        Scores with a date come after those with the number of a day. A severity without a date is
        that of the day of the record.
        """
        record = self.facts.record
        stated = self._severity
        if not record.pain_scores:
            return NO_PAIN_TO_WORST if stated is None else stated
        latest = max(
            record.pain_scores,
            key=lambda s: (s.date is not None, s.date.toordinal() if s.date else s.day or 0),
        )
        days = (o.date or record.as_of for o in record.observations if o.finding == SEVERITY)
        said = next(days, None)
        if stated is not None and said is not None and latest.date is not None:
            return stated if said > latest.date else (latest.nrs, latest.nrs)
        return (latest.nrs, latest.nrs)

    @property
    def _severity(self) -> Interval | None:
        """The severity stated as a finding: the number, or the limits of its grade."""
        fact = self.facts.table.get((SEVERITY, "here"))
        if fact is None:
            return None
        if fact.value is not None:
            return (fact.value, fact.value)
        grade = self.knowledge.findings[SEVERITY].states[fact.state]
        most = 10.0 if grade.max is None else min(10.0, math.nextafter(grade.max, -math.inf))
        return (grade.min or 0.0, most)

    @cached_property
    def opioid_mme(self) -> Interval:
        """Opioids taken now, in milligrams of oral morphine a day."""
        total = opioid_total(self.facts.record, self.knowledge)
        return UNKNOWN_INTERVAL if total is None else total.interval

    @property
    def allergies(self) -> tuple[str, ...] | None:
        """The allergies recorded. An empty list in the record means that nobody asked."""
        return self.facts.record.allergies or None


def _without_dose(name: str) -> str:
    return re.split(r"\d", name.casefold(), maxsplit=1)[0].strip() or name.casefold()
