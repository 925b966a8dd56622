"""What the real knowledge says of drugs that harm together, of allergies and of barred options."""

from __future__ import annotations

from typing import Any

import pytest

from crural.assessment import Assessment, assess
from crural.facts import facts_of
from crural.knowledge import load_knowledge
from crural.ladder import Option, cautions_of_drugs
from crural.ladder.options import options_of
from crural.ladder.precautions import LOWERED_SLOWLY, NEVER_PAUSED, DrugCaution
from crural.record import record_from_data
from crural.report import as_data, to_text
from crural.report.html import to_html
from crural.rules import Patient

KNOWLEDGE = load_knowledge()
SIMPLE = ("ibuprofen", "naproxen", "celecoxib", "paracetamol", "metamizole")
PAINS = ("sciatica-disc-herniation", "radicular-pain")


def patient(**parts: Any) -> Patient:
    data = {"age": 45, "sex": "male", "side": "left", **parts}
    record = record_from_data(data, KNOWLEDGE.vocabulary, "one")
    return Patient(facts_of(record, KNOWLEDGE), {})


def options(*names: str, **parts: Any) -> dict[str, Option]:
    one = patient(**parts)
    return {o.treatment.id: o for o in options_of(names or SIMPLE, one, PAINS, one.attempts)}


def cautions(*drugs: Any, **parts: Any) -> list[DrugCaution]:
    return list(cautions_of_drugs(patient(drugs=list(drugs), **parts)))


def assessed(**parts: Any) -> Assessment:
    data = {"age": 45, "sex": "male", "side": "left", **parts}
    return assess(record_from_data(data, KNOWLEDGE.vocabulary, "one"), KNOWLEDGE)


@pytest.mark.parametrize(
    "parts",
    [
        {"allergies": ["ibuprofen"]},
        {"allergies": ["NSAIDs"]},
        {"allergies": ["aspirin"]},
        {"allergies": ["paracetamol"]},
        {"allergies": ["metamizole"]},
        {"allergies": ["Novaminsulfon"]},
        {"illnesses": ["agranulocytosis after metamizole"]},
        {"illnesses": ["low white cells"]},
        {"illnesses": ["aspirin-induced asthma"]},
    ],
)
def test_metamizole_is_barred_by_what_can_kill(parts: dict[str, Any]) -> None:
    assert options(**parts)["metamizole"].verdict == "barred"


@pytest.mark.parametrize("ladder", sorted(KNOWLEDGE.ladders))
@pytest.mark.parametrize("parts", [{}, {"illnesses": ["stomach ulcer"]}, {"allergies": ["latex"]}])
def test_metamizole_is_first_on_no_rung(parts: dict[str, Any], ladder: str) -> None:
    one = patient(**parts)
    pains = KNOWLEDGE.ladders[ladder].pain
    for rung in KNOWLEDGE.ladders[ladder].rungs:
        if "metamizole" in rung.options:
            first = options_of(rung.options, one, (*pains,), one.attempts)[0]
            assert first.treatment.id != "metamizole"


@pytest.mark.parametrize("parts", [{}, {"illnesses": ["stomach ulcer"]}, {"allergies": ["latex"]}])
def test_a_drug_without_a_figure_or_a_guideline_stands_last_of_what_can_begin(
    parts: dict[str, Any],
) -> None:
    can_begin = [
        o.treatment.id
        for o in options(**parts).values()
        if o.verdict in {"offer", "offer-with-care", "check-first"}
    ]

    assert can_begin[-1] == "metamizole"


def test_barred_outranks_what_came_of_it_and_both_are_told() -> None:
    tried = [{"what": "naproxen", "dose": "500 mg bd", "days": 30, "response": "none"}]
    naproxen = options(allergies=["NSAIDs"], treatments=tried)["naproxen"]

    assert (naproxen.verdict, naproxen.tried) == ("barred", "failed")


def test_a_guideline_against_outranks_doing_it_properly() -> None:
    tried = [{"what": "pregabalin", "dose": "75 mg bd", "days": 3, "response": "none"}]
    pregabalin = options("pregabalin", treatments=tried)["pregabalin"]

    assert (pregabalin.verdict, pregabalin.tried) == ("advised-against", "too-short")


