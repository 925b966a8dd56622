"""Sides of the body seen from the painful leg."""

from __future__ import annotations

import pytest

from crural.record.sides import BodySide, PainfulSide, Relative, places_covered, relative_side


@pytest.mark.parametrize(
    ("side", "painful", "relative"),
    [
        ("left", "left", "ipsilateral"),
        ("right", "left", "contralateral"),
        ("left", "right", "contralateral"),
        ("right", "right", "ipsilateral"),
        ("both", "left", "bilateral"),
        ("midline", "left", "midline"),
        # What was not said is meant of the leg that is complained of.
        (None, "left", "ipsilateral"),
        # With pain in both legs there is no other leg.
        ("left", "bilateral", "ipsilateral"),
        ("right", "bilateral", "ipsilateral"),
        ("both", "bilateral", "bilateral"),
        (None, "bilateral", "ipsilateral"),
        # Nor is there when the painful leg was not recorded.
        ("left", None, "ipsilateral"),
        ("right", None, "ipsilateral"),
        (None, None, "ipsilateral"),
    ],
)
def test_relative_side_of_a_sided_finding(
    side: BodySide | None, painful: PainfulSide | None, relative: Relative
) -> None:
    assert relative_side(side, painful) == relative


@pytest.mark.parametrize("painful", ["left", "bilateral", None])
def test_a_finding_of_the_whole_body_is_midline(painful: PainfulSide | None) -> None:
    assert relative_side(None, painful, sided=False) == "midline"


@pytest.mark.parametrize(
    ("side", "painful", "covered"),
    [
        ("both", "left", {"left", "right"}),
        ("right", "left", {"right"}),
        (None, "left", {"left"}),
        (None, "bilateral", {"not said"}),
        (None, None, {"not said"}),
    ],
)
def test_places_an_observation_speaks_of(
    side: BodySide | None, painful: PainfulSide | None, covered: set[str]
) -> None:
    assert places_covered(side, painful) == covered
