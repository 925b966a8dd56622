"""The algebra of verdicts, against Kleene's tables and against counting."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.rules.verdict import (
    Truth,
    Verdict,
    all_of,
    any_of,
    at_least,
    count_reaches,
    negate,
    opposite,
    spread,
    weigh,
    within,
)

MET = Verdict(Truth.MET, ("it is so",))
NOT_MET = Verdict(Truth.NOT_MET, ("it is not so",))


def unknown(*facts: str) -> Verdict:
    return Verdict(Truth.UNKNOWN, to_met=facts, to_not_met=facts)


def verdicts(truths: Sequence[Truth]) -> list[Verdict]:
    settled = {Truth.MET: MET, Truth.NOT_MET: NOT_MET}
    return [settled.get(truth) or unknown(f"fact-{i}") for i, truth in enumerate(truths)]


def possible_worlds(truths: Sequence[Truth]) -> list[tuple[bool, ...]]:
    """Every way in which the unknown among some truths may turn out."""
    ways = {Truth.MET: (True,), Truth.NOT_MET: (False,), Truth.UNKNOWN: (False, True)}
    return list(itertools.product(*(ways[truth] for truth in truths)))


def decided(outcomes: Sequence[bool]) -> Truth:
    """Met or not met when it is so in every world, else unknown."""
    if all(outcomes):
        return Truth.MET
    return Truth.UNKNOWN if any(outcomes) else Truth.NOT_MET


truths = st.lists(st.sampled_from(Truth), max_size=5)
some_truths = st.lists(st.sampled_from(Truth), min_size=1, max_size=5)


@pytest.mark.parametrize("pair", list(itertools.product(Truth, Truth)), ids=str)
def test_two_parts_follow_kleenes_tables(pair: tuple[Truth, Truth]) -> None:
    order = [Truth.NOT_MET, Truth.UNKNOWN, Truth.MET]

    assert all_of(verdicts(pair)).truth is min(pair, key=order.index)
    assert any_of(verdicts(pair)).truth is max(pair, key=order.index)


@given(some_truths, st.data())
def test_at_least_n_is_what_counting_says_in_every_possible_world(
    given_truths: list[Truth], data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, len(given_truths)))

    expected = decided([sum(world) >= n for world in possible_worlds(given_truths)])

    assert at_least(n, verdicts(given_truths)).truth is expected


@given(truths)
def test_all_is_at_least_n_of_n_and_any_at_least_one(given_truths: list[Truth]) -> None:
    parts = verdicts(given_truths)

    assert all_of(parts) == at_least(len(parts), parts)
    assert any_of(parts) == at_least(1, parts)


@given(truths)
def test_de_morgan(given_truths: list[Truth]) -> None:
    parts = verdicts(given_truths)
    negated = [negate(part) for part in parts]

    assert negate(all_of(parts)) == any_of(negated)
    assert negate(any_of(parts)) == all_of(negated)


@given(some_truths, st.data())
def test_not_at_least_n_is_at_least_the_rest_not(
    given_truths: list[Truth], data: st.DataObject
) -> None:
    parts = verdicts(given_truths)
    n = data.draw(st.integers(1, len(parts)))

    mirrored = at_least(len(parts) - n + 1, [negate(part) for part in parts])

    assert negate(at_least(n, parts)).truth is mirrored.truth
    assert negate(at_least(n, parts)).unknown == mirrored.unknown


@given(st.sampled_from(Truth))
def test_not_not_is_nothing(truth: Truth) -> None:
    (part,) = verdicts([truth])

    assert negate(negate(part)) == part


@given(
    st.lists(st.tuples(st.sampled_from(Truth), st.integers(-3, 3)), min_size=1, max_size=5),
    st.integers(-4, 8),
)
def test_weighed_points_are_what_adding_says_in_every_possible_world(
    items: list[tuple[Truth, int]], minimum: int
) -> None:
    given_truths = [truth for truth, _ in items]
    points = [point for _, point in items]

    sums = [
        sum(p for p, met in zip(points, world, strict=True) if met)
        for world in possible_worlds(given_truths)
    ]

    verdict = weigh(verdicts(given_truths), points, minimum)
    assert verdict.truth is decided([total >= minimum for total in sums])


@given(st.integers(-1, 7), truths)
def test_counting_to_the_deciding_part_gives_what_counting_all_gives(
    n: int, given_truths: list[Truth]
) -> None:
    codes = [truth.value for truth in given_truths]

    counted = count_reaches(n, iter(codes), of=len(codes))

    assert counted == within(*spread((1,) * len(codes), codes), n)


def test_no_part_is_asked_for_after_the_one_that_decides() -> None:
    codes = iter([0, 2, 1])

    assert count_reaches(3, codes, of=3) == 0
    assert list(codes) == [2, 1]


def test_a_truth_refuses_to_be_taken_for_yes_or_no() -> None:
    with pytest.raises(TypeError, match="compare it"):
        bool(Truth.UNKNOWN)


@pytest.mark.parametrize(
    ("truth", "facts"), [(Truth.UNKNOWN, ()), (Truth.MET, ("fever",))], ids=str
)
def test_only_an_unknown_verdict_says_what_would_settle_it(
    truth: Truth, facts: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="what would settle it"):
        Verdict(truth, to_met=facts, to_not_met=facts)


def test_a_truth_is_written_in_words() -> None:
    assert [str(truth) for truth in Truth] == ["not met", "unknown", "met"]


def test_reasons_are_those_of_the_parts_that_decide() -> None:
    back, fever, well = (
        Verdict(Truth.MET, ("back pain",)),
        Verdict(Truth.MET, ("fever",)),
        Verdict(Truth.NOT_MET, ("weight stable",)),
    )

    assert all_of([back, fever]).because == ("back pain", "fever")
    assert any_of([back, well, fever]).because == ("back pain", "fever")
    assert all_of([back, well]).because == ("weight stable",)
    assert any_of([negate(back), well]).because == ("back pain", "weight stable")
    assert negate(any_of([well])).because == ("weight stable",)
    assert all_of([back, unknown("crp")]).because == ("back pain",)
    assert any_of([well, unknown("crp")]).because == ("weight stable",)


def test_a_reason_is_given_once() -> None:
    assert all_of([MET, MET]).because == ("it is so",)


def test_one_answer_can_settle_any_with_yes_and_all_with_no() -> None:
    parts = [unknown("a"), unknown("b"), unknown("c")]

    assert any_of(parts).to_met == ("a",)
    assert any_of(parts).to_not_met == ("a", "b", "c")
    assert all_of(parts).to_met == ("a", "b", "c")
    assert all_of(parts).to_not_met == ("a",)
    assert any_of(parts).unknown == all_of(parts).unknown == ("a",)


def test_the_part_that_one_fact_settles_is_asked_before_the_part_that_needs_two() -> None:
    verdict = any_of([all_of([unknown("a"), unknown("b")]), unknown("c")])

    assert verdict.unknown == ("c",)
    assert verdict.questions == ("c", "a")


def test_the_item_with_most_points_is_asked_first() -> None:
    verdict = weigh([unknown("minor"), unknown("major")], [1, 3], 3)

    assert verdict.to_met == ("major",)
    assert verdict.to_not_met == ("major",)


def test_a_part_with_negative_points_helps_by_not_being_met() -> None:
    other_cause = all_of([unknown("a"), unknown("b")])

    verdict = weigh([MET, other_cause], [1, -2], 1)

    assert verdict.to_met == other_cause.to_not_met
    assert verdict.to_not_met == other_cause.to_met


def test_a_range_includes_its_low_end_and_not_its_high_end() -> None:
    assert within(7, 7, 7, 42) == Truth.MET.value
    assert within(42, 42, 7, 42) == Truth.NOT_MET.value
    assert within(6, 7, 7, 42) == Truth.UNKNOWN.value
    assert within(41, 42, 7, 42) == Truth.UNKNOWN.value
    assert within(0, 100, 7, 42) == Truth.UNKNOWN.value
    assert within(43, 99, 7, 42) == Truth.NOT_MET.value


_limits = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)


@given(st.lists(_limits, min_size=1, max_size=6), st.integers(0, 9), st.integers(1, 9))
def test_columns_give_the_codes_of_their_rows(
    limits: list[list[int]], low: int, width: int
) -> None:
    least, most = np.array(limits, dtype=np.float64).T

    column = within(least, most, low, low + width)

    assert column.dtype == np.int8
    assert column.tolist() == [within(a, b, low, low + width) for a, b in limits]
    assert opposite(column).tolist() == [opposite(code) for code in column.tolist()]
    assert [x.tolist() for x in spread([-2.0], [column])] == [
        list(ends)
        for ends in zip(*(spread([-2.0], [code]) for code in column.tolist()), strict=True)
    ]
