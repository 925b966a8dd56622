"""Records with many findings: the bound on the error holds, and is 0 where nothing was given up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crural.assessment import network_of
from crural.diagnosis import case_of
from crural.diagnosis.inference import posterior, rounding_bound, width_of
from crural.diagnosis.problem import Problem
from crural.diagnosis.relax import WIDEST, _branches, _relaxed, posterior_within
from crural.diagnosis.states import leading_states
from crural.facts import facts_of
from crural.knowledge import load_knowledge
from crural.record import record_from_data
from tests.diagnosis.random_problems import by_enumeration, problems

KNOWLEDGE = load_knowledge()
ROUNDING = 1e-9


@given(problems(max_bits=6), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_the_exact_posterior_lies_within_the_bound(problem: Problem, widest: int) -> None:
    bounded = posterior_within(problem, leading_states(problem), widest)
    exact = by_enumeration(problem)
    off = np.abs(bounded.posterior.probability - exact.probability)
    assert off.max() <= bounded.error + ROUNDING


@given(problems(max_bits=6))
@settings(max_examples=100, deadline=None)
def test_a_narrow_record_is_answered_exactly(problem: Problem) -> None:
    bounded = posterior_within(problem, leading_states(problem), width_of(problem))
    assert bounded.relaxed == ()
    exact = posterior(problem)
    # That there is a cause at all comes out as a difference, exact to the larger of the two.
    difference = 1.0 + problem.causeless / exact.evidence
    assert bounded.error == rounding_bound(problem) * difference < 1e-9
    np.testing.assert_array_equal(bounded.posterior.probability, exact.probability)


@given(problems(max_bits=6), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_no_error_is_kept_quiet(problem: Problem, widest: int) -> None:
    assume(width_of(problem) > widest)
    bounded = posterior_within(problem, leading_states(problem), widest)
    off = np.abs(bounded.posterior.probability - posterior(problem).probability).max()
    assert bounded.error > ROUNDING or off <= ROUNDING


@given(problems(max_causes=7, max_bits=5))
@settings(max_examples=50, deadline=None)
def test_branches_hold_every_set_of_causes_once(problem: Problem) -> None:
    exact = posterior(problem)
    found = [posterior(b.problem) for b in _branches(problem, leading_states(problem).singles)]
    evidence = sum(f.evidence for f in found)
    weight = sum(f.evidence * f.probability for f in found)
    assert evidence == pytest.approx(exact.evidence, rel=1e-9)
    np.testing.assert_allclose(weight / evidence, exact.probability, rtol=1e-9, atol=1e-12)


@given(problems(max_bits=6), st.data())
@settings(max_examples=60, deadline=None)
def test_relaxed_weights_enclose_the_true_ones_for_any_choice_of_findings(
    problem: Problem, data: st.DataObject
) -> None:
    bits = tuple(b for b in range(problem.n_bits) if data.draw(st.booleans()))
    slack = ROUNDING * posterior(problem).evidence
    for branch in _branches(problem, leading_states(problem).singles):
        exact = posterior(branch.problem)
        above = posterior(_relaxed(branch.problem, bits, tangent=True))
        below = posterior(_relaxed(branch.problem, bits, tangent=False))
        for low, true, high in (
            [p.evidence * p.probability for p in (below, exact, above)],
            [p.evidence * (1.0 - p.probability) for p in (below, exact, above)],
        ):
            assert (low <= true + slack).all()
            assert (true <= high + slack).all()


def a_record(n_present: int, panels: tuple[str, ...] = (), seed: int = 0) -> Problem:
    """The problem of a record with many findings present, a few more absent."""
    rng = np.random.default_rng([n_present, seed])
    network = network_of(KNOWLEDGE)
    plain = [
        name
        for name in network.nodes
        if not KNOWLEDGE.findings[name].graded and KNOWLEDGE.findings[name].sex is None
    ]
    top = [name for name in plain if not KNOWLEDGE.nested[name] and name != "pain-bilateral"]
    picked = rng.choice(top, n_present + 5, replace=False).tolist()
    data = {
        "age": 60,
        "sex": "female",
        "side": "left",
        "present": [*picked[:n_present], *panels],
        "absent": picked[n_present:],
    }
    record = record_from_data(data, KNOWLEDGE.vocabulary, "a test")
    return case_of(network, facts_of(record, KNOWLEDGE)).problem


def test_a_record_with_many_findings_is_answered_with_a_bound() -> None:
    problem = a_record(40)
    assert width_of(problem) > WIDEST
    bounded = posterior_within(problem, leading_states(problem))
    probability = bounded.posterior.probability
    assert ((probability >= 0.0) & (probability <= 1.0)).all()
    assert 0.0 < bounded.error <= 1.0


@given(problems(max_bits=6))
@settings(max_examples=60, deadline=None)
def test_single_precision_stays_within_its_own_bound(problem: Problem) -> None:
    single, double = posterior(problem, np.float32), posterior(problem)
    off = np.abs(single.probability - double.probability)
    bound = rounding_bound(problem, np.float32) * (1.0 + problem.causeless / double.evidence)
    assert off.max() <= bound


def test_single_precision_holds_out_on_a_record_with_many_facts() -> None:
    problem = a_record(16, ("normal-neuro-examination", "blood-tests-routine-normal"))
    single, double = posterior(problem, np.float32), posterior(problem)
    off = np.abs(single.probability - double.probability)
    assert off.max() <= rounding_bound(problem, np.float32) * single.spread
    assert single.evidence == pytest.approx(double.evidence, rel=1e-3)


def test_the_bound_holds_on_the_real_network() -> None:
    for seed in range(5):
        problem = a_record(12, seed=seed)
        exact = posterior(problem)
        bounded = posterior_within(problem, leading_states(problem), width_of(problem) - 3)
        assert bounded.relaxed
        off = np.abs(bounded.posterior.probability - exact.probability).max()
        assert off <= bounded.error + ROUNDING
        # Nothing promises this: findings that have nothing to do with each other are the hardest.
        assert off <= 0.2
