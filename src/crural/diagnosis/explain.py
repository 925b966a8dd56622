"""Why: what each finding did to the odds of a cause, and which typical ones are still unknown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from crural.diagnosis.network import (
    BILATERAL,
    OTHER,
    RECORDING_ERROR,
    Array,
    Flags,
    Ints,
    Network,
)
from crural.diagnosis.problem import Case, Problem, shares_of
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


def likelihood_ratios(case: Case) -> Array:
    """[fact, cause]: P(fact | cause) / P(fact | not this cause, at least one other).

    Other causes are present as often as their priors for this patient and the links between causes
    say, so the ratio is that of the clinic and the age, and can be compared with published ones.
    Facts are bits, then lows. Ratios of facts that go together must not be multiplied: the
    mechanisms share them.
    """
    network, facts = case.network, (*case.bits, *case.lows)
    nodes = [network.node_index[f.finding] for f in facts]
    states = np.array([f.state for f in facts], dtype=np.int64)
    away = np.array([f.place == "other-side" for f in facts], dtype=bool)
    background = network.background(case.facts.record.age)
    high = _at_most(network, nodes, states, away), background[nodes, states]
    below = (
        np.where(states > 0, _at_most(network, nodes, np.maximum(states - 1, 0), away), 0.0),
        np.where(states > 0, background[nodes, np.maximum(states - 1, 0)], 0.0),
    )
    beside, instead = (others[:, :, None] for others in _others(case.problem))
    nobody = np.prod(1.0 - instead, axis=1)
    given = np.zeros((len(network.conditions), len(facts)))
    without = np.zeros_like(given)
    for at_most, alone in (high, below):
        sign = 1.0 if at_most is high[0] else -1.0
        raising = 1.0 - at_most
        given += sign * alone * at_most * np.prod(1.0 - beside * raising, axis=1)
        others = np.prod(1.0 - instead * raising, axis=1)
        without += sign * alone * (others - nobody) / (1.0 - nobody)
    tiny = RECORDING_ERROR**2
    return np.asarray((np.maximum(given, tiny) / np.maximum(without, tiny)).T)


def _others(problem: Problem) -> tuple[Array, Array]:
    """P(other cause | cause) and P(other cause | not this cause), 0 for itself: [cause, other].

    Up the links by Bayes' rule, then down from the ancestors, so that two consequences of one
    disease speak for each other; ancestors of one cause are taken to be independent.
    """
    n, own = len(problem.names), problem.prior
    parents: dict[int, list[tuple[int, float]]] = {}
    for parent, child, probability in problem.links:
        parents.setdefault(child, []).append((parent, probability))

    def spread(known: Array) -> Array:
        """Probabilities down the links, where they are not known yet."""
        result = known.copy()
        for cause in problem.order:
            spared = np.full(n, 1.0 - own[cause])
            for parent, probability in parents.get(cause, ()):
                spared *= 1.0 - result[:, parent] * probability
            result[:, cause] = np.where(np.isnan(known[:, cause]), 1.0 - spared, known[:, cause])
        return result

    unknown = np.full((n, n), np.nan)
    prior = spread(unknown)[0]
    itself = np.eye(n, dtype=bool)
    below = spread(np.where(itself, 1.0, unknown)).T
    above = (below > prior[:, None] * (1.0 + 1e-9)) & ~itself
    up = np.where(above, prior * below / prior[:, None], unknown)
    instead = np.where(above, prior * (1.0 - below) / (1.0 - prior[:, None]), unknown)
    beside = spread(np.where(itself, 1.0, up))
    instead = spread(np.where(itself, 0.0, instead))
    return np.where(itself, 0.0, beside), instead


def _at_most(network: Network, nodes: list[int], states: Ints, away: Flags) -> Array:
    """P(one cause alone brings each node to its state or lower): [cause, node]."""
    by_group = network.cdf[:, nodes, states]
    two_sided = network.bilateral[:, None]
    result = _by_cause(network, by_group)
    if away.any():
        # On the other side a one-sided disease does only the silent share of what it does here.
        less = _by_cause(network, 1.0 - network.silent_share[:, None] * (1.0 - by_group))
        result = np.where(away, two_sided * result + (1.0 - two_sided) * less, result)
    for i, node in enumerate(nodes):
        if network.nodes[node] == BILATERAL:
            up = network.bilateral * (1.0 - RECORDING_ERROR)
            result[:, i] = 1.0 - up if states[i] == 0 else 1.0
    return result


def _by_cause(network: Network, by_group: Array) -> Array:
    """The same for each cause as for each group, averaged over how the cause can act."""
    share = shares_of(network)[:, None]
    averaged = 1.0 - share + share * by_group
    result = np.ones((len(network.conditions), by_group.shape[1]))
    for cause, of in enumerate(network.groups_of):
        variants = network.variants[cause]
        common = [g for g in of if network.groups[g].variant is None]
        result[cause] = averaged[common].prod(axis=0)
        if variants:
            result[cause] *= sum(
                v.share * averaged[[g for g in of if network.groups[g].variant == i]].prod(axis=0)
                for i, v in enumerate(variants)
            )
    return result


def predicted_low(case: Case, states: States) -> Array:
    """P(node stays in its lowest state | state), on the painful side: [state, node]."""
    network, problem, singles = case.network, case.problem, states.singles
    used = np.unique(states.members[states.members >= 0])
    group_low = network.cdf[:, :, 0]
    n_causes = len(network.conditions)
    neutral = np.ones((1, len(network.nodes)))
    # Rows of the problem: groups; sides of the pain; copies of the groups for one-sided disease.
    by_row = np.vstack([group_low, np.repeat(neutral, n_causes, axis=0), group_low, neutral])
    share = problem.share
    active = share * problem.scalar / (1.0 - share + share * problem.scalar)
    each = np.ones((len(used), len(network.nodes)))
    for rows in singles.rows[used].T:
        each *= by_row[rows]
    for rows in singles.quiet[used].T:
        certain = np.where(rows >= 0, active[rows], 0.0)[:, None]
        each *= 1.0 - certain * (1.0 - by_row[rows])
    position = np.full(len(singles.weight) + 1, len(used))
    position[used] = np.arange(len(used))
    table = np.vstack([each, neutral])
    low = np.tile(network.background(case.facts.record.age)[:, 0], (len(states.members), 1))
    for members in states.members.T:
        low *= table[position[members]]
    return low


def reasons_of(
    case: Case, ratios: Array, cause: int
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Facts for and against a cause, the strongest first; findings and risk factors alike."""
    every = [
        _reason(case, fact, ratio, cause)
        for fact, ratio in zip((*case.bits, *case.lows), ratios[:, cause].tolist(), strict=True)
        if max(ratio, 1 / ratio) >= NO_REASON
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


def frequency_in(case: Case) -> Array:
    """P(node above its lowest state | only this cause): [cause, node]."""
    low = _low_by_cause(case.network)
    return np.asarray(1.0 - low * case.network.background(case.facts.record.age)[:, 0])


@lru_cache(maxsize=16)
def _low_by_cause(network: Network) -> Array:
    """P(one cause alone leaves each node in its lowest state), on the painful side."""
    nodes = list(range(len(network.nodes)))
    here = np.zeros(len(nodes), dtype=bool)
    return _at_most(network, nodes, np.zeros(len(nodes), dtype=np.int64), here)


def missing_of(
    case: Case, cause: int, frequency: Array, elsewhere: Array, *, most: int = 6
) -> tuple[Missing, ...]:
    """Typical findings of a condition that are not known yet, the most telling first.

    `frequency` is each node's frequency in the condition, `elsewhere` its expected frequency over
    all that is possible now.
    """
    if case.network.conditions[cause] == OTHER:
        return ()
    nodes = case.network.nodes
    typical = np.flatnonzero((frequency >= TYPICAL) & (frequency >= TELLING * elsewhere))
    found = [
        Missing(nodes[i], float(frequency[i]), float(elsewhere[i]))
        for i in typical
        if case.facts.state(nodes[i]) is None
    ]
    found.sort(key=lambda m: -m.frequency * np.log(m.frequency / m.elsewhere))
    return tuple(found[:most])
