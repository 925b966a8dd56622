"""The sheet for the patient: what it says, and that it can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crural import assess, load_knowledge, read_record
from crural.knowledge import Knowledge
from crural.record import Record
from crural.report import as_data
from crural.report.sheet import likelihood, render, sheet
from crural.report.typeset import pdf

from .made import (
    Data,
    alert,
    assessment_data,
    attempt,
    cause,
    caution,
    check,
    course,
    ladder,
    open_alert,
    option,
    patient,
    rung,
    unknown,
)
from .test_html import EVIL, Page

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
# Seven years of school: about twelve years of age.
HARDEST_GRADE = 7.0


def lines(content: Any) -> Iterator[str]:
    """Every paragraph, line and item of a sheet."""
    if isinstance(content, dict):
        if "runs" in content:
            yield "".join(run["text"] for run in content["runs"])
        for part in ("items", "lines"):
            for runs in content.get(part, ()):
                yield "".join(run["text"] for run in runs)
        for name in ("opening", "sections", "blocks"):
            for inner in content.get(name, ()):
                yield from lines(inner)


def said(**changes: object) -> str:
    return "\n".join(lines(sheet(assessment_data(**changes), patient())))


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end."""
    groups = re.findall(r"[aeiouy]+", word.casefold())
    silent = re.search(r"[^aeiouyl]es?$", word.casefold()) and len(groups) > 1
    return max(len(groups) - bool(silent), 1)


def grade(text: str) -> float:
    """The school grade of Flesch and Kincaid (1975): long sentences and long words are hard."""
    sentences = [s for s in re.split(r"[.?!]+(?:\s+|$)|\n+", text) if re.search("[A-Za-z]", s)]
    found = [w for s in sentences for w in re.findall(r"[A-Za-z][A-Za-z'’-]*", s)]
    per_word = sum(syllables(word) for word in found) / len(found)
    return 0.39 * len(found) / len(sentences) + 11.8 * per_word - 15.59


def test_the_measure_tells_easy_from_hard() -> None:
    assert grade("The cat sat on the mat. It was warm.") < 1
    assert (
        grade(
            "Neuropathic symptomatology necessitates multidisciplinary evaluation preceding "
            "neuromodulation, notwithstanding radiological verification of compressive aetiology."
        )
        > 15
    )


def record_of(knowledge: Knowledge, age: int, sex: str, present: tuple[str, ...]) -> Record:
    """A short record of pain in the left leg."""
    observations = [{"finding": finding, "present": True} for finding in present]
    assert all(finding in knowledge.findings for finding in present)
    return Record.model_validate(
        {
            "age": age,
            "sex": sex,
            "side": "left",
            "observations": observations,
            "treatments": [{"what": "physiotherapy", "days": 60, "response": "partial"}],
            "drugs": ["naproxen"],
        }
    )


PATIENTS = {
    "multiple sclerosis": (41, "female", ("ms-known", "muscle-spasms", "pain-burning")),
    "cancer": (66, "male", ("cancer-history", "pain-localised-bone", "worse-night")),
    "claudication": (70, "male", ("claudication-calf", "smoking-ever")),
}


@pytest.mark.parametrize("name", [*(path.name for path in EXAMPLES), *PATIENTS])
def test_a_child_of_twelve_can_read_the_sheet(name: str) -> None:
    knowledge = load_knowledge()
    record = (
        record_of(knowledge, *PATIENTS[name])
        if name in PATIENTS
        else read_record(EXAMPLES[0].with_name(name), knowledge.vocabulary)
    )
    content = sheet(as_data(assess(record, knowledge)), record)
    assert grade("\n".join(lines(content))) <= HARDEST_GRADE
    for section in content["sections"]:
        # In so few words as a list of two drugs the names of the drugs alone decide.
        if section["heading"] != "What you have tried":
            assert grade("\n".join(lines(section))) <= HARDEST_GRADE + 2, section["heading"]


def test_the_words_of_the_sheet_itself_are_easy() -> None:
    assert grade(said()) <= HARDEST_GRADE


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (0.95, "Very likely"),
        (0.6, "Most likely"),
        (0.3, "Quite possible"),
        (0.1, "Possible, but less likely"),
    ],
)
def test_likelihood_is_told_in_words(probability: float, word: str) -> None:
    assert likelihood(probability) == word


def test_no_number_of_probability_and_no_clinical_name_is_shown() -> None:
    text = said(causes=[cause("Radiculopathy", 0.62, plain="a pinched nerve")])
    assert "Most likely: a pinched nerve." in text
    assert "Radiculopathy" not in text
    assert "%" not in text


@pytest.mark.parametrize(
    ("urgency", "call"),
    [("emergency", "Call an ambulance"), ("same-day", "today"), ("two-weeks", "two weeks")],
)
def test_what_must_not_wait_comes_first_and_says_whom_to_call(urgency: str, call: str) -> None:
    content = sheet(assessment_data(alerts=[alert(urgency=urgency, plain=["a clot"])]), patient())
    first = "\n".join(lines(content["sections"][0]))
    assert content["sections"][0]["heading"] == "What must not wait"
    assert call in first
    assert "A clot." in first


