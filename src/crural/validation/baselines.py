"""Simpler ways to answer from the same knowledge, to show what the network adds.

prior: the findings are ignored; only setting, age, sex, side and risk factors speak.
naive-bayes: exactly one cause, and findings independent of each other once it is given. That is
how most rankings of single diseases work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from crural.diagnosis.explain import _at_most
from crural.diagnosis.inference import posterior
from crural.diagnosis.network import Array
from crural.diagnosis.problem import Case

# What the network holds possible at all; a product of thirty facts must not end in log(0).
LEAST_LIKELIHOOD = 1e-12


@dataclass(frozen=True)
class SingleCauses:
    """Each cause on its own against each fact of the record.

    `prior[cause]` is its probability before any finding, `likelihood[cause, fact]` the probability
    of the fact when this is the only cause. `facts` are in words: 'slr-positive present'.
    """

    causes: tuple[str, ...]
    prior: Array
    facts: tuple[str, ...]
    likelihood: Array


def single_causes(case: Case) -> SingleCauses:
    """Every cause of the network against every fact of the case."""
    network = case.network
    known = (*case.bits, *case.lows)
    nodes = [network.node_index[fact.finding] for fact in known]
    states = np.array([fact.state for fact in known], dtype=np.int64)
    away = np.array([fact.place == "other-side" for fact in known], dtype=bool)
    background = network.background(case.facts.record.age)
    below = np.maximum(states - 1, 0)
    at_most = _at_most(network, nodes, states, away) * background[nodes, states]
    at_most_below = _at_most(network, nodes, below, away) * background[nodes, below]
    likelihood = at_most - np.where(states > 0, at_most_below, 0.0)
    return SingleCauses(
        causes=network.conditions,
        prior=case.priors.probability,
        facts=tuple(_in_words(case, f.finding, f.state, f.place) for f in known),
        likelihood=np.maximum(likelihood, LEAST_LIKELIHOOD),
    )


def naive_bayes(single: SingleCauses) -> Mapping[str, float]:
    """P(this one cause | all facts), when there is exactly one and facts are independent.

    P(exactly cause i) is proportional to the odds of its prior.
    """
    log = np.log(single.prior) - np.log1p(-single.prior) + np.log(single.likelihood).sum(axis=1)
    weight = np.exp(log - log.max())
    return _named(single.causes, weight / weight.sum())


def prior_only(case: Case) -> Mapping[str, float]:
    """P(cause | at least one cause) of the network before any finding."""
    problem, rows = case.problem, len(case.problem.share)
    silent = replace(
        problem,
        scalar=np.ones(rows),
        upper=np.ones((rows, 0)),
        lower=np.ones((rows, 0)),
        background_scalar=1.0,
        background_upper=np.ones(0),
        background_lower=np.ones(0),
    )
    return _named(problem.names, posterior(silent).probability)


def _named(causes: tuple[str, ...], probability: Array) -> Mapping[str, float]:
    return {cause: float(p) for cause, p in zip(causes, probability, strict=True)}


def _in_words(case: Case, finding: str, state: int, place: str) -> str:
    said = case.facts.knowledge.findings[finding].state_ids[state]
    return f"{finding} {said}" + (" (other leg)" if place == "other-side" else "")
