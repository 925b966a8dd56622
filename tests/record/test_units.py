"""Units: spellings, conversions, and what cannot be converted."""

from __future__ import annotations

import pytest

from crural.record.units import UnitError, convert, ucum, understood, units_of


@pytest.mark.parametrize(
    ("finding", "value", "unit", "wanted", "converted"),
    [
        ("crp", 4.1, "mg/dL", "mg/L", 41),
        ("crp", 4, "MG/L", "mg/L", 4),
        ("vitamin-d", 20, "ng/mL", "nmol/L", 50),
        ("vitamin-d", 19.9, "ng/mL", "nmol/L", 49.75),
        ("vitamin-d", 12, "µg/L", "nmol/L", 30),
        # The pairs printed on laboratory forms; 6.5 % must reach the limit of diabetes.
        ("hba1c", 5.0, "%", "mmol/mol", 31),
        ("hba1c", 6.0, "%", "mmol/mol", 42),
        ("hba1c", 6.4, "%", "mmol/mol", 46),
        ("hba1c", 6.5, "%", "mmol/mol", 48),
        ("hba1c", 9.0, "%", "mmol/mol", 75),
        ("temperature-raised", 100, "F", "Cel", 37.8),
        ("temperature-raised", 98.6, "°F", "Cel", 37),
        ("abi", 80, "%", "1", 0.8),
        ("wcc", 12_400, "/uL", "10*9/L", 12.4),
        ("wcc", 12.4, "x10^9/L", "10*9/L", 12.4),
        ("pvr", 0.3, "L", "mL", 300),
        ("walking-distance", 1.5, "km", "m", 1500),
        ("walking-distance", 0.5, "miles", "m", 804.672),
        ("walking-distance", 100, "yards", "m", 91.44),
        ("walking-distance", 500, "feet", "m", 152.4),
        ("morning-stiffness", 1, "hour", "min", 60),
        ("pain-duration", 6, "weeks", "d", 42),
        ("pain-duration", 2, "months", "d", 60.875),
        ("pain-duration", 2, "years", "d", 730.5),
        ("life-expectancy", 1, "year", "mo", 12),
        ("life-expectancy", 52, "weeks", "mo", 12),
        ("life-expectancy", 365, "days", "mo", 12),
        ("life-expectancy", 90, "days", "mo", 3),
        ("qtc", 0.46, "s", "ms", 460),
        ("egfr", 1.0, "mL/s", "mL/min", 60),
    ],
)
def test_conversion(finding: str, value: float, unit: str, wanted: str, converted: float) -> None:
    assert convert(finding, value, unit, wanted) == converted


def test_conversion_from_mass_to_amount_needs_to_know_the_substance() -> None:
    with pytest.raises(UnitError, match="ng/mL cannot be converted to nmol/L"):
        convert("b12", 300, "ng/mL", "nmol/L")


def test_multiple_of_the_upper_limit_cannot_come_from_an_activity() -> None:
    with pytest.raises(UnitError) as caught:
        convert("alp", 110, "U/L", "{xULN}")
    assert "upper limit" in caught.value.problem
    assert "divide the result" in caught.value.remedy


@pytest.mark.parametrize(
    ("spelling", "unit"),
    [
        ("mL/min/1.73 m²", "mL/min"),
        ("mL/min/{1.73_m2}", "mL/min"),
        ("10^3/uL", "10*9/L"),
        ("K/µL", "10*9/L"),
        ("mEq/L", "mmol/L"),
        ("kg/m²", "kg/m2"),
        ("msec", "ms"),
        ("mm/1st hour", "mm/h"),
        ("mm3", "/uL"),
        ("wks", "wk"),
        ("x10³/µL", "10*9/L"),
        ("INR", "1"),
    ],
)
def test_spelling_of_a_laboratory_form_is_known(spelling: str, unit: str) -> None:
    assert ucum(spelling) == unit


def test_unknown_spelling_is_left_as_it_is() -> None:
    assert ucum(" furlong ") == "furlong"


@pytest.mark.parametrize("unit", ["{NRS}", "{T-score}", "1", "mm/h", "kg/m2", "Cel"])
def test_what_can_hardly_be_meant_otherwise_does_without_a_unit(unit: str) -> None:
    assert understood(unit)


@pytest.mark.parametrize("unit", ["{xULN}", "mg/L", "10*9/L", "d", "m", "mL/min"])
def test_what_is_written_in_several_units_does_not(unit: str) -> None:
    assert not understood(unit)


@pytest.mark.parametrize(
    ("finding", "unit", "written"),
    [
        ("crp", "mg/L", "mg/L or mg/dL"),
        ("hba1c", "mmol/mol", "mmol/mol or %"),
        ("pain-duration", "d", "days, weeks, months or years"),
        ("alp", "{xULN}", "xULN"),
    ],
)
def test_units_are_named_as_people_write_them(finding: str, unit: str, written: str) -> None:
    assert units_of(finding, unit) == written
