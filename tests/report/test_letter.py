"""The letter of referral: what it holds, and that no words of a record act as markup."""

from __future__ import annotations

import itertools
import json
from typing import Any, get_args

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from crural import Assessment, load_knowledge
from crural.record import Record
from crural.report import letter as letters
from crural.report import words
from crural.report.letter import About, addressee, to_letter
from crural.report.typeset import breakable, pdf

from .made import (
    WITHOUT_TREATMENT,
    Data,
    advice,
    alert,
    assessment_data,
    attempt,
    candidacy,
    cause,
    caution,
    caution_row,
    course,
    fact,
    ladder,
    option,
    pages,
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


def letter(
    data: Data, record: Record | None = None, about: About | None = "pain-clinic"
) -> dict[str, Any]:
    return letters.letter(data, record or patient(), about, load_knowledge())


def plain(content: Any) -> str:
    return " ".join(texts(content)).replace(words.GAP, " ").replace("  ", " ")


def shown(about: About | None = "pain-clinic", **changes: object) -> str:
    return plain(letter(assessment_data(**changes), about=about))


def headings(about: About | None = "pain-clinic", **changes: object) -> list[str]:
    content = letter(assessment_data(**changes), about=about)
    sections = [*content["sections"], *content["enclosure"]["sections"]]
    return [section["heading"] for section in sections]


IN_THE_LETTER = [
    "What must not wait",
    "The patient",
    "What was tried",
    "Drugs and allergies",
    "What may cause the pain",
]


def test_a_letter_holds_every_part_in_order() -> None:
    assert headings() == [
        *IN_THE_LETTER,
        "Why it cannot wait",
        "Not excluded, still to be asked",
        "The causes with their reasons",
        "Where the patient stands on the ladder",
        "The course of the pain",
        "Cautions with drugs taken now",
        "Spinal cord stimulation: criteria",
        "Intraspinal morphine: criteria",
        "Sources",
        "Limits",
    ]


def test_a_letter_of_an_emergency_is_about_the_emergency_alone() -> None:
    assert headings("emergency") == [
        *IN_THE_LETTER,
        "Why it cannot wait",
        "Not excluded, still to be asked",
        "The causes with their reasons",
        "Cautions with drugs taken now",
        "Sources",
        "Limits",
    ]


SURGERY = ladder(rung("Surgery", stage="surgery"), rung("Stimulation", stage="stimulation"))
PUMP = ladder(rung(), rung("Pump", stage="intrathecal"))


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"alerts": [alert()], "ladder": SURGERY}, "emergency"),
        ({"alerts": [alert(urgency="two-weeks"), alert()], "ladder": None}, "emergency"),
        ({"alerts": [alert(urgency="same-day")], "ladder": SURGERY}, "surgery"),
        ({"alerts": [alert(urgency="same-day")]}, "emergency"),
        ({"alerts": [alert("Two drugs", urgency="same-day", about=[])]}, "pain-clinic"),
        ({"alerts": [], "ladder": SURGERY}, "surgery"),
        ({"alerts": [], "ladder": PUMP}, "intrathecal"),
        (
            {"alerts": [], "ladder": ladder(rung("Current", stage="stimulation"))},
            "stimulation",
        ),
        ({"alerts": []}, "pain-clinic"),
        ({"alerts": [], "ladder": None}, "pain-clinic"),
    ],
)
def test_alerts_and_the_next_step_say_whom_the_letter_is_for(
    changes: dict[str, Any], about: About
) -> None:
    data = assessment_data(**changes)
    assert addressee(data) == about
    assert letter(data, about=None)["title"] == letter(data, about=about)["title"]


def test_an_emergency_does_not_go_to_the_pain_clinic() -> None:
    content = letter(assessment_data(), about=None)
    opening = plain(content["opening"])
    assert content["title"] == "Emergency referral"
    assert "To the emergency department, or the specialist on call" in opening
    assert "Possible cauda equina syndrome: please confirm or rule it out" in opening
    assert opening.endswith("now.")
    assert "will not go away" not in opening


def test_what_must_be_seen_today_says_today() -> None:
    data = assessment_data(alerts=[alert(urgency="same-day")])
    assert plain(letter(data, about=None)["opening"]).endswith("and treat it, today.")
    asked = plain(letter(assessment_data(alerts=[]), about="emergency")["opening"])
    assert "Is this an emergency, and what must be done now?" in asked


