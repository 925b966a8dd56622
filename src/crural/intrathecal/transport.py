"""Transport of a dissolved drug along the spinal fluid, in one dimension, solved exactly in time.

Along the neuraxis (x, upwards) fluid of cross-section A(x) carries the concentration c, and the
tissue beside it (cord, roots, brain near the fluid) the concentration s:

    A dc/dt  = d/dx (D A dc/dx - Q c) - (k A + a) c - e T (K c - s) + infusion at the tip
    T ds/dt  = e T (K c - s) - l T s
    dP/dt    = integral of ((k A + a) c + l T s) dx - (CL/V) P
    dQ/dx    = p - a

D: dispersion by the beat of the fluid [cm2/min], Q: slow net flow [mL/min], p and a: production and
absorption of fluid per length [mL/min/cm], k: clearance to the blood [1/min], T: cross-section of
the tissue [cm2], e: exchange with it [1/min], K: its partition, l: its loss to the blood [1/min],
P: amount in the plasma [ng]. Both ends are closed.

Space is cut into cells of finite volume. Flow and dispersion between two cells are weighed
exponentially (Scharfetter & Gummel 1969), which is second order where dispersion rules, never makes
a concentration negative, and loses nothing. What remains is linear, and each cell hangs on its
neighbours and its tissue like a tree: amounts scaled by the square root of their equilibrium make
the matrix symmetric. So `numpy.linalg.eigh` gives all its modes at once, stable and to rounding,
and between two changes of the pump each mode is an exponential: there is no time step to choose,
stiff or not, and mass is lost only to rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

# Below this difference of exponents a divided difference is taken from its series: the error of
# the series (1e-11) and that of the quotient (1e-14) are both far below the figures of any drug.
_CLOSE = 1e-2

# The most by which the scale of amounts may differ along the canal because of flow, as a logarithm:
# rounding errors grow by its square, to about 1e-8.
MOST_FLOW = 9.0


@dataclass(frozen=True)
class Canal:
    """The fluid space in cells, from the end of the dural sac (first) upwards.

    length [cm], csf [mL] and tissue [mL] of each cell; produced, absorbed [mL/min] in it, with
    equal sums: what is absorbed at one end and produced at the other flows between them.
    """

    length: Vector
    csf: Vector
    tissue: Vector
    produced: Vector
    absorbed: Vector

    def __post_init__(self) -> None:
        sizes = {len(v) for v in (self.length, self.csf, self.tissue, self.produced, self.absorbed)}
        if sizes != {len(self.length)} or len(self.length) < 2:
            raise ValueError("a canal needs two cells or more, and each of its rows one value each")
        if not all((v > 0).all() for v in (self.length, self.csf, self.tissue)):
            raise ValueError("length, fluid and tissue of every cell must be above nought")
        if (self.produced < 0).any() or (self.absorbed < 0).any():
            raise ValueError("production and absorption cannot be negative")
        if not np.isclose(self.produced.sum(), self.absorbed.sum(), rtol=1e-9, atol=1e-12):
            raise ValueError("as much fluid must be absorbed as is produced")

    @property
    def middle(self) -> Vector:
        """Distance of the middle of each cell from the lower end [cm]."""
        return np.cumsum(self.length) - self.length / 2

    @property
    def flow(self) -> Vector:
        """Net flow upwards through the face above each cell but the last [mL/min]."""
        return np.asarray(np.cumsum(self.produced - self.absorbed)[:-1], dtype=np.float64)


@dataclass(frozen=True)
class Kinetics:
    """What the drug does: dispersion [cm2/min], clearance [1/min] from fluid to blood, partition
    tissue : fluid, exchange and loss [1/min] of the tissue; plasma clearance [mL/min], volume [mL].
    """

    dispersion: float
    clearance: float
    partition: float
    exchange: float
    loss: float
    plasma_clearance: float
    plasma_volume: float

    def __post_init__(self) -> None:
        if min(self.dispersion, self.partition, self.plasma_clearance, self.plasma_volume) <= 0:
            raise ValueError("dispersion, partition, plasma clearance and volume must be above 0")
        if min(self.clearance, self.exchange, self.loss) < 0:
            raise ValueError("clearance, exchange and loss cannot be negative")


@dataclass(frozen=True)
class Dosing:
    """What the pump and the hand give: boluses (minute, ng) and rates (from minute on, ng/min)."""

    boluses: tuple[tuple[float, float], ...] = ()
    rates: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if any(when < 0 or much < 0 for when, much in (*self.boluses, *self.rates)):
            raise ValueError("doses, rates and their times cannot be negative")
        starts = [when for when, _ in self.rates]
        if starts != sorted(set(starts)):
            raise ValueError("rates must be in order of time, one at a time")

    def rate_at(self, minute: float) -> float:
        """Rate from this minute on [ng/min]."""
        return next((rate for when, rate in reversed(self.rates) if when <= minute), 0.0)

    def changes(self) -> list[float]:
        """The minutes at which something changes, in order."""
        return sorted({when for when, _ in (*self.boluses, *self.rates)})


@dataclass(frozen=True)
class History:
    """What became of the drug: amounts [ng] at `minutes`, by cell (rows) where there are cells.

    At the minute of a bolus the state is that just before it: how much of a dose lies in how little
    fluid at its very instant is no question that this model can answer.
    """

    minutes: Vector
    infused: Vector
    csf: Vector
    tissue: Vector
    plasma: Vector
    eliminated: Vector

    @property
    def imbalance(self) -> float:
        """The largest share of what was given that the sum of all places misses."""
        found = self.csf.sum(axis=0) + self.tissue.sum(axis=0) + self.plasma + self.eliminated
        given = np.maximum(self.infused, np.finfo(float).tiny)
        return float(np.max(np.where(self.infused > 0, np.abs(found - self.infused) / given, 0.0)))


class Modes:
    """The transport of one drug in one canal, taken apart into its modes.

    Raises ValueError where net flow outweighs dispersion so far that the modes would cancel each
    other beyond the digits of a double (no spine comes near it).
    """

    def __init__(self, canal: Canal, kinetics: Kinetics) -> None:
        self.canal, self.kinetics = canal, kinetics
        n = len(canal.length)
        half = canal.length / (2 * canal.csf / canal.length)
        conductance = kinetics.dispersion / (half[:-1] + half[1:])
        peclet = canal.flow / conductance
        if np.ptp(np.concatenate([[0.0], np.cumsum(peclet)])) / 2 > MOST_FLOW:
            raise ValueError("net flow is too strong against dispersion for modes to be exact")
        up = conductance * _bernoulli(-peclet) / canal.csf[:-1]
        down = conductance * _bernoulli(peclet) / canal.csf[1:]
        into = kinetics.exchange * kinetics.partition * canal.tissue / canal.csf
        lost = kinetics.clearance + canal.absorbed / canal.csf
        # The logarithm of the scale, so that long canals with much flow do not overflow.
        steps = 0.5 * np.log(up / down)
        log_scale = np.concatenate([[0.0], np.cumsum(steps)])
        log_scale -= log_scale.mean()
        leaf = 0.5 * np.log(kinetics.partition * canal.tissue / canal.csf)
        self._scale = np.exp(np.concatenate([log_scale, log_scale + leaf]))
        matrix = np.zeros((2 * n, 2 * n))
        fluid, tissue = np.arange(n), np.arange(n, 2 * n)
        matrix[fluid, fluid] = -lost - into
        matrix[fluid[:-1], fluid[:-1]] -= up
        matrix[fluid[1:], fluid[1:]] -= down
        between = np.sqrt(up * down)
        matrix[fluid[1:], fluid[:-1]] = between
        matrix[tissue, tissue] = -kinetics.exchange - kinetics.loss
        matrix[tissue, fluid] = np.sqrt(into * kinetics.exchange)
        # Only the lower triangle is read.
        rates, vectors = np.linalg.eigh(matrix, UPLO="L")
        self.rates: Vector = np.minimum(rates, 0.0)
        self._vectors = vectors
        # Loss to the blood by mode.
        self.to_blood: Vector = vectors.T @ (
            self._scale * np.concatenate([lost, np.full(n, kinetics.loss)])
        )

    def given_at(self, cell: int) -> Vector:
        """The modes of one ng that enters the fluid of a cell."""
        row: Vector = self._vectors[cell] / self._scale[cell]
        return row

    def rows(self, places: Sequence[int] | slice) -> Vector:
        """What turns modes into amounts at places: cells, or cells of tissue (after all fluid)."""
        return np.asarray(self._scale[places, None] * self._vectors[places], dtype=np.float64)

    def after_a_bolus(self, cell: int, places: Sequence[int], minutes: Vector) -> Vector:
        """Amount at places (rows) some minutes after one ng entered the fluid of a cell."""
        gone = np.exp(np.outer(self.rates, minutes))
        return np.maximum(self.rows(places) @ (self.given_at(cell)[:, None] * gone), 0.0)

    def steady(self, cell: int) -> Vector:
        """Amounts, fluid then tissue, that an endless infusion of one ng/min into a cell brings.

        Raises ValueError when nothing is ever lost, for then there is no steady state.
        """
        if self.rates[-1] > -1e-12:
            raise ValueError("without any loss to the blood there is no steady state")
        return self.rows(slice(None)) @ (self.given_at(cell) / -self.rates)

    def run(self, cell: int, dosing: Dosing, minutes: Vector) -> History:
        """The course of a dosing whose catheter ends in a cell, at the given minutes (in order)."""
        if len(minutes) == 0 or (np.diff(minutes) < 0).any() or minutes[0] < 0:
            raise ValueError("minutes must be in order and not negative")
        course = _Course(self, self.given_at(cell))
        states = np.empty((len(self.rates), len(minutes)))
        totals = np.empty((3, len(minutes)))
        upcoming = [when for when in dosing.changes() if when <= minutes[-1]]
        given = dict[float, float]()
        for when, much in dosing.boluses:
            given[when] = given.get(when, 0.0) + much
        rate = 0.0
        for i, minute in enumerate(minutes):
            while upcoming and upcoming[0] < minute:
                change = upcoming.pop(0)
                course.go_on(change, rate)
                rate = dosing.rate_at(change)
                course.give(given.get(change, 0.0))
            course.go_on(float(minute), rate)
            states[:, i] = course.state
            totals[:, i] = course.infused, course.plasma, course.absorbed
        # Rounding leaves about 1e-16 of the dose far from the tip: nought, not less than nothing.
        amounts = np.maximum(self.rows(slice(None)) @ states, 0.0)
        n = len(self.canal.length)
        infused, plasma, absorbed = totals
        return History(
            minutes=minutes,
            infused=infused,
            csf=amounts[:n],
            tissue=amounts[n:],
            plasma=np.maximum(plasma, 0.0),
            eliminated=np.maximum(absorbed - plasma, 0.0),
        )


class _Course:
    """The state on its way through time: modes, and the amounts infused, absorbed, in plasma."""

    def __init__(self, modes: Modes, source: Vector) -> None:
        self._modes, self._source = modes, source
        self._known: dict[float, _Step] = {}
        self.minute = 0.0
        self.state: Vector = np.zeros(len(modes.rates))
        self.infused = self.plasma = self.absorbed = 0.0

    def give(self, much: float) -> None:
        """A bolus, now."""
        if much:
            self.state = self.state + much * self._source
            self.infused += much

    def go_on(self, until: float, rate: float) -> None:
        """Let time pass at a constant rate."""
        # Equal steps of a regular grid differ in their last digits; twelve tell them from others.
        passed = round(until - self.minute, 9)
        self.minute = until
        if passed <= 0:
            return
        step = self._known.get(passed)
        if step is None:
            step = self._known[passed] = _Step(self._modes, self._source, passed)
        self.plasma = (
            step.plasma_kept * self.plasma
            + float(step.plasma_from_state @ self.state)
            + rate * step.plasma_from_rate
        )
        self.absorbed += float(step.absorbed_from_state @ self.state)
        self.absorbed += rate * step.absorbed_from_rate
        self.state = step.kept * self.state + rate * step.from_rate
        self.infused += rate * passed


class _Step:
    """What a span of time does to every mode, exactly.

    A mode of rate r that starts at z and is fed with f is exp(r t) z + f (exp(r t) - 1) / r. What
    it loses to the blood, and how much of that the plasma still holds, are convolutions of such
    exponentials: divided differences of exp.
    """

    def __init__(self, modes: Modes, source: Vector, minutes: float) -> None:
        r = modes.rates * minutes
        k = modes.kinetics.plasma_clearance / modes.kinetics.plasma_volume * minutes
        nought, out = np.zeros_like(r), np.full_like(r, -k)
        fed = source * minutes
        lost = modes.to_blood * minutes
        self.kept = np.exp(r)
        self.from_rate = fed * _divided(nought, r)
        self.absorbed_from_state = lost * _divided(nought, r)
        self.absorbed_from_rate = float(lost @ (fed * _divided_twice(nought, nought, r)))
        self.plasma_kept = float(np.exp(-k))
        self.plasma_from_state = lost * _divided(out, r)
        self.plasma_from_rate = float(lost @ (fed * _divided_twice(nought, out, r)))


def _bernoulli(z: Vector) -> Vector:
    """z / (exp(z) - 1), which is 1 at nought."""
    small = np.abs(z) < 1e-8
    safe = np.where(small, 1.0, z)
    return np.asarray(np.where(small, 1.0 - z / 2, safe / np.expm1(safe)), dtype=np.float64)


def _divided(a: Vector, b: Vector) -> Vector:
    """(exp(a) - exp(b)) / (a - b), which is exp(a) where both are one."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    gap = low - high
    same = gap == 0
    ratio = np.expm1(np.where(same, -1.0, gap)) / np.where(same, -1.0, gap)
    return np.asarray(np.exp(high) * np.where(same, 1.0, ratio), dtype=np.float64)


def _divided_twice(a: Vector, b: Vector, c: Vector) -> Vector:
    """The second divided difference of exp over three points, none of which need differ."""
    low, middle, high = np.sort(np.stack([a, b, c]), axis=0)
    gap = high - low
    near = gap < _CLOSE
    quotient = (_divided(middle, high) - _divided(low, middle)) / np.where(near, 1.0, gap)
    mean = (low + middle + high) / 3
    away = np.stack([low, middle, high]) - mean
    series = np.exp(mean) * (0.5 + (away**2).sum(0) / 48 + (away**3).sum(0) / 360)
    return np.asarray(np.where(near, series, quotient), dtype=np.float64)


def even_times(minutes: float, every: float, also: Iterable[float] = ()) -> Vector:
    """From 0 to `minutes` in steps of `every`, with further times between."""
    grid = np.arange(0.0, minutes + every / 2, every)
    more = [when for when in also if 0 <= when <= minutes]
    return np.unique(np.concatenate([grid[grid <= minutes], [minutes], more]))