def test_a_failed_attempt_at_an_impossible_dose_leaves_the_option_open_with_a_question() -> None:
    tried = [
        {"what": "gabapentin", "dose": "3000 mg three times daily", "days": 60, "response": "none"}
    ]
    data = {"age": 45, "sex": "male", "side": "left", "treatments": tried}
    one = Patient(facts_of(record_from_data(data, KNOWLEDGE.vocabulary, "one"), KNOWLEDGE), {})
    [gabapentin] = options_of(("gabapentin",), one, ("neuropathic-pain",), one.attempts)

    assert gabapentin.verdict == "offer-with-care"
    assert "9000 mg a day" in next(w.say for w in gabapentin.cautions if w.kind == "dose")


def test_a_dose_taken_now_that_can_hardly_be_meant_is_a_caution() -> None:
    [doubt] = [
        c
        for c in cautions({"name": "pregabalin", "dose": "75 mcg bd"})
        if c.warned.id == "dose-as-written"
    ]

    assert "0.15 mg a day" in doubt.warned.say
    assert not any(
        c.warned.id == "dose-as-written"
        for c in cautions({"name": "pregabalin", "dose": "75 mg bd"})
    )


@pytest.mark.parametrize(
    ("drugs", "alert"),
    [
        (["warfarin", "apixaban"], "two-anticoagulants"),
        (["Eliquis", "Xarelto"], "two-anticoagulants"),
        (["clopidogrel", "xarelto"], "anticoagulant-antiplatelet"),
        (["aspirin", "warfarin"], "anticoagulant-antiplatelet"),
    ],
)
def test_blood_thinners_together_raise_an_alert_and_a_caution(drugs: list[str], alert: str) -> None:
    assert alert in {raised.id for raised in assessed(drugs=drugs).alerts}
    assert any(set(drugs) == {c.drug, *c.beside} for c in cautions(*drugs))


@pytest.mark.parametrize("drugs", [["warfarin"], ["clopidogrel", "aspirin"], ["apixaban"]])
def test_one_anticoagulant_or_none_raises_neither(drugs: list[str]) -> None:
    raised = {alert.id for alert in assessed(drugs=drugs).alerts}

    assert not raised & {"two-anticoagulants", "anticoagulant-antiplatelet"}


def test_a_pair_that_warns_of_itself_is_told_once_and_never_stopped_at_once() -> None:
    [pair] = [c for c in cautions("gabapentin", "Lyrica") if c.warned.level == "barred"]

    assert {pair.drug, *pair.beside} == {"gabapentin", "Lyrica"}
    assert pair.stopping == "Lower slowly, never stop at once."


def test_an_anticoagulant_is_stopped_by_its_prescriber_alone() -> None:
    [pair] = [c for c in cautions("warfarin", "apixaban") if c.warned.level == "barred"]

    assert pair.stopping == "Stop none without whoever prescribed it."


def test_a_drug_that_can_be_stopped_has_no_word_about_it() -> None:
    [alone, *_] = cautions("ibuprofen", illnesses=["heart failure"])

    assert (alone.warned.level, alone.stopping) == ("barred", None)


def test_the_classes_that_are_lowered_slowly_are_classes_of_the_table() -> None:
    assert set(KNOWLEDGE.drugs.classes) >= LOWERED_SLOWLY | NEVER_PAUSED


@pytest.mark.parametrize(
    ("drug", "illness", "level"),
    [
        ("ibuprofen", "CKD stage 4", "barred"),
        ("ibuprofen", "chronic kidney disease", "caution"),
        ("ibuprofen", "asthma", "caution"),
        ("gabapentin", "CKD 4", "caution"),
        ("gabapentin", "CKD 3", "caution"),
        ("morphine", "kidney failure", "barred"),
        ("amitriptyline", "glaucoma", "caution"),
        ("amitriptyline", "narrow-angle glaucoma", "barred"),
    ],
)
def test_an_illness_by_its_usual_name_speaks_against_a_drug_taken(
    drug: str, illness: str, level: str
) -> None:
    before = {c.warned.id for c in cautions(drug)}
    new = [c for c in cautions(drug, illnesses=[illness]) if c.warned.id not in before]

    assert new[0].warned.level == level


