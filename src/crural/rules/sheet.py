"""All rules of a piece of knowledge on one sheet, decided together for one patient.

Rule by rule most of the time goes to finding out that nothing is known of what a rule asks for. So
the sheet numbers the rules, parts before the sums that they stand in, reads of a patient only what
was told, and decides all rules of one depth in one stroke of numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, chain, count, groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crural.knowledge import Knowledge
from crural.knowledge.rules import Rule
from crural.knowledge.therapy_checks import rules_of_therapy
from crural.rules.evaluate import Compiled, InRange, Negation, Sum, compile_rule
from crural.rules.quantities import (
    Allergy,
    DaysOfUse,
    DrugsOfClass,
    DrugsTogether,
    Grade,
    Outcome,
    Quantity,
    Relief,
)
from crural.rules.subject import DURATION, Nobody, Subject, nobody_of
from crural.rules.verdict import Codes, Column, within

_Numbers = NDArray[np.intp]


def decide_all(subject: Subject) -> None:
    """Decides every rule of the knowledge for a subject, who remembers it.

    `truth_of` and `evaluate` answer the same without, but slower from some dozens of rules on. To
    make the sheet takes as long as it saves over some dozens; so the first, who may be the only
    one, does without.
    """
    memo = subject.memo
    if memo.nobody is None and not memo.is_first:
        memo.is_first = next(_subjects(subject.knowledge)) == 0
        if not memo.is_first:
            sheet_of(subject.knowledge).decide(subject)


@lru_cache(maxsize=4)
def _subjects(_: Knowledge) -> Iterator[int]:
    """Counts the subjects for whom all rules are asked."""
    return count()


@lru_cache(maxsize=4)
def sheet_of(knowledge: Knowledge) -> Sheet:
    """The sheet of all rules of a piece of knowledge, made once."""
    return sheet_with(_rules_of(knowledge), knowledge)


def _rules_of(knowledge: Knowledge) -> Iterator[Rule]:
    for alert in knowledge.alerts.values():
        yield alert.when
        yield from (advice.when for advice in alert.also)
    yield from (rule for _, rule in rules_of_therapy(knowledge))


class _Sums(NamedTuple):
    """The sums of one depth, `first` to `end` on the sheet, as `Sheet._rows` adds them up.

    parts, points: those of all sums in one row, for each row of the sheet; starts: where those of
    each sum begin; minimum: what each must reach, for each row.
    """

    first: int
    end: int
    parts: _Numbers
    points: Column
    starts: _Numbers
    minimum: Column


@dataclass(frozen=True, eq=False)
class Sheet:
    """Rules in the order in which they are decided: leaves, then sums of ever greater depth.

    quantities: what the leaves ask for, with the limits of nobody in `unread`; always: those that
    must be read of everybody; resting_on: those to read when a fact is told; asked, low, high: the
    quantity of each leaf and its range.
    """

    rules: tuple[Compiled, ...]
    nobody: Nobody
    quantities: tuple[Quantity, ...]
    unread: Column
    always: tuple[int, ...]
    resting_on: Mapping[str, tuple[int, ...]]
    asked: _Numbers
    low: Column
    high: Column
    sums: tuple[_Sums, ...]

    def decide(self, subject: Subject) -> None:
        """Puts the codes of all rules into the memo of a subject, and which of them are silent."""
        least, most = self._limits(subject)[:, self.asked]
        certain, possible, is_told = self._rows(within(least, most, self.low, self.high))
        numbers = np.flatnonzero(is_told)
        told = [self.rules[number] for number in numbers.tolist()]
        codes = (certain + possible)[numbers].astype(int).tolist()
        memo = subject.memo
        memo.codes = self._silent | dict(zip(told, codes, strict=True))
        memo.silent = self._silent.keys() - told
        memo.nobody = self.nobody

    def _rows(self, leaves: Codes) -> Column:
        """Three rows over all rules, of noughts and ones, from the codes of the leaves: is it
        certainly met, is it possibly met, and is anything known of it?"""
        rows = np.empty((3, len(self.rules)))
        rows[:, : len(leaves)] = leaves == 2, leaves >= 1, leaves != 1
        for first, end, parts, points, starts, minimum in self.sums:
            sums = np.add.reduceat(points * rows.take(parts), starts, axis=1)
            rows[:, first:end] = sums >= minimum
        return rows

    @cached_property
    def _silent(self) -> dict[object, int]:
        """Every rule with its code where nothing is known of its leaves."""
        certain, possible, _ = self._rows(np.ones(len(self.asked), dtype=np.int8))
        codes = (certain + possible).astype(int).tolist()
        return dict(zip(self.rules, codes, strict=True))

    def _limits(self, subject: Subject) -> Column:
        """Least and most of every quantity."""
        limits = self.unread.copy()
        told = (self.resting_on.get(fact, ()) for fact in subject.told)
        read = list({*self.always, *chain.from_iterable(told)})
        limits[:, read] = np.transpose([self.quantities[i].read(subject) for i in read])
        return limits


def sheet_with(rules: Iterable[Rule], knowledge: Knowledge) -> Sheet:
    """A sheet of some rules with all their parts."""
    depths: dict[Compiled, int] = {}
    for rule in rules:
        _add(compile_rule(rule, knowledge), depths)
    ordered = sorted(depths, key=lambda rule: depths[rule])
    leaves = [rule for rule in ordered if isinstance(rule, InRange)]
    quantities = tuple(dict.fromkeys(leaf.quantity for leaf in leaves))
    place = {quantity: i for i, quantity in enumerate(quantities)}
    nobody = nobody_of(knowledge)
    always, resting_on = _when_to_read(quantities)
    return Sheet(
        rules=tuple(ordered),
        nobody=nobody,
        quantities=quantities,
        unread=_column([quantity.read(nobody) for quantity in quantities]).reshape(-1, 2).T,
        always=always,
        resting_on=resting_on,
        asked=_numbers(place[leaf.quantity] for leaf in leaves),
        low=_column([leaf.low for leaf in leaves]),
        high=_column([leaf.high for leaf in leaves]),
        sums=tuple(_sums(ordered, depths)),
    )


def _add(rule: Compiled, depths: dict[Compiled, int]) -> int:
    """The depth of a rule: 0 of a leaf, else one more than that of its deepest part."""
    if rule not in depths:
        depths[rule] = 1 + max((_add(part, depths) for part in _parts(rule)), default=-1)
    return depths[rule]


def _parts(rule: Compiled) -> Sequence[Compiled]:
    if isinstance(rule, InRange):
        return ()
    return (rule.part,) if isinstance(rule, Negation) else rule.parts


def _sums(ordered: Sequence[Compiled], depths: Mapping[Compiled, int]) -> Iterator[_Sums]:
    number = {rule: i for i, rule in enumerate(ordered)}
    first = 0
    for depth, group in groupby(ordered, key=lambda rule: depths[rule]):
        rules = list(group)
        end = first + len(rules)
        if depth:
            parts = _numbers(number[part] for rule in rules for part in _parts(rule))
            points = _column([point for rule in rules for point in _points(rule)])
            sizes = [len(_parts(rule)) for rule in rules]
            minimum = _column([_minimum(rule) for rule in rules])
            # Certain are the points that are certainly gained and those that are possibly lost. A
            # rule that is met even when it is unknown takes what is possible for certain.
            possible = np.repeat([_is_met_unknown(rule) for rule in rules], sizes)
            row = np.stack([(points < 0) ^ possible, points > 0, np.full(len(parts), 2)])
            yield _Sums(
                first=first,
                end=end,
                parts=row * len(ordered) + parts,
                points=np.stack([points, points, np.ones(len(parts))]),
                starts=_numbers(accumulate(sizes[:-1], initial=0)),
                minimum=np.stack([minimum, minimum, np.ones(len(rules))]),
            )
        first = end


# A negation is the sum that its part, once met, brings below nought.


def _points(rule: Compiled) -> Sequence[float]:
    return rule.points if isinstance(rule, Sum) else (-1,)


def _minimum(rule: Compiled) -> float:
    return rule.minimum if isinstance(rule, Sum) else 0


def _is_met_unknown(rule: Compiled) -> bool:
    return isinstance(rule, Negation) and rule.even_unknown


def _when_to_read(
    quantities: Sequence[Quantity],
) -> tuple[tuple[int, ...], Mapping[str, tuple[int, ...]]]:
    """Which quantities to read of everybody, and which when a fact is told."""
    always = []
    resting_on: dict[str, list[int]] = {}
    for i, quantity in enumerate(quantities):
        facts = _rests_on(quantity)
        if not facts:
            always.append(i)
        for fact in facts:
            resting_on.setdefault(fact, []).append(i)
    return tuple(always), {fact: tuple(of) for fact, of in resting_on.items()}


def _rests_on(quantity: Quantity) -> Sequence[str]:
    """The facts of which a subject must have told one for the quantity to be read otherwise than of
    nobody; () where it must always be read."""
    match quantity:
        case Grade():
            return (quantity.finding,)
        case DrugsOfClass():
            return ("drugs",) if quantity.finding is None else ("drugs", quantity.finding)
        case DrugsTogether():
            return tuple({fact for one in quantity.classes for fact in _rests_on(one)})
        case Allergy():
            return ("allergies",)
        case Outcome() | DaysOfUse() | Relief():
            # What an umbrella stands for was used no longer than the pain lasts.
            return ("treatments", DURATION)
        case _:
            return ()


def _numbers(values: Iterable[int]) -> _Numbers:
    return np.array(list(values), dtype=np.intp)


def _column(values: object) -> Column:
    return np.array(values, dtype=np.float64)
