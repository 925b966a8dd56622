"""Rules applied to one record, or to a table of records.

A rule is either a sum held against a minimum (`all`, `any`, `at_least`, a score), a negation, or a
leaf, and every leaf asks whether one quantity lies in a range. So a record needs to say only in
which interval each quantity lies; what is unknown lies anywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

import numpy as np

from crural.facts import Facts
from crural.knowledge import Knowledge
from crural.knowledge.rules import (
    AgeLeaf,
    All,
    AnyOf,
    AtLeast,
    Bounds,
    DrugLeaf,
    DrugsTogetherLeaf,
    DurationLeaf,
    FindingLeaf,
    Not,
    PregnancyLeaf,
    ProbabilityLeaf,
    Rule,
    ScoreLeaf,
    SexLeaf,
)
from crural.rules.verdict import (
    UNKNOWN_INTERVAL,
    Codes,
    Column,
    Interval,
    Truth,
    Verdict,
    negate,
    opposite,
    spread,
    weigh,
    within,
)

DURATION = "pain-duration"
PREGNANT = "pregnancy-any"
THIRD_TRIMESTER = "pregnancy-third-trimester"

# A woman of these ages may be pregnant without the record saying so.
CHILDBEARING_AGE: Interval = (12, 55)
THIRD_TRIMESTER_WEEKS = 28

# Points such as 0.1 + 0.2 must reach 0.3.
_ROUNDING = 1e-9

# What a verdict can ask for that is no finding, and how to ask the patient for it.
RECORD_QUESTIONS: Mapping[str, str] = {
    "age": "How old are you?",
    "sex": "Are you female or male?",
    "pregnancy_weeks": "Are you pregnant and, if so, in which week?",
    "drugs": "Which drugs do you take now, bought ones included?",
}


class DrugTaken(NamedTuple):
    """A drug the patient takes now, and the classes it belongs to."""

    name: str
    classes: frozenset[str]


class Subject(Protocol):
    """What rules need to know of one patient. Intervals include both ends."""

    @property
    def knowledge(self) -> Knowledge:
        """States of findings, scores, and names."""
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


@dataclass(frozen=True)
class Patient:
    """The facts of a record, and the probabilities that follow from them, as a subject of rules."""

    facts: Facts
    probabilities: Mapping[str, float] = field(default_factory=dict)

    @property
    def knowledge(self) -> Knowledge:
        """States of findings, scores, and names."""
        return self.facts.knowledge

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
        here = self.facts.state(finding, "here")
        other = self.facts.state(finding, "other-side") or 0
        if here is None:
            return (other, math.inf)
        worse = max(here, other)
        return (worse, worse)

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


def _without_dose(name: str) -> str:
    return re.split(r"\d", name.casefold(), maxsplit=1)[0].strip() or name.casefold()


# --- quantities ----------------------------------------------------------------------------------
# What leaves ask for. Each has a `question`, the fact that settles it; `read` gives the limits
# between which it lies in a patient, `words` says what is known of it.


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
        return f"{name}: probability {100 * (subject.probability(self.condition) or 0.0):.2g} %"


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


Quantity: TypeAlias = (
    Grade | Age | Female | PregnancyWeeks | DurationDays | Likelihood | DrugsOfClass | DrugsTogether
)


def _number(value: float | None) -> Interval:
    return UNKNOWN_INTERVAL if value is None else (value, value)


def _span(interval: Interval, unit: str) -> str:
    least, most = interval
    if least == most:
        return f"{least:g} {unit}"
    if most == math.inf:
        return f"{least:g} {unit} or more"
    return f"{least:g} to {most:g} {unit}"


# --- rules ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class InRange:
    """A leaf: is the quantity at least `low` and below `high`?"""

    quantity: Quantity
    low: float = 1
    high: float = math.inf
    unknown: Verdict = field(init=False)

    def __post_init__(self) -> None:
        # Most leaves are unknown in most records, and always in the same words.
        question = (self.quantity.question,)
        unknown = Verdict(Truth.UNKNOWN, to_met=question, to_not_met=question)
        object.__setattr__(self, "unknown", unknown)

    def code(self, subject: Subject) -> int:
        """Truth code for one patient."""
        least, most = self.quantity.read(subject)
        return within(least, most, self.low, self.high)


@dataclass(frozen=True, eq=False, slots=True)
class Negation:
    """Is the part not met?"""

    part: Compiled


@dataclass(frozen=True, eq=False, slots=True)
class Sum:
    """Do the points of the parts that are met reach the minimum? `score`: the name of the sum."""

    points: Sequence[float]
    parts: Sequence[Compiled]
    minimum: float
    score: str | None = None


Compiled: TypeAlias = InRange | Negation | Sum


def compile_rule(rule: Rule, knowledge: Knowledge) -> Compiled:
    """A rule with its states and scores looked up, to be evaluated many times.

    Raises KeyError or ValueError when the rule names what the knowledge does not have; loaded
    knowledge is free of that.
    """
    match rule:
        case All():
            parts = [compile_rule(part, knowledge) for part in rule.all]
            return Sum((1,) * len(parts), parts, len(parts))
        case AnyOf():
            parts = [compile_rule(part, knowledge) for part in rule.any]
            return Sum((1,) * len(parts), parts, 1)
        case AtLeast():
            parts = [compile_rule(part, knowledge) for part in rule.at_least.of]
            return Sum((1,) * len(parts), parts, rule.at_least.n)
        case Not():
            return Negation(compile_rule(rule.not_, knowledge))
        case ScoreLeaf():
            score = knowledge.scores[rule.score]
            parts = [compile_rule(item.when, knowledge) for item in score.items]
            points = [item.points for item in score.items]
            return Sum(points, parts, rule.min - _ROUNDING, score.name)
        case _:
            return _compile_leaf(rule, knowledge)


def _compile_leaf(leaf: Rule, knowledge: Knowledge) -> InRange:
    match leaf:
        case FindingLeaf(state_at_least=None):
            compiled = InRange(Grade(leaf.finding))
        case FindingLeaf(state_at_least=str(state)):
            states = knowledge.findings[leaf.finding].state_ids
            compiled = InRange(Grade(leaf.finding), states.index(state))
        case DrugLeaf():
            compiled = InRange(_of_class(leaf.drug_class, knowledge))
        case DrugsTogetherLeaf():
            classes = tuple(_of_class(one, knowledge) for one in leaf.drug_classes_together)
            compiled = InRange(DrugsTogether(classes), 2)
        case AgeLeaf():
            compiled = _bounded(Age(), leaf.age)
        case SexLeaf(sex="female"):
            compiled = InRange(Female())
        case SexLeaf():
            compiled = InRange(Female(), 0, 1)
        case PregnancyLeaf():
            compiled = _bounded(PregnancyWeeks(), leaf.pregnancy_weeks)
        case DurationLeaf():
            compiled = _bounded(DurationDays(), leaf.duration_days)
        case ProbabilityLeaf():
            compiled = InRange(Likelihood(leaf.probability), leaf.min)
        case _:
            raise TypeError(f"{type(leaf).__name__} is no rule")
    return compiled


def _of_class(drug_class: str, knowledge: Knowledge) -> DrugsOfClass:
    return DrugsOfClass(drug_class, knowledge.drugs.findings_by_class.get(drug_class))


def _bounded(quantity: Quantity, bounds: Bounds) -> InRange:
    return InRange(
        quantity,
        0 if bounds.min is None else bounds.min,
        math.inf if bounds.max is None else bounds.max,
    )


def leaves_of(rule: Compiled) -> Iterator[InRange]:
    """Every leaf of a rule, those of its scores included."""
    match rule:
        case InRange():
            yield rule
        case Negation():
            yield from leaves_of(rule.part)
        case Sum():
            for part in rule.parts:
                yield from leaves_of(part)


def leaves_in_favour(rule: Compiled) -> Iterator[InRange]:
    """The leaves that speak for a rule when they are met: those that stand under no negation."""
    match rule:
        case InRange():
            yield rule
        case Sum():
            for point, part in zip(rule.points, rule.parts, strict=True):
                if point > 0:
                    yield from leaves_in_favour(part)


# --- one record ----------------------------------------------------------------------------------


def evaluate(rule: Rule | Compiled, subject: Subject) -> Verdict:
    """The verdict of a rule on one patient."""
    if isinstance(rule, InRange):
        truth = rule.code(subject)
        if truth == Truth.UNKNOWN.value:
            return rule.unknown
        return Verdict(Truth(truth), (rule.quantity.words(subject),))
    if isinstance(rule, Sum):
        parts = [evaluate(part, subject) for part in rule.parts]
        verdict = weigh(parts, rule.points, rule.minimum)
        return verdict if rule.score is None else _with_points(verdict, rule, parts)
    if isinstance(rule, Negation):
        return negate(evaluate(rule.part, subject))
    return evaluate(compile_rule(rule, subject.knowledge), subject)


def truth_of(rule: Rule | Compiled, subject: Subject) -> Truth:
    """The truth of the verdict alone, without reasons; several times as quick as `evaluate`."""
    if not isinstance(rule, InRange | Negation | Sum):
        rule = compile_rule(rule, subject.knowledge)
    return Truth(_code(rule, lambda quantity: quantity.read(subject)))


def _with_points(verdict: Verdict, score: Sum, parts: Sequence[Verdict]) -> Verdict:
    """The verdict of a score, with its points as the first reason."""
    least, most = spread(score.points, [part.truth.value for part in parts])
    points = f"{least:g}" if least == most else f"{least:g} to {most:g}"
    reason = f"{score.score}: {points} points, {score.minimum + _ROUNDING:g} needed"
    return replace(verdict, because=(reason, *verdict.because))


# --- many records --------------------------------------------------------------------------------


def evaluate_table(rule: Rule, subjects: Sequence[Subject]) -> list[Verdict]:
    """The verdict of a rule on each of several patients of one knowledge, with reasons."""
    if not subjects:
        return []
    compiled = compile_rule(rule, subjects[0].knowledge)
    return [evaluate(compiled, subject) for subject in subjects]


@dataclass(frozen=True)
class Table:
    """Many records in columns: between which limits each quantity lies, record by record.

    A quantity without a column is unknown in every record.
    """

    knowledge: Knowledge
    length: int
    columns: Mapping[Quantity, tuple[Column, Column]]

    def interval(self, quantity: Quantity) -> tuple[Column, Column]:
        """Least and most of a quantity, one number per record."""
        known = self.columns.get(quantity)
        if known is not None:
            return known
        least, most = UNKNOWN_INTERVAL
        return np.full(self.length, least), np.full(self.length, most)


def table_of(rules: Iterable[Rule], subjects: Sequence[Subject], knowledge: Knowledge) -> Table:
    """The columns that some rules ask for, from patients."""
    asked = {leaf.quantity for rule in rules for leaf in leaves_of(compile_rule(rule, knowledge))}
    columns = {}
    for quantity in asked:
        limits = np.array([quantity.read(subject) for subject in subjects], dtype=np.float64)
        limits = limits.reshape(len(subjects), 2)
        columns[quantity] = (limits[:, 0], limits[:, 1])
    return Table(knowledge, len(subjects), columns)


def truth_column(rule: Rule | Compiled, table: Table) -> Codes:
    """Truth codes of a rule for every record of a table: 0 not met, 1 unknown, 2 met."""
    if not isinstance(rule, InRange | Negation | Sum):
        rule = compile_rule(rule, table.knowledge)
    codes: Codes = _code(rule, table.interval)
    return codes


def _code(rule: Compiled, read: Callable[[Quantity], tuple[Any, Any]]) -> Any:
    """Truth code of a rule whose quantities are read as numbers, or a column of them as columns."""
    if isinstance(rule, InRange):
        least, most = read(rule.quantity)
        return within(least, most, rule.low, rule.high)
    if isinstance(rule, Negation):
        return opposite(_code(rule.part, read))
    codes: list[Any] = [_code(part, read) for part in rule.parts]
    least, most = spread(rule.points, codes)
    return within(least, most, rule.minimum)