def test_weak_kidneys_without_a_figure_lower_the_limit_of_gabapentin() -> None:
    weak = options("gabapentin", illnesses=["CKD 4"])["gabapentin"].dose
    usual = options("gabapentin")["gabapentin"].dose

    assert weak is not None
    assert usual is not None
    assert (weak.most.value, usual.most.value) == (700, 3600)


def test_the_report_says_what_is_not_understood_and_which_doses_to_check() -> None:
    found = assessed(
        drugs=["xyzzy", "gabapentin", "Lyrica"],
        illnesses=["foo disease"],
        treatments=[{"what": "naproxen", "dose": "50 g daily", "days": 30, "response": "none"}],
    )
    data = as_data(found)
    text = " ".join(to_text(found, 100, False).split())

    assert [entry["text"] for entry in data["not_understood"]] == ["xyzzy", "foo disease"]
    assert [doubt["what"] for doubt in data["doubtful_doses"]] == ["naproxen"]
    for shown in (text, " ".join(to_html(found).split())):
        assert "2 entries are not understood and play no part in any warning" in shown
        assert "50000 mg a day" in shown
        assert "should not go on together" in shown
    assert "(barred)" not in text


def test_a_record_that_is_understood_has_nothing_to_check() -> None:
    found = assessed(drugs=["gabapentin"], illnesses=["asthma"])

    assert as_data(found)["not_understood"] == []
    assert "ENTRIES TO CHECK" not in to_text(found, 100, False).upper()


def needle(age: int, probabilities: dict[str, float], *present: str) -> Option:
    """What is said of an injection into the hip."""
    data = {"age": age, "sex": "male", "side": "left", "present": list(present)}
    facts = facts_of(record_from_data(data, KNOWLEDGE.vocabulary, "one"), KNOWLEDGE)
    (option,) = options_of(["hip-injection"], Patient(facts, probabilities), PAINS, ())
    return option


def test_growing_hip_pain_of_a_child_is_pictured_before_any_injection() -> None:
    said = "no injection before"
    growing = needle(14, {}, "pain-hip", "pain-progressive")
    assert any(said in warned.say for warned in growing.cautions)
    assert not any(said in w.say for w in needle(40, {}, "pain-hip", "pain-progressive").cautions)


def test_where_a_sarcoma_is_possible_nothing_is_injected_before_a_picture() -> None:
    said = "A tumour of bone or soft tissue is possible"
    feared = needle(40, {"primary-malignant-bone-tumour": 0.04, "soft-tissue-sarcoma": 0.0})
    calm = needle(40, {"primary-malignant-bone-tumour": 0.01, "soft-tissue-sarcoma": 0.0})
    assert any(said in warned.say for warned in feared.cautions)
    assert not any(said in warned.say for warned in calm.cautions)


def test_an_antiviral_is_due_while_there_are_blisters_though_the_pain_is_older() -> None:
    lasting = {"finding": "pain-duration", "value": 15, "unit": "d"}
    found = assessed(age=69, present=["rash-vesicular"], observations=[lasting]).plan
    assert found is not None
    antiviral = next(r for r in found.leading.rungs if r.rung.id == "antiviral")
    assert antiviral.state == "next"


def test_no_injection_is_next_while_a_tumour_of_a_child_is_looked_for() -> None:
    four_months = {"finding": "pain-duration", "value": 120, "unit": "d"}
    tried = [
        {"what": "ibuprofen", "response": "partial"},
        {"what": "physical therapy", "response": "none"},
    ]
    picture = ["pain-hip", "pain-progressive", "athlete-young", "worse-activity"]
    boy = assessed(age=14, present=picture, observations=[four_months], treatments=tried)
    assert "bone-tumour-young" in {alert.id for alert in boy.alerts}
    assert boy.plan is not None
    injections = [r for p in boy.plan.ladders for r in p.rungs if r.rung.stage == "injection"]
    assert injections
    assert all(rung.state != "next" for rung in injections)
