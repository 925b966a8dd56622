"""A close estimate of the posterior when there are too many findings for the exact sweep.

Sets of causes are sorted by their two strongest members, strongest meaning best alone. Sets of one
and of two are weighed one by one. What further, weaker causes add to a pair is taken to be
independent between them: each multiplies the weight by one plus its own odds beside the pair. That
is exact for sets of three and a close upper estimate for larger ones, since of two causes that
explain the same finding the second adds less (log P(finding) is submodular in the causes).

The estimate has no bound of its own; `relax` gives one.
"""

from __future__ import annotations

import numpy as np

from crural.diagnosis.inference import Posterior
from crural.diagnosis.network import Array, Ints
from crural.diagnosis.problem import Mixture, Part, Problem
from crural.diagnosis.states import SetWeights, Singles, States

# Single states that are paired with each other, leading ones that are paired with all, and pairs to
# which further causes are added one by one.
PAIRED = 250
LEADING = 10
# A further cause with larger odds than this explains what the pair does not; two of these would
# mostly explain the same, so a set has one of them at most.
STRONG = 0.3
EXTENDED = 300


def estimated_posterior(problem: Problem, states: States) -> Posterior:
    """The estimate. Work grows with the number of bits, not with a power of it."""
    singles = states.singles
    weigh = SetWeights(problem, singles)
    alone = weigh(np.arange(len(singles.weight))[:, None])
    rank = np.empty(len(alone), dtype=np.int64)
    order = np.argsort(-alone)
    rank[order] = np.arange(len(alone))
    pairs = _pairs(order, singles.cause)
    paired = weigh(pairs)
    best = np.argsort(-paired)[:EXTENDED]
    added = _added(weigh, pairs[best], rank)
    strong = np.where(added > STRONG, added, 0.0)
    faint = added - strong
    beside = 1.0 + strong.sum(axis=1, keepdims=True)
    factor = np.prod(1.0 + faint, axis=1) * beside[:, 0]
    # Pairs beyond the extended ones get the mean factor of these.
    mean = float(paired[best] @ factor / paired[best].sum()) if len(best) else 1.0
    family = paired * mean
    family[best] = paired[best] * factor
    evidence = float(alone.sum() + family.sum())
    n = len(problem.names)
    mass = np.zeros(n)
    np.add.at(mass, singles.cause, alone)
    for column in (0, 1):
        np.add.at(mass, singles.cause[pairs[:, column]], family)
    mass += family[best] @ (faint / (1.0 + faint) + strong / beside)
    by_state = alone.copy()
    for column in (0, 1):
        np.add.at(by_state, pairs[:, column], family)
    probability = np.minimum(mass / evidence, 1.0)
    variants = tuple(
        _variants(part, singles, cause, by_state, float(probability[cause]))
        for cause, part in enumerate(problem.acts)
    )
    return Posterior(probability, variants, evidence)


def _pairs(order: Ints, cause: Ints) -> Ints:
    """Pairs of states of different causes: the best with each other, the leading ones with all."""
    top = order[:PAIRED]
    a, b = np.triu_indices(len(top), k=1)
    among = np.stack([top[a], top[b]], axis=1)
    rest = order[PAIRED:]
    first, second = np.meshgrid(order[:LEADING], rest, indexing="ij")
    beside = np.stack([first.ravel(), second.ravel()], axis=1)
    pairs = np.concatenate([among, beside])
    return np.asarray(pairs[cause[pairs[:, 0]] != cause[pairs[:, 1]]])


def _added(weigh: SetWeights, pairs: Ints, rank: Ints) -> Array:
    """Odds of every weaker cause beside each pair: [pair, cause]."""
    problem, singles = weigh.problem, weigh.singles
    upper = singles.upper[pairs].prod(axis=1) * problem.background_upper
    lower = singles.lower[pairs].prod(axis=1) * problem.background_lower
    ratio = np.ones((len(pairs), len(singles.weight)))
    for bit in range(problem.n_bits):
        both = np.outer(upper[:, bit], singles.upper[:, bit])
        both -= np.outer(lower[:, bit], singles.lower[:, bit])
        ratio *= both / (upper[:, bit] - lower[:, bit])[:, None]
    ratio *= weigh.own
    weaker = rank[None, :] > rank[pairs].max(axis=1)[:, None]
    kept = np.where(weaker, ratio, 0.0)
    # States of one cause stand together.
    starts = np.flatnonzero(np.diff(singles.cause, prepend=-1))
    result = np.zeros((len(pairs), len(problem.names)))
    result[:, singles.cause[starts]] = np.add.reduceat(kept, starts, axis=1)
    causes = singles.cause[pairs]
    result *= weigh.beside(causes)
    np.put_along_axis(result, causes, 0.0, axis=1)
    return result


def _variants(
    part: Part, singles: Singles, cause: int, by_state: Array, probability: float
) -> tuple[float, ...]:
    """The cause's probability split over its variants, by the states that show one."""
    forms = _variant_rows(part)
    if not forms:
        return ()
    mass = np.zeros(len(forms))
    for state in np.flatnonzero(singles.cause == cause):
        rows = set(singles.rows[state].tolist())
        for i, of_form in enumerate(forms):
            if rows & of_form:
                mass[i] += by_state[state]
    if mass.sum() == 0.0:
        return tuple(probability / len(forms) for _ in forms)
    return tuple(float(m) for m in mass / mass.sum() * probability)


def _variant_rows(part: Part) -> list[set[int]]:
    """Rows of each variant of a part (both copies when the sides are told apart)."""
    if isinstance(part, int):
        return []
    if isinstance(part, Mixture) and part.variants:
        return [set(_rows(form)) for form in part.parts]
    found: list[set[int]] = []
    for inner in part.parts:
        more = _variant_rows(inner)
        found = (
            [a | b for a, b in zip(found, more, strict=True)] if found and more else found or more
        )
    return found


def _rows(part: Part) -> list[int]:
    if isinstance(part, int):
        return [part]
    return [row for inner in part.parts for row in _rows(inner)]
