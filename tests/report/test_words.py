from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.report import words

from .made import assessment_data, fact, patient

PROBABILITIES = st.floats(0, 1)


def plain(text: str) -> str:
    return text.replace(words.GAP, " ")


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.0, "<1 %"),
        (0.0049, "<1 %"),
        (0.006, "1 %"),
        (0.21, "21 %"),
        (0.994, "99 %"),
        (0.9951, ">99 %"),
        (1.0, ">99 %"),
    ],
)
def test_a_probability_is_a_whole_per_cent_and_never_a_certainty(
    probability: float, said: str
) -> None:
    assert plain(words.percent(probability)) == said


@given(PROBABILITIES)
def test_no_probability_is_told_as_nothing_or_as_everything(probability: float) -> None:
    assert plain(words.percent(probability)) not in {"0 %", "100 %"}


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.31, 0.62, "31–62 %"),
        (0.001, 0.04, "<1 to 4 %"),
        (0.9, 0.999, "90 to >99 %"),
        (0.101, 0.102, "10 %"),
        (0.0, 0.001, "<1 %"),
    ],
)
def test_an_interval_names_both_ends_once(low: float, high: float, said: str) -> None:
    assert plain(words.interval(low, high)) == said


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (7.9, "×7.9"),
        (8.0, "×8.0"),
        (0.4, "×0.40"),
        (0.012, "×0.012"),
        (9.96, "×10"),
        (123.4, "×123"),
        (1e4, "×>1000"),
        (1e-4, "×<0.001"),
    ],
)
def test_a_likelihood_ratio_has_two_digits(ratio: float, said: str) -> None:
    assert words.times(ratio) == said


def test_every_urgency_has_a_sign_and_words_of_its_own() -> None:
    told = list(words.URGENCY.values())
    assert len({w.sign for w in told}) == len({w.full for w in told}) == len(told) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "man, 46 years"),
        ({"age": 12, "sex": "female"}, "girl, 12 years"),
        ({"age": 34, "sex": "female", "pregnancy_weeks": 33}, "woman, 34 years, 33 weeks pregnant"),
    ],
)
def test_a_person_is_told_by_age_and_sex(changes: dict[str, object], said: str) -> None:
    assert words.person(patient(**changes)) == said


def test_what_is_known_starts_with_duration_and_severity() -> None:
    facts = [
        fact("how bad: severe", finding="pain-severity", name="how bad"),
        fact("how long: over 6 months", finding="pain-duration", name="how long"),
        fact("fever: absent", present=False),
        fact("chills: absent", present=False, stated=False),
    ]
    assert words.known(assessment_data(facts=facts)) == (
        "pain for over 6 months; pain severe; "
        "2 findings present or abnormal, 1 absent or normal, 1 more follow from these"
    )


def test_what_an_answer_hangs_on_is_told_in_words() -> None:
    pivot = {"words": "prior of Sciatica", "value": 0.05, "swing": -0.2}
    assert plain(words.hangs_on(pivot)) == (
        "how common Sciatica is before symptoms, signs and tests (5 %); "
        "over its range the probability moves by 20 points"
    )
    pivot = {"words": "burning pain in Sciatica", "value": 0.3, "swing": 0.01}
    assert plain(words.hangs_on(pivot)) == (
        "burning pain in Sciatica (30 %); over its range the probability moves by 1 point"
    )


def test_the_error_bound_is_rounded_up_to_a_power_of_ten() -> None:
    assert "below 10⁻¹¹)" in words.exactness(assessment_data(error_bound=3e-12))
    assert "to within 10⁻²." in words.exactness(assessment_data(error_bound=0.004))


def test_probabilities_that_are_not_proved_to_the_per_cent_come_with_a_caution() -> None:
    assert words.caution(assessment_data(error_bound=0.004)) is None
    said = words.caution(assessment_data(error_bound=0.112))
    assert said is not None
    assert "off by at most 12 points of 100" in said
    empty = words.caution(assessment_data(error_bound=0.97))
    assert empty is not None
    assert "without a useful proof" in empty
    assert "exactly from" not in words.exactness(assessment_data(error_bound=0.112))


def test_a_measured_value_has_a_unit_for_people() -> None:
    assert plain(words.measured(fact(value=7.0, unit="{NRS}"))) == "7 of 10"
    assert plain(words.measured(fact(value=0.68, unit="1"))) == "0.68"
    assert plain(words.measured(fact(value=42.0, unit="mg/L"))) == "42 mg/L"
    assert words.measured(fact()) == ""


def test_a_finding_of_the_other_leg_says_so() -> None:
    assert words.with_side(fact("calf pain", side="other-side")) == "calf pain (other leg)"
    assert words.with_side(fact("calf pain", side="here")) == "calf pain"


def test_a_long_row_of_names_ends_with_the_number_of_the_rest() -> None:
    findings = [fact(name) for name in ("a", "b", "c")]
    assert words.names(findings) == "a; b; c"
    assert words.names(findings, most=2) == "a; b (and 1 more)"
