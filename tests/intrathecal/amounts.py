"""Amounts for property tests: what a pump may hold and give, in several units."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from crural import quantity as q
from crural.quantity import Quantity


def numbers(least: str, most: str, places: int = 3) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(least), Decimal(most), places=places, allow_nan=False)


def of(strategy: st.SearchStrategy[Decimal], *units: str) -> st.SearchStrategy[Quantity]:
    return st.builds(q.quantity, strategy, st.sampled_from(units))


doses = of(numbers("0.05", "20"), "mg/day", "mg/h", "mg/week")
concentrations = of(numbers("0.5", "50"), "mg/mL", "g/L")
flows = of(numbers("0.05", "3"), "mL/day")
volumes = of(numbers("5", "40"), "mL")
lines = of(numbers("0.05", "0.9"), "mL")
lengths = of(numbers("20", "100", 1), "cm", "cm")
shares = of(numbers("0", "0.3"), "1")


def ml(value: Quantity) -> Fraction:
    return q.fraction(value, "mL")


def ml_day(value: Quantity) -> Fraction:
    return q.fraction(value, "mL/day")


def mg_day(value: Quantity) -> Fraction:
    return q.fraction(value, "mg/day")


def mg_ml(value: Quantity) -> Fraction:
    return q.fraction(value, "mg/mL")


def near(found: Fraction, wanted: Fraction) -> bool:
    """Equal but for the 28th digit."""
    return abs(found - wanted) <= abs(wanted) * Fraction(1, 10**24)
