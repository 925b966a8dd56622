from __future__ import annotations

import datetime as dt

import pytest

from crural import Assessment
from crural.pain_map import REGION_NAMES, REGIONS_OF, marks_of
from crural.record import Observation, Record
from crural.report.body_map import NOT_DRAWN, Shape, body_map, description

from .made import pain, patient


def painted(record: Record) -> list[Shape]:
    return [shape for shape in body_map(record).shapes if shape.mark]


def test_every_finding_of_the_table_is_in_the_vocabulary(example: Assessment) -> None:
    assert {*REGIONS_OF, *NOT_DRAWN} <= set(example.knowledge.findings)


def test_every_region_can_be_painted_and_has_a_drawing_on_both_sides() -> None:
    drawn = {(shape.title, shape.side) for shape in body_map(patient()).shapes}
    for region, name in REGION_NAMES.items():
        assert any(region in regions for regions in REGIONS_OF.values())
        for side in ("left", "right"):
            title = f"{name}, {side} side" if region == "low-back" else f"{side} {name}"
            assert (title, side) in drawn


def test_the_patients_left_is_right_in_the_front_view_and_left_in_the_back_view() -> None:
    # Drawn is the half to the right of the midline; a mirrored shape lies to the left of it.
    lies = {(s.view, s.side, s.mirrored) for s in body_map(patient()).shapes}
    assert lies == {
        ("front", "left", False),
        ("front", "right", True),
        ("back", "left", True),
        ("back", "right", False),
    }


@pytest.mark.parametrize("side", ["left", "right"])
def test_pain_without_a_side_is_on_the_painful_leg(side: str) -> None:
    shapes = painted(patient(pain("pain-calf"), side=side))
    assert [(s.view, s.title, s.mark) for s in shapes] == [("back", f"{side} calf", "pain")]


def test_pain_of_the_other_leg_is_on_the_other_leg() -> None:
    assert [s.side for s in painted(patient(pain("pain-calf", "right"), side="left"))] == ["right"]


def test_pain_in_a_dermatome_fills_several_regions() -> None:
    marks = marks_of(patient(pain("pain-in-root-l5")))
    assert set(marks) == {("outer-thigh", "left"), ("shin", "left"), ("foot", "left")}


def test_low_back_pain_is_painted_across_the_midline() -> None:
    marks = marks_of(patient(pain("pain-low-back"), side="left"))
    assert set(marks) == {("low-back", "left"), ("low-back", "right")}


def test_pain_in_both_legs_is_painted_on_both() -> None:
    marks = marks_of(patient(pain("pain-knee"), side="bilateral"))
    assert set(marks) == {("knee", "left"), ("knee", "right")}


def test_a_side_that_was_never_recorded_is_marked_as_uncertain() -> None:
    record = patient(pain("pain-knee"), side=None)
    assert set(marks_of(record).values()) == {"pain, side not recorded"}
    assert body_map(record).description == "Side not recorded: knee."


def test_pain_that_is_absent_is_not_painted() -> None:
    assert painted(patient(Observation(finding="pain-calf", present=False))) == []


def test_the_latest_observation_counts() -> None:
    early, late = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
    gone = Observation(finding="pain-calf", present=False, date=late)
    assert painted(patient(gone, pain("pain-calf", date=early))) == []


def test_the_figure_is_told_in_words() -> None:
    record = patient(pain("pain-low-back"), pain("pain-buttock"), pain("pain-sole"))
    assert (
        body_map(record).description == "Both sides: low back. Left side: buttock, sole and heel."
    )
    assert description({}) == "No place of pain is recorded that could be drawn."
