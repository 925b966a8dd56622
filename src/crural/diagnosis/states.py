"""The most probable ways in which the evidence can have come about, spelt out.

A *state* says which causes are present and which of their groups are active. Given a state all
findings are independent, so anything can be asked of a list of weighted states by plain sums: what
a finding contributed, what another would show, how the answer moves when a number of the knowledge
does. The list holds every state of every single cause and the best of those of two and three; how
much of the whole it covers is known, because the sweep gives the exact total.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from crural.diagnosis.compiled import compiled_loops, plain
from crural.diagnosis.network import Array, Ints
from crural.diagnosis.problem import Mixture, Part, Problem, rows_of

# How many states take part in pairs and triples. Measured over the validation records, larger
# lists raise the covered share by less than one per cent.
PAIRED = 160
TRIPLED = 80
KEPT = 400
# Weights that differ by a smaller part than this are equal.
SAME = 1e-9

# Networks whose states of single causes are kept, and how many of these.
MOST_PARTS = 64
MOST_WAYS = 4096

_Way = tuple[float, tuple[int, ...], tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Singles:
    """Every state of every single cause.

    States of one cause stand together, the causes in order. `chance` is that of the state when its
    cause is present (with rows that act on no bit averaged over), `weight` the same times the prior
    odds of the cause; `rows` the active rows, padded with -1; `quiet` the rows averaged over.
    """

    cause: Ints
    chance: Array
    weight: Array
    rows: Ints
    quiet: Ints
    upper: Array
    lower: Array


@dataclass(frozen=True)
class States:
    """Weighted states. `members[i]` are positions in `singles`, padded with -1.

    `weight` is the joint probability of state and evidence, `total` its sum over all states that
    were looked at; `causes[i, c]` tells whether cause c is present in state i.
    """

    problem: Problem
    singles: Singles
    members: Ints
    weight: Array
    causes: npt.NDArray[np.bool_]
    total: float

    @cached_property
    def share(self) -> Array:
        """Weights that sum to 1."""
        return np.asarray(self.weight / self.weight.sum())

    def as_heavy_as(self, place: int) -> int:
        """How many states are as heavy as the one at a place, counted from 1, or as the last."""
        least = self.weight[min(place, len(self.weight)) - 1]
        return int((self.weight >= least * (1.0 - SAME)).sum())

    @cached_property
    def present(self) -> Array:
        """1 where a cause is present, else 0, as numbers: [cause, state]."""
        return np.ascontiguousarray(self.causes.T, dtype=np.float64)

    @cached_property
    def sets(self) -> tuple[npt.NDArray[np.bool_], Ints]:
        """The distinct sets of causes, and for each state which of them it belongs to."""
        none = len(self.problem.names)
        causes = np.sort(np.append(self.singles.cause, none)[self.members], axis=1)
        # One number for each set: numbers are made unique much faster than rows. Negated, they
        # stand in the order of the rows of `causes`.
        number = np.zeros(len(causes), dtype=np.int64)
        for cause in causes.T:
            number = number * (none + 1) - cause
        _, first, which = np.unique(number, return_index=True, return_inverse=True)
        return self.causes[first], which.reshape(-1)

    @cached_property
    def bit_probability(self) -> Array:
        """P(bit | state): [state, bit]."""
        problem, singles = self.problem, self.singles
        upper = products(problem.background_upper, singles.upper, self.members)
        lower = products(problem.background_lower, singles.lower, self.members)
        return np.asarray(upper - lower)


def leading_states(problem: Problem) -> States:
    """The leading states of a problem. Their weights are joint probabilities with the evidence."""
    singles = singles_of(problem)
    sets = SetWeights(problem, singles)
    alone = np.arange(len(singles.weight))[:, None]
    alone_weight = sets(alone)

    # A state that explains little alone may complete a strong one.
    beside, beside_weight = sets.pairs_of(_heaviest(alone_weight, 8))
    helpers = beside[_heaviest_and_equal(beside_weight, PAIRED)]
    chosen = np.unique(np.concatenate([_heaviest(alone_weight, PAIRED // 2), helpers.ravel()]))
    chosen = chosen[_heaviest(alone_weight[chosen], PAIRED)]
    pairs, pair_weight = sets.pairs_within(chosen)
    best = pairs[_heaviest_and_equal(pair_weight, TRIPLED)]
    triples, triple_weight = sets.triples_of(best, chosen[:TRIPLED])

    weight = np.concatenate([alone_weight, pair_weight, triple_weight])
    top = _heaviest_and_equal(weight, KEPT)
    every, total = _rows([alone, pairs, triples], top), float(weight.sum())
    present = np.zeros((len(top), len(problem.names) + 1), dtype=bool)
    cause_of = np.append(singles.cause, len(problem.names))
    np.put_along_axis(present, cause_of[every], True, axis=1)
    return States(problem, singles, every, weight[top], present[:, :-1], total)


def _heaviest(weight: Array, most: int) -> Ints:
    """Places of the largest weights, the largest first."""
    if most < len(weight):
        among = np.argpartition(-weight, most)[:most]
        return np.asarray(among[np.argsort(-weight[among])])
    return np.argsort(-weight)


def _heaviest_and_equal(weight: Array, most: int) -> Ints:
    """The same, and the places of weights that are as large as the last of them: numpy and the
    compiled loops differ in the last digits, and the choice must not hang on these."""
    if most >= len(weight):
        return np.argsort(-weight)
    least = np.partition(weight, -most)[-most]
    among = np.flatnonzero(weight >= least * (1.0 - SAME))
    return np.asarray(among[np.argsort(-weight[among])])


def likelihood_of(problem: Problem, causes: tuple[int, ...], singles: Singles) -> float:
    """P(bits and low findings | exactly these causes are there), without the background's lows.

    `singles` are those of the problem.
    """
    upper, lower = problem.background_upper, problem.background_lower
    members = np.array(causes, dtype=np.int64)
    first = np.searchsorted(singles.cause, np.stack([members, members + 1]))
    loops = compiled_loops()
    if loops is not None:
        tables = plain(first, singles.chance, singles.upper, singles.lower)
        return float(loops.likelihood_of_set(*tables, plain(upper, lower)))
    chance = np.ones(1)
    upper, lower = upper[None, :], lower[None, :]
    for begin, end in first.T.tolist():
        chance = np.multiply.outer(chance, singles.chance[begin:end]).reshape(-1)
        shape = len(chance), problem.n_bits
        upper = (upper[:, None] * singles.upper[begin:end]).reshape(shape)
        lower = (lower[:, None] * singles.lower[begin:end]).reshape(shape)
    return float(chance @ (upper - lower).prod(axis=1))


def products(first: Array, table: Array, members: Ints) -> Array:
    """Products over the members of each row: [row, column].

    `first[column]` is multiplied with `table[member, column]` of each of `members[row]`, of which
    negative ones stand for none.
    """
    loops = compiled_loops()
    if loops is not None:
        return np.asarray(loops.products(*plain(first, table, members)))
    extended = np.vstack([table, np.ones((1, table.shape[1]))])
    result = np.tile(first, (len(members), 1))
    for column in members.T:
        result *= extended[column]
    return result


def _rows(members: list[Ints], wanted: Ints) -> Ints:
    """Rows of several tables, counted through, padded with -1."""
    rows = np.full((len(wanted), max(table.shape[1] for table in members)), -1)
    start = 0
    for table in members:
        here = (wanted >= start) & (wanted < start + len(table))
        rows[here, : table.shape[1]] = table[wanted[here] - start]
        start += len(table)
    return rows


class SetWeights:
    """Joint probability of a set of states with the evidence, with the links between causes."""

    def __init__(self, problem: Problem, singles: Singles) -> None:
        self.problem = problem
        self.singles = singles
        self.none = float(np.prod(1.0 - problem.prior)) * problem.background_scalar
        n = len(problem.names)
        # P(child is not brought about | parent): [parent, child].
        self.spared = np.ones((n, n))
        for parent, child, probability in problem.links:
            self.spared[parent, child] = 1.0 - probability
        self.own = singles.weight * self.spared.prod(axis=1)[singles.cause]
        # [bit, single]
        self.upper = np.ascontiguousarray(singles.upper.T)
        self.lower = np.ascontiguousarray(singles.lower.T)
        # Only what can go beyond the state of a finding limits it from above; mostly nothing can.
        self.limited = (self.upper != 1.0).any(axis=1)

    def __call__(self, members: Ints) -> Array:
        """Weight of each set; `members[i]` are positions of its states."""
        problem = self.problem
        members = np.ascontiguousarray(members.T)
        weight = self.none * _product_of(self.own, members)
        if len(members) > 1:
            causes = self.singles.cause[members]
            for child in causes:
                weight *= _brought(problem.prior[child], self._spared(causes, child))
        for bit in range(problem.n_bits):
            # Bit by bit, so that what is multiplied stays in the near caches.
            below = _product_of(self.lower[bit], members)
            below *= problem.background_lower[bit]
            at_most = problem.background_upper[bit]
            if self.limited[bit]:
                at_most = at_most * _product_of(self.upper[bit], members)
            weight *= at_most - below
        return weight

    def pairs_of(self, first: Ints) -> tuple[Ints, Array]:
        """Every pair of one of the `first` states and any other, and the weights of the pairs."""
        loops, every = compiled_loops(), np.arange(len(self.own))
        if loops is None:
            pairs = _pairs_of(first, every, self.singles.cause)
            return pairs, self(pairs)
        found: tuple[Ints, Array] = loops.pairs(first, False, self._tables(every))
        return found

    def pairs_within(self, chosen: Ints) -> tuple[Ints, Array]:
        """Every pair of two of the `chosen` states, and the weights of the pairs."""
        loops = compiled_loops()
        if loops is None:
            pairs = _pairs_within(chosen, self.singles.cause)
            return pairs, self(pairs)
        pairs, weight = loops.pairs(np.arange(len(chosen)), True, self._tables(chosen))
        return chosen[pairs], weight

    def triples_of(self, pairs: Ints, thirds: Ints) -> tuple[Ints, Array]:
        """Every triple of one of the `pairs` and one of the `thirds`, and the weights."""
        loops = compiled_loops()
        if loops is None:
            triples = _triples_of(pairs, thirds, self.singles.cause)
            return triples, self(triples)
        chosen = np.concatenate([thirds, np.setdiff1d(pairs, thirds)])
        place = np.empty(len(self.own), dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        triples, weight = loops.triples(place[pairs], len(thirds), self._tables(chosen))
        return chosen[triples], weight

    def _tables(self, chosen: Ints) -> tuple[object, ...]:
        """`loops.Tables` of some of the states."""
        problem = self.problem
        own, cause = plain(self.own[chosen], self.singles.cause[chosen])
        upper, lower = plain(self.upper[:, chosen], self.lower[:, chosen])
        background = plain(problem.background_upper, problem.background_lower)
        return self.none, own, cause, upper, lower, background, *plain(problem.prior, self.spared)

    def beside(self, causes: Ints) -> Array:
        """Factor by which the links change the odds of each further cause: [set, cause].

        `causes[i]` are the causes of a set that are present already.
        """
        prior = self.problem.prior
        factor = _brought(prior, _product_of(self.spared, causes.T))
        for child in causes.T:
            own, spared = prior[child][:, None], self._spared(causes.T, child)[:, None]
            further = spared * self.spared[:, child].T
            factor *= _brought(own, further) / _brought(own, spared)
        return factor

    def _spared(self, causes: Ints, child: Ints) -> Array:
        """P(child is not brought about | the causes of its set): causes are [member, set]. Several
        parents do not multiply its odds, but its chance to be spared."""
        spared = np.ones(len(child))
        for parent in causes:
            spared *= self.spared[parent, child]
        return spared


def _brought(own: Array, spared: Array) -> Array:
    """Factor on the odds of a cause, of probability `own`, that others leave alone with probability
    `spared`. Without a difference of nearly equal numbers, however improbable the cause is."""
    return np.asarray((own + (1.0 - own) * (1.0 - spared)) / (own * spared))


def _pairs_of(first: Ints, second: Ints, cause: Ints) -> Ints:
    a, b = np.meshgrid(first, second, indexing="ij")
    pairs = np.stack([a.ravel(), b.ravel()], axis=1)
    return np.asarray(pairs[cause[pairs[:, 0]] != cause[pairs[:, 1]]])


def _pairs_within(chosen: Ints, cause: Ints) -> Ints:
    a, b = np.triu_indices(len(chosen), k=1)
    pairs = np.stack([chosen[a], chosen[b]], axis=1)
    return np.asarray(pairs[cause[pairs[:, 0]] != cause[pairs[:, 1]]])


def _triples_of(pairs: Ints, thirds: Ints, cause: Ints) -> Ints:
    first, second = np.sort(pairs, axis=1).T[:, :, None]
    low, high = np.minimum(first, thirds), np.maximum(second, thirds)
    middle = first + second + thirds - low - high
    different = (cause[first] != cause[thirds]) & (cause[second] != cause[thirds])
    # One number for each triple: numbers are made unique much faster than rows.
    n = len(cause)
    code = np.sort(((low * n + middle) * n + high)[different])
    code = code[np.diff(code, prepend=-1) > 0]
    return np.stack([code // (n * n), code // n % n, code % n], axis=1)


def _product_of(values: Array, members: Ints) -> Array:
    """Product of the values of the members of each set: [member, set]."""
    product = values[members[0]]
    for member in members[1:]:
        product *= values[member]
    return np.asarray(product)


def sums_by_kind(values: Array, share: Array, kind: Ints, n_kinds: int) -> Array:
    """Weighted sums of the rows of each kind: [kind, column].

    `values[row, column]` count with the weight `share[row]`; `kind[row]` is one of `n_kinds`.
    """
    order = np.argsort(kind, kind="stable")
    kinds, starts = np.unique(kind[order], return_index=True)
    sums = np.zeros((n_kinds, values.shape[1]))
    sums[kinds] = np.add.reduceat((values * share[:, None])[order], starts, axis=0)
    return sums


def singles_of(problem: Problem) -> Singles:
    """Every state of every single cause."""
    silent = np.all((problem.upper == 1.0) & (problem.lower == 1.0), axis=1)
    parts = _parts_of(problem.acts)
    kinds = (2 * silent + (problem.share < 1.0)).astype(np.uint8)[parts.rows].tobytes()
    found = []
    for cause, part in enumerate(problem.acts):
        of_rows = kinds[parts.first[cause] : parts.first[cause + 1]]
        ways = parts.ways.get((cause, of_rows))
        if ways is None:
            if len(parts.ways) >= MOST_WAYS:
                parts.ways.clear()
            ways = _listed(part, problem, silent.tolist(), parts.most)
            parts.ways[cause, of_rows] = ways
        found.append(ways)
    cause_of = np.repeat(np.arange(len(found)), [len(ways.weight) for ways in found])
    factors_of, rows, quiet = _trimmed(np.concatenate([ways.table for ways in found], axis=1))
    share, scalar = problem.share, problem.scalar
    factors = np.concatenate(
        [share * scalar, scalar, 1.0 - share, 1.0 - share + share * scalar, np.ones(1)]
    )
    chance = np.concatenate([ways.weight for ways in found])
    for column in factors_of.T:
        chance = chance * factors[column]
    odds = problem.prior / (1.0 - problem.prior)
    return Singles(
        cause=cause_of,
        chance=chance,
        weight=odds[cause_of] * chance,
        rows=rows,
        quiet=quiet,
        upper=products(np.ones(problem.n_bits), problem.upper, rows),
        lower=products(np.ones(problem.n_bits), problem.lower, rows),
    )


@dataclass(frozen=True)
class _Ways:
    """The states of one cause. `table[:, state]` are, padded with -1, its factors, its active rows
    and the rows averaged over. The chance of a state is its `weight` times its factors: places in
    the list of what each row can contribute, which `singles_of` makes."""

    weight: Array
    table: Ints


@dataclass(frozen=True, eq=False)
class _Parts:
    """The rows of all causes, those of cause c from `first[c]` to `first[c + 1]`; the most that one
    cause has; and the states that were spelt out already: they hang on which rows act on no bit,
    and are the same for many patients."""

    acts: tuple[Part, ...]
    rows: Ints
    first: list[int]
    most: int
    ways: dict[tuple[int, bytes], _Ways]


_known: dict[int, _Parts] = {}


def _parts_of(acts: tuple[Part, ...]) -> _Parts:
    known = _known.get(id(acts))
    if known is None or known.acts is not acts:
        if len(_known) >= MOST_PARTS:
            _known.clear()
        rows = [rows_of(part) for part in acts]
        first = np.cumsum([0, *map(len, rows)]).tolist()
        every = np.array([row for of in rows for row in of], dtype=np.int64)
        known = _known[id(acts)] = _Parts(acts, every, first, max(map(len, rows)), {})
    return known


def _listed(part: Part, problem: Problem, silent: list[bool], most: int) -> _Ways:
    ways = _ways(part, silent, (problem.share < 1.0).tolist(), len(silent))
    table = np.full((3, len(ways), most), -1)
    for i, (_, *lists) in enumerate(ways):
        for which, of in enumerate(lists):
            table[which, i, : len(of)] = of
    return _Ways(np.array([weight for weight, _, _, _ in ways]), table)


def _trimmed(tables: Ints) -> list[Ints]:
    """Tables of rows that are padded with -1, without columns of padding alone; at least one."""
    widths = np.maximum((tables >= 0).any(axis=1).sum(axis=1), 1).tolist()
    return [table[:, :width] for table, width in zip(tables, widths, strict=True)]


def _ways(part: Part, silent: list[bool], uncertain: list[bool], n: int) -> list[_Way]:
    """Every way a part can act: weight, factors (see `singles_of`), active rows, rows averaged
    over."""
    if isinstance(part, int):
        row = part if part >= 0 else -1 - part
        may_rest = part >= 0 and uncertain[row]
        if silent[row]:
            return [(1.0, ((3 if may_rest else 1) * n + row,), (), (row,))]
        ways: list[_Way] = [(1.0, (row if part >= 0 else n + row,), (row,), ())]
        if may_rest:
            ways.append((1.0, (2 * n + row,), (), ()))
        return ways
    if isinstance(part, Mixture):
        return [
            (weight * inside, factors, rows, quiet)
            for weight, inner in zip(part.weights, part.parts, strict=True)
            for inside, factors, rows, quiet in _ways(inner, silent, uncertain, n)
            if weight > 0
        ]
    together: list[_Way] = [(1.0, (), (), ())]
    for inner in part.parts:
        ways = _ways(inner, silent, uncertain, n)
        together = [
            (w1 * w2, f1 + f2, r1 + r2, q1 + q2)
            for w1, f1, r1, q1 in together
            for w2, f2, r2, q2 in ways
        ]
    return together
