"""(f) The spread of a drug along the spinal fluid."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp
from scipy.sparse import csc_matrix

from benchmarks.measure import duration, median, seconds_of, table
from crural import quantity as q
from crural.intrathecal.spread import simulate
from crural.intrathecal.spread_parameters import (
    best_values,
    canal_of,
    cell_of,
    kinetics_of,
    load_parameters,
)
from crural.intrathecal.spread_programme import Programme, read_programme
from crural.intrathecal.transport import Modes, even_times

RUNS = 7
WEEK = 7 * 1440.0
DRAWS = 200

EXPLAINED = (
    "A week with a base rate, more by night and a bolus each morning, tip at T10, an answer every "
    "half hour. The second line is the same system, with its matrix given, by scipy's BDF at a "
    "relative tolerance of 1e-6: the alternative that docs/spread.md speaks of."
)


def measured() -> str:
    """The section of the results."""
    programme = read_programme(
        "1 mg/day", windows=["22:00-06:00 1.5 mg/day"], boluses=["0.1 mg daily at 08:00"]
    )

    def simulated(draws: int) -> Callable[[], object]:
        lasting = q.quantity(7, "day")
        return lambda: simulate(programme, tip="T10", lasting=lasting, draws=draws)

    simulated(0)()
    rows = [
        ["a week, best guess", *_times(simulated(0)), "≤ 0.3 s"],
        ["the same week, step by step (scipy BDF)", *_times(_by_steps(programme), 3), ""],
        [f"a week, {DRAWS} draws", *_times(simulated(DRAWS), 3), "≤ 10 s"],
    ]
    return table(("", "median", "quickest", "goal"), rows)


def _times(work: Callable[[], object], runs: int = RUNS) -> tuple[str, str]:
    times = [seconds_of(work) for _ in range(runs)]
    return duration(median(times)), duration(min(times))


def _by_steps(programme: Programme) -> Callable[[], object]:
    """Fluid and tissue in time steps, from one change of the pump to the next."""
    values = best_values(load_parameters())
    modes = Modes(canal_of(values), kinetics_of(values))
    size = len(modes.rates)
    back = np.array([modes.given_at(place) for place in range(size)]).T
    matrix = (modes.rows(slice(None)) * modes.rates) @ back
    matrix[np.abs(matrix) < 1e-12] = 0.0
    sparse = csc_matrix(matrix)
    cell = cell_of("T10")
    source = np.zeros(size)
    source[cell] = 1.0
    dosing = programme.dosing(WEEK)
    times = even_times(WEEK, 30.0)

    def work() -> None:
        state = np.zeros(size)
        marks = [*dosing.changes(), WEEK]
        for start, end in pairwise(marks):
            for when, much in dosing.boluses:
                if when == start:
                    state[cell] += much
            rate = dosing.rate_at(start)
            at = np.unique([*times[(times > start) & (times < end)], end])
            solved = solve_ivp(
                lambda _, y, rate=rate: sparse @ y + rate * source,
                (start, end),
                state,
                "BDF",
                t_eval=at,
                jac=sparse,
                rtol=1e-6,
                atol=1e-3,
            )
            state = solved.y[:, -1]

    return work
