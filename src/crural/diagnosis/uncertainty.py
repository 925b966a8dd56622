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

from crural.diagnosis.compiled import compiled_loops, plain
from crural.diagnosis.network import Array, Ints, Network
from crural.diagnosis.problem import Case
from crural.diagnosis.states import States, products

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


class Uncertainty:
    """How sure each probability is. `interval[cause]` is (low, high).

    `drawn[draw, cause]` are the probabilities of the draws, which are of the leading states;
    `shift` takes their centre to the exact answer, on the logit scale.
    """

    def __init__(
        self, case: Case, draws: _Draws, drawn: Array, shift: Array, probability: Array
    ) -> None:
        low, high = (_expit(end + shift) for end in _quantiles(drawn, INTERVAL))
        self.interval = np.stack([np.minimum(low, probability), np.maximum(high, probability)], 1)
        self._case, self._drawn, self._probability = case, drawn, probability
        self._wanted, self._noise, self._prior_noise = draws.wanted, draws.noise, draws.prior_noise

    def pivot(self, cause: int) -> Pivot | None:
        """The most moving number of a cause, by its correlation with the draws; None where no
        number moves it."""
        moved = _logit(self._drawn[:, cause])
        centred = moved - moved.mean()
        slope = np.concatenate([self._noise.T @ centred, self._prior_noise.T @ centred]) / DRAWS
        number = int(np.argmax(np.abs(slope)))
        step = slope[number] * 1.645
        centre = _logit(self._probability[cause])
        swing = float(_expit(centre + step) - _expit(centre - step))
        if abs(swing) < NO_SWING:
            return None
        network, known = self._case.network, len(self._wanted)
        if number < known:
            parameter = network.parameters[int(self._wanted[number])]
            quantity = parameter.quantity
            return Pivot(parameter.label, quantity.value, swing, quantity.origin, quantity.sources)
        label = f"prior of {network.conditions[number - known]}"
        prior = float(self._case.priors.probability[number - known])
        return Pivot(label, prior, swing, "prior", ())


def uncertainty_of(case: Case, states: States, probability: Array) -> Uncertainty:
    """Intervals around the exact probabilities, from draws over the leading states."""
    draws = _Draws(case, states)
    weight = draws.weights()
    present = states.present[:, : draws.used]
    drawn = (present @ weight / weight.sum(axis=0)).T
    centre = present @ draws.weight / draws.weight.sum()
    return Uncertainty(case, draws, drawn, _logit(probability) - _logit(centre), probability)


def _quantiles(drawn: Array, wanted: tuple[float, ...]) -> list[Array]:
    """Quantiles of the logits over the draws of each cause, linear between neighbours:
    [quantile][cause]."""
    # The order of the logits is that of the probabilities, and few of them are needed.
    ordered = np.sort(drawn.T, axis=1)
    found = []
    for quantile in wanted:
        place = quantile * (ordered.shape[1] - 1)
        before = int(place)
        low = _logit(ordered[:, before])
        high = _logit(ordered[:, min(before + 1, ordered.shape[1] - 1)])
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


@lru_cache(maxsize=16)
def _share_parameters(network: Network) -> Ints:
    """Which number the share of each group is; -1 for none."""
    return np.array([group.share_parameter for group in network.groups], dtype=np.int64)


class _Draws:
    """Draws of the numbers that matter for this record, and the weights of the states under them.

    Numbers shared between causes (a mechanism's, a default) move together.
    """

    def __init__(self, case: Case, states: States) -> None:
        self.case = case
        self.states = states
        self.used = states.as_heavy_as(USED_STATES)
        self.weight = states.weight[: self.used]
        members = states.members[: self.used]
        # The states of single causes that are used, and the rows of the problem that these use:
        # `members` and `single_rows` are places among them.
        self.singles, self.members = _places(members)
        self.rows, self.single_rows = _places(states.singles.rows[self.singles])
        network = case.network
        nodes = [network.node_index[f.finding] for f in case.bits]
        group = _groups(network, self.rows)
        self.ids = np.where(group[:, None] >= 0, network.cdf_parameter[group][:, nodes], -1)
        self.share_ids = np.where(group >= 0, _share_parameters(network)[group], -1)
        wanted = np.unique(np.concatenate([self.ids.ravel(), self.share_ids]))
        self.wanted = wanted[wanted >= 0]
        spread = _spreads(network)[self.wanted]
        self.noise, self.prior_noise = _noise(len(self.wanted), len(network.conditions))
        # Behind all numbers stands one that never moves, for what is no number.
        self.shift = np.concatenate([(self.noise * spread).T, np.zeros((1, DRAWS))])
        self.position = np.full(len(network.parameters) + 1, len(self.wanted))
        self.position[self.wanted] = np.arange(len(self.wanted))

    def weights(self) -> Array:
        """[state, draw]."""
        case, problem = self.case, self.case.problem
        share = problem.share[self.rows]
        # Active with a drawn share instead of the stated one; certain rows stay certain.
        moving = np.flatnonzero(share < 1.0)
        stated = share[moving, None]
        active = np.ones((len(share), DRAWS))
        shift = self.shift[self.position[self.share_ids[moving]]]
        active[moving] = _expit(_logit(stated) + shift) / stated
        none = np.ones(DRAWS)
        active = products(none, active, self.single_rows)
        priors = np.exp(self.prior_noise * case.priors.spread).T
        cause = self.states.singles.cause[self.singles]
        weights = _likelihoods(
            (problem.upper[self.rows], problem.lower[self.rows]),
            # e^-shift of every number, of which most stand for many rows.
            np.exp(-self.shift),
            self.position[self.ids],
            (self.single_rows, self.members),
            (problem.background_upper, problem.background_lower),
        )
        stated = self.states.bit_probability[: self.used].prod(axis=1)
        weights *= (self.weight / stated)[:, None]
        weights *= products(none, active * priors[cause], self.members)
        return weights


