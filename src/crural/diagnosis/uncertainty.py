"""How sure the probabilities are: every number of the knowledge is a distribution.

Numbers are drawn from their distributions (logit-normal; the spread comes from n, the published
interval or the estimate's range), and the weights of the leading states are computed anew with each
draw. The interval of a cause holds nine tenths of its draws. The number that an answer hangs on
most is the one whose draws move it most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crural.diagnosis.network import Array, Ints
from crural.diagnosis.problem import Case
from crural.diagnosis.states import States

DRAWS = 200
USED_STATES = 200
INTERVAL = (0.05, 0.95)
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
    low, high = np.quantile(moved, INTERVAL, axis=0)
    interval = np.stack([_expit(low), _expit(high)], axis=1)
    interval[:, 0] = np.minimum(interval[:, 0], probability)
    interval[:, 1] = np.maximum(interval[:, 1], probability)
    return Uncertainty(interval, draws.pivots(moved, probability))


def _logit(p: Array) -> Array:
    safe = np.clip(p, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(safe) - np.log1p(-safe))


def _expit(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


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
        self.rng = np.random.default_rng(SEED)
        network = case.network
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
        spread = np.array([network.parameters[i].quantity.spread for i in self.wanted])
        self.noise = self.rng.standard_normal((DRAWS, len(self.wanted)))
        self.prior_noise = self.rng.standard_normal((DRAWS, len(network.conditions)))
        self.shift = np.concatenate([(self.noise * spread).T, np.zeros((1, DRAWS))])
        self.position = np.full(len(network.parameters) + 1, len(self.wanted))
        self.position[self.wanted] = np.arange(len(self.wanted))

    def _rows_in_use(self) -> Ints:
        used = np.unique(self.members[self.members >= 0])
        rows = self.states.singles.rows[used]
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
        shift = self._shift(self.ids.ravel()).reshape(len(self.rows), n_bits, DRAWS)
        upper = _shifted(problem.upper[self.rows][:, :, None], shift)
        lower = _shifted(problem.lower[self.rows][:, :, None], shift)
        at_most = self._of_states(upper) * problem.background_upper[:, None]
        below = self._of_states(lower) * problem.background_lower[:, None]
        likelihood = (at_most - below).prod(axis=1)
        stated = self.states.bit_probability[: self.used].prod(axis=1)
        priors = np.exp(self.causes @ (self.prior_noise * self.case.priors.spread).T)
        weight = (self.weight / stated)[:, None] * likelihood * self._of_states(active) * priors
        return np.asarray(weight.T)

    def _shift(self, ids: Ints) -> Array:
        """Shift of each number in each draw; none for what is no number: [id, draw]."""
        return np.asarray(self.shift[self.position[ids]])

    def _of_states(self, of_rows: Array) -> Array:
        """Product over the active rows of each state; the first axis becomes the states."""
        neutral = np.ones((1, *of_rows.shape[1:]))
        extended = np.concatenate([of_rows, neutral])
        row_at = np.full(len(self.case.problem.share) + 1, len(of_rows))
        row_at[self.rows] = np.arange(len(of_rows))
        # First the states of single causes, which are few, then what they make together.
        members = np.unique(self.members[self.members >= 0])
        singles = _product(extended, row_at[self.states.singles.rows[members]])
        extended = np.concatenate([singles, neutral])
        position = np.full(len(self.states.singles.weight) + 1, len(members))
        position[members] = np.arange(len(members))
        return _product(extended, position[self.members])

    def pivots(self, moved: Array, probability: Array) -> tuple[Pivot | None, ...]:
        """The most moving number of each cause, by its correlation with the draws."""
        network = self.case.network
        labels = [network.parameters[i] for i in self.wanted]
        noise = np.concatenate([self.noise, self.prior_noise], axis=1)
        centred = moved - moved.mean(axis=0)
        slope = (noise.T @ centred) / DRAWS
        found: list[Pivot | None] = []
        for cause in range(len(network.conditions)):
            best = int(np.argmax(np.abs(slope[:, cause])))
            step = float(slope[best, cause]) * 1.645
            centre = _logit(probability[cause : cause + 1])
            swing = float((_expit(centre + step) - _expit(centre - step))[0])
            if best < len(labels):
                parameter = labels[best]
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
                name = network.conditions[best - len(labels)]
                prior = float(self.case.priors.probability[best - len(labels)])
                found.append(Pivot(f"prior of {name}", prior, swing, "prior", ()))
        return tuple(found)


def _shifted(cdf: Array, shift: Array) -> Array:
    """A cdf whose complement moves by `shift` on the logit scale; 1 stays 1."""
    up = np.clip(1.0 - cdf, 1e-9, 1 - 1e-9)
    # expit(logit(up) + shift), with one exponential.
    moved = up / (up + (1.0 - up) * np.exp(-shift))
    return np.where(cdf >= 1.0, 1.0, 1.0 - moved)


def _product(table: Array, members: Ints) -> Array:
    """Product over the members of each row of `members`."""
    result = table[members[:, 0]]
    for column in members.T[1:]:
        result *= table[column]
    return result
