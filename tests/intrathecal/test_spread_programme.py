"""Programmes: what is written, what the pump does."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural import quantity as q
from crural.errors import CruralError
from crural.intrathecal.spread_programme import Bolus, Programme, Window, read_programme

MG_PER_DAY = 1e6 / 1440


def mg_per_day(programme: Programme, minute: float, lasting: float = 14 * 1440) -> float:
    return programme.dosing(lasting).rate_at(minute) / MG_PER_DAY


def test_a_rate_is_constant_from_the_first_midnight() -> None:
    programme = read_programme("1.5 mg/day")
    assert len(programme.dosing(10_000).rates) == 1
    assert mg_per_day(programme, 0.0) == pytest.approx(1.5)
    assert programme.words() == ("1.5 mg/day",)


def test_units_are_read_and_not_guessed() -> None:
    assert (
        read_programme("1500 mcg/day").dosing(1).rates
        == read_programme("1.5 mg/day").dosing(1).rates
    )
    for wrong in ("1.5", "1.5 mL/day", "1,5 mg/day"):
        with pytest.raises(CruralError, match="rate"):
            read_programme(wrong)


def test_a_change_holds_from_its_time_on() -> None:
    programme = read_programme("1 mg/day", changes=["2 mg/day from 3 days"])
    assert mg_per_day(programme, 3 * 1440 - 1) == pytest.approx(1)
    assert mg_per_day(programme, 3 * 1440) == pytest.approx(2)
    assert programme.words() == ("1 mg/day", "2 mg/day from 3 days")


def test_a_window_takes_the_place_of_the_base_rate_every_day() -> None:
    programme = read_programme("1 mg/day", windows=["22:00-06:00 2 mg/day"])
    clock = {5 * 60 + 59: 2, 6 * 60: 1, 21 * 60 + 59: 1, 22 * 60: 2, 23 * 60: 2, 0: 2}
    for day in range(3):
        for minute, rate in clock.items():
            assert mg_per_day(programme, day * 1440 + minute) == pytest.approx(rate)


def test_a_window_without_a_base_rate_stops_the_pump_outside() -> None:
    programme = read_programme(windows=["08:00-12:00 3 mg/day"])
    assert mg_per_day(programme, 7 * 60) == 0
    assert mg_per_day(programme, 9 * 60) == pytest.approx(3)
    assert mg_per_day(programme, 13 * 60) == 0


def test_boluses_come_once_or_daily() -> None:
    programme = read_programme(boluses=["0.3 mg", "0.2 mg at 6 h", "0.1 mg daily at 08:00"])
    boluses = programme.dosing(3 * 1440).boluses
    assert boluses == (
        (0.0, 3e5),
        (360.0, 2e5),
        (480.0, 1e5),
        (1920.0, 1e5),
        (3360.0, 1e5),
    )
    assert programme.words() == (
        "bolus of 0.3 mg at 0 h",
        "bolus of 0.2 mg at 6 h",
        "bolus of 0.1 mg daily at 08:00",
    )


@given(st.integers(0, 1439), st.integers(1, 1439), st.integers(1, 40), st.integers(1, 40))
def test_a_day_gives_as_much_as_its_parts(start: int, long: int, base: int, inside: int) -> None:
    end = (start + long) % 1440
    rates = ((q.quantity(0, "day"), q.quantity(base, "mg/day")),)
    window = Window(start, end, q.quantity(inside, "mg/day"))
    dosing = Programme(rates, (window,)).dosing(2 * 1440)
    edges = sorted({1440.0, 2880.0, *(w for w in dosing.changes() if w >= 1440)})
    given_ = sum((b - a) * dosing.rate_at(a) for a, b in pairwise(edges))
    expected = (inside * long + base * (1440 - long)) / 1440
    assert given_ == pytest.approx(expected * 1e6)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "rate"),
        ({"rate": "0 mg/day"}, "rate"),
        ({"changes": ["2 mg/day"]}, "change"),
        ({"rate": "1 mg/day", "changes": ["2 mg/day from 0 days"]}, "change"),
        ({"windows": ["22:00-22:00 1 mg/day"]}, "window"),
        ({"windows": ["25:00-06:00 1 mg/day"]}, "window"),
        ({"windows": ["22:00-06:00 1 mg/day", "05:00-07:00 1 mg/day"]}, "window"),
        ({"boluses": ["0.1 mL"]}, "bolus"),
        ({"boluses": ["0.1 mg at noon"]}, "bolus"),
        ({"boluses": ["0.1 mg daily at 25:00"]}, "bolus"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_place(
    options: dict[str, list[str]], field: str
) -> None:
    with pytest.raises(CruralError) as caught:
        read_programme(**options)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.remedy


def test_a_bolus_can_be_built_from_amounts() -> None:
    bolus = Bolus(q.quantity("0.1", "mg"), q.quantity(90, "min"))
    assert Programme(boluses=(bolus,)).dosing(100).boluses == ((90.0, 1e5),)
    assert Programme(boluses=(bolus,)).dosing(90).boluses == ()
