"""Values and places as errors show them."""

from __future__ import annotations

import pytest

from crural.record.field_error import FieldError, dotted, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        ("left", "'left'"),
        ("a\x1b[31m", "'a\\x1b[31m'"),
        ("x" * 100, "'" + "x" * 38 + "…"),
        (4.5, "4.5"),
        (10**4000, "a number of more than 40 digits"),
        ({"a": 1}, "a group of keys"),
        ([1], "a list"),
        ({1}, "a list"),
    ],
)
def test_values_are_shown_short_and_safe(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_place_is_dotted() -> None:
    assert dotted(("observations", 2, "value")) == "observations.2.value"
    assert dotted(()) == ""


def test_a_fault_seen_from_further_out() -> None:
    outer = FieldError(("value",), "too high", "check it").within(("observations", 2))
    assert outer.place == ("observations", 2, "value")
    assert str(outer) == "too high. Remedy: check it"
