"""Rules applied to one record, or to a table of records.

A rule is either a sum held against a minimum (`all`, `any`, `at_least`, a score), a negation, or a
leaf, and every leaf asks whether one quantity lies in a range. So a record needs to say only in
which interval each quantity lies; what is unknown lies anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, TypeAlias
from weakref import WeakValueDictionary

import numpy as np

from crural.knowledge import Knowledge
from crural.knowledge.rules import (
    AgeLeaf,
    All,
    AllergyLeaf,
    AnyOf,
    AtLeast,
    Bounds,
    DrugLeaf,
    DrugsTogetherLeaf,
    DurationLeaf,
    FindingLeaf,
    MmeLeaf,
    Not,
    PainScoreLeaf,
    PregnancyLeaf,
    ProbabilityAnyLeaf,
    ProbabilityLeaf,
    Rule,
    ScoreLeaf,
    SexLeaf,
    TriedLeaf,
    Unless,
)
from crural.rules.quantities import (
    Age,
    Allergy,
    DaysOfUse,
    DrugsOfClass,
    DrugsTogether,
    DurationDays,
    Female,
    Grade,
    LatestPain,
    Likelihood,
    LikelihoodOfAny,
    OpioidMme,
    Outcome,
    PregnancyWeeks,
    Quantity,
    Relief,
)
from crural.rules.subject import Subject
from crural.rules.verdict import (
    UNKNOWN_INTERVAL,
    Codes,
    Column,
    Truth,
    Verdict,
    count_reaches,
    negate,
    opposite,
    spread,
    weigh,
    within,
)

# Points such as 0.1 + 0.2 must reach 0.3.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
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


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Negation:
    """Is the part not met? With `even_unknown` it need not be known either."""

    part: Compiled
    even_unknown: bool = False


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Sum:
    """Do the points of the parts that are met reach the minimum? `score`: the name of the sum."""

    points: tuple[float, ...]
    parts: tuple[Compiled, ...]
    minimum: float
    score: str | None = None


Compiled: TypeAlias = InRange | Negation | Sum
# To ask for: the union above would be put together anew at every question.
_COMPILED: Final = (InRange, Negation, Sum)


def compile_rule(rule: Rule, knowledge: Knowledge) -> Compiled:
    """A rule with its states and scores looked up, to be evaluated many times.

    Rules and parts of rules that say the same are one object, so that a patient decides them once.
    Raises KeyError or ValueError when the rule names what the knowledge does not have; loaded
    knowledge is free of that.
    """
    match rule:
        case All():
            return _sum_of(rule.all, len(rule.all), knowledge)
        case AnyOf():
            return _sum_of(rule.any, 1, knowledge)
        case AtLeast():
            return _sum_of(rule.at_least.of, rule.at_least.n, knowledge)
        case Not(not_=denied) | Unless(unless=denied):
            part = compile_rule(denied, knowledge)
            return _shared(Negation(part, isinstance(rule, Unless)), knowledge)
        case ScoreLeaf():
            score = knowledge.scores[rule.score]
            parts = tuple(compile_rule(item.when, knowledge) for item in score.items)
            points = tuple(item.points for item in score.items)
            return _shared(Sum(points, parts, rule.min - _ROUNDING, score.name), knowledge)
        case _:
            return _shared(_compile_leaf(rule, knowledge), knowledge)


def _sum_of(rules: Sequence[Rule], minimum: int, knowledge: Knowledge) -> Compiled:
    parts = tuple(compile_rule(part, knowledge) for part in rules)
    return _shared(Sum((1,) * len(parts), parts, minimum), knowledge)


def _shared(rule: Compiled, knowledge: Knowledge) -> Compiled:
    """The one object that stands for all rules which say the same. Its parts are shared already,
    so two sums say the same when their parts are the same objects."""
    said: tuple[object, ...]
    if isinstance(rule, InRange):
        said = (rule.quantity, rule.low, rule.high)
    elif isinstance(rule, Negation):
        said = (rule.part, rule.even_unknown)
    else:
        said = (rule.points, rule.parts, rule.minimum, rule.score)
    return _in_use(knowledge).setdefault(said, rule)


@lru_cache(maxsize=4)
def _in_use(_: Knowledge) -> WeakValueDictionary[tuple[object, ...], Compiled]:
    """The compiled rules that somebody still holds, by what they say."""
    return WeakValueDictionary()


def _compile_leaf(leaf: Any, knowledge: Knowledge) -> InRange:
    compile_one = _LEAVES.get(type(leaf))
    if compile_one is None:
        raise TypeError(f"{type(leaf).__name__} is no rule")
    return compile_one(leaf, knowledge)


def _of_finding(leaf: FindingLeaf, knowledge: Knowledge) -> InRange:
    if leaf.state_at_least is None:
        return InRange(Grade(leaf.finding))
    states = knowledge.findings[leaf.finding].state_ids
    return InRange(Grade(leaf.finding), states.index(leaf.state_at_least))


def _of_drugs_together(leaf: DrugsTogetherLeaf, knowledge: Knowledge) -> InRange:
    classes = tuple(_of_class(one, knowledge) for one in leaf.drug_classes_together)
    return InRange(DrugsTogether(classes), 2)


def _of_sex(leaf: SexLeaf, _: Knowledge) -> InRange:
    return InRange(Female()) if leaf.sex == "female" else InRange(Female(), 0, 1)


def _of_treatments(leaf: TriedLeaf, knowledge: Knowledge) -> InRange:
    covered = tuple(dict.fromkeys(f for name in leaf.tried for f in _covered(name, knowledge)))
    if leaf.days is not None:
        return _bounded(DaysOfUse(leaf.tried, covered), leaf.days)
    if leaf.relief_percent is not None:
        return _bounded(Relief(leaf.tried, covered), leaf.relief_percent)
    return InRange(Outcome(leaf.tried, covered, leaf.outcome))


def _covered(name: str, knowledge: Knowledge) -> Iterator[str]:
    """The families that an umbrella stands for, those of the umbrellas in it too."""
    family = knowledge.families.get(name)
    for inner in () if family is None else family.covers:
        yield inner
        yield from _covered(inner, knowledge)


def _of_class(drug_class: str, knowledge: Knowledge) -> DrugsOfClass:
    return DrugsOfClass(drug_class, knowledge.drugs.findings_by_class.get(drug_class))


def _bounded(quantity: Quantity, bounds: Bounds) -> InRange:
    return InRange(
        quantity,
        0 if bounds.min is None else bounds.min,
        math.inf if bounds.max is None else bounds.max,
    )


_LEAVES: Mapping[type, Callable[[Any, Knowledge], InRange]] = {
    FindingLeaf: _of_finding,
    DrugLeaf: lambda leaf, knowledge: InRange(_of_class(leaf.drug_class, knowledge)),
    DrugsTogetherLeaf: _of_drugs_together,
    AgeLeaf: lambda leaf, _: _bounded(Age(), leaf.age),
    SexLeaf: _of_sex,
    PregnancyLeaf: lambda leaf, _: _bounded(PregnancyWeeks(), leaf.pregnancy_weeks),
    DurationLeaf: lambda leaf, _: _bounded(DurationDays(), leaf.duration_days),
    ProbabilityLeaf: lambda leaf, _: InRange(Likelihood(leaf.probability), leaf.min),
    ProbabilityAnyLeaf: lambda leaf, _: InRange(LikelihoodOfAny(leaf.probability_any), leaf.min),
    PainScoreLeaf: lambda leaf, _: _bounded(LatestPain(), leaf.pain_score),
    MmeLeaf: lambda leaf, _: _bounded(OpioidMme(), leaf.mme),
    AllergyLeaf: lambda leaf, _: InRange(Allergy(leaf.allergy)),
    TriedLeaf: _of_treatments,
}


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
    if not isinstance(rule, _COMPILED):
        rule = compile_rule(rule, subject.knowledge)
    memo = subject.memo
    known = memo.verdicts.get(rule)
    if known is None:
        nobody = memo.nobody if rule in memo.silent else None
        found = _evaluated(rule, subject) if nobody is None else evaluate(rule, nobody)
        known = memo.verdicts[rule] = found
    return known


def _evaluated(rule: Compiled, subject: Subject) -> Verdict:
    if isinstance(rule, InRange):
        truth = truth_of(rule, subject)
        if truth is Truth.UNKNOWN:
            return rule.unknown
        return Verdict(truth, (rule.quantity.words(subject),))
    if isinstance(rule, Negation):
        found = negate(evaluate(rule.part, subject))
        settled = found.truth is not Truth.UNKNOWN or not rule.even_unknown
        return found if settled else Verdict(Truth.MET)
    parts = [evaluate(part, subject) for part in rule.parts]
    verdict = weigh(parts, rule.points, rule.minimum)
    return verdict if rule.score is None else _with_points(verdict, rule, parts)


def truth_of(rule: Rule | Compiled, subject: Subject) -> Truth:
    """The truth of the verdict alone, without reasons; several times as quick as `evaluate`."""
    code = subject.memo.codes.get(rule)
    if code is None:
        if not isinstance(rule, _COMPILED):
            rule = compile_rule(rule, subject.knowledge)
        code = _code_for(rule, subject)
    return _TRUTHS[code]


_TRUTHS = tuple(Truth(code) for code in range(3))


def _code_for(rule: Compiled, subject: Subject) -> int:
    """Truth code of a rule for one patient, decided once."""
    codes = subject.memo.codes
    known = codes.get(rule)
    if known is None:
        known = codes[rule] = _decided(rule, subject)
    return known


def _decided(rule: Compiled, subject: Subject) -> int:
    if isinstance(rule, InRange):
        least, most = rule.quantity.read(subject)
        return within(least, most, rule.low, rule.high)
    if isinstance(rule, Negation):
        code = opposite(_code_for(rule.part, subject))
        return 2 if code == 1 and rule.even_unknown else code
    codes = (_code_for(part, subject) for part in rule.parts)
    if rule.score is None:
        return count_reaches(rule.minimum, codes, of=len(rule.parts))
    return within(*spread(rule.points, list(codes)), rule.minimum)


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
    if not isinstance(rule, _COMPILED):
        rule = compile_rule(rule, table.knowledge)
    return _column_for(rule, table)


def _column_for(rule: Compiled, table: Table) -> Codes:
    if isinstance(rule, InRange):
        return within(*table.interval(rule.quantity), rule.low, rule.high)
    if isinstance(rule, Negation):
        column = opposite(_column_for(rule.part, table))
        return np.where(column == 1, 2, column) if rule.even_unknown else column
    codes = [_column_for(part, table) for part in rule.parts]
    return within(*spread(rule.points, codes), rule.minimum)
