"""The simpler methods against brute force on the shipped knowledge."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from crural.diagnosis.inference import posterior
from crural.diagnosis.network import OTHER, compile_network
from crural.diagnosis.problem import Case, case_of
from crural.facts import facts_of
from crural.knowledge import load_knowledge
from crural.record import record_from_data
from crural.validation.baselines import SingleCauses, naive_bayes, prior_only, single_causes
from tests.validation.worlds import CAUSES, FACTS, PRIOR, single

# Parents and children, variants, one-sided and two-sided disease.
CONDITIONS = (
    "sciatica-disc-herniation",
    "cauda-equina-syndrome",
    "lumbar-spinal-stenosis",
    "degenerative-spondylolisthesis",
    "peripheral-artery-disease",
    "diabetic-polyneuropathy",
)


def case(*observations: Mapping[str, object], side: str | None = None) -> Case:
    knowledge = load_knowledge()
    data = {"age": 61, "sex": "female", "side": side, "observations": list(observations)}
    record = record_from_data(data, knowledge.vocabulary, "test")
    facts = facts_of(record, knowledge)
    # What follows from sex and side would be further facts beside the one that is looked at.
    stated = {key: fact for key, fact in facts.table.items() if fact.stated}
    return case_of(compile_network(knowledge, CONDITIONS), replace(facts, table=stated))


def alone(of: Case, cause: int) -> float:
    """P(facts | this cause and no other), by the engine that the network is evaluated with."""
    problem = of.problem
    certain = np.zeros(len(problem.names))
    certain[cause] = 1.0
    return posterior(replace(problem, prior=certain, links=())).evidence


@pytest.mark.parametrize(
    "observation",
    [
        {"finding": "slr-positive", "present": True},
        {"finding": "slr-positive", "present": False},
        {"finding": "onset-speed", "state": "gradual"},
        {"finding": "onset-speed", "state": "sudden"},
        {"finding": "urinary-retention-symptom", "present": True},
        {"finding": "pain-bilateral", "present": True},
        {"finding": "pain-bilateral", "present": False},
    ],
)
def test_the_likelihood_of_one_fact_is_that_of_the_network(
    observation: dict[str, object],
) -> None:
    one = case(observation)
    found = single_causes(one)
    assert len(found.facts) == 1
    expected = [alone(one, cause) for cause in range(len(found.causes))]
    assert found.likelihood[:, 0] == pytest.approx(expected, rel=1e-9)


def test_a_sign_of_the_other_leg_is_rarer_unless_the_disease_takes_both() -> None:
    seen = case({"finding": "slr-positive", "present": True, "side": "right"}, side="left")
    here = case({"finding": "slr-positive", "present": True, "side": "left"}, side="left")
    away, near = single_causes(seen), single_causes(here)
    assert "slr-positive present (other leg)" in away.facts
    at, of = (
        away.facts.index("slr-positive present (other leg)"),
        near.facts.index("slr-positive present"),
    )
    disc = away.causes.index("sciatica-disc-herniation")
    assert away.likelihood[disc, at] < near.likelihood[disc, of] / 2


def test_the_prior_is_that_of_all_sets_of_causes_with_at_least_one() -> None:
    one = case({"finding": "slr-positive", "present": True}, side="left")
    problem, n = one.problem, len(one.problem.names)
    mass, total = np.zeros(n), 0.0
    for there in itertools.product((False, True), repeat=n):
        if not any(there):
            continue
        weight = 1.0
        for cause in range(n):
            absent = 1.0 - float(problem.prior[cause])
            for parent, child, probability in problem.links:
                if child == cause and there[parent]:
                    absent *= 1.0 - probability
            weight *= 1.0 - absent if there[cause] else absent
        total += weight
        mass += weight * np.array(there)
    found = prior_only(one)
    assert set(found) == {*CONDITIONS, OTHER}
    assert list(found.values()) == pytest.approx(list(mass / total), rel=1e-9)


def test_findings_do_not_change_the_prior_baseline() -> None:
    one = case({"finding": "slr-positive", "present": True}, side="left")
    other = case({"finding": "slr-positive", "present": False}, side="left")
    assert prior_only(one) == prior_only(other)


def test_naive_bayes_multiplies_odds_and_likelihoods() -> None:
    weights = [
        p / (1 - p) * math.prod(row[i] for row in FACTS.values()) for i, p in enumerate(PRIOR)
    ]
    expected = [weight / sum(weights) for weight in weights]
    found = naive_bayes(single(FACTS))
    assert list(found) == list(CAUSES)
    assert list(found.values()) == pytest.approx(expected)


def test_naive_bayes_survives_facts_that_no_cause_explains() -> None:
    hopeless = SingleCauses(
        CAUSES, np.array(PRIOR), tuple("x" * 40), np.full((len(CAUSES), 40), 1e-12)
    )
    assert sum(naive_bayes(hopeless).values()) == pytest.approx(1)
