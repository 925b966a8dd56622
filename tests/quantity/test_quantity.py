"""Amounts with units: read as written, converted exactly, refused when they could be misread."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural import quantity as q
from crural.errors import CruralError

NUMBERS = st.decimals(
    min_value=Decimal("0.0001"), max_value=Decimal("99999"), places=4, allow_nan=False
)
# Units of one kind with the exact number of the first that each holds.
KINDS = {
    "dose": {"mg": Fraction(1), "microgram": Fraction(1, 1000), "g": Fraction(1000)},
    "daily dose": {
        "mg/day": Fraction(1),
        "mg/h": Fraction(24),
        "ug/h": Fraction(24, 1000),
        "microgram/min": Fraction(1440, 1000),
        "mg/week": Fraction(1, 7),
    },
    "flow": {"mL/day": Fraction(1), "uL/h": Fraction(24, 1000), "mL/h": Fraction(24)},
    "concentration": {"mg/mL": Fraction(1), "ug/mL": Fraction(1, 1000), "g/L": Fraction(1)},
    "charge": {"uC": Fraction(1), "nC": Fraction(1, 1000), "mA·ms": Fraction(1)},
}
PAIRS = [(a, b, k) for k, units in KINDS.items() for a in units for b in units]


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("1.5 mg/day", "1.5", "mg/day"),
        ("1.5mg/d", "1.5", "mg/day"),
        ("1.50 mg per day", "1.50", "mg/day"),
        ("20 mg/mL", "20", "mg/mL"),
        ("20 mg/ml", "20", "mg/mL"),
        ("0.25 mL", "0.25", "mL"),
        ("150 mcg/24h", "150", "microgram/day"),
        ("150 µg / 24 h", "150", "microgram/day"),
        ("150 μg/day", "150", "microgram/day"),
        ("6 mm2", "6", "mm2"),
        ("6 mm^2", "6", "mm2"),
        ("30 uC/cm²", "30", "µC/cm2"),
        ("0.0026 mL/cm", "0.0026", "mL/cm"),
        ("50 /s", "50", "Hz"),
        ("90 days", "90", "day"),
    ],
)
def test_an_amount_is_read_as_it_is_written(text: str, number: str, unit: str) -> None:
    read = q.parse(text)
    assert str(read.magnitude) == number
    assert q.unit_text(read.units) == unit


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "does not begin with a number"),
        ("mg", "does not begin with a number"),
        ("5", "has no unit"),
        ("0,25 mL", "decimal or thousands"),
        ("1,000 mcg", "decimal or thousands"),
        ("1,000.5 mcg", "decimal or thousands"),
        (".5 mg", "write '0.5'"),
        ("5. mg", "write '5'"),
        ("5 Mg", "did you mean 'mg'"),
        ("5 MG", "did you mean 'mg'"),
        ("5 MA", "did you mean 'mA'"),
        ("5 mikrograms", "did you mean 'micrograms'"),
        ("5 mg/furlong", "'furlong' in 'mg/furlong'"),
        ("5 µ", "not a unit"),
        ("5 mL/", "not a unit"),
        ("1e3 mg", "not a unit"),
        ("1.2.3 mg", "does not begin with a number"),
        ("-1 mg", "has a sign"),
        ("+1 mg", "has a sign"),
        ("5 units", "not a unit"),
    ],
)
def test_what_could_be_misread_is_refused_with_a_remedy(text: str, says: str) -> None:
    with pytest.raises(q.QuantityError) as caught:
        q.parse(text, field="--dose")
    assert says in str(caught.value)
    assert "--dose" in str(caught.value)
    assert "Remedy" in str(caught.value)
    assert isinstance(caught.value, CruralError)


def test_a_sign_is_read_where_it_has_a_meaning() -> None:
    assert q.parse("-2 mA", q.CURRENT, signed=True).magnitude == Decimal(-2)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("20 mg/mL", q.DOSE, "is not a dose but a concentration"),
        ("20 mg", q.DAILY_DOSE, "is not a dose per time but a dose"),
        ("20 mL", q.DOSE, "is not a dose but a volume"),
        ("2 mg/cm", q.FLOW, "is not a flow but an amount in mg/cm"),
    ],
)
def test_an_amount_of_another_kind_is_refused(text: str, kind: str, says: str) -> None:
    with pytest.raises(q.QuantityError, match=says):
        q.parse(text, kind)


def test_a_float_is_no_exact_number() -> None:
    with pytest.raises(TypeError):
        q.quantity(0.1, "mg")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        q.quantity("1", "mg") * 0.1


def test_different_kinds_can_be_neither_added_nor_compared() -> None:
    dose, volume = q.parse("1 mg"), q.parse("1 mL")
    with pytest.raises(pint.DimensionalityError):
        dose + volume
    with pytest.raises(pint.DimensionalityError):
        assert dose < volume
    with pytest.raises(pint.DimensionalityError):
        dose.to("millilitre")
    assert dose != volume
    with pytest.raises(q.QuantityError, match="1 mg is a dose and cannot be given in mL"):
        q.amount(dose, "mL")


def test_a_dose_over_a_concentration_is_a_volume() -> None:
    flow = q.parse("1.5 mg/day") / q.parse("20 mg/mL")
    assert q.is_kind(flow, q.FLOW)
    assert q.amount(flow, "mL/day") == Decimal("0.075")
    assert q.kind_of(flow) == "a flow"


def test_a_day_has_twenty_four_hours_exactly() -> None:
    a_day, an_hour = q.parse("24 mg/day"), q.parse("1 mg/h")
    assert a_day == an_hour
    assert hash(a_day) == hash(an_hour)
    assert a_day <= an_hour
    assert not a_day < an_hour
    assert q.amount(a_day, "mg/h") == Decimal(1)
    assert a_day + an_hour == q.parse("48 mg/day")
    assert q.parse("0 mg") == 0
    assert q.parse("1 mg") > 0
    assert q.parse("1 mg") != 1


@pytest.mark.parametrize(
    "digits", ["9" * 250, "9" * 21, "0." + "0" * 200 + "1", "0.0000000000001", "1" + "0" * 13]
)
def test_a_number_that_no_amount_has_is_refused(digits: str) -> None:
    with pytest.raises(q.QuantityError, match="than any amount that occurs") as refused:
        q.parse(f"{digits} mg")
    assert len(str(refused.value)) < 300


def test_the_longest_number_that_is_read_stays_as_it_was_written() -> None:
    for digits in ("1234567.1234567890123", "0.000000000001", "1000000000000", "0.00", "0"):
        assert q.amount(q.parse(f"{digits} mg"), "mg") == Decimal(digits)


@given(number=NUMBERS, pair=st.sampled_from(PAIRS))
def test_conversion_gives_what_fractions_give(number: Decimal, pair: tuple[str, str, str]) -> None:
    source, target, kind = pair
    exact = Fraction(number) * KINDS[kind][source] / KINDS[kind][target]
    converted = q.amount(q.quantity(number, source), target)
    assert abs(Fraction(converted) - exact) <= abs(exact) * Fraction(1, 10**27)
    if (exact * 10**15).denominator == 1:
        assert Fraction(converted) == exact


@given(number=NUMBERS, other=NUMBERS, pair=st.sampled_from(PAIRS))
def test_comparison_does_what_fractions_do(
    number: Decimal, other: Decimal, pair: tuple[str, str, str]
) -> None:
    source, target, kind = pair
    first, second = q.quantity(number, source), q.quantity(other, target)
    left, right = Fraction(number) * KINDS[kind][source], Fraction(other) * KINDS[kind][target]
    assert (first == second, first < second, first <= second, first > second) == (
        *(left == right, left < right, left <= right, left > right),
    )
    assert left != right or hash(first) == hash(second)


@given(number=NUMBERS, pair=st.sampled_from(PAIRS))
def test_what_is_shown_is_read_back(number: Decimal, pair: tuple[str, str, str]) -> None:
    value = q.quantity(number, pair[0])
    assert q.parse(q.show(value, places=None)) == value
    in_json = q.as_json(value)
    assert q.quantity(in_json["value"], in_json["unit"].replace(".", "·")) == value


@pytest.mark.parametrize(
    ("text", "places", "shown"),
    [
        ("1.50 mg", 4, "1.5 mg"),
        ("100 mg", 4, "100 mg"),
        ("0.00001234 mg", 4, "0.000012 mg"),
        ("0.00000 mg", 4, "0 mg"),
        ("2.00005 mL", 4, "2 mL"),
        ("2.5 mL", 0, "2 mL"),
        ("2.00005 mL", None, "2.00005 mL"),
        ("3 ug/d", 4, "3 microgram/day"),
    ],
)
def test_amounts_are_shown_without_trailing_noughts(text: str, places: int, shown: str) -> None:
    assert q.show(q.parse(text), places=places) == shown


def test_an_amount_is_shown_in_the_unit_that_is_named() -> None:
    assert q.show(q.parse("1.5 mg/day"), "microgram/h") == "62.5 microgram/h"
    assert q.as_json(q.parse("1.5 mg/day"), "mg/d") == {"value": "1.5", "unit": "mg/d"}
    assert q.show(q.parse("6 mg") / q.parse("3 mg")) == "2"
    assert q.kind_of(q.parse("6 mg") / q.parse("3 mg")) == "a plain number"
