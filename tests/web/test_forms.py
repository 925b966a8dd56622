"""What the fields of forms are taken for."""

from __future__ import annotations

import datetime as dt

import pytest
from starlette.datastructures import FormData

from crural.web.forms import RefusedError, date_in, number_in


def number(text: str) -> float | None:
    return number_in(FormData({"x": text}), "x", "length", 0, 10_000)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("7.5", 7.5), ("7,5", 7.5), ("1500", 1500.0), ("0,125", 0.125), ("12,50", 12.5), ("", None)],
)
def test_decimals_stand_after_a_point_or_a_comma(written: str, meant: float | None) -> None:
    assert number(written) == meant


@pytest.mark.parametrize("written", ["1,500", "12,345", "1,234,567"])
def test_a_comma_that_can_mean_thousands_is_refused(written: str) -> None:
    with pytest.raises(RefusedError, match="can mean decimals or thousands"):
        number(written)


@pytest.mark.parametrize("written", ["abc", "1.2.3", "20000", "-1", "nan"])
def test_what_is_no_number_within_the_limits_is_refused(written: str) -> None:
    with pytest.raises(RefusedError):
        number(written)


def test_a_date_is_year_month_day() -> None:
    assert date_in(FormData({"x": "2026-10-27"}), "x") == dt.date(2026, 10, 27)
    assert date_in(FormData({}), "x") is None
    with pytest.raises(RefusedError, match="such as 2026-10-27"):
        date_in(FormData({"x": "27/10/2026"}), "x")
