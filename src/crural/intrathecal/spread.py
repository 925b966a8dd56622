"""Where intraspinal morphine goes: concentrations along the spinal fluid over days, with bands.

One run with the best guess of every parameter, and some hundred with drawn ones: the band holds
nine draws in ten. Effect and breathing are told on scales of the model's own, because nobody has
published a human concentration in cord or brainstem that goes with either:

- effect: share of the largest effect, from the cord's concentration at the target. Half of it is
  put at the concentration that the model itself, in the same draw, gives at T5 12 h after 0.5 mg at
  L3, when relief after thoracotomy wore off (Nordberg 1984); the steepness is that of intravenous
  morphine.
- breathing: concentration in the brainstem over the highest that the model, in the same draw, gives
  after a single 0.3 mg at L3, the dose from which respiratory depression became frequent in people
  not used to opioids (Gehling & Tryba 2009).

It is a model. It knows neither posture nor baricity nor tolerance, and gives no advice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from crural import quantity as q
from crural.errors import CruralError
from crural.intrathecal.spread_parameters import (
    CISTERNS,
    LEVELS,
    Known,
    best_values,
    canal_of,
    cell_of,
    cisterns,
    drawn_values,
    kinetics_of,
    load_parameters,
)
from crural.intrathecal.spread_programme import Programme
from crural.intrathecal.transport import Dosing, History, Modes, Vector, even_times

LABEL = (
    "A model, not advice: it cannot say what this patient will feel, nor that a dose is safe. "
    "Bands hold nine of ten draws of uncertain parameters, not nine of ten patients."
)
DRAWS = 200
MOST_DRAWS = 5_000
# The longest time simulated, in days: two refills apart.
MOST_DAYS = 180
LOW, HIGH = 5.0, 95.0
# Steps of the answer [min]; the first that leaves no more points than these is taken. The solution
# itself is exact at every one of them.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440)
MOST_POINTS = 350

# What effect and breathing are held against: site of injection, dose [ng], where or when.
REFERENCE_LEVEL = "L3"
EFFECT_DOSE, EFFECT_LEVEL, EFFECT_MINUTES = 0.5e6, "T5", 720.0
BREATHING_DOSE = 0.3e6
# When the fluid along the spine is shown, beside the end.
PROFILE_MINUTES = (60.0, 360.0)
_A_DAY: Vector = np.arange(10.0, 1450.0, 10.0)

# Entries that the answer leans on beside those of its parameters.
SOURCES = (
    "pk-nordberg1984-analgesia-duration",
    "harm-gehling2009-respiratory",
    "harm-overdose-review-onset",
    "monitoring-asa2016-morphine",
    "pd-samuelsson1987-no-correlation",
)


class SpreadError(CruralError):
    """A simulation that cannot be run as it was asked for."""


@dataclass(frozen=True)
class Curve:
    """A course or a profile: best guess, and the middle and the band of all draws."""

    best: Vector
    low: Vector
    middle: Vector
    high: Vector


@dataclass(frozen=True)
class Figure:
    """One number with its band."""

    best: float
    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """What became of the drug.

    csf [ng/mL] by site, plasma [ng/mL], effect (share of the largest), breathing (1: the most after
    0.3 mg): courses over `minutes`; profiles: CSF [ng/mL] at some hours, at `LEVELS` from below and
    then the cisterns; breathing_peak, its time [h] and the hours above 1; history: the best
    guess in amounts.
    """

    programme: Programme
    tip: str
    target: str
    minutes: Vector
    draws: int
    seed: int
    csf: Mapping[str, Curve]
    plasma: Curve
    effect: Curve
    breathing: Curve
    profiles: tuple[tuple[float, Curve], ...]
    breathing_peak: Figure
    breathing_peak_hours: Figure
    breathing_hours_above: Figure
    history: History
    parameters: Mapping[str, Known]

    @property
    def days(self) -> float:
        """How long was simulated."""
        return float(self.minutes[-1]) / 1440


def simulate(
    programme: Programme,
    *,
    tip: str,
    lasting: q.Quantity,
    target: str = "T12",
    sites: Sequence[str] = ("L3", CISTERNS),
    draws: int = DRAWS,
    seed: int = 1,
    tick: Callable[[], None] = lambda: None,
) -> Spread:
    """Simulate a programme with the catheter's tip at a vertebral level.

    `target` is the vertebral level of the cord segments that matter for the pain: those of the leg
    (L2 to S2) lie behind T11 to L1. `tick` is called after every draw. The same seed gives the same
    answer. Raises SpreadError for an unknown level, a time or a number of draws out of bounds.
    """
    tip, target = _level(tip, "tip"), _level(target, "target")
    wanted = dict.fromkeys((tip, target, *(_level(s, "site", head=True) for s in sites)))
    minutes = _minutes(lasting)
    if not 0 <= draws <= MOST_DRAWS:
        raise _refused("draws", f"{draws} is out of bounds", f"draw between 0 and {MOST_DRAWS}")
    known = load_parameters()
    dosing = programme.dosing(minutes)
    if not any(much for _, much in (*dosing.boluses, *dosing.rates)):
        raise _refused("for", "it ends before anything is given", "simulate longer")
    shown = [when for when in PROFILE_MINUTES if when < minutes] + [minutes]
    times = even_times(minutes, _step(minutes), shown)
    at = [int(np.searchsorted(times, when)) for when in shown]

    def one(values: Mapping[str, float]) -> _Run:
        run = _Run(values, (tip, target, tuple(wanted)), dosing, times, at)
        tick()
        return run

    best = one(best_values(known))
    random = np.random.default_rng(seed)
    drawn = [one(drawn_values(known, random)) for _ in range(draws)]

    def curve(of: Callable[[_Run], Vector]) -> Curve:
        middle = of(best)
        rows = np.stack([of(run) for run in drawn]) if drawn else middle[None]
        low, half, high = np.percentile(rows, (LOW, 50.0, HIGH), axis=0)
        return Curve(middle, low, half, high)

    def figure(of: Callable[[_Run], float]) -> Figure:
        found = [of(run) for run in drawn] or [of(best)]
        low, high = np.percentile(found, (LOW, HIGH))
        return Figure(of(best), float(low), float(high))

    return Spread(
        programme=programme,
        tip=tip,
        target=target,
        minutes=times,
        draws=draws,
        seed=seed,
        csf={site: curve(lambda run, site=site: run.csf[site]) for site in wanted},  # type: ignore[misc]
        plasma=curve(lambda run: run.plasma),
        effect=curve(lambda run: run.effect),
        breathing=curve(lambda run: run.breathing),
        profiles=tuple(
            (when / 60, curve(lambda run, i=i: run.profiles[i]))  # type: ignore[misc]
            for i, when in enumerate(shown)
        ),
        breathing_peak=figure(lambda run: float(run.breathing.max())),
        breathing_peak_hours=figure(lambda run: float(times[run.breathing.argmax()]) / 60),
        breathing_hours_above=figure(lambda run: _hours_above(times, run.breathing)),
        history=best.history,
        parameters=known,
    )


class _Run:
    """One simulation: what is kept of it."""

    def __init__(
        self,
        values: Mapping[str, float],
        places: tuple[str, str, Sequence[str]],
        dosing: Dosing,
        times: Vector,
        at: Sequence[int],
    ) -> None:
        tip, target, sites = places
        canal = canal_of(values)
        modes = Modes(canal, kinetics_of(values))
        history = modes.run(cell_of(tip), dosing, times)
        head = cisterns(canal)
        around = np.arange(head.start, head.stop)
        csf = {level: history.csf[cell_of(level)] / canal.csf[cell_of(level)] for level in LEVELS}
        csf[CISTERNS] = history.csf[around].sum(axis=0) / canal.csf[around].sum()
        self.history = history
        self.csf = {site: csf[site] for site in sites}
        self.profiles = [np.array([course[i] for course in csf.values()]) for i in at]
        self.plasma = history.plasma / modes.kinetics.plasma_volume
        cord, brainstem = reference_levels(modes)
        middle = values["effect-middle"] * cord
        here = cell_of(target)
        relative = history.tissue[here] / canal.tissue[here] / middle
        raised = relative ** values["effect-steepness"]
        self.effect = np.asarray(raised / (1 + raised), dtype=np.float64)
        self.breathing = history.tissue[around].sum(axis=0) / canal.tissue[around].sum() / brainstem


def reference_levels(modes: Modes) -> tuple[float, float]:
    """What effect and breathing are held against, in one canal [ng/mL].

    The cord's concentration at T5 12 h after 0.5 mg at L3, and the highest of the brainstem in the
    day after 0.3 mg there.
    """
    canal, n = modes.canal, len(modes.canal.length)
    source = cell_of(REFERENCE_LEVEL)
    cord_cell = cell_of(EFFECT_LEVEL)
    late = modes.after_a_bolus(source, [n + cord_cell], np.array([EFFECT_MINUTES]))
    cord = EFFECT_DOSE * float(late[0, 0]) / canal.tissue[cord_cell]
    around = np.array(cisterns(canal))
    through = modes.after_a_bolus(source, list(n + around), _A_DAY).sum(axis=0)
    brainstem = BREATHING_DOSE * float(through.max()) / canal.tissue[around].sum()
    return float(cord), float(brainstem)


def _hours_above(times: Vector, ratio: Vector) -> float:
    """How long a course of straight lines lies above 1 [h]."""
    total = 0.0
    for (t0, r0), (t1, r1) in pairwise(zip(times.tolist(), ratio.tolist(), strict=True)):
        if max(r0, r1) > 1:
            total += (t1 - t0) * (
                1.0 if min(r0, r1) >= 1 else (max(r0, r1) - 1) / (max(r0, r1) - min(r0, r1))
            )
    return total / 60


def _step(minutes: float) -> float:
    return float(next((s for s in _STEPS if minutes / s <= MOST_POINTS), _STEPS[-1]))


def _minutes(lasting: q.Quantity) -> float:
    minutes = float(q.amount(lasting, "min"))
    if not 10 <= minutes <= MOST_DAYS * 1440:
        raise _refused(
            "for", f"{q.show(lasting)} is out of bounds", f"give 10 minutes to {MOST_DAYS} days"
        )
    return minutes


def _level(name: str, field: str, *, head: bool = False) -> str:
    """A vertebral level as it is called here: 'th10' is T10."""
    given = name.strip().upper().replace("TH", "T")
    if head and given == CISTERNS.upper():
        return CISTERNS
    if given not in LEVELS:
        more = f", or {CISTERNS}" if head else ""
        raise _refused(field, f"'{name}' is no level", f"give C1 to C7, T1 to T12, L1 to S2{more}")
    return given


def _refused(field: str, problem: str, remedy: str) -> SpreadError:
    return SpreadError(file="command line", field=field, problem=problem, remedy=remedy)
