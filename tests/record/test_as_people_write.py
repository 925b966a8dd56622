"""What people write instead of the word asked for, where it can mean nothing else."""

from __future__ import annotations

import pytest

from tests.record.conftest import HEAD, error_of, observed, read


@pytest.mark.parametrize(
    ("written", "meant"),
    [("M", "male"), ("boy", "male"), ("Male", "male"), ("F", "female"), ("woman", "female")],
)
def test_a_sex_in_other_words(written: str, meant: str) -> None:
    assert read(f"age: 8\nsex: {written}\nside: left\n").sex == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("L", "left"), ("Right", "right"), ("both", "bilateral"), ("both legs", "bilateral")],
)
def test_a_painful_side_in_other_words(written: str, meant: str) -> None:
    assert read(f"age: 46\nsex: male\nside: {written}\n").side == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("GP", "primary-care"),
        ("Primary care", "primary-care"),
        ("general_practice", "primary-care"),
        ("pain clinic", "specialist"),
        ("Orthopedics", "specialist"),
        ("vascular clinic", "specialist"),
        ("ED", "emergency"),
        ("A&E", "emergency"),
        ("Emergency Department", "emergency"),
    ],
)
def test_a_setting_in_other_words(written: str, meant: str) -> None:
    assert read(f"{HEAD}setting: {written}\n").setting == meant


@pytest.mark.parametrize("vague", ["hospital", "clinic", "ward"])
def test_a_setting_that_may_be_several_is_asked_for_again(vague: str) -> None:
    assert "primary-care, specialist" in error_of(f"{HEAD}setting: {vague}\n").remedy


def test_an_age_with_its_unit() -> None:
    assert read("age: 46 years\nsex: male\nside: left\n").age == 46
    assert "46 decades" in error_of("age: 46 decades\nsex: male\nside: left\n").problem


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("{finding: pain-duration, value: 6 weeks}", 42),
        ("{finding: pain-duration, value: 9d}", 9),
        ("{finding: crp, value: 12 mg/dL}", 120),
        ("{finding: hba1c, value: 8.7%}", 72),
        ("{finding: temperature-raised, value: 100.4 F}", 38),
        ("{finding: temperature-raised, value: 38.1°C}", 38.1),
        ("{finding: temperature-raised, value: 38.1}", 38.1),
    ],
)
def test_a_value_with_its_unit_behind_it(line: str, value: float) -> None:
    (observation,) = read(f"{HEAD}observations:\n  - {line}\n").observations
    assert observation.value == value


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{finding: pain-duration, value: 5}", "days, weeks, months or years"),
        ("{finding: pain-duration, value: 5-6 weeks}", "plain number"),
        ("{finding: crp, value: '14,000 mg/L'}", "plain number"),
        ("{finding: crp, value: 5 apples}", "give the value in mg/L or mg/dL"),
        ("{finding: temperature-raised, value: 98.6}", "check the value and its unit"),
    ],
)
def test_a_value_that_is_not_clear_is_answered_with_what_is(line: str, said: str) -> None:
    assert said in observed(line).remedy


@pytest.mark.parametrize(("written", "meant"), [("R", "right"), ("bilateral", "both")])
def test_a_side_of_the_body_in_other_words(written: str, meant: str) -> None:
    line = f"{{finding: slr-positive, present: true, side: {written}}}"
    (observation,) = read(f"{HEAD}observations:\n  - {line}\n").observations
    assert observation.side == meant


@pytest.mark.parametrize("written", ["SLR-positive", "slr positive", "slr_positive"])
def test_an_id_in_other_letters(written: str) -> None:
    (observation,) = read(f"{HEAD}present: [{written}]\n").observations
    assert observation.finding == "slr-positive"


def test_a_pain_score_out_of_ten() -> None:
    (score,) = read(f"{HEAD}pain_scores: [{{day: 0, nrs: 7/10}}]\n").pain_scores
    assert score.nrs == 7


def test_a_grade_that_does_not_exist_is_answered_with_the_meaning_of_each() -> None:
    error = observed("{finding: onset-speed, state: acute}")
    assert "did you mean" not in error.remedy
    assert "subacute (over days)" in error.remedy
    assert "did you mean sudden?" in observed("{finding: onset-speed, state: suden}").remedy


