"""The transport solver: what is exact is shown to be exact, and held against another solver."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from crural.intrathecal.transport import Canal, Dosing, Kinetics, Modes, Vector

KINETICS = Kinetics(
    dispersion=8.0,
    clearance=0.004,
    partition=1.2,
    exchange=0.008,
    loss=0.001,
    plasma_clearance=1500.0,
    plasma_volume=270_000.0,
)
SEEDS = st.integers(0, 100_000)


def even_canal(
    cells: int = 41, length: float = 60.0, *, through: float = 0.0, area: float = 1.6
) -> Canal:
    """A canal of one width; `through` mL/min enter at the top and leave at the bottom."""
    each = np.full(cells, length / cells)
    produced, absorbed = np.zeros(cells), np.zeros(cells)
    produced[-1] = absorbed[0] = through
    return Canal(each, each * area, each * 0.4, produced, absorbed)


def without_tissue(kinetics: Kinetics) -> Kinetics:
    return replace(kinetics, exchange=0.0)


def any_modes(seed: int, kinetics: Kinetics) -> Modes:
    """An uneven canal with flow; flow that no dispersion of the kind can stand is passed over."""
    random = np.random.default_rng(seed)
    cells = int(random.integers(2, 13))
    length, csf, tissue = (np.exp(random.normal(0.0, 1.0, cells)) for _ in range(3))
    absorbed, produced = random.uniform(0, 0.1, cells), random.uniform(0, 0.1, cells)
    canal = Canal(length, csf, tissue, produced * absorbed.sum() / produced.sum(), absorbed)
    try:
        return Modes(canal, kinetics)
    except ValueError:
        assume(False)
        raise


kinetics_of_any_drug = st.builds(
    Kinetics,
    dispersion=st.floats(0.2, 50),
    clearance=st.floats(0, 0.05),
    partition=st.floats(0.1, 10),
    exchange=st.floats(0, 0.1),
    loss=st.floats(0, 0.01),
    plasma_clearance=st.floats(10, 5000),
    plasma_volume=st.floats(1000, 500_000),
)
dosings = st.builds(
    lambda boluses, steps: Dosing(
        tuple(boluses), tuple((60.0 * i, rate) for i, rate in enumerate(steps))
    ),
    st.lists(st.tuples(st.floats(0, 500), st.floats(0, 1e6)), max_size=3),
    st.lists(st.floats(0, 1e4), min_size=1, max_size=4),
)
TIMES: Vector = np.array([0.0, 0.5, 7.0, 60.0, 61.0, 333.0, 2000.0])


@given(SEEDS, kinetics_of_any_drug, dosings)
@settings(max_examples=80, deadline=None)
def test_nothing_is_lost(seed: int, kinetics: Kinetics, dosing: Dosing) -> None:
    modes = any_modes(seed, kinetics)
    history = modes.run(seed % len(modes.canal.length), dosing, TIMES)
    assert history.imbalance < 1e-6


@given(SEEDS, kinetics_of_any_drug, dosings)
@settings(max_examples=80, deadline=None)
def test_no_amount_is_negative_and_what_is_eliminated_never_comes_back(
    seed: int, kinetics: Kinetics, dosing: Dosing
) -> None:
    modes = any_modes(seed, kinetics)
    cell = seed % len(modes.canal.length)
    history = modes.run(cell, dosing, TIMES)
    places = (history.csf, history.tissue, history.plasma, history.eliminated)
    assert all((place >= 0).all() for place in places)
    most = max(float(history.infused[-1]), 1e-300)
    assert all(b >= a - 1e-7 * most for a, b in pairwise(history.eliminated))
    # Before rounding is cut off at nought, what is below it is no more than rounding.
    raw = modes.rows(slice(None)) @ (
        modes.given_at(cell)[:, None] * np.exp(np.outer(modes.rates, TIMES))
    )
    assert raw.min() > -1e-7


@given(kinetics_of_any_drug, dosings, st.floats(0.01, 100))
@settings(max_examples=40, deadline=None)
def test_twice_the_dose_is_twice_everything(
    kinetics: Kinetics, dosing: Dosing, factor: float
) -> None:
    modes = Modes(even_canal(9, through=0.1), kinetics)
    more = Dosing(
        tuple((when, factor * much) for when, much in dosing.boluses),
        tuple((when, factor * rate) for when, rate in dosing.rates),
    )
    one, other = modes.run(4, dosing, TIMES), modes.run(4, more, TIMES)
    scale = factor * max(float(one.infused[-1]), 1e-300)
    for a, b in ((one.csf, other.csf), (one.tissue, other.tissue), (one.plasma, other.plasma)):
        assert np.abs(factor * a - b).max() <= 1e-9 * scale


def test_two_doses_are_the_sum_of_each() -> None:
    modes = Modes(even_canal(15, through=0.1), KINETICS)
    first, second = Dosing(((0.0, 5e5),)), Dosing(((90.0, 2e5),), ((30.0, 400.0),))
    both = Dosing(((0.0, 5e5), (90.0, 2e5)), ((30.0, 400.0),))
    times = np.array([10.0, 100.0, 700.0])
    a, b, c = (modes.run(7, dosing, times) for dosing in (first, second, both))
    np.testing.assert_allclose(a.csf + b.csf, c.csf, rtol=1e-10)
    np.testing.assert_allclose(a.plasma + b.plasma, c.plasma, rtol=1e-10)


@given(st.floats(1, 5000), st.floats(1, 600))
@settings(max_examples=30, deadline=None)
def test_a_dose_given_later_is_the_same_later(later: float, after: float) -> None:
    modes = Modes(even_canal(11, through=0.2), KINETICS)
    now = modes.run(3, Dosing(((0.0, 1e5),), ((0.0, 50.0),)), np.array([after]))
    then = modes.run(3, Dosing(((later, 1e5),), ((later, 50.0),)), np.array([later + after]))
    np.testing.assert_allclose(now.csf, then.csf, rtol=1e-8)
    np.testing.assert_allclose(now.plasma, then.plasma, rtol=1e-8)


def test_without_flow_both_sides_are_alike() -> None:
    history = Modes(even_canal(41), KINETICS).run(20, Dosing(((0.0, 1e6),)), TIMES)
    np.testing.assert_allclose(history.csf, history.csf[::-1], rtol=1e-8, atol=1e-6)


def test_flow_carries_the_drug_with_it() -> None:
    still = Modes(even_canal(41), KINETICS).run(20, Dosing(((0.0, 1e6),)), np.array([300.0]))
    flowing = Modes(even_canal(41, through=0.3), KINETICS).run(
        20, Dosing(((0.0, 1e6),)), np.array([300.0])
    )
    below = slice(0, 20)
    above = slice(21, 41)
    assert flowing.csf[below].sum() > 1.2 * flowing.csf[above].sum()
    assert still.csf[below].sum() == pytest.approx(still.csf[above].sum())


def test_where_one_gives_and_samples_can_be_swapped_without_flow() -> None:
    modes = Modes(even_canal(31), KINETICS)
    there = modes.after_a_bolus(3, [25], np.array([200.0]))
    back = modes.after_a_bolus(25, [3], np.array([200.0]))
    np.testing.assert_allclose(there, back, rtol=1e-9)


@pytest.mark.parametrize("clearance", [0.005, 0.02])
def test_steady_infusion_falls_off_as_the_known_solution_says(clearance: float) -> None:
    # rate / (2 A sqrt(D k)) exp(-|x| / sqrt(D / k)), far from both ends.
    kinetics = replace(without_tissue(KINETICS), clearance=clearance)
    canal = even_canal(501, length=500.0)
    steady = Modes(canal, kinetics).steady(250)[: len(canal.length)] / canal.csf
    fall = math.sqrt(kinetics.dispersion / clearance)
    area = canal.csf[0] / canal.length[0]
    away = canal.middle - canal.middle[250]
    known = np.exp(-np.abs(away) / fall) / (2 * area * math.sqrt(kinetics.dispersion * clearance))
    near = np.abs(away) < 3 * fall
    np.testing.assert_allclose(steady[near], known[near], rtol=5e-3)


def test_the_same_steady_state_is_reached_in_time() -> None:
    modes = Modes(even_canal(41, through=0.2), KINETICS)
    late = modes.run(12, Dosing(rates=((0.0, 7.0),)), np.array([1e5]))
    np.testing.assert_allclose(
        np.concatenate([late.csf[:, 0], late.tissue[:, 0]]), 7.0 * modes.steady(12), rtol=1e-9
    )
    # All that enters leaves by the plasma.
    np.testing.assert_allclose(
        late.plasma[0] * KINETICS.plasma_clearance / KINETICS.plasma_volume, 7.0, rtol=1e-9
    )


def test_with_exchange_alone_tissue_comes_to_its_partition() -> None:
    closed = replace(KINETICS, clearance=0.0, loss=0.0)
    canal = even_canal(15)
    history = Modes(canal, closed).run(7, Dosing(((0.0, 1e6),)), np.array([1e6]))
    csf, tissue = history.csf[:, 0] / canal.csf, history.tissue[:, 0] / canal.tissue
    np.testing.assert_allclose(tissue, closed.partition * csf, rtol=1e-8)
    np.testing.assert_allclose(csf, csf[0], rtol=1e-8)


def test_a_bolus_spreads_as_a_gaussian_far_from_the_ends() -> None:
    kinetics = replace(without_tissue(KINETICS), clearance=0.0)
    canal = even_canal(401, length=300.0)
    minutes = np.array([30.0, 120.0])
    found = Modes(canal, kinetics).after_a_bolus(200, range(401), minutes) / canal.csf[:, None]
    area = canal.csf[0] / canal.length[0]
    away = (canal.middle - canal.middle[200])[:, None]
    width = 4 * kinetics.dispersion * minutes
    known = np.exp(-(away**2) / width) / (area * np.sqrt(math.pi * width))
    np.testing.assert_allclose(found, known, atol=2e-3 * known.max())


def test_finer_cells_come_nearer_by_the_square() -> None:
    kinetics = without_tissue(KINETICS)
    minutes = np.array([120.0])

    def middle(cells: int) -> float:
        canal = even_canal(cells, through=0.3)
        at = cells // 2
        return float(Modes(canal, kinetics).after_a_bolus(at, [at], minutes)[0, 0] / canal.csf[at])

    finest = middle(405)
    errors = [abs(middle(cells) - finest) for cells in (15, 45, 135)]
    assert errors[0] / errors[1] == pytest.approx(9, rel=0.25)
    assert errors[1] / errors[2] == pytest.approx(9, rel=0.25)


def reference(modes: Modes, cell: int, dosing: Dosing, minutes: Vector) -> Vector:
    """Fluid, tissue and plasma by scipy's Radau, from the equations written out again."""
    canal, kinetics = modes.canal, modes.kinetics
    n = len(canal.length)
    area = canal.csf / canal.length
    state = np.zeros(2 * n + 1)

    def slope(_: float, y: Vector, rate: float) -> Vector:
        c, s = y[:n] / canal.csf, y[n : 2 * n] / canal.tissue
        flux = np.zeros(n + 1)
        for i in range(n - 1):
            step = canal.length[i] / (2 * area[i]) + canal.length[i + 1] / (2 * area[i + 1])
            g, flow = kinetics.dispersion / step, canal.flow[i]
            if abs(flow / g) < 1e-12:
                flux[i + 1] = g * (c[i] - c[i + 1])
            else:
                e = math.exp(flow / g)
                flux[i + 1] = flow * (e * c[i] - c[i + 1]) / (e - 1)
        taken = kinetics.exchange * canal.tissue * (kinetics.partition * c - s)
        lost = kinetics.clearance * y[:n] + canal.absorbed * c
        off = kinetics.loss * y[n : 2 * n]
        dcsf = flux[:-1] - flux[1:] - lost - taken
        dcsf[cell] += rate
        out = kinetics.plasma_clearance / kinetics.plasma_volume * y[-1]
        return np.concatenate([dcsf, taken - off, [lost.sum() + off.sum() - out]])

    found, at = [], 0.0
    marks = sorted({*dosing.changes(), *minutes.tolist()})
    for mark in marks:
        if mark > at:
            args = (dosing.rate_at(at),)
            solved = solve_ivp(slope, (at, mark), state, "Radau", args=args, rtol=1e-9, atol=1e-3)
            state, at = solved.y[:, -1], mark
        if mark in minutes:
            found.append(state.copy())
        for when, much in dosing.boluses:
            if when == mark:
                state[cell] += much
    return np.array(found).T


