"""Why: what each finding did to the odds of a cause, and what typical findings are still unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crural.diagnosis.network import OTHER, RECORDING_ERROR, Array
from crural.diagnosis.problem import Case
from crural.diagnosis.states import States
from crural.facts import Fact, Place

# A finding that moves the odds by less than a tenth is no reason.
NO_REASON = 1.1
# Typical: at least this frequent in the condition; telling: so many times as frequent as elsewhere.
TYPICAL = 0.4
TELLING = 1.8


@dataclass(frozen=True)
class Reason:
    """A fact and the factor by which it changed the odds of a cause, all else known."""

    finding: str
    place: Place
    state: int
    likelihood_ratio: float
    sources: tuple[str, ...]
    because: str | None


@dataclass(frozen=True)
class Missing:
    """A finding typical of a condition that is not known yet."""

    finding: str
    frequency: float
    elsewhere: float


def likelihood_ratios(case: Case, states: States) -> Array:
    """[fact, cause]: odds of the cause with the fact, over its odds without; facts are bits, lows.

    Leaving a fact out divides the weight of every state by its probability there. The ratio so
    depends on what else is known: of two findings that say the same, each counts for less.
    """
    problem = case.problem
    with_all = _odds(states.weight, states)
    n_facts = len(case.bits) + len(case.lows)
    if n_facts == 0:
        return np.ones((0, len(problem.names)))
    probability = np.concatenate([states.bit_probability, _low_probability(case, states)], axis=1)
    ratios = np.empty((n_facts, len(problem.names)))
    for fact in range(n_facts):
        without = states.weight / np.maximum(probability[:, fact], RECORDING_ERROR**2)
        ratios[fact] = with_all / _odds(without, states)
    return ratios


def _odds(weight: Array, states: States) -> Array:
    """Odds of every cause under given weights of the states."""
    total = weight.sum()
    present = states.causes.T @ weight
    tiny = total * 1e-12
    return np.maximum(present, tiny) / np.maximum(total - present, tiny)


def _low_probability(case: Case, states: States) -> Array:
    """P(low finding | state): [state, low]."""
    return _predicted_low(
        case,
        states,
        [case.network.node_index[f.finding] for f in case.lows],
        np.array([f.place == "other-side" for f in case.lows], dtype=bool),
    )


def predicted_low(case: Case, states: States, nodes: list[int]) -> Array:
    """P(node stays in its lowest state | state), on the painful side: [state, node]."""
    return _predicted_low(case, states, nodes, np.zeros(len(nodes), dtype=bool))


def _predicted_low(case: Case, states: States, nodes: list[int], away: Array) -> Array:
    network, problem, singles = case.network, case.problem, states.singles
    used = np.unique(states.members[states.members >= 0])
    group_low = network.cdf[:, nodes, 0]
    n_groups, n_causes = len(network.groups), len(network.conditions)
    neutral = np.ones((1, len(nodes)))
    # Rows of the problem: groups; sides of the pain; one-sided copies of the groups.
    one_sided = np.where(away, 1 - 0.05 * (1 - group_low), group_low)
    by_row = np.vstack([group_low, np.repeat(neutral, n_causes, axis=0), one_sided, neutral])
    share = problem.share
    active = share * problem.scalar / (1.0 - share + share * problem.scalar)
    quiet_rows = singles.quiet[used]
    certain = np.where(quiet_rows >= 0, np.append(active, 0.0)[quiet_rows], 0.0)
    direct_quiet = 1.0 - certain[:, :, None] * (1.0 - by_row[quiet_rows])
    each = by_row[singles.rows[used]].prod(axis=1) * direct_quiet.prod(axis=1)
    position = np.full(len(singles.weight) + 1, len(used))
    position[used] = np.arange(len(used))
    table = np.vstack([each, neutral])
    low = table[position[states.members]].prod(axis=1)
    background = network.background(case.facts.record.age)[nodes, 0]
    return np.asarray(low * background)


def reasons_of(
    case: Case, ratios: Array, cause: int
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Facts for and against a cause, the strongest first; findings and risk factors alike."""
    every = [
        _reason(case, fact, float(ratios[i, cause]), cause)
        for i, fact in enumerate((*case.bits, *case.lows))
    ]
    every += [
        Reason(
            step.finding,
            "here",
            int(case.facts.risks[step.finding]),
            step.factor,
            step.sources,
            step.why,
        )
        for step in case.priors.steps[cause]
        if step.finding is not None
    ]
    # Impossible and certain come out as ratios that no clinician reads; four digits are enough.
    speaking = [r for r in every if max(r.likelihood_ratio, 1 / r.likelihood_ratio) >= NO_REASON]
    ordered = sorted(speaking, key=lambda r: -abs(np.log(r.likelihood_ratio)))
    return (
        tuple(r for r in ordered if r.likelihood_ratio > 1),
        tuple(r for r in ordered if r.likelihood_ratio < 1),
    )


def _reason(case: Case, fact: Fact, ratio: float, cause: int) -> Reason:
    sources, because = sources_of(case, fact.finding, cause)
    return Reason(
        fact.finding,
        fact.place,
        fact.state,
        float(np.clip(ratio, 1e-4, 1e4)),
        sources,
        because or fact.why,
    )


def sources_of(case: Case, finding: str, cause: int) -> tuple[tuple[str, ...], str | None]:
    """Evidence ids behind the frequency of a finding in a condition, and the stated reason."""
    network = case.network
    node = network.node_index.get(finding)
    if node is None:
        return (), None
    sources: list[str] = []
    because: str | None = None
    for group in network.groups_of[cause]:
        parameter = int(network.cdf_parameter[group, node])
        if parameter >= 0:
            quantity = network.parameters[parameter].quantity
            sources += quantity.sources
            because = because or quantity.because
    return tuple(dict.fromkeys(sources)), because


def frequency_in(case: Case, cause: int) -> Array:
    """P(node above its lowest state | only this cause), for every node."""
    network = case.network
    low = np.ones(len(network.nodes))
    shares = network.variants[cause]
    for group in network.groups_of[cause]:
        kept = network.groups[group]
        weight = shares[kept.variant].share if kept.variant is not None else 1.0
        low *= 1.0 - weight * kept.share * (1.0 - network.cdf[group, :, 0])
    background = network.background(case.facts.record.age)[:, 0]
    return np.asarray(1.0 - low * background)


def missing_of(
    case: Case, cause: int, elsewhere: Array, *, most: int = 6
) -> tuple[Missing, ...]:
    """Typical findings of a condition that are not known yet, the most telling first.

    `elsewhere` is each node's expected frequency over all that is possible now.
    """
    if case.network.conditions[cause] == OTHER:
        return ()
    frequency = frequency_in(case, cause)
    found = []
    for i, name in enumerate(case.network.nodes):
        known = case.facts.state(name) is not None
        if known or frequency[i] < TYPICAL or frequency[i] < TELLING * elsewhere[i]:
            continue
        found.append(Missing(name, float(frequency[i]), float(elsewhere[i])))
    found.sort(key=lambda m: -m.frequency * np.log(m.frequency / m.elsewhere))
    return tuple(found[:most])