def test_only_lasting_pain_is_said_not_to_go_away() -> None:
    lasting = fact(finding="pain-duration", state="over-6-months")
    assert "that will not go away" in shown(facts=[lasting])
    assert "What causes this pain, and what is the next step?" in shown()
    assert "that will not go away" not in shown("surgery", facts=[lasting])


def crowded() -> tuple[Data, Record]:
    """A patient with far more than most have."""
    data = assessment_data(
        alerts=[
            alert(action="Send to hospital now for MRI of the spine and a surgeon. " * 2),
            *(alert(f"Danger {i}", urgency="same-day") for i in range(3)),
            *(alert(f"Worry {i}", urgency="two-weeks") for i in range(6)),
        ],
        causes=[cause(f"A cause of the pain {i}", 0.9 / (i + 1)) for i in range(30)],
        tried=[attempt(f"treatment number {i}") for i in range(30)],
        facts=[
            *(fact(f"a finding of the leg {i}") for i in range(60)),
            *(fact(f"a sign {i}: absent", present=False) for i in range(60)),
        ],
        cautions=[caution(f"drug {i}") for i in range(12)],
    )
    record = patient(
        drugs=[{"name": f"drug {i}", "dose": "20 mg twice a day"} for i in range(25)],
        illnesses=[{"name": f"illness {i}", "since": "2020"} for i in range(15)],
        allergies=[f"allergy {i}" for i in range(10)],
        note="Lives alone and walks with two sticks. " * 45,
    )
    return data, record


@pytest.mark.parametrize("about", get_args(About))
def test_the_letter_itself_has_two_pages_at_most(about: About) -> None:
    data, record = crowded()
    content = letter(data, record, about)
    del content["enclosure"]
    assert pages("letter", content) <= 2


def test_what_the_letter_cuts_short_is_enclosed_in_full() -> None:
    data, record = crowded()
    content = letter(data, record)
    short = plain(content["sections"])
    assert "and 30 more, in the enclosure" in short
    assert "20 more are in the enclosure." in short
    assert "… (in full in the enclosure)" in short
    full = plain(content["enclosure"])
    for told in ("a finding of the leg 59", "a sign 59", "treatment number 29"):
        assert told in full
        assert told not in short
    assert full.count("two sticks") == 45
    # Drugs and allergies are never cut.
    assert all(f"drug {i}, 20 mg" in short and f"allergy {i % 10}" in short for i in range(25))


def test_the_enclosure_begins_a_page() -> None:
    content = letter(assessment_data())
    assert content["enclosure"]["title"] == "Enclosure: reasons and sources"
    without = {name: part for name, part in content.items() if name != "enclosure"}
    only = content | {"enclosure": {"title": "E", "sections": []}}
    assert pages("letter", only) == pages("letter", without) + 1


def test_causes_under_five_per_cent_are_left_out() -> None:
    text = shown(causes=[cause("Likely", 0.62), cause("Fair", 0.06), cause("Rare", 0.04)])
    assert "Fair 6 %" in text
    assert "Rare" not in text
    assert "Rare" in shown(causes=[cause("Rare", 0.04)])


def test_a_probability_on_estimates_alone_is_marked_and_the_mark_explained() -> None:
    marked = shown(causes=[cause("Likely", 0.62, estimates_only=True)])

    assert "%, est.)" in marked
    assert words.ESTIMATES_ONLY in marked
    assert words.ESTIMATES_ONLY not in shown(causes=[cause("Likely", 0.62)])


def test_a_span_of_years_is_not_told_in_days() -> None:
    long = fact(
        "how long the pain has been there: over 6 months",
        finding="pain-duration",
        value=1643.62,
        unit="d",
    )
    text = shown(
        facts=[long], ladder=ladder(rung("Rest", "passed", because=["tried (2031 days ago)"]))
    )
    assert "pain for 4.5 years" in text
    assert "how long the pain has been there" not in text
    assert "tried (5.6 years ago)" in text


