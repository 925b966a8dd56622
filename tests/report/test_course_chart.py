"""C15: pain scores are drawn over the course that was to be expected."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from crural.report.course_chart import HEIGHT, WIDTH, course_chart

from .made import course

SVG = "{http://www.w3.org/2000/svg}"


def paths(svg: str, kind: str) -> list[tuple[float, float]]:
    [path] = [p for p in ET.fromstring(svg).iter(f"{SVG}path") if p.get("class") == kind][:1]
    pairs = re.findall(r"([\d.]+) ([\d.]+)", path.attrib["d"])
    return [(float(x), float(y)) for x, y in pairs]


def test_every_score_is_drawn_in_order_of_time() -> None:
    points = paths(course_chart(course()), "scores")
    assert len(points) == 3
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    # A lower score lies lower in the picture.
    assert points[2][1] > points[1][1] == points[0][1]


def test_the_expected_course_starts_at_the_first_pain_and_lies_in_its_band() -> None:
    svg = course_chart(course())
    expected, band = paths(svg, "expected"), paths(svg, "band")
    assert expected[0] == paths(svg, "scores")[0]
    half = len(band) // 2
    upper, lower = band[:half], band[half:][::-1]
    for (_, middle), (_, above), (_, below) in zip(expected, upper, lower, strict=True):
        assert above <= middle <= below


def test_the_chart_says_in_words_what_it_shows() -> None:
    said = course_chart(course())
    assert "<title" in said
    assert "7 at week 8" in said
    assert "Off course" in said


@pytest.mark.parametrize("week", [0.5, 3.0, 40.0, 400.0])
def test_the_chart_ends_where_the_scores_can_be_seen(week: float) -> None:
    scores = [{"week": 0.0, "nrs": 8.0}, {"week": week, "nrs": 7.0}]
    svg = course_chart(course(scores=scores))
    last = paths(svg, "scores")[-1][0]
    assert last <= WIDTH
    drawn = paths(svg, "expected")
    assert drawn[-1][0] == pytest.approx(WIDTH - 12, abs=0.2)
    assert all(0 <= y <= HEIGHT for _, y in drawn)


def test_scores_before_the_treatment_are_drawn_too() -> None:
    scores = [{"week": -3.0, "nrs": 8.0}, {"week": 2.0, "nrs": 7.0}]
    points = paths(course_chart(course(scores=scores)), "scores")
    assert points[0][0] < paths(course_chart(course(scores=scores)), "expected")[0][0]
