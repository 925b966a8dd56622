"""The pain of one person in each phase of a trial, from few, noisy scores that follow one another.

Model (an interrupted time series of one person; Natesan Batley et al., J Trauma Stress 2020,
doi:10.1002/jts.22614). A score at time t (days) of phase p is y(t) = m(p) + e(t), where e has
variance s^2 and correlation r^d between two scores d days apart (first-order autocorrelation, for
any spacing). Priors: every mean m uniform on the scale; s^2 inverse gamma; r beta. Given r, the
scores are whitened by their one-step predictions, and the means and s^2 are integrated in closed
form (a multivariate t); r is integrated over a grid, and the two means of a comparison over a grid
of their own, cut off at the ends of the scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Nodes of the grids: of the autocorrelation, and of each of two means.
CORRELATIONS = (np.arange(24) + 0.5) / 25.0
MEANS = 121
# The grid of a mean reaches so many standard deviations to each side.
WIDE = 7.0
# Shape of the inverse gamma prior of the variance: worth four scores.
SHAPE = 2.0
# Median of a gamma distribution of shape 2 and rate 1: turns the median of s into the prior's rate.
_MEDIAN_GAMMA_2 = 1.678347


@dataclass(frozen=True)
class Prior:
    """What is believed before the diary: scale from 0 to `top`, typical standard deviation `sd` of
    a score in the same unit, and the correlation of scores a day apart as beta(alpha, beta)."""

    top: float
    sd: float
    alpha: float
    beta: float

    @classmethod
    def of(cls, sd: float, mean_correlation: float, top: float = 10.0) -> Prior:
        """A prior whose correlation is worth four pairs of days around its mean."""
        return cls(top, sd, 4.0 * mean_correlation, 4.0 * (1.0 - mean_correlation))


@dataclass(frozen=True)
class Posterior:
    """What is believed after the diary.

    phases: names in order of time; weights: probability of each autocorrelation of the grid; means
    (grid, phase), scale (grid, phase, phase): location and scale matrix of the t distribution of
    the means, with `freedom` degrees; variance: expected s^2 at each autocorrelation.
    """

    prior: Prior
    phases: tuple[str, ...]
    freedom: float
    weights: Array
    means: Array
    scale: Array
    variance: Array

    @property
    def correlation(self) -> float:
        """Expected correlation of scores a day apart."""
        return float(self.weights @ CORRELATIONS)

    @property
    def sd(self) -> float:
        """Expected standard deviation of a score about its phase's mean."""
        return float(self.weights @ np.sqrt(self.variance))


@dataclass(frozen=True)
class Weighted:
    """Values with their probabilities, in order of value."""

    values: Array
    chances: Array

    @property
    def mean(self) -> float:
        """The expected value."""
        return float(self.values @ self.chances)

    @property
    def sd(self) -> float:
        """The standard deviation."""
        return math.sqrt(float(self.chances @ (self.values - self.mean) ** 2))

    def quantile(self, share: float) -> float:
        """The value below which lies this share of the probability."""
        below = np.cumsum(self.chances) - self.chances / 2.0
        return float(np.interp(share, below, self.values))

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """The middle interval that holds this share of the probability."""
        tail = (1.0 - level) / 2.0
        return self.quantile(tail), self.quantile(1.0 - tail)


@dataclass(frozen=True)
class Comparison:
    """Two phases held against each other: nodes of the two means and their joint probability."""

    first: Array
    second: Array
    chances: Array

    def of_first(self) -> Weighted:
        """The mean of the first phase."""
        return Weighted(self.first, self.chances.sum(axis=1))

    def of_second(self) -> Weighted:
        """The mean of the second phase."""
        return Weighted(self.second, self.chances.sum(axis=0))

    def fall(self) -> Weighted:
        """By how many points the second mean lies below the first."""
        return _sorted(self.first[:, None] - self.second[None, :], self.chances)

    def relief(self) -> Weighted:
        """Which share of the first mean is gone in the second (negative when it rose)."""
        return _sorted(1.0 - self.second[None, :] / self.first[:, None], self.chances)

    def chance(self, share: float | None = None, points: float | None = None) -> float:
        """Probability that the second mean is lower by `share` of the first, or by `points`.

        With both given either will do. A cell that the limit cuts counts in proportion.
        """
        holds = np.zeros_like(self.chances)
        step = float(self.second[1] - self.second[0])
        for limit in (
            None if share is None else (1.0 - share) * self.first,
            None if points is None else self.first - points,
        ):
            if limit is not None:
                inside = (limit[:, None] - self.second[None, :]) / step + 0.5
                holds = np.maximum(holds, np.clip(inside, 0.0, 1.0))
        return float((holds * self.chances).sum())


