"""What painted regions say, and what they do not."""

from __future__ import annotations

import pytest

from crural.knowledge import Knowledge
from crural.pain_map import REGION_NAMES
from crural.record import Observation, Record
from crural.report.body_map import body_map
from crural.web.assessment import painting


def _said(
    painted: set[str], knowledge: Knowledge, nowhere_else: bool = False
) -> dict[str, tuple[bool | None, str | None]]:
    side = painting.side_of(painted)
    made = painting.observations_of(painted, nowhere_else, (), side, knowledge)
    return {o.finding: (o.present, o.side) for o in made}


def test_every_region_has_a_finding_and_can_be_painted(knowledge: Knowledge) -> None:
    drawn = painting.spots_of(body_map(Record(age=50, sex="male", side=None)).shapes)
    assert {spot.id for spot in drawn} == painting.SPOTS
    assert set(painting.FINDING_OF) == set(REGION_NAMES)
    assert set(painting.FINDING_OF.values()) | set(painting.SHAPES) <= set(knowledge.findings)


@pytest.mark.parametrize(
    ("painted", "side"),
    [
        (set(), None),
        ({"left-low-back", "right-low-back"}, None),
        ({"left-calf", "right-low-back"}, "left"),
        ({"left-calf", "right-knee"}, "bilateral"),
    ],
)
def test_the_painful_leg_is_the_painted_one(painted: set[str], side: str | None) -> None:
    assert painting.side_of(painted) == side


def test_paint_on_one_leg_speaks_of_the_painful_leg(knowledge: Knowledge) -> None:
    assert _said({"left-calf"}, knowledge) == {"pain-calf": (True, None)}


def test_paint_on_both_legs_speaks_of_each(knowledge: Knowledge) -> None:
    said = _said({"left-calf", "right-calf", "right-knee"}, knowledge)
    assert said == {"pain-calf": (True, "both"), "pain-knee": (True, "right")}


def test_pain_of_the_low_back_has_no_side(knowledge: Knowledge) -> None:
    assert _said({"left-low-back"}, knowledge) == {"pain-low-back": (True, None)}


def test_places_without_paint_are_not_known(knowledge: Knowledge) -> None:
    assert all(present for present, _ in _said({"left-calf"}, knowledge).values())


def test_pain_nowhere_else_denies_no_place_that_the_painted_one_implies(
    knowledge: Knowledge,
) -> None:
    said = _said({"left-back-knee", "left-back-thigh"}, knowledge, nowhere_else=True)
    assert said["pain-groin"] == (False, None)
    assert "pain-knee" not in said
    assert "pain-thigh" not in said


def test_words_win_over_paint(knowledge: Knowledge) -> None:
    stated = [Observation(finding="pain-calf", present=False)]
    made = painting.observations_of({"left-calf"}, False, stated, "left", knowledge)
    assert made == []


@pytest.mark.parametrize(
    ("regions", "alike"),
    [
        (("outer-thigh", "shin", "foot"), "pain-in-root-l5"),
        (("buttock", "back-thigh", "calf", "sole"), "pain-in-root-s1"),
        (("groin", "front-thigh", "knee"), "pain-in-root-l2-l4"),
        (("buttock", "calf"), "pain-radiating-below-knee"),
        (("front-thigh", "outer-thigh"), "pain-anterolateral-thigh"),
    ],
)
def test_the_shape_of_the_painted_area_is_recognised(regions: tuple[str, ...], alike: str) -> None:
    assert alike in painting.shapes_alike({f"left-{region}" for region in regions})


def test_a_stocking_needs_both_legs() -> None:
    regions = ("shin", "inner-shin", "calf", "ankle", "foot", "sole")
    one = {f"left-{r}" for r in regions}
    assert "pain-below-knees-stocking" not in painting.shapes_alike(one)
    both = one | {f"right-{r}" for r in regions}
    assert "pain-below-knees-stocking" in painting.shapes_alike(both)


def test_one_place_has_no_shape() -> None:
    for region in ("knee", "groin", "buttock", "low-back"):
        assert painting.shapes_alike({f"left-{region}"}) == ()
