"""Why: what each finding did to the odds of a cause, and which typical ones are still unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from crural.diagnosis.compiled import compiled_loops, plain
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
    network, n_bits, n = case.network, len(case.bits), len(case.bits) + len(case.lows)
    # P(state) is P(state or lower) - P(lower), of which the second is nothing in the lowest state:
    # all facts, then the bits once more, a state lower.
    facts = (*case.bits, *case.lows, *case.bits)
    nodes = [network.node_index[f.finding] for f in facts]
    states = np.array([f.state for f in facts], dtype=np.int64)
    states[n:] -= 1
    away = np.array([f.place == "other-side" for f in facts], dtype=bool)
    alone = network.background(case.facts.record.age)[nodes, states]
    at_most = _at_most(network, nodes, states, away)
    beside, instead = _others(case.problem)
    nobody = np.prod(1.0 - instead, axis=1)[:, None]
    given = alone * at_most * _nobody_raises(beside, 1.0 - at_most)
    without = alone * (_nobody_raises(instead, 1.0 - at_most) - nobody) / (1.0 - nobody)
    for table in (given, without):
        table[:, :n_bits] -= table[:, n:]
    tiny = RECORDING_ERROR**2
    return np.asarray((np.maximum(given, tiny) / np.maximum(without, tiny)).T[:n])


def _nobody_raises(there: Array, raising: Array) -> Array:
    """P(no other cause raises the fact): [cause, fact], from P(other cause): [cause, other], and
    P(it alone raises the fact): [other, fact]."""
    loops = compiled_loops()
    if loops is not None:
        return np.asarray(loops.nobody_raises(*plain(there, raising)))
    return np.asarray(np.prod(1.0 - there[:, :, None] * raising, axis=1))


def _others(problem: Problem) -> tuple[Array, Array]:
    """P(other cause | cause) and P(other cause | not this cause), 0 for itself: [cause, other].

    Up the links by Bayes' rule, then down from the ancestors, so that two consequences of one
    disease speak for each other; ancestors of one cause are taken to be independent.
    """
    n = len(problem.names)
    unknown = np.full((n, n), np.nan)
    prior = _spread(problem, unknown)[0]
    itself = np.eye(n, dtype=bool)
    below = _spread(problem, np.where(itself, 1.0, unknown)).T
    above = (below > prior[:, None] * (1.0 + 1e-9)) & ~itself
    up = np.where(above, prior * below / prior[:, None], unknown)
    instead = np.where(above, prior * (1.0 - below) / (1.0 - prior[:, None]), unknown)
    beside = _spread(problem, np.where(itself, 1.0, up))
    instead = _spread(problem, np.where(itself, 0.0, instead))
    return np.where(itself, 0.0, beside), instead


def _spread(problem: Problem, known: Array) -> Array:
    """Probabilities of causes spread down the links, where they are not known (NaN) yet: [row,
    cause]."""
    children, begin, parents, chances = _brought_about(problem.links, problem.order)
    # As 1 - P(spared), so that a cause without parents is as probable as one whose parents are not
    # there, to the last digit.
    own = 1.0 - (1.0 - problem.prior)
    loops = compiled_loops()
    if loops is not None:
        brought_about = plain(children, begin, parents, chances)
        return np.asarray(loops.spread(*plain(known, own), brought_about))
    open_ = np.isnan(known)
    result = np.where(open_, own, known)
    for at, cause in enumerate(children):
        of = slice(begin[at], begin[at + 1])
        spared = np.prod(
            1.0 - result[:, parents[of]] * chances[of], axis=1, initial=1.0 - own[cause]
        )
        result[:, cause] = np.where(open_[:, cause], 1.0 - spared, known[:, cause])
    return result


@lru_cache(maxsize=16)
def _brought_about(
    links: tuple[tuple[int, int, float], ...], order: tuple[int, ...]
) -> tuple[Ints, Ints, Ints, Array]:
    """The causes that others can bring about, in their order; their parents and the probabilities
    of the links, those of child c of the list from `begin[c]` to `begin[c + 1]`."""
    place = {cause: at for at, cause in enumerate(order)}
    ordered = sorted(links, key=lambda link: place[link[1]])
    child_of = np.array([child for _, child, _ in ordered], dtype=np.int64)
    begin = np.flatnonzero(np.diff(child_of, prepend=-1, append=-1))
    parents = np.array([parent for parent, _, _ in ordered], dtype=np.int64)
    chances = np.array([chance for _, _, chance in ordered], dtype=np.float64)
    return child_of[begin[:-1]], begin, parents, chances


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


def reasons_of(
    case: Case, ratios: Array, cause: int
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Facts for and against a cause, the strongest first; findings and risk factors alike."""
    every = [
        _reason(case, fact, ratio, cause)
        for fact, ratio in zip((*case.bits, *case.lows), ratios[:, cause].tolist(), strict=True)
        if _speaks(ratio)
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
        if step.finding is not None and _speaks(step.factor)
    ]
    ordered = sorted(every, key=lambda r: -abs(math.log(r.likelihood_ratio)))
    return (
        tuple([r for r in ordered if r.likelihood_ratio > 1]),
        tuple([r for r in ordered if r.likelihood_ratio < 1]),
    )


def _speaks(ratio: float) -> bool:
    return ratio >= NO_REASON or 1.0 / ratio >= NO_REASON


def _reason(case: Case, fact: Fact, ratio: float, cause: int) -> Reason:
    sources, because = _sources_in(case.network, fact.finding, cause)
    return Reason(
        fact.finding,
        fact.place,
        fact.state,
        # Impossible and certain come out as ratios that no clinician reads; four digits are enough.
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


def unknown_of(case: Case) -> Flags:
    """Which nodes are not known on the painful side: [node]."""
    index, unknown = case.network.node_index, np.ones(len(case.network.nodes), dtype=bool)
    unknown[
        [index[name] for name, where in case.facts.table if where == "here" and name in index]
    ] = False
    return unknown


def missing_of(
    network: Network,
    cause: int,
    frequency: Array,
    elsewhere: Array,
    unknown: Flags,
    *,
    most: int = 6,
) -> tuple[Missing, ...]:
    """Typical findings of a condition that are not known yet, the most telling first.

    `frequency[cause, node]` is each node's frequency in each condition, `elsewhere[node]` its
    expected frequency over all that is possible now; `unknown[node]` is as `unknown_of` gives it.
    """
    if network.conditions[cause] == OTHER:
        return ()
    of = frequency[cause]
    node = np.flatnonzero((of >= TYPICAL) & (of >= TELLING * elsewhere) & unknown)
    often, else_ = of[node], elsewhere[node]
    # Rounded, so that findings which tell the same stand in the order of the knowledge.
    told = np.round(often * np.log(often / else_), 12)
    first = np.argsort(-told, kind="stable")[:most]
    return tuple(
        Missing(network.nodes[i], here, there)
        for i, here, there in zip(
            node[first].tolist(), often[first].tolist(), else_[first].tolist(), strict=True
        )
    )
