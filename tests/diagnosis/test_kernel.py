"""The compiled engine gives what the reference gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.assessment import network_of
from crural.diagnosis import inference, kernel, relax
from crural.diagnosis.diagnose import diagnose
from crural.diagnosis.inference import (
    BROAD,
    Posterior,
    compiled_in_use,
    posterior,
    rounding_bound,
    use_compiled,
    width_of,
)
from crural.diagnosis.priors import IMPOSSIBLE, _own_shares_in, _scale_in, priors_of
from crural.diagnosis.problem import Problem, problem_of
from crural.facts import facts_of
from crural.knowledge import load_knowledge
from crural.validation.cases import read_cases
from tests.diagnosis.random_problems import problems

CASES = Path(__file__).parents[2] / "validation" / "cases"
# Records that the reference sweeps in a fraction of a second.
WIDEST = 11.0


@pytest.fixture(autouse=True, scope="module")
def _reference_afterwards() -> Iterator[None]:
    before = compiled_in_use()
    yield
    use_compiled(before)


def both(problem: Problem) -> tuple[Posterior, Posterior]:
    """The answers of the reference and of the compiled engine."""
    use_compiled(False)
    reference = posterior(problem)
    use_compiled()
    return reference, posterior(problem)


def assert_equal(reference: Posterior, compiled: Posterior, tolerance: float = 1e-12) -> None:
    assert compiled.evidence == pytest.approx(reference.evidence, rel=tolerance)
    np.testing.assert_allclose(
        compiled.probability, reference.probability, rtol=tolerance, atol=tolerance
    )
    for mine, theirs in zip(compiled.variants, reference.variants, strict=True):
        assert mine == pytest.approx(theirs, rel=tolerance, abs=tolerance)


@given(problems(max_causes=6, max_bits=8))
@settings(max_examples=300, deadline=None)
def test_random_problems_get_the_same_answer(problem: Problem) -> None:
    assert_equal(*both(problem))


@given(problems(max_causes=5, max_bits=4), st.data())
@settings(max_examples=100, deadline=None)
def test_decided_causes_give_the_same_answer(problem: Problem, data: st.DataObject) -> None:
    choices = st.sampled_from([None, True, False])
    decided = {i: data.draw(choices) for i in range(len(problem.names))}
    known = {cause: present for cause, present in decided.items() if present is not None}
    if all(known.get(i) is False for i in range(len(problem.names))):
        known.pop(0, None)
    assert_equal(*both(replace(problem, decided=known)))


@given(problems(max_causes=6, max_bits=8), st.sampled_from([4, 16, 64]))
@settings(max_examples=100, deadline=None)
def test_blocks_of_any_size_give_the_same_answer(problem: Problem, size: int) -> None:
    # In the form that Python itself runs, where the size can be changed.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "BLOCK", size)
        patch.setattr(kernel, "REORDERED", -1.0)
        patch.setattr(kernel, "MOVES", 5)
        assert_equal(*both_in_python(problem))


@given(problems(max_causes=6, max_bits=8), st.sampled_from([0.0, 3.0]))
@settings(max_examples=200, deadline=None)
def test_halves_give_the_answer_of_the_whole(problem: Problem, again: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "HALVED", 0.0)
        patch.setattr(kernel, "HALVED_AGAIN", again)
        patch.setattr(kernel, "MOST_SPREAD", 1e6)
        reference, halved = both(problem)
    off = rounding_bound(problem) * halved.spread
    assert_equal(reference, halved, tolerance=1e-12 + off * (1.0 + problem.causeless))


@given(problems(max_bits=6))
@settings(max_examples=100, deadline=None)
def test_halves_in_single_precision_stay_within_the_bound_of_their_spread(problem: Problem) -> None:
    use_compiled()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "HALVED", 0.0)
        patch.setattr(kernel, "HALVED_AGAIN", 2.0)
        single = posterior(problem, np.float32)
    double = posterior(problem)
    off = np.abs(single.probability - double.probability)
    bound = rounding_bound(problem, np.float32) * (1.0 + problem.causeless / double.evidence)
    assert single.spread >= 1.0
    assert off.max() <= bound * single.spread


def test_a_bit_that_is_badly_explained_is_not_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    use_compiled()
    problem = min(published(), key=lambda p: abs(width_of(p) - 9.0))
    whole = posterior(problem)
    monkeypatch.setattr(kernel, "HALVED", 0.0)
    halved = posterior(problem)
    assert 1.0 < halved.spread <= kernel.MOST_SPREAD
    monkeypatch.setattr(kernel, "MOST_SPREAD", 1.0)
    again = posterior(problem)
    assert again.spread == whole.spread == 1.0
    np.testing.assert_array_equal(again.probability, whole.probability)


def test_two_sweeps_at_once_do_not_share_memory() -> None:
    use_compiled()
    wide = [problem for problem in published() if 9.0 <= width_of(problem) <= 12.0][:8]
    alone = [posterior(problem).probability for problem in wide]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda problem: posterior(problem).probability, wide * 5))
    for i, found in enumerate(together):
        np.testing.assert_array_equal(found, alone[i % len(wide)])


def both_in_python(problem: Problem) -> tuple[Posterior, Posterior]:
    use_compiled(False)
    reference = posterior(problem)
    with pytest.MonkeyPatch.context() as patch:
        for name, function in vars(kernel).items():
            if hasattr(function, "py_func"):
                patch.setattr(kernel, name, function.py_func)
        use_compiled()
        return reference, posterior(problem)


def test_the_problem_without_reasons_has_the_priors_that_the_reasons_give() -> None:
    knowledge = load_knowledge()
    network = network_of(knowledge)
    for case in read_cases([CASES], knowledge.vocabulary):
        facts = facts_of(case.record, knowledge)
        own = _own_shares_in(knowledge, case.record.setting)
        scale = _scale_in(knowledge, case.record.setting)
        base = np.array([scale * own[name] for name in network.conditions])
        steps = priors_of(network, facts).steps
        odds = base / (1.0 - base) * [math.prod(step.factor for step in of) for of in steps]
        wanted = np.maximum(odds / (1.0 + odds), IMPOSSIBLE)
        np.testing.assert_allclose(problem_of(network, facts).prior, wanted, rtol=1e-12)


@lru_cache
def published() -> tuple[Problem, ...]:
    knowledge = load_knowledge()
    network = network_of(knowledge)
    cases = read_cases([CASES], knowledge.vocabulary)
    return tuple(problem_of(network, facts_of(case.record, knowledge)) for case in cases)


def test_published_patients_get_the_same_answer() -> None:
    use_compiled()
    narrow = [problem for problem in published() if width_of(problem) <= WIDEST]
    assert len(narrow) > 50
    for problem in narrow:
        assert_equal(*both(problem))


def test_the_compiled_engine_finds_the_width_of_the_reference_or_a_better_one() -> None:
    wider = 0
    for problem in published():
        use_compiled(False)
        reference = width_of(problem)
        use_compiled()
        assert width_of(problem, improve=False) == pytest.approx(reference, rel=1e-12)
        if reference <= kernel.REORDERED:
            assert width_of(problem) == pytest.approx(reference, rel=1e-12)
        else:
            assert width_of(problem) <= reference + 1e-9
            wider += width_of(problem) < reference - 0.1
    assert wider > 2


@given(problems(max_causes=6, max_bits=6))
@settings(max_examples=100, deadline=None)
def test_a_better_order_keeps_parents_first_and_changes_no_answer(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "REORDERED", -1.0)
        assert_equal(*both(problem))
        plan = kernel.plan_of(problem, BROAD)
    place = {int(cause): at for at, cause in enumerate(plan.order)}
    assert sorted(place) == list(range(len(problem.names)))
    assert all(place[parent] < place[child] for parent, child, _ in problem.links)
    plain = kernel.plan_of(replace(problem), BROAD)
    assert plan.width <= plain.width + 1e-9


def test_the_order_of_a_problem_is_always_the_same() -> None:
    use_compiled()
    improved = 0
    for problem in published():
        if width_of(problem, improve=False) > kernel.REORDERED:
            once, again = (kernel.plan_of(replace(problem), BROAD).order for _ in range(2))
            assert once.tolist() == again.tolist()
            improved += once.tolist() != list(problem.order)
    assert improved > 2


@given(problems(max_bits=6))
@settings(max_examples=100, deadline=None)
def test_single_precision_stays_within_its_own_bound(problem: Problem) -> None:
    use_compiled()
    single, double = posterior(problem, np.float32), posterior(problem)
    off = np.abs(single.probability - double.probability)
    bound = rounding_bound(problem, np.float32) * (1.0 + problem.causeless / double.evidence)
    assert off.max() <= bound


def test_a_plan_is_made_once_for_width_and_sweep() -> None:
    problem = published()[0]
    assert kernel.plan_of(problem, BROAD) is kernel.plan_of(problem, BROAD)


def test_a_wide_record_brings_the_compiled_engine_into_use(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = min(published(), key=lambda p: abs(width_of(p) - 9.0))
    monkeypatch.setattr(relax, "WORTH_LOADING", 0.0)
    for ready in (False, True):
        monkeypatch.setattr(kernel, "is_compiled", lambda: ready)  # noqa: B023
        monkeypatch.setattr(inference, "_engine", inference._Engine())
        relax.posterior_within(problem)
        assert compiled_in_use() is ready
    use_compiled(False)
    relax.posterior_within(problem)
    assert not compiled_in_use()


def test_all_of_an_answer_comes_from_one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    knowledge = load_knowledge()
    network = network_of(knowledge)
    facts = facts_of(read_cases([CASES], knowledge.vocabulary)[0].record, knowledge)
    monkeypatch.setattr(relax, "WORTH_LOADING", 0.0)
    monkeypatch.setattr(kernel, "is_compiled", lambda: True)
    monkeypatch.setattr(inference, "_engine", inference._Engine())
    first = diagnose(network, facts)
    assert compiled_in_use()
    assert diagnose(network, facts) == first


def test_warming_up_compiles_all_that_a_sweep_needs() -> None:
    use_compiled()
    assert kernel.is_compiled()
    before = signatures()
    for problem in published():
        if width_of(problem) <= 14.0:
            posterior(problem)
            posterior(problem, np.float32)
    assert signatures() == before


def signatures() -> dict[str, int]:
    """In how many versions each function has been compiled."""
    functions = vars(kernel).items()
    return {name: len(f.signatures) for name, f in functions if hasattr(f, "signatures")}


def test_arrays_in_any_layout_are_taken() -> None:
    problem = published()[0]
    turned = replace(
        problem, upper=np.asfortranarray(problem.upper), lower=np.asfortranarray(problem.lower)
    )
    turned.upper.flags.writeable = False
    use_compiled()
    assert_equal(posterior(problem), posterior(turned))
