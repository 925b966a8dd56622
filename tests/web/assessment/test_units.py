"""Durations as they were said."""

from __future__ import annotations

import pytest

from crural.web.assessment.units import duration_of


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (730.5, "d", (2, "years")),
        (1643.625, "d", (4.5, "years")),
        (49, "d", (7, "weeks")),
        (50, "d", (50, "days")),
        (3, "weeks", (3, "weeks")),
    ],
)
def test_a_duration_is_shown_as_it_was_said(
    value: float, unit: str, said: tuple[float, str]
) -> None:
    assert duration_of(value, unit) == said
