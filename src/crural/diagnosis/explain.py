"""Why: what each finding did to the odds of a cause, and which typical ones are still unknown."""

from __future__ import annotations

import math
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

    children = [cause for cause in problem.order if cause in parents]

    def spread(known: Array) -> Array:
        """Probabilities down the links, where they are not known yet."""
        open_ = np.isnan(known)
        result = np.where(open_, 1.0 - (1.0 - own), known)
        for cause in children:
            spared = np.full(n, 1.0 - own[cause])
            for parent, probability in parents[cause]:
                spared *= 1.0 - result[:, parent] * probability
            result[:, cause] = np.where(open_[:, cause], 1.0 - spared, known[:, cause])
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
    parts = _parts_of(network)
    products = np.ones((parts.count, by_group.shape[1]))
    products[parts.filled] = np.multiply.reduceat(averaged[parts.groups], parts.starts, axis=0)
    result = products[: len(network.conditions)]
    if len(parts.with_variants):
        forms = parts.shares[:, None] * products[len(network.conditions) :]
        result[parts.with_variants] *= np.add.reduceat(forms, parts.first_variant, axis=0)
    return result


@dataclass(frozen=True)
class _Parts:
    """The parts into which the groups of all causes fall: what each cause always has, in the order
    of the causes, then every variant.

    Of the `count` parts those in `filled` have groups; `groups` are these, part by part, each part
    from its place in `starts` on. `shares` are those of all variants; the variants of the causes
    `with_variants` begin at `first_variant`.
    """

    count: int
    filled: Ints
    groups: Ints
    starts: Ints
    shares: Array
    with_variants: Ints
    first_variant: Ints


@lru_cache(maxsize=16)
def _parts_of(network: Network) -> _Parts:
    def groups(cause: int, variant: int | None) -> list[int]:
        return [g for g in network.groups_of[cause] if network.groups[g].variant == variant]

    causes = range(len(network.conditions))
    parts = [groups(cause, None) for cause in causes]
    shares: list[float] = []
    first: dict[int, int] = {}
    for cause in causes:
        for i, variant in enumerate(network.variants[cause]):
            first.setdefault(cause, len(shares))
            shares.append(variant.share)
            parts.append(groups(cause, i))
    filled = [i for i, part in enumerate(parts) if part]
    sizes = [len(parts[i]) for i in filled]
    return _Parts(
        count=len(parts),
        filled=np.array(filled, dtype=np.int64),
        groups=np.array([g for part in parts for g in part], dtype=np.int64),
        starts=np.cumsum([0, *sizes[:-1]]),
        shares=np.array(shares),
        with_variants=np.array(list(first), dtype=np.int64),
        first_variant=np.array(list(first.values()), dtype=np.int64),
    )


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
    ordered = sorted(speaking, key=lambda r: -abs(math.log(r.likelihood_ratio)))
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
        min(max(ratio, 1e-4), 1e4),
        sources,
        because or fact.why,
    )


def sources_of(case: Case, finding: str, cause: int) -> tuple[tuple[str, ...], str | None]:
    """Evidence ids behind the frequency of a finding in a condition, and the stated reason."""
    return _sources_in(case.network, finding, cause)


@lru_cache(maxsize=65536)
def _sources_in(network: Network, finding: str, cause: int) -> tuple[tuple[str, ...], str | None]:
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
    # Rounded, so that findings which tell the same stand in the order of the knowledge.
    found.sort(key=lambda m: -round(m.frequency * math.log(m.frequency / m.elsewhere), 12))
    return tuple(found[:most])
