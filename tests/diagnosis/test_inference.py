"""The exact engine against enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from crural.diagnosis.inference import posterior
from crural.diagnosis.order import order_of
from crural.diagnosis.problem import Problem
from tests.diagnosis.random_problems import by_enumeration, problems


@given(problems())
@settings(max_examples=300, deadline=None)
def test_posterior_equals_enumeration_of_everything(problem: Problem) -> None:
    exact = posterior(problem)
    brute = by_enumeration(problem)
    assert exact.evidence == pytest.approx(brute.evidence, rel=1e-9)
    np.testing.assert_allclose(exact.probability, brute.probability, rtol=1e-9, atol=1e-12)


@given(problems(max_causes=3, max_bits=9, links=True))
@settings(max_examples=40, deadline=None)
def test_posterior_equals_enumeration_when_bits_fill_several_chunks(problem: Problem) -> None:
    exact = posterior(problem)
    brute = by_enumeration(problem)
    np.testing.assert_allclose(exact.probability, brute.probability, rtol=1e-9, atol=1e-12)


@given(problems())
@settings(max_examples=100, deadline=None)
def test_variants_of_a_cause_add_up_to_the_cause(problem: Problem) -> None:
    exact = posterior(problem)
    for probability, variants in zip(exact.probability, exact.variants, strict=True):
        if variants:
            assert sum(variants) == pytest.approx(probability, rel=1e-9)


def test_parents_come_before_their_children_and_few_children_wait() -> None:
    links = ((0, 3), (1, 3), (3, 4), (5, 4))
    order = order_of(7, links)
    assert sorted(order) == list(range(7))
    for parent, child in links:
        assert order.index(parent) < order.index(child)
