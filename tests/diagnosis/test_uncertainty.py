"""How sure the probabilities are."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from crural.diagnosis import Case
from crural.diagnosis.inference import posterior
from crural.diagnosis.network import Array
from crural.diagnosis.states import leading_states
from crural.diagnosis.uncertainty import (
    DRAWS,
    SEED,
    Uncertainty,
    _noise,
    _quantiles,
    uncertainty_of,
)
from crural.knowledge import Knowledge
from tests.patients import case_for, patient


@pytest.fixture(scope="module")
def case(knowledge: Knowledge) -> Case:
    # With a sign of the other leg, so that the copies for one-sided disease take part.
    record = patient(
        knowledge,
        "pain-buttock",
        "pain-radiating-below-knee",
        "slr-positive",
        absent=["pain-groin"],
        said=[{"finding": "reflex-ankle-reduced", "present": False, "side": "right"}],
    )
    return case_for(knowledge, record)


@pytest.fixture(scope="module")
def exact(case: Case) -> Array:
    return posterior(case.problem).probability


def spread_by(case: Case, factor: float) -> Case:
    """The case with every number less or more certain."""
    parameters = tuple(
        dataclasses.replace(
            p,
            quantity=p.quantity.model_copy(update={"spread": p.quantity.spread * factor}),
        )
        for p in case.network.parameters
    )
    network = dataclasses.replace(case.network, parameters=parameters)
    priors = dataclasses.replace(case.priors, spread=case.priors.spread * factor)
    return dataclasses.replace(case, network=network, priors=priors)


def test_draws_are_the_same_however_many_follow_them() -> None:
    numbers, priors = _noise(3, 2)
    every = np.random.default_rng(SEED)

    np.testing.assert_array_equal(numbers, every.standard_normal((DRAWS, 3)))
    np.testing.assert_array_equal(priors, every.standard_normal((DRAWS, 2)))


def uncertain(case: Case, exact: Array) -> Uncertainty:
    return uncertainty_of(case, leading_states(case.problem), exact)


def width(of: Uncertainty) -> Array:
    """Width on the logit scale."""
    odds = of.interval / (1 - of.interval)
    return np.asarray(np.log(odds[:, 1]) - np.log(odds[:, 0]))


def test_the_interval_holds_the_point(case: Case, exact: Array) -> None:
    interval = uncertain(case, exact).interval
    assert (interval[:, 0] <= exact).all()
    assert (exact <= interval[:, 1]).all()
    assert (interval > 0).all()
    assert (interval < 1).all()


def test_the_interval_widens_with_the_spread_of_the_numbers(case: Case, exact: Array) -> None:
    likely = exact > 0.02
    narrow, stated, wide = (width(uncertain(spread_by(case, f), exact)) for f in (0.3, 1.0, 2.0))
    assert (narrow[likely] < stated[likely]).all()
    assert (stated[likely] < wide[likely]).all()


def test_numbers_without_spread_leave_no_doubt(case: Case, exact: Array) -> None:
    of = uncertain(spread_by(case, 0.0), exact)
    np.testing.assert_allclose(of.interval[:, 0], exact, rtol=1e-9)
    np.testing.assert_allclose(of.interval[:, 1], exact, rtol=1e-9)


def test_the_same_record_gives_the_same_interval(case: Case, exact: Array) -> None:
    first, second = uncertain(case, exact), uncertain(case, exact)
    np.testing.assert_array_equal(first.interval, second.interval)
    assert all(first.pivot(cause) == second.pivot(cause) for cause in range(len(exact)))


def test_a_doubtful_number_is_named_as_the_one_that_the_answer_hangs_on(
    case: Case, exact: Array
) -> None:
    network = case.network
    cause = network.condition_index["sciatica-disc-herniation"]
    sure = spread_by(case, 0.0)
    node = network.node_index["slr-positive"]
    group = next(g for g in network.groups_of[cause] if network.cdf_parameter[g, node] >= 0)
    doubted = int(network.cdf_parameter[group, node])
    parameters = list(sure.network.parameters)
    quantity = parameters[doubted].quantity.model_copy(update={"spread": 1.0})
    parameters[doubted] = dataclasses.replace(parameters[doubted], quantity=quantity)
    doubtful = dataclasses.replace(
        sure, network=dataclasses.replace(sure.network, parameters=tuple(parameters))
    )
    of = uncertain(doubtful, exact)
    pivot = of.pivot(cause)
    assert pivot is not None
    assert pivot.label == parameters[doubted].label
    assert "slr-positive" in pivot.label
    assert pivot.value == quantity.value
    assert pivot.sources == quantity.sources
    assert pivot.swing > 0
    assert width(of)[cause] > 0.05


def test_where_no_number_is_in_doubt_the_answer_hangs_on_none(case: Case, exact: Array) -> None:
    of = uncertain(spread_by(case, 0.0), exact)
    assert all(of.pivot(cause) is None for cause in range(len(exact)))


def test_a_doubtful_prior_is_named_too(case: Case, exact: Array) -> None:
    cause = case.network.condition_index["sciatica-disc-herniation"]
    sure = spread_by(case, 0.0)
    spread = np.zeros_like(sure.priors.spread)
    spread[cause] = 1.0
    doubtful = dataclasses.replace(sure, priors=dataclasses.replace(sure.priors, spread=spread))
    pivot = uncertain(doubtful, exact).pivot(cause)
    assert pivot is not None
    assert pivot.label == "prior of sciatica-disc-herniation"
    assert pivot.origin == "prior"
    assert pivot.swing > 0


def test_without_findings_only_priors_are_in_doubt(knowledge: Knowledge) -> None:
    case = case_for(knowledge, patient(knowledge, side=None))
    exact = posterior(case.problem).probability
    of = uncertain(case, exact)
    assert not case.bits
    assert (width(of)[exact > 0.02] > 0.1).all()


@pytest.mark.parametrize("n_draws", [1, 2, 7, DRAWS])
def test_quantiles_are_those_of_numpy(n_draws: int) -> None:
    logits = np.random.default_rng(n_draws).normal(size=(n_draws, 5))
    wanted = (0.0, 0.05, 0.5, 0.95, 1.0)
    expected = np.quantile(logits, wanted, axis=0)
    np.testing.assert_allclose(
        _quantiles(1 / (1 + np.exp(-logits)), wanted), expected, rtol=1e-12, atol=1e-14
    )
