"""The formulas agree with a derivation from first principles, and keep what must be kept."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crural import quantity as q
from crural.intrathecal import arithmetic as a
from crural.intrathecal.refill import times_until
from crural.quantity import Quantity, parse

from . import amounts as am
from . import rederived


@given(am.doses, am.concentrations)
def test_flow_is_the_volume_that_holds_a_days_dose(dose: Quantity, strength: Quantity) -> None:
    found = a.flow_for(dose, strength)
    assert am.near(am.ml_day(found), rederived.flow(am.mg_day(dose), am.mg_ml(strength)))


@given(am.flows, am.concentrations)
def test_dose_is_the_drug_in_a_days_volume(flow: Quantity, strength: Quantity) -> None:
    found = a.dose_of(flow, strength)
    assert am.mg_day(found) == rederived.dose(am.ml_day(flow), am.mg_ml(strength))


@given(am.flows, am.concentrations)
def test_dose_and_flow_go_round(flow: Quantity, strength: Quantity) -> None:
    dose = a.dose_of(flow, strength)
    assert am.near(am.ml_day(a.flow_for(dose, strength)), am.ml_day(flow))
    assert am.near(am.mg_ml(a.concentration_for(dose, flow)), am.mg_ml(strength))


@given(am.doses, am.doses, am.concentrations)
def test_more_dose_needs_more_flow(one: Quantity, two: Quantity, strength: Quantity) -> None:
    assume(one < two)
    assert a.flow_for(one, strength) < a.flow_for(two, strength)


@given(am.doses, am.concentrations, am.concentrations)
def test_a_stronger_solution_needs_less_flow(dose: Quantity, one: Quantity, two: Quantity) -> None:
    assume(one < two)
    assert a.flow_for(dose, one) > a.flow_for(dose, two)


@pytest.mark.parametrize(
    ("dose", "strength", "flow"),
    [
        ("1.5 mg/day", "20 mg/mL", "0.075"),
        ("1500 microgram/day", "20 mg/mL", "0.075"),
        ("62.5 microgram/h", "20 mg/mL", "0.075"),
        ("1.5 mg/day", "20000 microgram/mL", "0.075"),
        ("1.5 mg/day", "20 g/L", "0.075"),
        ("0.1 mg/day", "0.3 mg/mL", "0.3333333333333333333333333333"),
        ("0.3 mg/day", "0.1 mg/mL", "3"),
    ],
)
def test_units_change_nothing_and_decimals_are_exact(dose: str, strength: str, flow: str) -> None:
    assert q.amount(a.flow_for(parse(dose), parse(strength)), "mL/day") == Decimal(flow)


@given(am.volumes, am.flows, am.flows, am.shares, am.shares)
def test_times_are_those_of_the_fastest_and_the_slowest_pump(
    volume: Quantity, base: Quantity, boluses: Quantity, over: Quantity, under: Quantity
) -> None:
    found = times_until(volume, base, boluses, over, under)
    wanted = rederived.earliest_and_latest(
        am.ml(volume),
        am.ml_day(base),
        am.ml_day(boluses),
        Fraction(over.magnitude),
        Fraction(under.magnitude),
    )
    days = [q.fraction(t, "day") for t in (found.earliest, found.expected, found.latest)]
    assert all(am.near(day, exact) for day, exact in zip(days, wanted, strict=True))
    assert found.earliest <= found.expected <= found.latest


@given(am.lengths, am.lengths, am.numbers("0.001", "0.005", 4))
def test_a_trimmed_catheter_holds_the_rest(
    full: Quantity, trimmed: Quantity, each: Decimal
) -> None:
    assume(trimmed < full)
    per_length = q.quantity(each, "mL/cm")
    found = a.catheter_volume(a.implanted_length(full, trimmed), per_length)
    assert am.ml(found) == rederived.catheter(
        q.fraction(full, "cm"), q.fraction(trimmed, "cm"), Fraction(each)
    )


def test_more_cannot_be_trimmed_than_there_is() -> None:
    with pytest.raises(a.ArithmeticRefusedError, match="more than the whole catheter"):
        a.implanted_length(parse("110 cm"), parse("111 cm"))


@given(am.concentrations, am.concentrations, am.volumes)
def test_a_recipe_holds_the_mass_that_is_wanted(
    one: Quantity, two: Quantity, volume: Quantity
) -> None:
    wanted = {"morphine": one, "clonidine": two}
    stocks = {"morphine": one * 3, "clonidine": two * 4}
    found = a.recipe(wanted, stocks, volume)
    parts, rest = rederived.stock_volumes(
        {d: am.mg_ml(v) for d, v in wanted.items()},
        {d: am.mg_ml(v) for d, v in stocks.items()},
        am.ml(volume),
    )
    assert all(am.near(am.ml(found.stocks[d]), parts[d]) for d in wanted)
    assert am.near(am.ml(found.diluent), rest)
    together = sum((am.ml(part) for part in found.stocks.values()), am.ml(found.diluent))
    assert am.near(together, am.ml(volume))


def test_a_recipe_that_does_not_fit_is_refused() -> None:
    wanted, volume = {"morphine": parse("20 mg/mL")}, parse("20 mL")
    with pytest.raises(a.ArithmeticRefusedError, match="20 mL too much"):
        a.recipe(wanted, {"morphine": parse("10 mg/mL")}, volume)
    with pytest.raises(a.ArithmeticRefusedError, match="no stock of morphine"):
        a.recipe(wanted, {}, volume)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(4, 4 * 30).map(lambda n: Fraction(n, 4)),
    st.one_of(st.none(), st.integers(0, 8)),
    st.booleans(),
)
def test_no_schedule_packs_more_boluses_into_a_day(
    lockout: Fraction, most: int | None, clock_day: bool
) -> None:
    found = a.boluses_in_a_day(q.of_fraction(lockout, "h"), most, clock_day=clock_day)
    tried = rederived.most_boluses(lockout, most, clock_day=clock_day)
    assert tried <= found
    if not clock_day or most is None:
        assert tried == found


@pytest.mark.parametrize(
    ("lockout", "most", "clock_day", "count"),
    [
        ("4 h", None, False, 6),
        ("4 h", 4, False, 4),
        ("4 h", 4, True, 6),  # four before midnight would take 12 h: six fit by lockout
        ("1 h", 4, True, 8),  # four just before midnight and four just after
        ("5 h", None, False, 5),
        ("24 h", None, False, 1),
        ("36 h", None, False, 1),
        ("4 h", 0, True, 0),
        ("10 min", None, False, 144),
    ],
)
def test_boluses_are_counted_over_any_day(
    lockout: str, most: int | None, clock_day: bool, count: int
) -> None:
    assert a.boluses_in_a_day(parse(lockout), most, clock_day=clock_day) == count


@given(am.volumes, am.numbers("0.05", "0.95"), am.numbers("0", "1"))
def test_error_of_flow_is_what_went_against_what_should(
    filled: Quantity, left: Decimal, found: Decimal
) -> None:
    expected, measured = filled * left, filled * found
    error = a.error_of_flow(filled, expected, measured)
    exact = rederived.flow_error(am.ml(filled), am.ml(expected), am.ml(measured))
    assert abs(Fraction(error) - exact) < Fraction(1, 10**20)
    assert (error > 0) == (measured < expected)


def test_nothing_was_to_be_delivered() -> None:
    with pytest.raises(a.ArithmeticRefusedError, match="not less than what was filled"):
        a.error_of_flow(parse("20 mL"), parse("20 mL"), parse("19 mL"))


@pytest.mark.parametrize("zero", ["0 mg/mL", "0.0 mg/mL"])
def test_nought_is_refused_where_it_would_divide(zero: str) -> None:
    with pytest.raises(a.ArithmeticRefusedError, match="not above nought"):
        a.flow_for(parse("1 mg/day"), parse(zero))
    with pytest.raises(a.ArithmeticRefusedError, match="not above nought"):
        a.running_time(parse("20 mL"), parse("0 mL/day"))
