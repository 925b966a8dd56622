"""Three-valued logic: met, not met, unknown (Kleene 1952). The only place where it is written.

Everything rests on one comparison: a quantity that is known to lie in an interval, against a
threshold. `all`, `any` and `at least n` compare the number of parts that are met, a score its
points, a leaf its measured value. `spread` and `within` therefore serve both a single record
(numbers) and a table of records (arrays), and the two cannot come to differ; the short cuts for a
single record, `count_reaches` and the sums of a `Sheet`, are tested against them.

Truth is coded by how many of two statements hold, "it is possibly met" and "it is certainly met":
0 not met, 1 unknown, 2 met.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from operator import itemgetter
from typing import Any, NoReturn, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

Interval: TypeAlias = tuple[float, float]
Codes: TypeAlias = NDArray[np.int8]
Column: TypeAlias = NDArray[np.float64]

# No quantity that rules speak of is negative.
UNKNOWN_INTERVAL: Interval = (0.0, math.inf)


class Truth(Enum):
    """Is a rule met? The value is the truth code."""

    NOT_MET = 0
    UNKNOWN = 1
    MET = 2

    def __bool__(self) -> NoReturn:
        # `if verdict.truth:` would take "unknown" for "met", which is the error this room prevents.
        raise TypeError("a truth is not yes or no: compare it with Truth.MET")

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Is a rule met, why, and what is there to find out?

    because: the facts that decide it, in words; for an unknown verdict what is known so far.
    to_met, to_not_met: the fewest facts whose knowledge could make it met, or not met; those that
    settle it most directly come first. They are the fewest when each fact occurs once in the rule;
    otherwise there may be one too many. Both are empty when the verdict is settled.
    A fact is a finding's id, a field of the record, or `probability:` and a condition's id.
    """

    truth: Truth
    because: tuple[str, ...] = ()
    to_met: tuple[str, ...] = ()
    to_not_met: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        is_open = self.truth is Truth.UNKNOWN
        if bool(self.to_met) != is_open or bool(self.to_not_met) != is_open:
            raise ValueError("an unknown verdict, and no other, says what would settle it")

    @property
    def unknown(self) -> tuple[str, ...]:
        """A smallest set of facts whose knowledge could settle the verdict, one way or the other.

        Of two sets of the same size it is the one that could make the verdict met.
        """
        return min(self.to_met, self.to_not_met, key=len)

    @property
    def questions(self) -> tuple[str, ...]:
        """The facts of the smallest set, then those that could settle it the other way."""
        return tuple(dict.fromkeys((*self.unknown, *self.to_met, *self.to_not_met)))


@overload
def within(least: float, most: float, low: float, high: float = ...) -> int: ...
@overload
def within(
    least: Column, most: Column, low: float | Column, high: float | Column = ...
) -> Codes: ...
def within(least: Any, most: Any, low: Any, high: Any = math.inf) -> Any:
    """Truth code of `low <= x < high` for an x that lies between `least` and `most`, both included.

    Numbers give a code, columns of one shape a column of codes.
    """
    certainly, possibly = least >= low, most >= low
    # Open above is no comparison: "no known upper limit" (infinity) is not beyond it.
    if isinstance(high, np.ndarray) or high != math.inf:
        is_open = high == math.inf
        certainly = certainly & (is_open | (most < high))
        possibly = possibly & (is_open | (least < high))
    if isinstance(certainly, np.ndarray):
        return certainly.astype(np.int8) + possibly
    return certainly + possibly


@overload
def spread(points: Sequence[float], codes: Sequence[int]) -> Interval: ...
@overload
def spread(points: Sequence[float], codes: Sequence[Codes]) -> tuple[Column, Column]: ...
def spread(points: Sequence[float], codes: Sequence[Any]) -> Any:
    """Least and most sum of the points of the parts that are met, whatever the unknown ones are.

    Codes are those of one record, or columns of one shape. Points may be negative.
    """
    least: Any = 0.0
    most: Any = 0.0
    for point, code in zip(points, codes, strict=True):
        if_certain = point * (code == 2)
        if_possible = point * (code >= 1)
        least = least + (if_certain if point > 0 else if_possible)
        most = most + (if_possible if point > 0 else if_certain)
    return least, most


def count_reaches(n: float, codes: Iterable[int], *, of: int) -> int:
    """Truth code of "n or more of these parts are met", for one record.

    The same as `spread` with one point each and `within`, but no more codes are asked for than it
    takes: most rules are settled by their first parts.
    """
    lacking, to_lose = n, of - n
    if lacking <= 0 or to_lose < 0:
        return 2 if lacking <= 0 else 0
    for code in codes:
        if code == 2:
            lacking -= 1
            if lacking <= 0:
                return 2
        elif code == 0:
            to_lose -= 1
            if to_lose < 0:
                return 0
    return 1


@overload
def opposite(code: int) -> int: ...
@overload
def opposite(code: Codes) -> Codes: ...
def opposite(code: Any) -> Any:
    """Truth code of the negation, or a column of them."""
    return 2 - code


def weigh(parts: Sequence[Verdict], points: Sequence[float], minimum: float) -> Verdict:
    """Do the points of the parts that are met add up to at least `minimum`?"""
    least, most = spread(points, [part.truth.value for part in parts])
    truth = Truth(within(least, most, minimum))
    # A part with negative points speaks for the verdict by not being met.
    upright = [
        (point, part) if point > 0 else (-point, negate(part))
        for point, part in zip(points, parts, strict=True)
        if point
    ]
    if truth is not Truth.UNKNOWN:
        decisive = [part.because for _, part in upright if part.truth is truth]
        return Verdict(truth, _once(decisive))
    still_open = [(point, part) for point, part in upright if part.truth is Truth.UNKNOWN]
    return Verdict(
        truth,
        because=_once([part.because for _, part in upright]),
        # Met once `minimum - least` points more are certain; not met once those that are left to
        # hope for fall short, which any loss of more than `most - minimum` brings about.
        to_met=_fewest(
            [(len(part.to_met), -point, part.to_met) for point, part in still_open],
            lambda gained: gained >= minimum - least,
        ),
        to_not_met=_fewest(
            [(len(part.to_not_met), -point, part.to_not_met) for point, part in still_open],
            lambda lost: lost > most - minimum,
        ),
    )


def at_least(n: int, parts: Sequence[Verdict]) -> Verdict:
    """Are `n` or more of the parts met?"""
    return weigh(parts, (1,) * len(parts), n)


def all_of(parts: Sequence[Verdict]) -> Verdict:
    """Are all parts met? Without parts: met."""
    return at_least(len(parts), parts)


def any_of(parts: Sequence[Verdict]) -> Verdict:
    """Is one part met, or more? Without parts: not met."""
    return at_least(1, parts)


def negate(verdict: Verdict) -> Verdict:
    """Is it not so? The facts behind it stay the same."""
    return Verdict(
        Truth(opposite(verdict.truth.value)), verdict.because, verdict.to_not_met, verdict.to_met
    )


def _once(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(lists)))


def _fewest(
    options: list[tuple[int, float, tuple[str, ...]]], enough: Callable[[float], bool]
) -> tuple[str, ...]:
    """The facts of the smallest options, as many as it takes for their points to be enough.

    An option is the number of its facts, its points (negated, so that most points sort first) and
    its facts.
    """
    options.sort(key=itemgetter(0, 1))
    total = 0.0
    chosen = []
    for _, negated, facts in options:
        total -= negated
        chosen.append(facts)
        if enough(total):
            break
    return chosen[0] if len(chosen) == 1 else _once(chosen)
