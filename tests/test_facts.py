"""What a record says, in the words of the vocabulary."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from crural.facts import Facts, facts_of
from crural.knowledge import Knowledge
from tests.patients import Said, patient

Known = dict[tuple[str, str], int]


def facts(knowledge: Knowledge, *present: str, **more: Any) -> Facts:
    return facts_of(patient(knowledge, *present, **more), knowledge)


def evidence(of: Facts, *findings: str) -> Known:
    """What the network is told of these findings."""
    return {(f.finding, f.place): f.state for f in of.evidence if f.finding in findings}


def slr(present: bool, **more: Any) -> Said:
    return {"finding": "slr-positive", "present": present, **more}


# Sides ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("painful", "body_side", "expected"),
    [
        ("left", None, {"here": 1}),
        ("left", "left", {"here": 1}),
        ("left", "right", {"other-side": 1}),
        ("left", "both", {"here": 1, "other-side": 1}),
        ("left", "midline", {"here": 1}),
        ("right", "left", {"other-side": 1}),
        ("bilateral", "left", {"here": 1}),
        ("bilateral", "both", {"here": 1}),
        (None, "right", {"here": 1}),
        (None, "both", {"here": 1}),
    ],
)
def test_sides_are_relative_to_the_painful_leg(
    knowledge: Knowledge, painful: str | None, body_side: str | None, expected: dict[str, int]
) -> None:
    side = {} if body_side is None else {"side": body_side}
    table = facts(knowledge, said=[slr(True, **side)], side=painful).table
    found = {place: fact.state for (name, place), fact in table.items() if name == "slr-positive"}
    assert found == expected


def test_of_two_painful_legs_the_worse_speaks(knowledge: Knowledge) -> None:
    said = [slr(True, side="left"), slr(False, side="right")]
    for order in (said, said[::-1]):
        of = facts(knowledge, said=order, side="bilateral")
        assert evidence(of, "slr-positive") == {("slr-positive", "here"): 1}
        assert of.state("slr-positive", "other-side") is None


def test_of_two_painful_legs_the_more_severe_grade_speaks(knowledge: Knowledge) -> None:
    said = [
        {"finding": "abi", "value": 0.35, "unit": "ratio", "side": "left"},
        {"finding": "abi", "value": 1.05, "unit": "ratio", "side": "right"},
    ]
    fact = facts(knowledge, said=said, side="bilateral").table["abi", "here"]
    states = knowledge.findings["abi"].state_ids
    assert (states[fact.state], fact.value) == ("severe", 0.35)


@pytest.mark.parametrize("side", ["left", "right", "bilateral"])
def test_the_painful_side_says_whether_both_legs_hurt(knowledge: Knowledge, side: str) -> None:
    assert facts(knowledge, side=side).state("pain-bilateral") == int(side == "bilateral")


def test_a_side_that_was_not_recorded_says_nothing_of_both_legs(knowledge: Knowledge) -> None:
    assert facts(knowledge, side=None).state("pain-bilateral") is None


def test_a_finding_is_present_on_whichever_side(knowledge: Knowledge) -> None:
    assert facts(knowledge, said=[slr(True, side="right")]).present("slr-positive") is True
    assert facts(knowledge, said=[slr(False, side="left")]).present("slr-positive") is False
    assert facts(knowledge, said=[slr(False, side="right")]).present("slr-positive") is None
    assert facts(knowledge).present("slr-positive") is None


# Time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("later_first", [False, True])
@pytest.mark.parametrize("earlier_side", [None, "left", "both"])
def test_the_latest_observation_of_a_leg_counts(
    knowledge: Knowledge, later_first: bool, earlier_side: str | None
) -> None:
    side = {} if earlier_side is None else {"side": earlier_side}
    said = [slr(True, date="2026-01-10", **side), slr(False, side="left", date="2026-02-10")]
    of = facts(knowledge, said=said[::-1] if later_first else said, as_of="2026-03-01")
    assert of.state("slr-positive") == 0
    assert of.state("slr-positive", "other-side") == (1 if earlier_side == "both" else None)


def test_a_dated_observation_outranks_an_undated_one_of_another_leg_only_there(
    knowledge: Knowledge,
) -> None:
    said = [slr(True, side="right"), slr(False, side="left", date="2026-02-10")]
    of = facts(knowledge, said=said, as_of="2026-03-01")
    assert evidence(of, "slr-positive") == {
        ("slr-positive", "here"): 0,
        ("slr-positive", "other-side"): 1,
    }


# Values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "grade"),
    [(4, "mg/L", "normal"), (1.2, "mg/dL", "raised"), (80, "mg/L", "high")],
)
def test_a_value_becomes_a_grade(knowledge: Knowledge, value: float, unit: str, grade: str) -> None:
    said = [{"finding": "crp", "value": value, "unit": unit}]
    fact = facts(knowledge, said=said).table["crp", "here"]
    assert knowledge.findings["crp"].state_ids[fact.state] == grade
    assert (fact.stated, fact.why, fact.unit) == (True, "recorded", "mg/L")


def test_a_stated_grade_is_taken_as_it_is(knowledge: Knowledge) -> None:
    said = [{"finding": "onset-speed", "state": "sudden"}]
    state = facts(knowledge, said=said).state("onset-speed")
    assert state == knowledge.findings["onset-speed"].state_ids.index("sudden")


# Nesting -------------------------------------------------------------------------------------


def test_a_specific_finding_implies_the_general_one_and_only_the_specific_counts(
    knowledge: Knowledge,
) -> None:
    of = facts(knowledge, "weakness-great-toe")
    assert of.state("weakness-any-leg") == 1
    assert not of.table["weakness-any-leg", "here"].stated
    assert evidence(of, "weakness-any-leg", "weakness-great-toe") == {
        ("weakness-great-toe", "here"): 1
    }


def test_the_absence_of_a_general_finding_denies_the_specific_ones_and_only_it_counts(
    knowledge: Knowledge,
) -> None:
    of = facts(knowledge, absent=["weakness-any-leg"])
    assert of.state("weakness-great-toe") == 0
    assert of.state("weakness-great-toe", "other-side") is None
    assert evidence(of, "weakness-any-leg", "weakness-great-toe") == {
        ("weakness-any-leg", "here"): 0
    }


def test_what_belongs_to_the_body_is_known_in_one_place_only(knowledge: Knowledge) -> None:
    said = [{"finding": "sensory-loss-leg", "present": False, "side": "both"}]
    of = facts(knowledge, said=said)
    assert of.state("sensory-loss-stocking") == 0
    assert of.state("sensory-loss-stocking", "other-side") is None


def test_the_absence_of_a_specific_finding_says_nothing_of_the_general_one(
    knowledge: Knowledge,
) -> None:
    assert facts(knowledge, absent=["weakness-great-toe"]).state("weakness-any-leg") is None


# Panels --------------------------------------------------------------------------------------


def test_a_normal_examination_of_the_body_denies_its_signs_in_both_legs(
    knowledge: Knowledge,
) -> None:
    of = facts(knowledge, "normal-neuro-examination")
    for place in ("here", "other-side"):
        assert of.table["reflex-ankle-reduced", place].state == 0
        assert of.table["weakness-great-toe", place].state == 0
    assert (
        of.table["reflex-ankle-reduced", "here"].why
        == "neurological examination of the legs normal"
    )


@pytest.mark.parametrize("side", ["bilateral", None])
def test_without_another_leg_a_normal_examination_counts_once(
    knowledge: Knowledge, side: str | None
) -> None:
    of = facts(knowledge, "normal-neuro-examination", side=side)
    assert {place for _, place in of.table} == {"here"}


def test_a_normal_examination_of_one_leg_says_nothing_of_the_other(knowledge: Knowledge) -> None:
    said = [{"finding": "normal-hip-examination", "present": True, "side": "right"}]
    of = facts(knowledge, said=said)
    assert of.state("hip-rotation-painful", "other-side") == 0
    assert of.state("hip-rotation-painful") is None


def test_a_normal_test_of_one_leg_denies_what_belongs_to_the_body(knowledge: Knowledge) -> None:
    said = [{"finding": "ncs-normal", "present": True, "side": "right"}]
    of = facts(knowledge, said=said)
    assert of.state("ncs-polyneuropathy") == 0
    assert of.state("ncs-polyneuropathy", "other-side") is None


def test_an_examination_that_was_not_normal_denies_nothing(knowledge: Knowledge) -> None:
    of = facts(knowledge, absent=["normal-neuro-examination"])
    assert of.state("reflex-ankle-reduced") is None


def test_a_sign_that_was_found_outranks_a_normal_examination(knowledge: Knowledge) -> None:
    of = facts(knowledge, "normal-neuro-examination", "sensory-loss-l5")
    assert of.state("sensory-loss-l5") == 1
    assert of.state("sensory-loss-leg") == 1
    assert evidence(of, "sensory-loss-leg", "sensory-loss-l5") == {
        ("sensory-loss-l5", "here"): 1,
        ("sensory-loss-leg", "other-side"): 0,
    }


def test_a_panel_itself_is_no_evidence(knowledge: Knowledge) -> None:
    of = facts(knowledge, "normal-neuro-examination")
    assert not evidence(of, "normal-neuro-examination")


# Drugs and illnesses -------------------------------------------------------------------------


def test_a_drug_stands_for_its_finding(knowledge: Knowledge) -> None:
    of = facts(knowledge, drugs=[{"name": "Simvastatin 20 mg"}, "an unheard-of drug"])
    assert of.risks["statin-use"] is True
    assert of.table["statin-use", "here"].why == "takes Simvastatin 20 mg"
    assert "statin" in of.drug_classes[0]
    assert of.drug_classes[1] == frozenset()


@pytest.mark.parametrize(
    ("illness", "finding"),
    [
        ("hypertension", "hypertension-known"),
        ("deep vein thrombosis", "previous-vte"),
        ("DVT", "previous-vte"),
        ("pulmonary embolism 2019", "previous-vte"),
        ("dyslipidaemia", "dyslipidaemia-known"),
        ("anxiety", "depression-or-anxiety"),
        ("diabetes", "diabetes-known"),
        ("type 2 diabetes", "diabetes-known"),
        ("multiple sclerosis", "ms-known"),
        ("Paget's disease", "paget-known"),
        ("stroke", "stroke-known"),
        ("colon cancer", "cancer-history"),
        ("breast cancer", "cancer-bone-seeking"),
        ("no history of stroke", None),
        ("family history of diabetes", None),
        ("basal-cell cancer of the nose", None),
        ("hay fever", None),
    ],
)
def test_an_illness_stands_for_its_finding(
    knowledge: Knowledge, illness: str, finding: str | None
) -> None:
    risks = facts(knowledge, illnesses=[illness]).risks
    known = {name for name, present in risks.items() if present}
    general = set() if finding is None else {finding, *knowledge.nested[finding]}
    assert known == general


def test_an_illness_of_a_leg_is_placed_by_its_words(knowledge: Knowledge) -> None:
    def prosthesis(words: str) -> set[str]:
        table = facts(knowledge, illnesses=[words]).table
        return {place for name, place in table if name == "joint-prosthesis"}

    assert prosthesis("hip replacement") == {"here"}
    assert prosthesis("left hip replacement") == {"here"}
    assert prosthesis("right hip replacement") == {"other-side"}
    assert prosthesis("bilateral hip replacement") == {"here", "other-side"}
    assert prosthesis("hip replacement left and right") == {"here", "other-side"}


def test_what_is_stated_outranks_what_a_drug_or_illness_implies(knowledge: Knowledge) -> None:
    of = facts(knowledge, absent=["statin-use", "diabetes-known"], drugs=["simvastatin", "insulin"])
    assert of.risks["statin-use"] is False
    assert of.risks["diabetes-known"] is False


# Sex and pregnancy ---------------------------------------------------------------------------


def test_what_the_other_sex_alone_can_have_is_absent(knowledge: Knowledge) -> None:
    man, woman = facts(knowledge, sex="male"), facts(knowledge, sex="female")
    assert man.state("worse-menstruation") == 0
    assert woman.state("worse-menstruation") is None
    assert man.state("psa-high") is None
    assert woman.state("psa-high") == 0
    assert man.table["worse-menstruation", "here"].why == "cannot be in a male"


@pytest.mark.parametrize(("weeks", "late"), [(0, False), (12, False), (27, False), (28, True)])
def test_weeks_of_pregnancy_become_findings(knowledge: Knowledge, weeks: int, late: bool) -> None:
    of = facts(knowledge, sex="female", age=30, pregnancy_weeks=weeks)
    assert of.risks["pregnancy-any"] is True
    assert of.risks["pregnancy-third-trimester"] is late


def test_without_weeks_a_pregnancy_is_unknown_in_a_woman(knowledge: Knowledge) -> None:
    assert facts(knowledge, sex="female", age=30).state("pregnancy-any") is None


def test_a_vocabulary_without_a_finding_is_not_told_of_it(knowledge: Knowledge) -> None:
    findings = {k: f for k, f in knowledge.findings.items() if f.id != "pain-bilateral"}
    smaller = dataclasses.replace(knowledge, findings=findings)
    assert facts_of(patient(knowledge), smaller).state("pain-bilateral") is None


def test_a_specific_finding_does_not_say_how_severe_a_graded_general_one_is(
    knowledge: Knowledge,
) -> None:
    graded = knowledge.findings["mri-canal-stenosis"].states
    general = knowledge.findings["weakness-any-leg"].model_copy(update={"states": graded})
    changed = dataclasses.replace(knowledge, findings={**knowledge.findings, general.id: general})
    of = facts_of(patient(knowledge, "weakness-great-toe"), changed)
    assert of.state("weakness-any-leg") is None