def test_all_ids_that_are_none_are_told_at_once() -> None:
    error = error_of(f"{HEAD}present: [nausea, slr-positve, crp-positive]\nabsent: [vomiting]\n")
    assert error.field == "present.0"
    assert "'nausea'" in error.problem
    assert error.remedy.endswith(
        "Nor is there 'slr-positve' (did you mean slr-positive?) or 'crp-positive' or 'vomiting'"
    )


def test_of_very_many_ids_that_are_none_the_first_are_told() -> None:
    unknown = ", ".join(f"{letter * 6}" for letter in "abcdefgh")
    assert error_of(f"{HEAD}present: [{unknown}]\n").remedy.endswith("'ffffff' or others")


def test_a_fault_of_another_kind_tells_of_itself_alone() -> None:
    assert "Nor is" not in error_of(f"{HEAD}present: [crp, nausea]\n").remedy


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "none"),
        ("no effect", "none"),
        ("some relief", "partial"),
        ("Excellent", "good"),
    ],
)
def test_a_response_in_other_words(written: str, meant: str) -> None:
    (treatment,) = read(f"{HEAD}treatments: [{{what: rest, response: {written}}}]\n").treatments
    assert treatment.response == meant


def test_a_poor_response_may_be_none_or_partial_and_is_asked_for_again() -> None:
    error = error_of(f"{HEAD}treatments: [{{what: rest, response: poor}}]\n")
    assert "none, partial or good" in error.remedy


@pytest.mark.parametrize(("written", "days"), [("2 weeks", 14), ("10 d", 10)])
def test_days_of_treatment_in_another_unit(written: str, days: int) -> None:
    (treatment,) = read(f"{HEAD}treatments: [{{what: rest, days: {written}}}]\n").treatments
    assert treatment.days == days


def test_days_of_treatment_in_a_unit_that_is_none_are_refused() -> None:
    assert "whole number" in error_of(f"{HEAD}treatments: [{{what: x, days: 2 goes}}]\n").problem


@pytest.mark.parametrize(("written", "present"), [("positive", True), ("negative", False)])
def test_present_in_other_words(written: str, present: bool) -> None:
    line = f"{{finding: slr-positive, present: {written}}}"
    (observation,) = read(f"{HEAD}observations:\n  - {line}\n").observations
    assert observation.present is present


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("{finding: onset-speed, state: insidious}", "gradual"),
        ("{finding: onset-speed, state: Sudden}", "sudden"),
        ("{finding: crp, state: elevated}", "raised"),
        ("{finding: crp, value: elevated}", "raised"),
    ],
)
def test_a_grade_in_other_words(line: str, state: str) -> None:
    (observation,) = read(f"{HEAD}observations:\n  - {line}\n").observations
    assert observation.state == state


def test_a_word_for_a_grade_that_the_finding_does_not_have_is_refused() -> None:
    assert "Its states are" in observed("{finding: onset-speed, state: elevated}").remedy


def test_a_grade_under_value_is_taken_for_the_grade() -> None:
    (observation,) = read(f"{HEAD}observations: [{{finding: crp, value: raised}}]\n").observations
    assert (observation.state, observation.value) == ("raised", None)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("crp: 120", "{finding: crp, value: <number>, unit: mg/L}"),
        ("onset-speed: sudden", "{finding: onset-speed, state: sudden}"),
        ("slr-positive: true", "{finding: slr-positive, present: true}"),
    ],
)
def test_a_finding_written_as_a_key_is_shown_its_place(written: str, said: str) -> None:
    assert said in error_of(f"{HEAD}{written}\n").remedy


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("history: [gout]", "illnesses"),
        ("treatments: [{drug: ibuprofen}]", "what"),
        ("observations: [{name: crp}]", "finding"),
        ("pain: 7", "pain_scores"),
    ],
)
def test_a_natural_key_is_answered_with_the_one_that_is_meant(written: str, meant: str) -> None:
    assert f"did you mean {meant}?" in error_of(f"{HEAD}{written}\n").remedy
