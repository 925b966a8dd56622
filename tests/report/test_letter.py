"""The letter of referral: what it holds, and that no words of a record act as markup."""

from __future__ import annotations

import itertools
import json
from typing import Any, get_args

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from crural import Assessment
from crural.report import words
from crural.report.letter import About, letter, to_letter
from crural.report.typeset import breakable, pdf

from .made import (
    WITHOUT_TREATMENT,
    alert,
    assessment_data,
    attempt,
    candidacy,
    cause,
    course,
    ladder,
    option,
    patient,
    reason,
    rung,
    source,
)

HOSTILE = (
    "#panic()",
    '#import "x.typ"',
    '#read("/etc/passwd")',
    "$ x^2 $",
    "@nobody <label>",
    "*bold* _emph_ `raw` ``` raw",
    "quote \" and ' and “",
    "back\\slash \\u{41} \\",
    "= Heading\n- list\n+ list\n/ term: x",
    "// comment /* comment",
    "]]]) }) #[",
    "~ -- --- ... \u202e\u0301 \u200b",
    "w" * 400,
    "https://example.org/" + "a" * 200,
)


def texts(content: Any) -> list[str]:
    """Every word of the content in the order of the page."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        inner = [v for k, v in content.items() if k not in {"kind", "style", "svg"}]
        return list(itertools.chain.from_iterable(texts(value) for value in inner))
    if isinstance(content, list):
        return list(itertools.chain.from_iterable(texts(value) for value in content))
    return []


def shown(about: About = "pain-clinic", **changes: object) -> str:
    content = letter(assessment_data(**changes), patient(), about)
    return " ".join(texts(content)).replace(words.GAP, " ").replace("  ", " ")


def headings(about: About = "pain-clinic", **changes: object) -> list[str]:
    content = letter(assessment_data(**changes), patient(), about)
    return [section["heading"] for section in content["sections"]]


def test_a_letter_holds_every_part_in_order() -> None:
    assert headings() == [
        "What must not wait",
        "The patient",
        "What causes the pain",
        "What was tried",
        "Where the patient stands on the ladder",
        "The path of the pain",
        "The course of the pain",
        "Drugs taken now",
        "Spinal cord stimulation: criteria",
        "Intraspinal morphine: criteria",
        "Sources",
        "Limits",
    ]


@pytest.mark.parametrize(
    ("about", "therapies"),
    [
        ("stimulation", ["Spinal cord stimulation: criteria"]),
        ("intrathecal", ["Intraspinal morphine: criteria"]),
        ("surgery", []),
    ],
)
def test_a_letter_about_one_thing_holds_its_criteria_alone(
    about: About, therapies: list[str]
) -> None:
    assert [h for h in headings(about) if h.endswith("criteria")] == therapies


def test_the_title_says_what_it_is_about() -> None:
    titles = {letter(assessment_data(), patient(), about)["title"] for about in get_args(About)}
    assert len(titles) == 4


def test_what_was_tried_has_dose_dates_outcome_and_whether_it_counts() -> None:
    short = attempt(adequacy="too-short", why_not_adequate="15 days; 28 are asked for")
    text = shown(tried=[short])
    for told in (
        "ibuprofen",
        "1200 mg/day",
        "2026-01-20 to 2026-02-03 (15 days)",
        "not enough relief (30 % relief); stopped because of heartburn",
        "too short: 15 days; 28 are asked for",
    ):
        assert told in text


def test_alerts_say_what_to_do() -> None:
    assert "EMERGENCY, act now: Possible cauda equina syndrome" in shown()
    assert "Do: Send to hospital now for MRI." in shown().replace("bold ", "")
    assert "No alert is raised by what is known." in shown(alerts=[])


def test_a_letter_about_surgery_shows_the_surgical_steps_in_full() -> None:
    steps = ladder(
        rung(),
        rung("Disc surgery", "later", stage="surgery", options=[option("disc operation")]),
    )
    assert "Later: Disc surgery" in shown("surgery", ladder=steps)
    assert "Later: Disc surgery" not in shown("stimulation", ladder=steps)


def test_a_warning_for_several_options_is_told_once() -> None:
    text = shown()
    assert text.count("Sleep apnoea: begin low and watch the breathing.") == 1
    assert "Care (all of these)" in text
    third = option("tens", cautions=[])
    some = shown(ladder=ladder(rung(options=[option("a"), option("b"), third])))
    assert "Care (a, b)" in some


def test_a_tall_picture_is_made_narrower_so_that_it_fits_a_page() -> None:
    sites = ["leg", "nerve", "spine", "root", "cord", "brain"]
    many = [cause("A cause with a long name of many words " * 3, 0.5, acts_at=sites)] * 3
    widths = []
    for causes in ([cause()], many):
        content = letter(assessment_data(causes=causes), patient(), "surgery")
        [picture] = [
            block
            for section in content["sections"]
            if section["heading"] == "The path of the pain"
            for block in section["blocks"]
        ]
        widths.append(picture["width"])
    assert widths[0] == 62
    assert widths[1] < 50


def test_criteria_are_told_line_by_line_with_what_to_ask() -> None:
    text = shown("stimulation")
    assert "✓ met Pain for six months" in text
    assert "✗ not met Pain of 50 mm or more" in text
    assert "? unknown Psychological assessment" in text
    assert "Do your kidneys work well?" in text
    assert "Absent: infection." in text


def test_every_mark_has_its_source() -> None:
    content = letter(assessment_data(), patient(), "pain-clinic")
    [sources] = [s for s in content["sections"] if s["heading"] == "Sources"]
    numbers = [item["number"] for item in sources["blocks"][0]["items"]]
    assert numbers == list(range(1, len(numbers) + 1))
    body = " ".join(texts([s for s in content["sections"] if s is not sources]))
    for number in numbers:
        assert f"[{number}]" in body or f"[{number}," in body or f",{number}]" in body


def test_an_assessment_without_treatment_is_still_a_letter() -> None:
    data = assessment_data(**WITHOUT_TREATMENT, alerts=[], ask_now=[], error_bound=0.3)
    for about in get_args(About):
        assert pdf("letter", letter(data, patient(), about)).startswith(b"%PDF-")


def test_a_record_with_everything_is_set() -> None:
    record = patient(
        as_of="2026-03-01",
        drugs=[{"name": "ramipril", "dose": "5 mg"}, "aspirin"],
        illnesses=[{"name": "gout", "since": "2020"}, "asthma"],
        allergies=["penicillin"],
        pain_scores=[{"day": 0, "nrs": 8}, {"date": "2026-02-01", "nrs": 7}],
        note="A note.",
    )
    content = letter(assessment_data(), record, "pain-clinic")
    text = " ".join(texts(content))
    for told in ("ramipril, 5 mg", "gout, since 2020", "penicillin", "day 0: 8", "A note."):
        assert told in text
    assert pdf("letter", content).startswith(b"%PDF-")


@pytest.mark.parametrize("evil", HOSTILE)
def test_words_of_a_record_are_never_markup(evil: str) -> None:
    record = patient(
        id=evil[:200].replace("\n", " "),
        note=evil,
        drugs=[{"name": evil[:200].replace("\n", " ")}],
        allergies=[evil[:200].replace("\n", " ")],
    )
    data = assessment_data(
        alerts=[alert(evil, action=evil, because=[evil])],
        causes=[cause(evil, for_=[reason(evil, sources=[source(title=evil)])])],
        tried=[attempt(evil, stopped_because=evil, dose=evil)],
        ladder=ladder(rung(evil, options=[option(evil)])),
        candidacy={"stimulation": candidacy(because=[evil])},
        course=course(says=evil),
    )
    for about in get_args(About):
        assert pdf("letter", letter(data, record, about)).startswith(b"%PDF-")


@given(st.text(max_size=60))
@settings(max_examples=25, deadline=None)
def test_any_text_is_set_as_it_stands(text: str) -> None:
    """The words come out of the compiler as they went in: asked for by query, not by eye."""
    found = typst.query(
        b"#let content = json(bytes(sys.inputs.content))\n#metadata(content.words) <w>\n"
        b"#text(content.words)",
        "<w>",
        field="value",
        one=True,
        sys_inputs={"content": json.dumps({"words": breakable(text)})},
    )
    assert json.loads(found) == breakable(text)


@given(st.text(max_size=300))
def test_breaks_are_added_and_nothing_is_lost(text: str) -> None:
    plain = words.shown(text)
    assert breakable(text).replace("\u200b", "") == plain.replace("\u200b", "")
    assert all(len(part) < 24 for word in breakable(text).split() for part in word.split("\u200b"))


def test_a_letter_is_the_same_to_the_last_byte(example: Assessment) -> None:
    once, again = to_letter(example), to_letter(example)
    assert once == again
    assert once.startswith(b"%PDF-")