def _places(values: Ints) -> tuple[Ints, Ints]:
    """The values that are not negative, each once, and the place of every value among them; -1
    where it is negative."""
    every, places = np.unique(values, return_inverse=True)
    none = int(np.searchsorted(every, 0))
    return every[none:], np.maximum(places.reshape(values.shape) - none, -1)


def _groups(network: Network, rows: Ints) -> Ints:
    """Group behind each row of the problem; -1 for the sides of the pain."""
    n_groups = len(network.groups)
    copies = n_groups + len(network.conditions)
    return np.where(rows < n_groups, rows, np.where(rows < copies, -1, rows - copies))


def _likelihoods(
    cdfs: tuple[Array, Array],
    factor: Array,
    number: Ints,
    states: tuple[Ints, Ints],
    background: tuple[Array, Array],
) -> Array:
    """P(bits | state) in each draw: [state, draw].

    `cdfs` are `upper[row, bit]` and `lower[row, bit]` as in `Problem`, `background` those of the
    background. The complements move on the logit scale by a number that is drawn:
    `factor[number, draw]` is e^-shift of each, `number[row, bit]` says which one it is. `states`
    are the rows that act in each state of a single cause, and the single states that are the
    members of each state, both padded with -1.
    """
    loops = compiled_loops()
    if loops is not None:
        upper, lower, number = plain(cdfs[0].T, cdfs[1].T, number.T)
        return np.asarray(
            loops.likelihoods(
                (upper, lower), *plain(factor), number, plain(*states), plain(*background)
            )
        )
    (upper, lower), (rows, members) = cdfs, states
    above = _of_singles(_shifted(upper, factor, number), rows)
    below = _of_singles(_shifted(lower, factor, number), rows)
    likelihood = np.ones((len(members), factor.shape[1]))
    for bit, (most, least) in enumerate(zip(*background, strict=True)):
        # Bit by bit, so that what is multiplied stays in the near caches.
        term = least * _product(below[bit], members)
        # Only what can go beyond the state of a finding limits it from above; mostly nothing can.
        limited = (upper[:, bit] < 1.0).any()
        likelihood *= (most * _product(above[bit], members) if limited else most) - term
    return likelihood


def _shifted(cdf: Array, factor: Array, number: Ints) -> Array:
    """A cdf [row, bit] whose complement moves on the logit scale: [row, bit, draw]; 1 stays 1."""
    moved = np.ones((*cdf.shape, factor.shape[1]))
    acting = cdf < 1.0
    up = np.clip(1.0 - cdf[acting], 1e-9, 1 - 1e-9)[:, None]
    # expit(logit(up) + shift), with one exponential.
    below = factor[number[acting]]
    below *= 1.0 - up
    below += up
    moved[acting] = 1.0 - up / below
    return moved


def _of_singles(of_rows: Array, rows: Ints) -> Array:
    """Product over the active rows of each state of a single cause, and, last, 1 for none:
    [row, bit, draw] becomes [bit, single, draw]."""
    neutral = np.ones((1, *of_rows.shape[1:]))
    found = np.concatenate([_product(np.concatenate([of_rows, neutral]), rows), neutral])
    return np.ascontiguousarray(found.transpose(1, 0, 2))


def _product(table: Array, members: Ints) -> Array:
    """Product over the members of each row of `members`; the last of the table is for none."""
    result = table[members[:, 0]]
    for column in members.T[1:]:
        result *= table[column]
    return result
