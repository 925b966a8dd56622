"""The list of leading states against enumeration of everything that could be so."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings

from crural.diagnosis import states as module
from crural.diagnosis.problem import Problem, Together
from crural.diagnosis.states import (
    SetWeights,
    States,
    leading_states,
    likelihood_of,
    singles_of,
)
from tests.diagnosis.random_problems import active_rows, by_enumeration, problems

EVERYTHING = 1_000_000


def prior_of(problem: Problem, present: tuple[int, ...]) -> float:
    """P(just these causes are present)."""
    weight = 1.0
    for cause, own in enumerate(problem.prior):
        absent = 1.0 - float(own)
        for parent, child, probability in problem.links:
            if child == cause and parent in present:
                absent *= 1.0 - probability
        weight *= (1.0 - absent) if cause in present else absent
    return weight


def likelihood_by_enumeration(problem: Problem, present: tuple[int, ...]) -> float:
    """P(bits and low findings | just these causes), over every way in which they can act."""
    ways = [list(active_rows(problem.acts[cause], problem.share)) for cause in present]
    total = 0.0
    for combination in itertools.product(*ways):
        rows = [row for _, some in combination for row in some]
        at_most = problem.background_upper * np.prod(problem.upper[rows], axis=0)
        below = problem.background_lower * np.prod(problem.lower[rows], axis=0)
        chance = float(np.prod([p for p, _ in combination]) * np.prod(problem.scalar[rows]))
        total += chance * float(np.prod(at_most - below))
    return total


def every_set(problem: Problem) -> Iterator[tuple[int, ...]]:
    """All sets of one cause or more."""
    causes = range(len(problem.names))
    for size in range(1, len(problem.names) + 1):
        yield from itertools.combinations(causes, size)


def mass_of_sets(states: States) -> dict[tuple[int, ...], float]:
    """Total weight of the states of each set of causes."""
    kinds, which = states.sets
    mass: defaultdict[tuple[int, ...], float] = defaultdict(float)
    for kind, weight in zip(which, states.weight, strict=True):
        mass[tuple(int(c) for c in np.flatnonzero(kinds[kind]))] += float(weight)
    return mass


@given(problems(max_causes=4))
@settings(max_examples=40, deadline=None)
def test_likelihood_of_a_set_equals_enumeration(problem: Problem) -> None:
    singles = singles_of(problem)
    for present in every_set(problem):
        expected = likelihood_by_enumeration(problem, present)
        assert likelihood_of(problem, present, singles) == pytest.approx(expected, rel=1e-9)


@given(problems(max_causes=4))
@settings(max_examples=30, deadline=None)
def test_sets_are_the_distinct_rows_of_the_causes_in_order(problem: Problem) -> None:
    states = leading_states(problem)
    rows, which = np.unique(states.causes, axis=0, return_inverse=True)

    found, found_which = states.sets

    np.testing.assert_array_equal(found, rows)
    np.testing.assert_array_equal(found_which, which.reshape(-1))


@given(problems(max_causes=3))
@settings(max_examples=30, deadline=None)
def test_when_everything_is_listed_sets_weigh_what_enumeration_says(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PAIRED", "TRIPLED", "KEPT"):
            patch.setattr(module, name, EVERYTHING)
        states = leading_states(problem)
    found = mass_of_sets(states)
    assert states.total == pytest.approx(by_enumeration(problem).evidence, rel=1e-9)
    for present in every_set(problem):
        expected = prior_of(problem, present) * problem.background_scalar
        expected *= likelihood_by_enumeration(problem, present)
        assert found[present] == pytest.approx(expected, rel=1e-9)


@given(problems(max_causes=2))
@settings(max_examples=30, deadline=None)
def test_of_two_causes_every_state_is_listed(problem: Problem) -> None:
    states = leading_states(problem)
    assert states.total == pytest.approx(by_enumeration(problem).evidence, rel=1e-9)
    np.testing.assert_allclose(
        states.share @ states.causes, by_enumeration(problem).probability, rtol=1e-9
    )


@given(problems(max_causes=4))
@settings(max_examples=30, deadline=None)
def test_the_list_is_ordered_and_never_more_than_the_whole(problem: Problem) -> None:
    states = leading_states(problem)
    assert (np.diff(states.weight) <= 0).all()
    assert states.share.sum() == pytest.approx(1.0)
    assert states.total <= by_enumeration(problem).evidence * (1 + 1e-9)
    assert states.weight.sum() <= states.total * (1 + 1e-12)
    for members, present in zip(states.members, states.causes, strict=True):
        causes = states.singles.cause[members[members >= 0]]
        assert len(set(causes)) == len(causes)
        assert set(np.flatnonzero(present)) == set(causes)


@given(problems(max_causes=3))
@settings(max_examples=40, deadline=None)
def test_probabilities_of_the_bits_multiply_to_the_likelihood_of_a_state(problem: Problem) -> None:
    states = leading_states(problem)
    alone = states.members[:, 1] < 0
    members = states.members[alone, 0]
    none = float(np.prod(1.0 - problem.prior)) * problem.background_scalar
    spared = np.ones(len(problem.names))
    for parent, _, probability in problem.links:
        spared[parent] *= 1.0 - probability
    prior = none * states.singles.weight[members] * spared[states.singles.cause[members]]
    np.testing.assert_allclose(
        prior * states.bit_probability[alone].prod(axis=1), states.weight[alone], rtol=1e-9
    )


def _family(*links: tuple[int, int, float]) -> Problem:
    """Causes without findings, of which one may bring another about."""
    n = 1 + max(max(parent, child) for parent, child, _ in links)
    return Problem(
        names=tuple(f"cause-{i}" for i in range(n)),
        order=tuple(range(n)),
        prior=np.full(n, 0.01),
        acts=tuple(Together((i,)) for i in range(n)),
        share=np.ones(n),
        scalar=np.ones(n),
        upper=np.ones((n, 0)),
        lower=np.ones((n, 0)),
        links=links,
        background_scalar=1.0,
        background_upper=np.ones(0),
        background_lower=np.ones(0),
    )


def test_of_states_that_weigh_the_same_all_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    states = leading_states(_family((0, 3, 0.0)))
    assert sorted(states.members[:, 0].tolist()) == [0, 1, 2, 3]
    assert states.as_heavy_as(2) == 4
    assert states.as_heavy_as(1000) == 4


def test_two_parents_do_not_multiply_the_odds_of_their_child() -> None:
    problem = _family((0, 2, 0.75), (1, 2, 0.5))
    states = leading_states(problem)
    assert mass_of_sets(states)[0, 1, 2] == pytest.approx(prior_of(problem, (0, 1, 2)))


@pytest.mark.parametrize(
    "links",
    [
        ((0, 2, 0.75), (1, 2, 0.5)),
        ((0, 1, 0.3), (1, 2, 0.5)),
        ((0, 1, 0.3), (0, 2, 0.5), (1, 2, 0.2)),
    ],
)
def test_a_cause_beside_a_set_has_the_odds_that_the_links_give_it(
    links: tuple[tuple[int, int, float], ...],
) -> None:
    problem = _family(*links)
    weigh = SetWeights(problem, singles_of(problem))
    for one, other, further in itertools.permutations(range(3)):
        both = np.array([[one, other]])
        factor = float(weigh.beside(both)[0, further])
        expected = prior_of(problem, (0, 1, 2)) / prior_of(problem, (one, other))
        assert factor * weigh.own[further] == pytest.approx(expected)


def test_a_row_that_acts_on_no_bit_is_averaged_over() -> None:
    base = _family((0, 1, 0.5))
    problem = Problem(
        **{
            **base.__dict__,
            "share": np.array([0.4, 1.0]),
            "scalar": np.array([0.2, 1.0]),
        }
    )
    singles = singles_of(problem)
    assert singles.cause.tolist() == [0, 1]
    assert singles.quiet[0].tolist() == [0]
    assert singles.weight[0] == pytest.approx(0.01 / 0.99 * (0.6 + 0.4 * 0.2))


@given(problems(max_causes=4, max_bits=4))
@settings(max_examples=100, deadline=None)
def test_states_that_are_kept_spelt_out_are_those_spelt_out_anew(problem: Problem) -> None:
    singles_of(problem)
    kept = singles_of(problem)
    module._known.clear()
    anew = singles_of(problem)
    for name in ("cause", "chance", "weight", "rows", "quiet", "upper", "lower"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(anew, name))
