"""The loops behind reasons, next checks and intervals, compiled to machine code.

Each computes what the function named in its first line computes with arrays of numpy, which is the
one to read first; here nothing is made in between. They are in use when the compiled engine is (see
`compiled`).

A function is compiled for the types that stand above it, when the module is imported for the first
time, and kept on disk (`python -m crural.diagnosis.loops` does so in advance). All release the
interpreter's lock.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from crural.diagnosis.network import Array, Flags, Ints

_F = TypeVar("_F", bound=Callable[..., Any])

# Products may be fused with sums, which only lessens the error; nothing is divided by nought.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "fastmath": {"contract", "nsz"},
    "error_model": "numpy",
}
_compiled = cast(Callable[[_F], _F], numba.njit(**_OPTIONS))


def _kept(types: str) -> Callable[[_F], _F]:
    """Compiled for arguments of these types, once and for all."""
    return cast(Callable[[_F], _F], numba.njit(types, cache=True, **_OPTIONS))


# --- products -----------------------------------------------------------------------------------


@_kept("f8[:,::1](f8[::1], f8[:,::1], i8[:,::1])")
def products(first: Array, table: Array, members: Ints) -> Array:
    """`states.products`."""
    result = np.empty((len(members), len(first)))
    for row in range(len(members)):
        product = result[row]
        product[:] = first
        for member in members[row]:
            if member >= 0:
                factor = table[member]
                for column in range(len(first)):
                    product[column] *= factor[column]
    return result


@_kept("f8[:,::1](f8[:,::1], f8[::1], i8[:,::1], i8[:,::1])")
def single_low(by_row: Array, active: Array, rows: Ints, quiet: Ints) -> Array:
    """`prediction._single_low`."""
    low = np.ones((len(rows), by_row.shape[1]))
    for single in range(len(rows)):
        product = low[single]
        for row in rows[single]:
            if row >= 0:
                factor = by_row[row]
                for node in range(len(factor)):
                    product[node] *= factor[node]
        for row in quiet[single]:
            if row >= 0:
                factor, certain = by_row[row], active[row]
                for node in range(len(factor)):
                    product[node] *= 1.0 - certain * (1.0 - factor[node])
    return low


# --- weights of sets of states ------------------------------------------------------------------

# Weight of no cause at all; weight and cause of every state; `upper` and `lower` of the states
# [bit, state], and of the background; prior of every cause; and P(child is not brought about |
# parent): [parent, child].
Tables = tuple[float, Array, Ints, Array, Array, tuple[Array, Array], Array, Array]
_TABLES = (
    "Tuple((f8, f8[::1], i8[::1], f8[:,::1], f8[:,::1], UniTuple(f8[::1], 2), f8[::1], f8[:,::1]))"
)


@_compiled
def _brought(causes: Ints, n: int, prior: Array, spared: Array) -> float:
    """Factor of the links on the weight of a set of the first n causes."""
    factor = 1.0
    for at in range(n):
        child = causes[at]
        kept = 1.0
        for other in range(n):
            kept *= spared[causes[other], child]
        if kept != 1.0:
            own = prior[child]
            factor *= (own + (1.0 - own) * (1.0 - kept)) / (own * kept)
    return factor


@_compiled
def _explained(weight: Array, already: tuple[Array, Array], upper: Array, lower: Array) -> None:
    """Multiply the weights by the probability of every bit, with (upper, lower) of each further
    state and those of the states that are there already."""
    for bit in range(len(upper)):
        a, b, u, v = already[0][bit], already[1][bit], upper[bit], lower[bit]
        for j in range(len(weight)):
            weight[j] *= a * u[j] - b * v[j]


@_kept(f"Tuple((i8[:,::1], f8[::1]))(i8[::1], b1, {_TABLES})")
def pairs(first: Ints, later: bool, tables: Tables) -> tuple[Ints, Array]:
    """`states._Sets.pairs`: of each of the `first` states with every other, or with later ones
    alone, and their weights."""
    none, own, cause, upper, lower, background, prior, spared = tables
    n = len(own)
    found = np.empty((len(first) * n, 2), dtype=np.int64)
    weights = np.empty(len(first) * n)
    both = np.empty(2, dtype=np.int64)
    weight = np.empty(n)
    made = 0
    for i in first:
        begin = i + 1 if later else 0
        for j in range(begin, n):
            weight[j] = none * own[i] * own[j]
        at_most, below = background[0] * upper[:, i], background[1] * lower[:, i]
        _explained(weight[begin:], (at_most, below), upper[:, begin:], lower[:, begin:])
        both[0] = cause[i]
        for j in range(begin, n):
            both[1] = cause[j]
            if both[0] != both[1]:
                found[made, 0], found[made, 1] = i, j
                weights[made] = weight[j] * _brought(both, 2, prior, spared)
                made += 1
    return found[:made].copy(), weights[:made].copy()


@_kept(f"Tuple((i8[:,::1], f8[::1]))(i8[:,::1], i8, {_TABLES})")
def triples(pairs: Ints, thirds: int, tables: Tables) -> tuple[Ints, Array]:
    """`states._Sets.triples`: of each pair with each of the first `thirds` states, every triple
    once, and their weights."""
    none, own, cause, upper, lower, background, prior, spared = tables
    n = len(own)
    # Where a pair stands among the pairs; behind all of them, if it does not.
    place = np.full((n, n), len(pairs))
    for at in range(len(pairs)):
        i, j = pairs[at]
        place[i, j] = place[j, i] = at
    found = np.empty((len(pairs) * thirds, 3), dtype=np.int64)
    weights = np.empty(len(pairs) * thirds)
    causes = np.empty(3, dtype=np.int64)
    weight = np.empty(thirds)
    made = 0
    for at in range(len(pairs)):
        i, j = pairs[at]
        for k in range(thirds):
            weight[k] = none * own[i] * own[j] * own[k]
        at_most = background[0] * upper[:, i] * upper[:, j]
        below = background[1] * lower[:, i] * lower[:, j]
        _explained(weight, (at_most, below), upper, lower)
        causes[0], causes[1] = cause[i], cause[j]
        for k in range(thirds):
            causes[2] = cause[k]
            if causes[2] == causes[0] or causes[2] == causes[1]:
                continue
            # The same three may come from an earlier pair and another third.
            if (place[i, k] < at and j < thirds) or (place[j, k] < at and i < thirds):
                continue
            found[made, 0], found[made, 1], found[made, 2] = i, j, k
            weights[made] = weight[k] * _brought(causes, 3, prior, spared)
            made += 1
    return found[:made].copy(), weights[:made].copy()


@_kept("f8(i8[:,::1], f8[::1], f8[:,::1], f8[:,::1], UniTuple(f8[::1], 2))")
def likelihood_of_set(
    first: Ints,
    chance: Array,
    upper: Array,
    lower: Array,
    background: tuple[Array, Array],
) -> float:
    """`states.likelihood_of`. The states of the causes of the set are `first[0, cause]` to
    `first[1, cause]`."""
    depth, n_bits = first.shape[1], len(background[0])
    # Of the background and the states that are chosen for the first causes.
    weight = np.ones(depth + 1)
    at_most, below = np.empty((depth + 1, n_bits)), np.empty((depth + 1, n_bits))
    at_most[0], below[0] = background
    chosen = first[0].copy()
    total, level = 0.0, 0
    while level >= 0:
        if level == depth:
            product = weight[level]
            for bit in range(n_bits):
                product *= at_most[level, bit] - below[level, bit]
            total += product
        elif chosen[level] < first[1, level]:
            state = chosen[level]
            weight[level + 1] = weight[level] * chance[state]
            for bit in range(n_bits):
                at_most[level + 1, bit] = at_most[level, bit] * upper[state, bit]
                below[level + 1, bit] = below[level, bit] * lower[state, bit]
            chosen[level] += 1
            level += 1
            continue
        else:
            chosen[level] = first[0, level]
        level -= 1
    return total


# --- next checks --------------------------------------------------------------------------------


@_kept(
    "Tuple((f8[:,::1], b1[::1]))(Tuple((f8[::1], f8[:,::1], i8[:,::1])), i8, f8[::1], i8[::1], i8)"
)
def present_sums(
    tables: tuple[Array, Array, Ints], n_findings: int, share: Array, kind: Ints, n_kinds: int
) -> tuple[Array, Flags]:
    """`prediction.Prediction.sums`; the tables are `first`, `table` and `members`."""
    first, table, members = tables
    n = len(first)
    sums = np.zeros((n_kinds, n))
    varies = np.zeros(n, dtype=np.bool_)
    present, as_first = np.empty(n), np.empty(n)
    for state in range(len(members)):
        present[:] = first
        for member in members[state]:
            if member >= 0:
                factor = table[member]
                for column in range(n):
                    present[column] *= factor[column]
        for column in range(n_findings):
            present[column] = 1.0 - present[column]
        for column in range(n_findings, n):
            present[column] /= 1.0 + present[column]
        if state == 0:
            as_first[:] = present
        total, part = sums[kind[state]], share[state]
        for column in range(n):
            total[column] += part * present[column]
            varies[column] |= present[column] != as_first[column]
    return sums, varies


@_kept("f8[:,:,::1](f8[:,::1], i8[:,::1], f8[::1], i8[::1], i8)")
def outcome_sums(present: Array, columns: Ints, share: Array, kind: Ints, n_kinds: int) -> Array:
    """`next_check._outcome_sums`."""
    most, n = columns.shape
    sums = np.zeros((n_kinds, 1 << most, n))
    outcome = np.empty((1 << most, n))
    yes = np.empty(n)
    for state in range(len(present)):
        outcome[0] = share[state]
        for which in range(most):
            for one in range(n):
                column = columns[which, one]
                yes[one] = present[state, column] if column >= 0 else 0.0
            half = 1 << which
            for i in range(half):
                without, having = outcome[i], outcome[half + i]
                for one in range(n):
                    having[one] = without[one] * yes[one]
                    without[one] -= having[one]
        total = sums[kind[state]]
        for i in range(1 << most):
            for one in range(n):
                total[i, one] += outcome[i, one]
    return sums


@_kept("f8[:,:,::1](f8[::1], f8[:,::1], b1)")
def shares(mass: Array, joint: Array, or_not: bool) -> Array:
    """For `next_check._entropy_given`: P(outcome | kind) and, with `or_not`, that of its absence,
    of which nought is a little more than nought: [or not, kind, outcome]."""
    tiny = np.finfo(np.float64).tiny
    found = np.empty((2 if or_not else 1, *joint.shape))
    for kind in range(len(mass)):
        whole = mass[kind] if mass[kind] > 0.0 else 1.0
        part, yes = joint[kind], found[0, kind]
        for outcome in range(len(part)):
            yes[outcome] = min(max(part[outcome] / whole, tiny), 1.0)
        if or_not:
            no = found[1, kind]
            for outcome in range(len(part)):
                no[outcome] = max(1.0 - yes[outcome], tiny)
    return found


@_kept("f8[::1](f8[::1], f8[:,:,::1], f8[:,:,::1])")
def expected(mass: Array, shares: Array, logarithms: Array) -> Array:
    """The rest of `next_check._entropy_given`, from `shares` and their logarithms."""
    entropy = np.zeros(shares.shape[2])
    for side in range(len(shares)):
        for kind in range(len(mass)):
            share, logarithm, part = shares[side, kind], logarithms[side, kind], mass[kind]
            for outcome in range(len(entropy)):
                entropy[outcome] -= part * share[outcome] * logarithm[outcome]
    return entropy


# --- reasons ------------------------------------------------------------------------------------


@_kept("f8[:,::1](f8[:,::1], f8[:,::1])")
def nobody_raises(there: Array, raising: Array) -> Array:
    """`explain._nobody_raises`."""
    spared = np.ones((len(there), raising.shape[1]))
    for cause in range(len(there)):
        product = spared[cause]
        for other in range(len(raising)):
            chance, raised = there[cause, other], raising[other]
            for fact in range(len(raised)):
                product[fact] *= 1.0 - chance * raised[fact]
    return spared


@_kept("f8[:,::1](f8[:,::1], f8[::1], Tuple((i8[::1], i8[::1], i8[::1], f8[::1])))")
def spread(known: Array, own: Array, brought_about: tuple[Ints, Ints, Ints, Array]) -> Array:
    """`explain._spread`, with the links as `explain._brought_about` gives them."""
    children, begin, parents, chances = brought_about
    result = np.empty_like(known)
    for row in range(len(known)):
        for cause in range(len(own)):
            open_ = np.isnan(known[row, cause])
            result[row, cause] = own[cause] if open_ else known[row, cause]
        for at in range(len(children)):
            child = children[at]
            if np.isnan(known[row, child]):
                spared = 1.0 - own[child]
                for link in range(begin[at], begin[at + 1]):
                    spared *= 1.0 - result[row, parents[link]] * chances[link]
                result[row, child] = 1.0 - spared
    return result


# --- intervals ----------------------------------------------------------------------------------


@_compiled
def _moved(moved: Array, cdf: Array, factor: Array, number: Ints) -> None:
    """`uncertainty._shifted` for one bit: [row, draw]."""
    for row in range(len(cdf)):
        if cdf[row] < 1.0:
            up = min(max(1.0 - cdf[row], 1e-9), 1.0 - 1e-9)
            down = 1.0 - up
            shift, drawn = factor[number[row]], moved[row]
            for draw in range(len(shift)):
                drawn[draw] = 1.0 - up / (down * shift[draw] + up)


@_compiled
def _multiplied(product: Array, of: Ints, values: Array, acts: Array) -> bool:
    """Multiply by the values of those that act; whether any does."""
    any_ = False
    for i in of:
        if i >= 0 and acts[i] < 1.0:
            any_ = True
            value = values[i]
            for draw in range(len(product)):
                product[draw] *= value[draw]
    return any_


@_kept(
    "f8[:,::1](UniTuple(f8[:,::1], 2), f8[:,::1], i8[:,::1], UniTuple(i8[:,::1], 2),"
    " UniTuple(f8[::1], 2))"
)
def likelihoods(
    cdfs: tuple[Array, Array],
    factor: Array,
    number: Ints,
    states: tuple[Ints, Ints],
    background: tuple[Array, Array],
) -> Array:
    """`uncertainty._likelihoods`; the tables of `cdfs`, and `number`, are [bit, row] here."""
    rows, members = states
    n_draws = factor.shape[1]
    likelihood = np.ones((len(members), n_draws))
    of_row = np.empty((number.shape[1], n_draws))
    of_single = np.empty((2, len(rows), n_draws))
    # Below 1 where a single state acts on the bit.
    acts = np.empty((2, len(rows)))
    of_state = np.empty((2, n_draws))
    for bit in range(len(number)):
        for which in range(2):
            cdf = cdfs[which][bit]
            _moved(of_row, cdf, factor, number[bit])
            for single in range(len(rows)):
                product = of_single[which, single]
                product[:] = 1.0
                acting = _multiplied(product, rows[single], of_row, cdf)
                acts[which, single] = 0.0 if acting else 1.0
        for state in range(len(members)):
            for which in range(2):
                of_state[which] = background[which][bit]
                _multiplied(of_state[which], members[state], of_single[which], acts[which])
            product = likelihood[state]
            for draw in range(n_draws):
                product[draw] *= of_state[0, draw] - of_state[1, draw]
    return likelihood


if __name__ == "__main__":
    # By its own name, under which the others will look for what was compiled.
    importlib.import_module("crural.diagnosis.loops")
