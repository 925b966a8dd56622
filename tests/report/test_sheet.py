"""The sheet for the patient: what it says, and that it can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from crural import assess, load_knowledge, read_record
from crural.knowledge import Knowledge
from crural.knowledge.rules import AtLeast
from crural.knowledge.treatment import PrecautionKind
from crural.record import Record
from crural.report import as_data
from crural.report.sheet import likelihood, render, sheet
from crural.report.sheet_drugs import plain_reasons
from crural.report.sheet_signs import STANDING, Sign, alarming_alone
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
    pages,
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
    """The words of a sheet, without an emergency where nothing else is said."""
    data = assessment_data(**{"alerts": []} | changes)
    return "\n".join(lines(sheet(data, patient(), load_knowledge())))


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
    content = sheet(as_data(assess(record, knowledge)), record, knowledge)
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
    data = assessment_data(alerts=[alert(urgency=urgency, plain=["a clot"])])
    content = sheet(data, patient(), load_knowledge())
    first = next(lines(content["sections"][0]))
    assert call in first
    assert "clot." in "\n".join(lines(content["sections"][0]))


def test_an_alert_about_drugs_is_told_in_plain_words_and_not_by_its_title() -> None:
    drugs = alert("Serotonergic opioid with an SSRI", plain=[], about=[], urgency="two-weeks")
    told = said(alerts=[drugs])
    assert "Your medicines may not go well together" in told
    assert "Serotonergic" not in told
    assert "ruled out" not in told
    assert "Why: your medicines may not" in said(alerts=[drugs | {"urgency": "emergency"}])


@pytest.mark.parametrize("urgency", ["emergency", "same-day", "two-weeks"])
def test_what_must_be_ruled_out_is_the_probable_alone(urgency: str) -> None:
    """A man with a weak leg is not told of the lining of the womb."""
    causes = [cause("Disc", 0.8), cause("Plexus", 0.12), cause("Endometriosis", 0.0)]
    ids = ["endometriosis", "plexus", "disc"]
    told = said(causes=causes, alerts=[alert(about=ids, plain=ids, urgency=urgency)])
    assert "disc in plain words" in told.casefold()
    assert "endometriosis" not in told.casefold()
    least = said(causes=causes, alerts=[alert(about=["endometriosis"], urgency=urgency)])
    assert "endometriosis in plain words" in least.casefold()


def test_what_is_told_at_a_stronger_alert_is_not_told_again() -> None:
    twice = [alert(urgency=u, plain=["a clot"]) for u in ("same-day", "two-weeks")]
    told = said(alerts=twice)
    assert told.count("A clot.") == 1
    assert "within two weeks" not in told


def test_a_man_with_a_weak_leg_reads_of_no_illness_of_women() -> None:
    knowledge = load_knowledge()
    record = record_of(knowledge, 38, "male", ("weakness-plantar-flexion", "pain-calf"))
    content = sheet(as_data(assess(record, knowledge)), record, knowledge)
    assert "womb" not in "\n".join(lines(content))


SIGNS = [sign.say for sign in STANDING]


@pytest.mark.parametrize("answer", [None, True, False])
@pytest.mark.parametrize("urgency", [None, "emergency", "same-day", "two-weeks"])
def test_what_to_look_out_for_stands_on_every_sheet(
    answer: bool | None, urgency: str | None
) -> None:
    """A No today is when to tell the patient what to look for tomorrow."""
    knowledge = load_knowledge()
    present = {} if answer is None else {"finding": "saddle-numbness", "present": answer}
    record = patient(observations=[present] if present else [])
    alerts = [alert(urgency=urgency)] if urgency else []
    told = "\n".join(lines(sheet(assessment_data(alerts=alerts), record, knowledge)))
    assert "Call an ambulance, or go to the emergency department now" in told
    assert "This holds even if you have none of these today." in told
    for sign in SIGNS:
        assert f"– {sign}" in told


@pytest.mark.parametrize("sign", STANDING, ids=lambda sign: str(sign.findings[0]))
def test_every_standing_sign_comes_from_alerts_of_the_knowledge(sign: Sign) -> None:
    knowledge = load_knowledge()
    for name in sign.alerts:
        assert knowledge.alerts[name].urgency in {"emergency", "same-day"}
    rules = " ".join(
        f"{knowledge.alerts[name].when!r} {knowledge.alerts[name].ask!r}" for name in sign.alerts
    )
    for finding in sign.findings:
        assert finding in knowledge.findings
        assert f"'{finding}'" in rules, finding


def test_the_standing_signs_name_what_squeezes_the_nerves_of_the_bladder() -> None:
    found = {finding for sign in STANDING for finding in sign.findings}
    assert {
        "saddle-numbness",
        "urinary-retention-symptom",
        "urinary-incontinence",
        "bowel-dysfunction",
        "sexual-dysfunction-new",
        "bilateral-leg-neuro-symptoms",
        "progressive-weakness-symptom",
    } <= found


def test_the_call_list_holds_only_what_alarms_by_itself() -> None:
    alone = unknown(question="Are you numb there?")
    shared = unknown("low back pain", finding="pain-low-back", question="Does your back hurt?")
    examined = unknown("reflex", question="Is the reflex gone?", kind="sign", burden="examine")
    text = said(ask_now=[open_alert(unknown=[alone, shared, examined])])
    assert "Do the same if you would say yes to this:\nAre you numb there?" in text
    assert "Does your back hurt?" not in text
    assert "reflex" not in text
    assert "numb there" not in said(ask_now=[open_alert(unknown=[alone], urgency="two-weeks")])


def test_an_element_of_a_conjunction_does_not_alarm_alone() -> None:
    found = alarming_alone(load_knowledge())
    assert "saddle-numbness" in found
    assert not {"pain-low-back", "fever-symptom", "breathlessness", "onset-speed"} & found


def test_one_of_several_alarms_alone_and_a_grade_does_not() -> None:
    knowledge = load_knowledge()
    rule = AtLeast.model_validate(
        {"at_least": {"n": 1, "of": [{"finding": "a"}, {"finding": "b", "state_at_least": "c"}]}}
    )
    both = AtLeast.model_validate(
        {"at_least": {"n": 2, "of": [{"finding": "d"}, {"finding": "e"}]}}
    )
    alerts = {
        str(i): knowledge.alerts["cauda-equina"].model_copy(update={"when": when})
        for i, when in enumerate((rule, both))
    }
    assert alarming_alone(replace(knowledge, alerts=alerts)) == {"a"}


def test_in_an_emergency_the_sheet_says_where_to_go_and_what_to_take_and_no_more() -> None:
    content = sheet(assessment_data(), patient(), load_knowledge())
    assert [section["heading"] for section in content["sections"]] == [
        "Go to hospital now",
        "What to take along",
        "When you are home again",
    ]
    told = "\n".join(lines(content))
    for words in (
        "Call an ambulance",
        "Do not drive yourself.",
        "Why: this must be ruled out at once: nerves at the base of the spine squeezed at once.",
        "All your medicines, or a list of them. Do not stop any of them on your own.",
    ):
        assert words in told
    for other in ("next step", "Exercise", "duloxetine", "You have tried", "See a doctor today"):
        assert other not in told


def test_an_emergency_fits_one_page() -> None:
    content = sheet(assessment_data(), patient(), load_knowledge())
    assert pages("sheet", content) == 1


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


def test_every_next_step_is_named_however_many_options_the_first_has() -> None:
    many = [option(f"a drug {i}", plain=f"a drug {i}") for i in range(9)]
    steps = ladder(
        rung(options=many), rung("Surgery", options=[option("cut", plain="an operation")])
    )
    assert "An operation." in said(ladder=steps)


def test_without_a_ladder_the_doctor_plans_the_next_step() -> None:
    empty: Data = {"ladder": None, "course": None, "alerts": [], "next": []}
    assert "Your doctor will plan the next step with you." in said(**empty)


def test_the_course_of_the_pain_is_told() -> None:
    assert "We need to look at the cause again." in said(course=course("off-course"))
    assert "easing as we hoped" in said(course=course("on-course"))


def medicines(*cautions: Data, drugs: tuple[str, ...] = ("something",)) -> list[str]:
    """The lines about medicines."""
    data = assessment_data(alerts=[], cautions=list(cautions))
    content = sheet(data, patient(drugs=list(drugs)), load_knowledge())
    return [
        line
        for section in content["sections"]
        if section["heading"] == "Your medicines"
        for line in lines(section)
    ]


def test_nobody_is_told_to_stop_a_medicine_and_nobody_is_left_in_doubt() -> None:
    told = medicines(caution("naproxen"), caution("codeine", "caution", because=["gout"]))
    assert told == [
        "Do not stop or change any of these on your own.",
        "Ask your doctor or pharmacist about these today:",
        "Naproxen: It may not go well with an illness you have: sleep apnoea.",
        "Ask about these at your next visit:",
        "Codeine: It may not go well with an illness you have: gout. Never stop it at once.",
    ]


@pytest.mark.parametrize(
    "drug",
    [
        "warfarin",
        "apixaban 5 mg",
        "clopidogrel",
        "prednisolone",
        "diazepam",
        "zopiclone",
        "oxycodone",
        "tramadol",
        "gabapentin",
        "baclofen",
        "amitriptyline",
        "sertraline",
        "carbamazepine",
    ],
)
def test_a_drug_that_is_dangerous_to_stop_says_so(drug: str) -> None:
    assert medicines(caution(drug))[-1].endswith("Never stop it at once.")


def test_a_drug_that_is_harmless_to_stop_does_not_say_so() -> None:
    assert "Never" not in medicines(caution("naproxen"))[-1]


def test_a_drug_in_other_words_is_known_by_its_treatment() -> None:
    told = medicines(caution("a nerve pill", treatment="gabapentin"))
    assert told[-1].endswith("Never stop it at once.")


def test_two_drugs_that_do_not_go_together_are_both_named() -> None:
    pair = caution(
        "gabapentin",
        treatment="gabapentin",
        beside=["pregabalin"],
        kind="interaction",
        because=["takes pregabalin", "takes gabapentin"],
    )
    assert medicines(pair)[2:] == [
        "Gabapentin: It may not go well with pregabalin. Never stop it at once.",
        "Pregabalin: It may not go well with gabapentin. Never stop it at once.",
    ]


def test_a_medicine_without_a_caution_or_a_plain_reason_is_not_doubted() -> None:
    bare = caution("warfarin", because=[])
    alone = ["Do not stop or change any of your medicines on your own."]
    assert medicines() == alone
    assert medicines(bare) == alone
    assert medicines(drugs=()) == []


@pytest.mark.parametrize(
    ("kind", "because", "reason"),
    [
        ("interaction", ["takes a and b; takes c"], "It may not go well with a, b and c."),
        ("interaction", ["alcohol"], "It may not go well with another of your medicines."),
        ("illness", ["gout (known gout)"], "It may not go well with an illness you have: gout."),
        ("organ", ["eGFR below 30"], "It may not suit your kidneys or your liver."),
        ("age", ["aged 80"], "It asks for more care at your age."),
        ("pregnancy", ["33 weeks"], "It may harm a baby in the womb."),
        ("allergy", ["sulfa"], "You told us of an allergy."),
        ("test", ["low sodium"], "One of your tests asks for care with it."),
        ("dose", ["gabapentin 9000 mg"], "Its dose must be looked at."),
        ("diagnosis", ["gout"], "It may not go well with an illness you have."),
    ],
)
def test_every_caution_has_a_plain_reason(kind: str, because: list[str], reason: str) -> None:
    assert plain_reasons("x", [caution(kind=kind, because=because)]) == [reason]


def test_every_kind_of_caution_can_be_told() -> None:
    for kind in get_args(PrecautionKind):
        assert plain_reasons("x", [caution(kind=kind, because=["fact"])]) != ["It asks for care."]


def test_a_blood_thinner_is_no_treatment_that_was_tried_for_pain() -> None:
    thinner = attempt(
        "warfarin", "going-on", treatments=["anticoagulation-dvt"], plain="a blood thinner"
    )
    cream = attempt("a cream", "going-on", treatments=[], plain=None)
    pill = attempt("ramipril", "going-on", treatments=[], plain=None)
    steroid = attempt("prednisolone", "helps", treatments=["prednisolone-polymyalgia"], plain=None)
    told = said(tried=[thinner, cream, pill, steroid, attempt("tramadol")], cautions=[])
    assert "Warfarin" not in told
    assert "Ramipril" not in told
    for kept in ("A cream", "Prednisolone", "Tramadol"):
        assert kept in told
    assert "Nothing is written down yet." in said(tried=[thinner])


def test_tests_are_named_by_what_is_done() -> None:
    text = said(next=[check("Is it red?", "mri"), check("Does it burn?")])
    assert "An MRI scan." in text
    assert "Do I need a test?" in text
    assert "Does it burn?" in text
    assert "Is it red?" not in text


def test_the_page_runs_no_script_loads_nothing_and_escapes() -> None:
    content = sheet(
        assessment_data(alerts=[], tried=[attempt(EVIL, plain=EVIL)], cautions=[caution(EVIL)]),
        patient(),
        load_knowledge(),
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
    made = pdf("sheet", sheet(assessment_data(), patient(), load_knowledge()))
    assert made.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("side", "title"),
    [("left", "your left leg"), ("bilateral", "your legs"), (None, "your leg")],
)
def test_the_title_names_the_leg(side: str | None, title: str) -> None:
    content = sheet(assessment_data(), patient(side=side, as_of="2026-03-01"), load_knowledge())
    assert content["title"] == f"About the pain in {title}"
    assert "2026-03-01" in content["footer"]


def test_nobody_is_told_that_something_harmless_must_be_ruled_out_where_worse_is_feared() -> None:
    harmless = cause("Cyst", 0.3, plain="a harmless cyst")
    feared = cause("Clot", 0.04, plain="a clot in a vein", urgency="urgent")
    raised = alert("Lump", urgency="same-day", about=[harmless["id"], feared["id"]])
    told = said(alerts=[raised], causes=[harmless, feared])
    assert "This must be ruled out:\n– A clot in a vein." in told