def test_an_independent_stiff_solver_agrees() -> None:
    cells = np.arange(1.0, 10.0)
    absorbed = np.full(9, 0.02)
    produced = np.zeros(9)
    produced[7] = 0.18
    canal = Canal(cells / 2, cells * 1.5, 10 - cells, produced, absorbed)
    modes = Modes(canal, KINETICS)
    dosing = Dosing(((0.0, 3e5), (200.0, 1e5)), ((0.0, 200.0), (150.0, 900.0), (400.0, 0.0)))
    minutes = np.array([5.0, 60.0, 199.0, 210.0, 600.0, 1500.0])
    history = modes.run(3, dosing, minutes)
    found = np.vstack([history.csf, history.tissue, history.plasma[None]])
    np.testing.assert_allclose(found, reference(modes, 3, dosing, minutes), rtol=2e-6, atol=0.5)


def test_modes_that_the_plasma_matches_exactly_do_no_harm() -> None:
    # A fluid that loses drug exactly as fast as the plasma does: t exp(-k t), a double pole.
    k = 0.01
    kinetics = Kinetics(8.0, k, 1.0, 0.0, 0.0, k * 1000.0, 1000.0)
    history = Modes(even_canal(5), kinetics).run(2, Dosing(((0.0, 1e6),)), TIMES)
    np.testing.assert_allclose(history.plasma, 1e6 * k * TIMES * np.exp(-k * TIMES), rtol=1e-9)


