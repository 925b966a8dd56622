"""How sure the probabilities are: every number of the knowledge is a distribution.

Numbers are drawn from their distributions (logit-normal; the spread comes from n, the published
interval or the estimate's range), and the weights of the leading states are computed anew with each
draw. The interval of a cause holds nine tenths of its draws. The number that an answer hangs on
most is the one whose draws move it most.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from crural.diagnosis.network import Array, Ints, Network
from crural.diagnosis.problem import Case
from crural.diagnosis.states import States

DRAWS = 200
USED_STATES = 200
INTERVAL = (0.05, 0.95)
# A probability that moves by less than this hangs on no number; the rest is rounding.
NO_SWING = 1e-9
# Fixed, so that the same record gives the same answer on every machine.
SEED = 20261122


@dataclass(frozen=True)
class Pivot:
    """The number that an answer hangs on most.

    `swing` is the change of the cause's probability when the number goes from its 5th to its 95th
    percentile.
    """

    label: str
    value: float
    swing: float
    origin: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Uncertainty:
    """Interval [cause, (low, high)] and the pivotal number of each cause."""

    interval: Array
    pivots: tuple[Pivot | None, ...]


def uncertainty_of(case: Case, states: States, probability: Array) -> Uncertainty:
    """Intervals around the exact probabilities, from draws over the leading states."""
    draws = _Draws(case, states)
    weight = draws.weights()
    present = draws.causes.astype(float)
    total = weight.sum(axis=1, keepdims=True)
    drawn = (weight @ present) / total
    centre = (states.weight[: draws.used] @ present) / states.weight[: draws.used].sum()
    # The draws are of the leading states; the exact answer is their centre.
    moved = _logit(drawn) - _logit(centre) + _logit(probability)
    low, high = _quantiles(moved, INTERVAL)
    interval = np.stack([_expit(low), _expit(high)], axis=1)
    interval[:, 0] = np.minimum(interval[:, 0], probability)
    interval[:, 1] = np.maximum(interval[:, 1], probability)
    return Uncertainty(interval, draws.pivots(moved, probability))


def _quantiles(drawn: Array, wanted: tuple[float, ...]) -> list[Array]:
    """Quantiles over the draws of each cause, linear between neighbours: [quantile][cause]."""
    ordered = np.sort(drawn.T, axis=1)
    found = []
    for quantile in wanted:
        place = quantile * (ordered.shape[1] - 1)
        before = int(place)
        low, high = ordered[:, before], ordered[:, min(before + 1, ordered.shape[1] - 1)]
        found.append(np.asarray(low + (place - before) * (high - low)))
    return found


def _logit(p: Array) -> Array:
    safe = np.clip(p, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(safe) - np.log1p(-safe))


def _expit(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _noise(numbers: int, conditions: int) -> tuple[Array, Array]:
    """Standard normal draws for the numbers and for the priors: [draw, number]. They come from one
    sequence, of which the second ones follow the first."""
    first, all_ = DRAWS * numbers, DRAWS * (numbers + conditions)
    # Sequences of few lengths are kept; that a longer one begins with the shorter is tested.
    sequence = _sequence(1 << all_.bit_length())
    return (
        sequence[:first].reshape(DRAWS, numbers),
        sequence[first:all_].reshape(DRAWS, conditions),
    )


@lru_cache(maxsize=8)
def _sequence(length: int) -> Array:
    return np.random.default_rng(SEED).standard_normal(length)


@lru_cache(maxsize=16)
def _spreads(network: Network) -> Array:
    """Standard deviation of every number on its scale."""
    return np.array([parameter.quantity.spread for parameter in network.parameters])


class _Draws:
    """Draws of the numbers that matter for this record, and the weights of the states under them.

    Numbers shared between causes (a mechanism's, a default) move together.
    """

    def __init__(self, case: Case, states: States) -> None:
        self.case = case
        self.used = min(USED_STATES, len(states.weight))
        self.members = states.members[: self.used]
        self.causes = states.causes[: self.used]
        self.weight = states.weight[: self.used]
        self.states = states
        network = case.network
        # Positions in `singles` of the states of single causes that are used, and their places.
        self.singles = np.unique(self.members[self.members >= 0])
        self.single_at = np.full(len(states.singles.weight) + 1, len(self.singles))
        self.single_at[self.singles] = np.arange(len(self.singles))
        self.rows = self._rows_in_use()
        nodes = [network.node_index[f.finding] for f in case.bits]
        groups = np.array([self._group(r) for r in self.rows], dtype=np.int64)
        ids = network.cdf_parameter[np.maximum(groups, 0)][:, nodes]
        self.ids = np.where(groups[:, None] >= 0, ids, -1)
        share_ids = np.array(
            [network.groups[g].share_parameter if g >= 0 else -1 for g in groups], dtype=np.int64
        )
        self.share_ids = share_ids
        wanted = np.unique(np.concatenate([self.ids.ravel(), share_ids]))
        self.wanted = wanted[wanted >= 0]
        spread = _spreads(network)[self.wanted]
        self.noise, self.prior_noise = _noise(len(self.wanted), len(network.conditions))
        self.shift = np.concatenate([(self.noise * spread).T, np.zeros((1, DRAWS))])
        self.position = np.full(len(network.parameters) + 1, len(self.wanted))
        self.position[self.wanted] = np.arange(len(self.wanted))

    def _rows_in_use(self) -> Ints:
        rows = self.states.singles.rows[self.singles]
        return np.unique(rows[rows >= 0])

    def _group(self, row: int) -> int:
        """Group behind a row of the problem; -1 for the sides of the pain."""
        n_groups = len(self.case.network.groups)
        copies = n_groups + len(self.case.network.conditions)
        if row < n_groups:
            return row
        return row - copies if copies <= row < copies + n_groups else -1

    def weights(self) -> Array:
        """[draw, state]."""
        problem = self.case.problem
        n_bits = len(self.case.bits)
        share = problem.share[self.rows]
        row_shift = self._shift(self.share_ids)
        # Active with a drawn share instead of the stated one; certain rows stay certain.
        active = np.where(
            share[:, None] < 1, _expit(_logit(share)[:, None] + row_shift) / share[:, None], 1.0
        )
        # e^-shift of every number, of which most stand for many rows.
        factor, number = np.exp(-self.shift), self.position[self.ids]
        upper = self._of_singles(_shifted(problem.upper[self.rows], factor, number))
        lower = self._of_singles(_shifted(problem.lower[self.rows], factor, number))
        # Only what can go beyond the state of a finding limits it from above; mostly nothing can.
        limited = np.any(problem.upper[self.rows] < 1.0, axis=0)
        likelihood = np.ones((self.used, DRAWS))
        for bit in range(n_bits):
            # Bit by bit, so that what is multiplied stays in the near caches.
            below = self._of_states(lower[bit])
            below *= problem.background_lower[bit]
            at_most = problem.background_upper[bit]
            if limited[bit]:
                at_most = at_most * self._of_states(upper[bit])
            likelihood *= at_most - below
        stated = self.states.bit_probability[: self.used].prod(axis=1)
        priors = np.exp(self.causes @ (self.prior_noise * self.case.priors.spread).T)
        likelihood *= (self.weight / stated)[:, None]
        likelihood *= self._of_states(self._of_singles(active[:, None])[0])
        likelihood *= priors
        return np.asarray(likelihood.T)

    def _shift(self, ids: Ints) -> Array:
        """Shift of each number in each draw; none for what is no number: [id, draw]."""
        return np.asarray(self.shift[self.position[ids]])

    def _of_singles(self, of_rows: Array) -> Array:
        """Product over the active rows of each state of a single cause that is used, and 1 for
        none: [row, bit, draw] becomes [bit, single, draw]."""
        neutral = np.ones((1, *of_rows.shape[1:]))
        row_at = np.full(len(self.case.problem.share) + 1, len(of_rows))
        row_at[self.rows] = np.arange(len(of_rows))
        rows = row_at[self.states.singles.rows[self.singles]]
        found = np.concatenate([_product(np.concatenate([of_rows, neutral]), rows), neutral])
        return np.ascontiguousarray(found.transpose(1, 0, 2))

    def _of_states(self, of_singles: Array) -> Array:
        """Product over the members of each state: [single, draw] becomes [state, draw]."""
        return _product(of_singles, self.single_at[self.members])

    def pivots(self, moved: Array, probability: Array) -> tuple[Pivot | None, ...]:
        """The most moving number of each cause, by its correlation with the draws; None where no
        number moves it."""
        network = self.case.network
        centred = moved - moved.mean(axis=0)
        slope = np.concatenate([self.noise.T @ centred, self.prior_noise.T @ centred])
        slope /= DRAWS
        best = np.argmax(np.abs(slope), axis=0)
        step = slope[best, np.arange(len(best))] * 1.645
        centre = _logit(probability)
        swings = _expit(centre + step) - _expit(centre - step)
        found: list[Pivot | None] = []
        for number, swing in zip(best.tolist(), swings.tolist(), strict=True):
            if abs(swing) < NO_SWING:
                found.append(None)
            elif number < len(self.wanted):
                parameter = network.parameters[int(self.wanted[number])]
                found.append(
                    Pivot(
                        parameter.label,
                        parameter.quantity.value,
                        swing,
                        parameter.quantity.origin,
                        parameter.quantity.sources,
                    )
                )
            else:
                name = network.conditions[number - len(self.wanted)]
                prior = float(self.case.priors.probability[number - len(self.wanted)])
                found.append(Pivot(f"prior of {name}", prior, swing, "prior", ()))
        return tuple(found)


def _shifted(cdf: Array, factor: Array, number: Ints) -> Array:
    """A cdf [row, bit] whose complement moves on the logit scale: [row, bit, draw]; 1 stays 1.

    `number[row, bit]` is the number behind it, `factor[number, draw]` e^-shift of that number.
    """
    moved = np.ones((*cdf.shape, factor.shape[1]))
    acting = cdf < 1.0
    up = np.clip(1.0 - cdf[acting], 1e-9, 1 - 1e-9)[:, None]
    # expit(logit(up) + shift), with one exponential.
    below = factor[number[acting]]
    below *= 1.0 - up
    below += up
    moved[acting] = 1.0 - up / below
    return moved


def _product(table: Array, members: Ints) -> Array:
    """Product over the members of each row of `members`."""
    result = table[members[:, 0]]
    for column in members.T[1:]:
        result *= table[column]
    return result