def posterior(
    times: Sequence[float], scores: Sequence[float], phases: Sequence[str], prior: Prior
) -> Posterior:
    """Means of the phases after a diary: times in days, scores on the prior's scale.

    The order of the entries does not matter; scores of the same time and phase count as their mean.
    Raises ValueError without entries.
    """
    names, at, y, design = _prepared(times, scores, phases)
    return _fitted(names, at, y, design, prior)


def slope(times: Sequence[float], scores: Sequence[float], prior: Prior) -> Weighted | None:
    """By how many points a day the scores of one phase rise (negative: fall), with a flat prior.

    None with fewer than three times, from which no slope can be told.
    """
    if len(set(times)) < 3:
        return None
    _, at, y, design = _prepared(times, scores, ["one"] * len(times))
    line = np.column_stack([design[:, 0], at - at.mean()])
    fit = _fitted(("level", "slope"), at, y, line, prior)
    centre = float(fit.weights @ fit.means[:, 1])
    spread = float(fit.weights @ (fit.scale[:, 1, 1] + (fit.means[:, 1] - centre) ** 2))
    nodes = centre + math.sqrt(spread) * np.linspace(-WIDE, WIDE, 4 * MEANS + 1)
    scale = fit.scale[:, 1, 1][:, None]
    distance = (nodes[None, :] - fit.means[:, 1][:, None]) ** 2 / scale
    density = (1.0 + distance / fit.freedom) ** (-(fit.freedom + 1.0) / 2.0) / np.sqrt(scale)
    mixed = fit.weights @ density
    return Weighted(nodes, mixed / mixed.sum())


def _fitted(names: tuple[str, ...], at: Array, y: Array, design: Array, prior: Prior) -> Posterior:
    n, p = design.shape
    # Whitening: each score less what the one before predicts, at its own standard deviation.
    step = np.diff(at)
    carried = CORRELATIONS[:, None] ** step[None, :]
    spread = np.sqrt(1.0 - carried**2)
    white_y = np.empty((CORRELATIONS.size, n))
    white_x = np.empty((CORRELATIONS.size, n, p))
    white_y[:, 0], white_x[:, 0] = y[0], design[0]
    white_y[:, 1:] = (y[1:] - carried * y[:-1]) / spread
    white_x[:, 1:] = (design[1:] - carried[:, :, None] * design[:-1]) / spread[:, :, None]
    precision = np.einsum("kni,knj->kij", white_x, white_x)
    covariance = np.linalg.inv(precision)
    means = np.einsum("kij,knj,kn->ki", covariance, white_x, white_y)
    rest = ((white_y - np.einsum("kni,ki->kn", white_x, means)) ** 2).sum(axis=1)
    shape = SHAPE + (n - p) / 2.0
    rate = _MEDIAN_GAMMA_2 * prior.sd**2 + rest / 2.0
    log_weight = (
        (prior.alpha - 1.0) * np.log(CORRELATIONS)
        + (prior.beta - 1.0) * np.log1p(-CORRELATIONS)
        - np.log(spread).sum(axis=1)
        - 0.5 * np.linalg.slogdet(precision)[1]
        - shape * np.log(rate)
    )
    weight = np.exp(log_weight - log_weight.max())
    return Posterior(
        prior=prior,
        phases=names,
        freedom=2.0 * shape,
        weights=weight / weight.sum(),
        means=means,
        scale=covariance * (rate / shape)[:, None, None],
        variance=rate / max(shape - 1.0, 0.5),
    )


def compare(after: Posterior, first: str, second: str) -> Comparison:
    """Two phases of a posterior, with both means held to the scale."""
    i, j = after.phases.index(first), after.phases.index(second)
    a, b = _nodes(after, i), _nodes(after, j)
    density = np.zeros((a.size, b.size))
    for weight, mean, scale in zip(after.weights, after.means, after.scale, strict=True):
        if weight < 1e-6:
            continue
        [[v, c], [_, w]] = scale[np.ix_([i, j], [i, j])]
        x, z = a[:, None] - mean[i], b[None, :] - mean[j]
        determinant = v * w - c * c
        distance = (w * x * x - 2.0 * c * x * z + v * z * z) / determinant
        density += (
            weight
            / math.sqrt(determinant)
            * (1.0 + distance / after.freedom) ** (-(after.freedom + 2.0) / 2.0)
        )
    return Comparison(a, b, density / density.sum())