def test_at_the_minute_of_a_bolus_the_state_is_the_one_before() -> None:
    history = Modes(even_canal(5), KINETICS).run(2, Dosing(((60.0, 1e6),)), np.array([60.0, 60.1]))
    assert history.infused.tolist() == [0.0, 1e6]


@pytest.mark.parametrize(
    "wrong",
    [
        {"length": np.array([1.0, -1.0])},
        {"csf": np.array([1.0])},
        {"absorbed": np.array([0.1, -0.1])},
        {"absorbed": np.array([0.1, 0.0])},
    ],
)
def test_a_canal_that_cannot_be_is_refused(wrong: dict[str, Vector]) -> None:
    parts = {
        name: np.ones(2) if name in {"length", "csf", "tissue"} else np.zeros(2)
        for name in ("length", "csf", "tissue", "produced", "absorbed")
    }
    with pytest.raises(ValueError, match=r"canal|nought|negative|absorbed"):
        Canal(**{**parts, **wrong})


def test_a_drug_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        replace(KINETICS, dispersion=0.0)
    with pytest.raises(ValueError, match="negative"):
        replace(KINETICS, clearance=-0.1)


def test_dosing_out_of_order_is_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        Dosing(rates=((5.0, 1.0), (5.0, 2.0)))
    with pytest.raises(ValueError, match="negative"):
        Dosing(((0.0, -1.0),))


def test_times_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        Modes(even_canal(3), KINETICS).run(1, Dosing(), np.array([5.0, 1.0]))


def test_without_loss_there_is_no_steady_state() -> None:
    closed = replace(KINETICS, clearance=0.0, loss=0.0)
    with pytest.raises(ValueError, match="steady"):
        Modes(even_canal(5), closed).steady(2)


def test_flow_far_beyond_dispersion_is_refused_rather_than_computed_wrongly() -> None:
    with pytest.raises(ValueError, match="too strong"):
        Modes(even_canal(41, through=5.0), KINETICS)