def test_reasons_that_end_in_a_full_stop_are_joined_without_it() -> None:
    text = shown(alerts=[alert(because=["Needs a surgeon now.", "power 3/5"])])
    assert "Needs a surgeon now; power 3/5." in text


def test_a_blood_thinner_is_a_drug_and_not_a_treatment_that_was_tried() -> None:
    thinner = attempt("warfarin", "going-on", treatments=["anticoagulation-dvt"])
    data = assessment_data(
        tried=[thinner],
        cautions=[caution("warfarin"), caution("naproxen")],
        caution_table=[caution_row(advice("warfarin", "naproxen"), harm="bleeding")],
    )
    content = letter(data, patient(drugs=["warfarin"], allergies=["latex"]))
    [tried] = [s for s in content["sections"] if s["heading"] == "What was tried"]
    [drugs] = [s for s in content["sections"] if s["heading"] == "Drugs and allergies"]
    assert "Nothing is recorded." in plain(tried)
    assert "Drugs taken now: warfarin." in plain(drugs)
    assert "Should not go on as it is: warfarin (never stop at once); naproxen." in plain(drugs)
    assert "latex." in plain(drugs)
    assert "warfarin with naproxen (should not go on together)" in plain(content)
    assert "Bleeding" in plain(content)


def test_a_pair_of_drugs_is_told_once_with_what_is_not_understood_and_doubtful() -> None:
    text = shown(
        cautions=[
            caution("diazepam", treatment="x", beside=["oxycodone"]),
            caution("ibuprofen", "caution"),
        ],
        caution_table=[
            caution_row(advice("ibuprofen", level="caution"), level="caution", because=["gout"])
        ],
        not_understood=[{"kind": "drug", "text": "xyzzy"}],
        doubtful_doses=[{"what": "gabapentin", "says": "Is 9 g meant?"}],
    )
    assert "Should not go on as it is: diazepam with oxycodone (never stop at once)." in text
    assert "Gout" in text
    assert "ibuprofen should not" not in text
    assert "1 entry is not understood" in text
    assert "Doses to check: gabapentin: Is 9 g meant?" in text


def test_an_option_without_a_figure_says_so_and_many_options_are_cut() -> None:
    bare = option("heat", effect=None, dosing=None, positions=[])
    many = [bare, *(option(f"drug {i}") for i in range(9))]
    text = shown(ladder=ladder(rung(options=many)))
    assert "no figure" in text
    assert "2 more options are in the report." in text
    assert "drug 8" not in text


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
    titles = {letter(assessment_data(), about=about)["title"] for about in get_args(About)}
    assert len(titles) == 5


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


def test_criteria_are_told_line_by_line_with_what_to_ask() -> None:
    text = shown("stimulation")
    assert "✓ met Pain for six months" in text
    assert "✗ not met Pain of 50 mm or more" in text
    assert "? unknown Psychological assessment" in text
    assert "Do your kidneys work well?" in text
    assert "Absent: infection." in text


def test_every_mark_has_its_source() -> None:
    content = letter(assessment_data())
    sections = content["enclosure"]["sections"]
    [sources] = [s for s in sections if s["heading"] == "Sources"]
    numbers = [item["number"] for item in sources["blocks"][0]["items"]]
    assert numbers == list(range(1, len(numbers) + 1))
    body = " ".join(texts([s for s in sections if s is not sources]))
    assert body.index("[1") < body.index("[2")
    for number in numbers:
        assert f"[{number}]" in body or f"[{number}," in body or f",{number}]" in body


def test_an_assessment_without_treatment_is_still_a_letter() -> None:
    data = assessment_data(**WITHOUT_TREATMENT, alerts=[], ask_now=[], error_bound=0.3)
    for about in get_args(About):
        assert pdf("letter", letter(data, about=about)).startswith(b"%PDF-")


def test_a_record_with_everything_is_set() -> None:
    record = patient(
        as_of="2026-03-01",
        drugs=[{"name": "ramipril", "dose": "5 mg"}, "aspirin"],
        illnesses=[{"name": "gout", "since": "2020"}, "asthma"],
        allergies=["penicillin"],
        pain_scores=[{"day": 0, "nrs": 8}, {"date": "2026-02-01", "nrs": 7}],
        note="A note.",
    )
    content = letter(assessment_data(), record)
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
