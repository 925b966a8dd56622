"""Doses as clinicians write them: read exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.history.doses import DailyDose, daily_dose

AMOUNTS = st.decimals("0.001", "5000", places=3).filter(lambda d: d > 0)
HOW_OFTEN = {
    "once daily": 1,
    "at night": 1,
    "nocte": 1,
    "twice daily": 2,
    "bd": 2,
    "bid": 2,
    "every 12 hours": 2,
    "three times a day": 3,
    "tds": 3,
    "3 x daily": 3,
    "8-hourly": 3,
    "four times daily": 4,
    "qds": 4,
    "4/day": 4,
    "every 4 hours": 6,
}


def written(amount: Decimal) -> str:
    """A number as a clinician writes it: without the thousands that could be read two ways."""
    return format(amount.normalize(), "f")


@given(st.decimals("0.01", "5000", places=2), st.sampled_from(sorted(HOW_OFTEN)))
def test_amount_times_frequency_is_the_daily_dose(amount: Decimal, often: str) -> None:
    dose = daily_dose(f"{written(amount)} mg {often}")

    assert dose == DailyDose(amount * HOW_OFTEN[often], "mg/day")


@pytest.mark.parametrize(
    ("text", "milligrams"),
    [
        ("150 mg twice daily", "300"),
        ("pregabalin 75mg BD", "150"),
        ("900 mg/day", "900"),
        ("900 mg per day", "900"),
        ("1 g four times daily", "4000"),
        ("2 x 500 mg daily", "1000"),
        ("30-60 mg every 4 hours", "360"),
        ("25 mg at night", "25"),
        ("0.125 mg daily", "0.125"),
        ("500 micrograms once a day", "0.5"),
        ("40 mg once a day for 3 weeks", "40"),
        ("20 mg daily for 5 days", "20"),
    ],
)
def test_usual_ways_of_writing_are_understood(text: str, milligrams: str) -> None:
    assert daily_dose(text) == DailyDose(Decimal(milligrams), "mg/day")


@pytest.mark.parametrize("text", ["50 micrograms/h", "50 mcg/hour patch", "0.05 mg per h"])
def test_a_patch_is_given_by_the_hour(text: str) -> None:
    assert daily_dose(text) == DailyDose(Decimal(50), "ug/h")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "high dose",
        "50 mg",
        "10 mg as needed",
        "10 mg prn up to 3 times a day",
        "5 mg/kg",
        "20 mg/ml",
        "20 mg for 5 days",
        "20 mg for 5 d",
        "70 mg once weekly",
        "10 mg morning and 20 mg night",
        "1,500 mg daily",
        "1.500 mg daily",
        "0 mg daily",
        "10 mg every 5 hours",
        "bd or tds 10 mg",
        "10 mg every other day",
    ],
)
def test_what_is_not_plain_is_not_guessed(text: str) -> None:
    assert daily_dose(text) is None


@given(st.text(max_size=60))
def test_any_text_gives_a_positive_dose_or_none(text: str) -> None:
    dose = daily_dose(text)

    assert dose is None or dose.amount > 0


@given(AMOUNTS.map(written), st.sampled_from(["mg", "g", "mcg", "µg", "micrograms"]))
def test_the_same_mass_in_another_unit_is_the_same_dose(number: str, unit: str) -> None:
    grams = {"mg": "0.001", "g": "1", "mcg": "0.000001", "µg": "0.000001", "micrograms": "0.000001"}

    dose = daily_dose(f"{number} {unit} daily")

    if dose is not None:
        assert dose.amount == Decimal(number) * Decimal(grams[unit]) * 1000