def chance_more_days_settle(
    after: Posterior,
    share: float,
    gaps: tuple[float, float],
    new: Sequence[int],
    sure: float,
) -> Mapping[int, float]:
    """How likely so many further scores of the trial settle whether `share` of the pain is gone.

    `gaps` are the days from the last score to the first new one and between new ones; settled
    means a probability of `sure` or more, or of 1 - sure or less. Closed form: the excess
    d = m(trial) - (1 - share) m(baseline) has now variance V0, after the further scores V1, and
    its mean then scatters with V0 - V1; the noise is taken at its expected size, and the
    autocorrelation is averaged over.
    """
    i, j = after.phases.index("baseline"), after.phases.index("trial")
    limit = NormalDist().inv_cdf(sure)
    found = {}
    for count in new:
        total = 0.0
        for weight, mean, scale, variance, r in zip(
            after.weights, after.means, after.scale, after.variance, CORRELATIONS, strict=True
        ):
            contrast = np.zeros(len(after.phases))
            contrast[i], contrast[j] = share - 1.0, 1.0
            now = float(contrast @ scale @ contrast)
            # Information about the mean of the trial in further scores of an AR(1) series: the
            # first is tied to the last score kept, the others to the one before each.
            first, step = r ** gaps[0], r ** gaps[1]
            gained = (1.0 - first) ** 2 / (1.0 - first**2) if count else 0.0
            gained += (count - 1) * (1.0 - step) ** 2 / (1.0 - step**2) if count > 1 else 0.0
            along = float((scale @ contrast)[j])
            then = now - along**2 * gained / (variance + gained * float(scale[j, j]))
            middle = float(contrast @ mean)
            scatter = math.sqrt(max(now - then, 0.0))
            edge = limit * math.sqrt(max(then, 1e-12))
            total += weight * (
                _normal_below((-edge - middle), scatter) + _normal_below((middle - edge), scatter)
            )
        found[count] = min(float(total), 1.0)
    return found


def _normal_below(x: float, sd: float) -> float:
    return 0.5 * math.erfc(-x / max(sd, 1e-12) / math.sqrt(2.0))


def _nodes(after: Posterior, i: int) -> Array:
    """Middles of equal cells that cover what the mean of a phase may be."""
    centre = float(after.weights @ after.means[:, i])
    within = float(after.weights @ after.scale[:, i, i])
    between = float(after.weights @ (after.means[:, i] - centre) ** 2)
    reach = WIDE * math.sqrt(within + between)
    low, high = max(centre - reach, 0.0), min(centre + reach, after.prior.top)
    edges = np.linspace(low, high, MEANS + 1)
    middles: Array = (edges[1:] + edges[:-1]) / 2.0
    return middles


def _prepared(
    times: Sequence[float], scores: Sequence[float], phases: Sequence[str]
) -> tuple[tuple[str, ...], Array, Array, Array]:
    """Phases in order of their first entry; times, scores and design matrix in order of time."""
    if len(times) == 0:
        raise ValueError("no entries")
    cells: dict[tuple[float, str], list[float]] = {}
    for time, score, phase in zip(times, scores, phases, strict=True):
        cells.setdefault((float(time), phase), []).append(float(score))
    order = sorted(cells)
    names = tuple(dict.fromkeys(phase for _, phase in order))
    at = np.array([time for time, _ in order])
    # Two phases that meet in one moment: a minute apart, so that neither predicts the other wholly.
    for i in range(1, at.size):
        at[i] = max(at[i], at[i - 1] + 1.0 / 1440.0)
    y = np.array([math.fsum(cells[key]) / len(cells[key]) for key in order])
    design = np.zeros((at.size, len(names)))
    for row, (_, phase) in enumerate(order):
        design[row, names.index(phase)] = 1.0
    return names, at, y, design


def _sorted(values: Array, chances: Array) -> Weighted:
    flat = values.ravel()
    order = np.argsort(flat, kind="stable")
    return Weighted(flat[order], chances.ravel()[order])