def test_an_alert_without_plain_words_is_told_by_its_title() -> None:
    told = said(alerts=[alert("Some danger", plain=[])])
    assert "The reason:\n– Some danger." in told
    assert "ruled out" not in told


def test_signs_of_an_open_emergency_are_asked_for() -> None:
    sign = unknown("leak", question="Do you leak urine?")
    examined = unknown("reflex", question="Is the reflex gone?", kind="sign", burden="examine")
    text = said(ask_now=[open_alert(unknown=[sign, examined])])
    assert "Do you leak urine?" in text
    assert "reflex" not in text
    assert "leak" not in said(ask_now=[open_alert(unknown=[sign], urgency="two-weeks")])


def test_no_alert_is_not_told_as_an_all_clear() -> None:
    assert "Call your doctor if you get worse." in said(alerts=[], ask_now=[])


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("helps", "It helps."),
        ("helped", "It helped for a time."),
        ("failed", "It did not help enough."),
        ("not-tolerated", "It did not agree with you."),
        ("going-on", "You have it now."),
        ("unknown", "We do not know how it went."),
    ],
)
def test_what_was_tried_is_told_with_what_came_of_it(outcome: str, told: str) -> None:
    assert told in said(tried=[attempt("ibuprofen", outcome)])


def test_an_attempt_that_was_too_short_says_so() -> None:
    assert "too short to tell" in said(tried=[attempt(adequacy="too-short")])
    assert "too low to tell" in said(tried=[attempt(adequacy="too-little")])
    assert "Tell your doctor what you have tried" in said(tried=[])


def test_the_next_step_names_what_can_be_done_and_nothing_that_is_barred() -> None:
    steps = ladder(
        rung(
            options=[
                option(plain="a warm pack"),
                option(plain="a scan first", verdict="check-first"),
                option(plain="a bad idea", verdict="barred"),
                option(plain="an old idea", verdict="advised-against"),
            ]
        )
    )
    text = said(ladder=steps)
    assert "A warm pack." in text
    assert "A scan first. Something must be checked first." in text
    assert "idea" not in text


def test_what_helps_goes_on() -> None:
    going = ladder(rung("Rest", "in-progress", options=[option(plain="a pill", verdict="helps")]))
    assert "Go on with this:\nA pill. It helps you: go on with it." in said(ladder=going)


def test_a_drug_that_needs_care_is_nothing_to_go_on_with() -> None:
    going = ladder(
        rung("Drugs", "in-progress", options=[option("oxycodone", "going-on", plain="an opioid")])
    )
    assert "An opioid. You have it now." in said(ladder=going, cautions=[])
    assert "An opioid" not in said(ladder=going, cautions=[caution(treatment="oxycodone")])


def test_an_emergency_comes_before_the_next_step() -> None:
    assert "First comes the help that is named above." in said()
    assert "First comes the help" not in said(alerts=[])


def test_without_a_ladder_the_doctor_plans_the_next_step() -> None:
    empty: Data = {"ladder": None, "course": None, "alerts": [], "next": []}
    assert "Your doctor will plan the next step with you." in said(**empty)


def test_the_course_of_the_pain_is_told() -> None:
    assert "We need to look at the cause again." in said(course=course("off-course"))
    assert "easing as we hoped" in said(course=course("on-course"))


def test_a_drug_that_may_harm_sends_to_the_doctor() -> None:
    text = said(cautions=[caution("naproxen"), caution("codeine", "caution")])
    assert "Naproxen: it may not be safe for you." in text
    assert "Codeine: ask your doctor if it is right for you." in text


def test_tests_are_named_by_what_is_done() -> None:
    text = said(next=[check("Is it red?", "mri"), check("Does it burn?")])
    assert "An MRI scan." in text
    assert "Do I need a test?" in text
    assert "Does it burn?" in text
    assert "Is it red?" not in text


def test_the_page_runs_no_script_loads_nothing_and_escapes() -> None:
    content = sheet(
        assessment_data(tried=[attempt(EVIL, plain=EVIL)], cautions=[caution(EVIL)]), patient()
    )
    html = render(content)
    page = Page(html)
    assert not {"script", "iframe", "link", "img"} & {tag for tag, _ in page.elements}
    assert html.count("&lt;script&gt;") == 3
    assert page.all("html")[0]["lang"] == "en-GB"
    assert [tag for tag, _ in page.elements if tag == "h1"] == ["h1"]
    for told in lines(content):
        assert " ".join(told.split()) in page.words


def test_the_sheet_is_set_as_pdf() -> None:
    made = pdf("sheet", sheet(assessment_data(), patient()))
    assert made.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("side", "title"),
    [("left", "your left leg"), ("bilateral", "your legs"), (None, "your leg")],
)
def test_the_title_names_the_leg(side: str | None, title: str) -> None:
    content = sheet(assessment_data(), patient(side=side, as_of="2026-03-01"))
    assert content["title"] == f"About the pain in {title}"
    assert "2026-03-01" in content["footer"]
