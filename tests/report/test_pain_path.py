"""C16, C17: the picture shows where on the pain's path causes and treatments act."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural import Assessment
from crural.report import as_data, words
from crural.report.pain_path import (
    WIDTH,
    Item,
    description,
    pain_path,
    stations_of,
)

from .made import (
    Data,
    assessment_data,
    attempt,
    candidacy,
    cause,
    ladder,
    option,
    rung,
)

SVG = "{http://www.w3.org/2000/svg}"


def told(**changes: object) -> dict[str, list[str]]:
    stations = stations_of(assessment_data(**changes))
    return {name: [item.words for item in items] for name, items in stations.items()}


def marks(**changes: object) -> dict[str, list[str]]:
    stations = stations_of(assessment_data(**changes))
    return {name: [item.mark for item in items] for name, items in stations.items()}


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_the_stations_lead_from_the_brain_to_the_leg() -> None:
    assert list(told()) == ["brain", "cord", "columns", "horn", "spine", "root", "nerve", "leg"]
    shown = texts(pain_path(assessment_data()))
    assert [t for t in shown if t in words.SITE.values()] == list(words.SITE.values())


def test_a_leading_cause_stands_where_it_acts() -> None:
    found = told(causes=[cause("Sciatica", 0.62, acts_at=["root"])])
    assert found["root"][0].replace(words.GAP, " ") == "Cause: Sciatica (62 %)"
    assert not any("Cause" in said for name in ("spine", "leg") for said in found[name])


def test_an_unlikely_cause_is_drawn_only_when_there_is_no_other() -> None:
    rare = cause("Rare", 0.03, acts_at=["nerve"])
    assert told(causes=[cause("Sciatica", 0.62), rare])["nerve"] == []
    assert "Rare" in told(causes=[rare])["nerve"][0]


def test_what_failed_is_crossed_and_what_is_next_has_an_arrow() -> None:
    found = marks(
        tried=[attempt(acts_on=["leg"]), attempt("tens", "helps", acts_on=["nerve"])],
        ladder=ladder(rung(options=[option(acts_on=["cord"])])),
        causes=[cause(acts_at=["root"])],
    )
    assert found["leg"] == ["tried"]
    assert found["cord"] == ["next"]
    assert found["nerve"] == []


def test_only_what_the_patient_has_is_going_on() -> None:
    has = option("tramadol", "going-on", acts_on=["nerve"])
    can = option("paracetamol", "offer", acts_on=["nerve"])
    assert told(ladder=ladder(rung("Drugs", "in-progress", options=[can, has])))["nerve"] == [
        "Going on: tramadol"
    ]
    assert told(ladder=ladder(rung(options=[can, has])))["nerve"] == [
        "Going on: tramadol",
        "Next: paracetamol",
    ]


def test_long_names_are_counted_rather_than_told() -> None:
    long = [option(f"{'very ' * 6}long name {i}", acts_on=["nerve"]) for i in range(3)]
    [said] = told(ladder=ladder(rung(options=long)))["nerve"]
    assert said == f"Next: {'very ' * 6}long name 0, and 2 more"


def test_a_treatment_that_is_barred_or_advised_against_is_not_drawn_as_next() -> None:
    for verdict in ("barred", "advised-against", "failed", "not-tolerated"):
        steps = ladder(rung(options=[option(verdict=verdict, acts_on=["nerve"])]))
        assert told(ladder=steps)["nerve"] == []


def test_what_treats_the_cause_acts_where_the_leading_cause_does() -> None:
    steps = ladder(rung(options=[option("disc operation", acts_on=["cause"])]))
    found = told(ladder=steps, causes=[cause(acts_at=["spine"])])
    assert "Next: disc operation" in found["spine"]


@pytest.mark.parametrize(
    ("status", "said"),
    [("due", "due"), ("not-due", "not due"), ("barred", "barred"), ("unknown", "not known")],
)
def test_stimulation_is_at_the_dorsal_columns_and_morphine_at_the_dorsal_horn(
    status: str, said: str
) -> None:
    found = told(
        candidacy={"stimulation": candidacy(status), "intrathecal": candidacy(status)}, ladder=None
    )
    assert found["columns"] == [f"Spinal cord stimulation: {said}"]
    assert found["horn"] == [f"Intraspinal morphine: {said}"]


def test_both_therapies_are_shown_when_nothing_is_known_of_them() -> None:
    found = told(candidacy={}, ladder=None)
    assert found["columns"] == ["Spinal cord stimulation: not known"]
    assert found["horn"] == ["Intraspinal morphine: not known"]


def test_a_therapy_that_is_due_says_when_other_steps_come_first() -> None:
    assert told()["columns"][0] == (
        "Spinal cord stimulation: due (a later step; others come first)"
    )


def test_a_stimulator_on_the_next_rung_acts_at_the_dorsal_columns() -> None:
    device = option("spinal cord stimulation", kind="stimulation", acts_on=["cord"])
    pump = option("intraspinal morphine", kind="intrathecal", acts_on=["cord"])
    found = told(ladder=ladder(rung(options=[device, pump])))
    assert "Next: spinal cord stimulation" in found["columns"]
    assert "Next: intraspinal morphine" in found["horn"]
    assert found["cord"] == []


def test_many_treatments_share_a_line_and_the_rest_is_counted() -> None:
    many = [option(f"drug {i}", acts_on=["nerve"]) for i in range(5)]
    found = told(ladder=ladder(rung(options=many)))
    assert found["nerve"] == ["Next: drug 0, drug 1, drug 2, and 2 more"]


def test_the_picture_has_a_title_and_says_everything_in_words() -> None:
    svg = pain_path(assessment_data(), "here")
    root = ET.fromstring(svg)
    assert root.get("aria-labelledby") == "here-title here-desc"
    said = "".join(root.find(f"{SVG}desc").itertext())  # type: ignore[union-attr]
    for word in ("Sciatica", "ibuprofen", "duloxetine", "Intraspinal morphine"):
        assert word in said
    assert words.GAP not in svg


def test_no_mark_is_told_by_colour_alone() -> None:
    svg = pain_path(assessment_data())
    shapes = {
        mark: set(re.findall(rf'class="sign {mark}" transform="[^"]*" d="([^"]*)"', svg))
        for mark in ("cause", "tried", "next", "therapy")
    }
    assert all(len(drawn) == 1 for drawn in shapes.values())
    assert len(set.union(*shapes.values())) == 4
    labelled = {"Cause:", "Tried:", "Next:"}
    assert labelled <= {said.split()[0] for said in texts(svg)}


@given(st.integers(0, 3), st.integers(0, 8), st.integers(1, 60))
def test_no_label_lies_over_another_however_much_there_is_to_say(
    causes: int, options: int, length: int
) -> None:
    sites = ["leg", "nerve", "spine", "root", "cord", "brain"]
    data: Data = assessment_data(
        causes=[cause(f"Cause {i} " + "x" * length, 0.5, acts_at=sites) for i in range(causes + 1)],
        ladder=ladder(
            rung(options=[option("y " * length, acts_on=sites) for _ in range(options)] or None)
            if options
            else rung("Rest", "passed"),
            rung("Other", "later"),
        ),
    )
    root = ET.fromstring(pain_path(data))
    height = float(root.attrib["viewBox"].split()[3])
    lines = sorted(float(text.attrib["y"]) for text in root.iter(f"{SVG}text"))
    assert all(b - a >= 14 for a, b in pairwise(lines))
    assert lines[0] > 8
    assert lines[-1] < height


def test_no_line_of_a_label_is_longer_than_the_picture_is_wide() -> None:
    long = cause("Chronicexertionalcompartmentsyndrome" * 4, 0.9, acts_at=["leg"])
    for text in ET.fromstring(pain_path(assessment_data(causes=[long]))).iter(f"{SVG}text"):
        # Seven units a letter is more than any font of this size takes.
        assert float(text.attrib["x"]) + 7 * len("".join(text.itertext())) <= WIDTH + 10


def test_names_from_outside_are_escaped() -> None:
    evil = "<script>&\"'"
    svg = pain_path(assessment_data(tried=[attempt(evil, acts_on=["leg"])]))
    assert "<script" not in svg
    assert any("<script>" in said for said in texts(svg))


def test_the_words_go_from_the_leg_up() -> None:
    said = description(
        {
            "brain": (Item("next", "Next: a"),),
            "root": (),
            "leg": (Item("cause", "Cause: b"), Item("tried", "Tried: c")),
        }
    )
    assert said == "Leg: Cause: b; Tried: c. Brain: Next: a."


def test_every_cause_of_a_real_assessment_has_its_place(example: Assessment) -> None:
    data = as_data(example)
    leading = data["causes"][0]
    assert leading["acts_at"]
    stations = stations_of(data)
    for site in leading["acts_at"]:
        assert any(leading["name"] in item.words for item in stations[site])
