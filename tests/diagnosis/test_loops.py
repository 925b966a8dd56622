"""The compiled loops give what numpy gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.assessment import network_of
from crural.diagnosis import Diagnosis, compiled, diagnose, loops
from crural.diagnosis.explain import _nobody_raises, _spread
from crural.diagnosis.inference import compiled_in_use, use_compiled
from crural.diagnosis.network import Array, Ints
from crural.diagnosis.next_check import _entropy_given, _outcome_sums
from crural.diagnosis.prediction import Prediction, _single_low
from crural.diagnosis.problem import Problem
from crural.diagnosis.states import (
    SetWeights,
    leading_states,
    likelihood_of,
    products,
    singles_of,
)
from crural.diagnosis.uncertainty import _likelihoods
from crural.facts import facts_of
from crural.knowledge import load_knowledge
from crural.validation.cases import read_cases
from tests.diagnosis.random_problems import problems
from tests.diagnosis.test_states import every_set

CASES = Path(__file__).parents[2] / "validation" / "cases"
# Of the published patients one in so many is diagnosed both ways.
EVERY = 4

seeds = st.integers(0, 2**32 - 1)


@contextmanager
def numpy_alone() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "compiled_in_use", lambda: False)
        yield


@contextmanager
def the_loops() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "compiled_in_use", lambda: True)
        yield


@contextmanager
def the_loops_in_python() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, function in vars(loops).items():
            if hasattr(function, "py_func"):
                patch.setattr(loops, name, function.py_func)
        patch.setattr(compiled, "compiled_in_use", lambda: True)
        yield


def assert_equal(found: Any, wanted: Any) -> None:
    """Equal but for rounding, whatever they are made of."""
    if is_dataclass(wanted):
        for field in (f for f in fields(wanted) if f.compare):
            assert_equal(getattr(found, field.name), getattr(wanted, field.name))
    elif isinstance(wanted, tuple):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_equal(one, other)
    elif isinstance(wanted, float | np.ndarray):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)
    else:
        assert found == wanted


def check_all_ways(function: Any, *arguments: Any) -> None:
    """Numpy, the compiled loop, and the loop as Python itself runs it agree."""
    with numpy_alone():
        wanted = function(*arguments)
    for way in (the_loops, the_loops_in_python):
        with way():
            assert_equal(function(*arguments), wanted)


def places(rng: np.random.Generator, shape: tuple[int, ...], n: int) -> Ints:
    """Rows of places among n, some of them padding."""
    return rng.integers(-1, n, shape)


@given(seeds, st.integers(1, 6), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_products(seed: int, n: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.random((n, columns))
    check_all_ways(products, rng.random(columns), table, places(rng, (7, 3), n))


@given(seeds, st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_findings_that_stay_low(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    by_row, active = rng.random((n, 4)), rng.random(n)
    rows, quiet = places(rng, (5, 3), n), places(rng, (5, 2), n)
    check_all_ways(_single_low, by_row, active, rows, quiet)


@given(seeds, st.integers(1, 6), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_sums_of_what_the_states_foretell(seed: int, n_kinds: int, n_findings: int) -> None:
    rng = np.random.default_rng(seed)
    table = np.where(rng.random((4, 5)) < 0.5, 1.0, rng.random((4, 5)))
    prediction = Prediction(rng.random(5), table, places(rng, (9, 3), 4), n_findings)
    share, kind = rng.random(9), rng.integers(0, n_kinds, 9)
    check_all_ways(prediction.sums, share, kind, n_kinds)


@given(seeds, st.integers(1, 4), st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_outcomes_of_examinations(seed: int, most: int, examinations: int) -> None:
    rng = np.random.default_rng(seed)
    share, kind = rng.random(9), rng.integers(0, 3, 9)
    columns = places(rng, (most, examinations), 6)
    check_all_ways(_outcome_sums, rng.random((9, 6)), columns, share, kind, 3)


@given(seeds, st.integers(1, 5), st.booleans())
@settings(max_examples=60, deadline=None)
def test_entropies(seed: int, n_kinds: int, or_not: bool) -> None:
    rng = np.random.default_rng(seed)
    mass = np.where(rng.random(n_kinds) < 0.2, 0.0, rng.random(n_kinds))
    certain = rng.integers(0, 2, (n_kinds, 6))
    inside = np.where(rng.random((n_kinds, 6)) < 0.3, certain, rng.random((n_kinds, 6)))

    def entropy(joint: Array) -> Array:
        return _entropy_given(mass, joint, or_not=or_not)

    check_all_ways(entropy, mass[:, None] * inside)


@given(seeds, st.integers(1, 6), st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_nobody_raises_a_fact(seed: int, n: int, facts: int) -> None:
    rng = np.random.default_rng(seed)
    check_all_ways(_nobody_raises, rng.random((n, n)), rng.random((n, facts)))


@given(problems(max_causes=6), seeds)
@settings(max_examples=40, deadline=None)
def test_probabilities_down_the_links(problem: Problem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = len(problem.names)
    known = np.where(rng.random((5, n)) < 0.5, np.nan, rng.random((5, n)))
    check_all_ways(_spread, problem, known)


@given(problems(max_causes=4))
@settings(max_examples=40, deadline=None)
def test_the_likelihood_of_a_set(problem: Problem) -> None:
    singles = singles_of(problem)
    for causes in ((), *every_set(problem)):
        check_all_ways(likelihood_of, problem, causes, singles)


def by_members(found: tuple[Ints, Array]) -> dict[frozenset[int], float]:
    """Weights of sets of states, each of which comes once but for its order."""
    members, weight = found
    return dict(zip(map(frozenset, members.tolist()), weight.tolist(), strict=True))


@given(problems(max_causes=6), seeds)
@settings(max_examples=60, deadline=None)
def test_pairs_and_triples_of_states(problem: Problem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sets = SetWeights(problem, singles_of(problem))
    n = len(sets.own)
    chosen = rng.permutation(n)[: n // 2 + 1]
    with numpy_alone():
        beside, within = sets.pairs_of(chosen[:2]), sets.pairs_within(chosen)
        best = within[0][rng.permutation(len(within[0]))[:5]]
        wanted = beside, within, sets.triples_of(best, chosen[:4])
    for way in (the_loops, the_loops_in_python):
        with way():
            pairs = sets.pairs_of(chosen[:2]), sets.pairs_within(chosen)
            found = *pairs, sets.triples_of(best, chosen[:4])
        for mine, theirs in zip(found, wanted, strict=True):
            assert len(mine[1]) == len(theirs[1])
            assert by_members(mine) == pytest.approx(by_members(theirs), rel=1e-12)


@given(problems(max_causes=4))
@settings(max_examples=40, deadline=None)
def test_leading_states(problem: Problem) -> None:
    with numpy_alone():
        wanted = leading_states(problem)
    with the_loops():
        found = leading_states(problem)
    assert found.total == pytest.approx(wanted.total, rel=1e-12)
    theirs = by_members((wanted.members, wanted.weight))
    assert by_members((found.members, found.weight)) == pytest.approx(theirs, rel=1e-12)


@given(seeds, st.integers(0, 3), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_likelihoods_under_drawn_numbers(seed: int, bits: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    upper = np.where(rng.random((n, bits)) < 0.6, 1.0, rng.random((n, bits)))
    lower = np.where(rng.random((n, bits)) < 0.4, 1.0, upper * rng.random((n, bits)))
    factor = np.exp(rng.normal(size=(4, 7)))
    number = rng.integers(0, 4, (n, bits))
    of_states = places(rng, (6, 2), n), places(rng, (8, 3), 6)
    background = np.ones(bits), rng.random(bits)
    check_all_ways(_likelihoods, (upper, lower), factor, number, of_states, background)


def test_published_patients_get_the_same_diagnosis() -> None:
    knowledge = load_knowledge()
    network = network_of(knowledge)
    engine = compiled_in_use()
    use_compiled()
    for case in read_cases([CASES], knowledge.vocabulary)[::EVERY]:
        facts = facts_of(case.record, knowledge)
        with numpy_alone():
            wanted = with_reasons(diagnose(network, facts))
        with the_loops():
            assert_equal(with_reasons(diagnose(network, facts)), wanted)
    use_compiled(engine)


def with_reasons(diagnosis: Diagnosis) -> tuple[object, ...]:
    """A diagnosis and the reasons for each cause, made now."""
    reasons = [(c.why.for_, c.why.against, c.why.missing, c.why.pivot) for c in diagnosis.causes]
    return diagnosis, tuple(reasons)


def test_the_loops_take_arrays_in_any_layout() -> None:
    rng = np.random.default_rng(0)
    table, members = np.asfortranarray(rng.random((4, 3))), rng.integers(-1, 4, (3, 5)).T
    table.flags.writeable = False
    check_all_ways(products, np.ones(3), table, members)


def test_the_loops_are_in_use_with_the_compiled_engine() -> None:
    engine = compiled_in_use()
    use_compiled(False)
    assert compiled.compiled_loops() is None
    use_compiled()
    assert compiled.compiled_loops() is loops
    use_compiled(engine)


def test_loops_are_compiled_for_one_kind_of_arguments_each() -> None:
    kept = [f for f in vars(loops).values() if getattr(f, "_can_compile", True) is False]
    assert len(kept) == 12
    assert all(len(function.signatures) == 1 for function in kept)
