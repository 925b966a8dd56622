from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.report import words

from .made import (
    assessment_data,
    attempt,
    criteria_set,
    criterion,
    fact,
    ladder,
    option,
    patient,
    rung,
)

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


def test_duration_and_severity_are_told_as_they_were_entered() -> None:
    facts = [
        fact("how bad: severe", finding="pain-severity", name="how bad", value=7.5, unit="{NRS}"),
        fact("how long: 6 weeks to 6 months", finding="pain-duration", value=42.0, unit="d"),
    ]
    told = plain(words.known(assessment_data(facts=facts)))
    assert told.startswith("pain for 6 weeks; pain 7.5 of 10; ")


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
    assert plain(words.measured(fact(value=1643.62, unit="d"))) == "4.5 years"
    assert words.measured(fact()) == ""


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "0 days"),
        (1, "1 day"),
        (3, "3 days"),
        (7, "1 week"),
        (42, "6 weeks"),
        (15, "15 days"),
        (30, "1 month"),
        (91.3, "3 months"),
        (365.25, "1 year"),
        (400, "13 months"),
        (1643.62, "4.5 years"),
        (2031, "5.6 years"),
        (30000, "82 years"),
    ],
)
def test_a_span_is_told_in_the_unit_in_which_it_was_entered(days: float, said: str) -> None:
    assert words.duration(days) == said


@given(st.floats(min_value=1, max_value=40000))
def test_a_span_in_words_is_the_span_that_was_meant(days: float) -> None:
    number, unit = words.duration(days).split()
    length = {"day": 1, "week": 7, "month": 30.4375, "year": 365.25}[unit.rstrip("s")]
    assert abs(float(number) * length - days) <= max(0.5, 0.26 * days)


def test_only_long_spans_of_days_in_a_text_are_told_anew() -> None:
    assert words.spans("pain for 1644 days; 28 days are asked for") == (
        "pain for 4.5 years; 28 days are asked for"
    )
    assert words.spans("100–200 days") == "100–200 days"


def test_a_finding_of_the_other_leg_says_so() -> None:
    assert words.with_side(fact("calf pain", side="other-side")) == "calf pain (other leg)"
    assert words.with_side(fact("calf pain", side="here")) == "calf pain"


def test_a_long_row_of_names_ends_with_the_number_of_the_rest() -> None:
    findings = [fact(name) for name in ("a", "b", "c")]
    assert words.names(findings) == "a; b; c"
    assert words.names(findings, most=2) == "a; b (and 1 more)"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "2026-01-20 to 2026-02-03 (15 days)"),
        ({"stop": None, "days": None}, "from 2026-01-20"),
        ({"stop": "2026-01-20", "days": 1643}, "on 2026-01-20"),
        ({"start": None, "stop": None, "days": 90}, "3 months"),
        ({"start": None, "stop": None}, "15 days"),
        ({"start": None, "stop": None, "days": 1}, "1 day"),
        ({"start": None, "stop": None, "days": None}, "dates not recorded"),
        ({"going_on": True, "stop": None}, "since 2026-01-20 (15 days)"),
        ({"going_on": True, "start": None, "days": None}, "taken now"),
    ],
)
def test_when_something_was_tried_is_told_by_what_is_recorded(
    changes: dict[str, object], said: str
) -> None:
    assert words.lasted(attempt() | changes) == said


def test_what_came_of_it_and_whether_it_was_enough_are_told() -> None:
    assert plain(words.came_of(attempt())) == (
        "not enough relief (30 % relief); stopped because of heartburn"
    )
    bare = attempt("tens", "helps", relief_percent=None, stopped_because=None)
    assert words.came_of(bare) == "helps"
    assert words.enough(attempt()) == "long and strong enough"
    short = attempt(adequacy="too-short", why_not_adequate="5 days; 28 are asked for")
    assert words.enough(short) == "too short: 5 days; 28 are asked for"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("criteria", "1 met, 1 not met, 1 unknown"),
        ("contraindications", "1 present, 1 absent, 1 unknown"),
        ("precautions", "1 present, 1 absent, 1 unknown"),
        ("preparation", "1 to do, 1 not needed, 1 unknown"),
    ],
)
def test_lines_of_a_list_are_counted_in_the_words_of_its_kind(kind: str, said: str) -> None:
    lines = [criterion(verdict, verdict) for verdict in ("met", "not met", "unknown")]
    other = criterion("other", set="another")
    assert words.counts([*lines, other], criteria_set(kind=kind)) == said
    assert words.listed([*lines, other], criteria_set(kind=kind)) == lines


def test_lists_are_read_in_the_order_of_their_kinds() -> None:
    sets = [criteria_set(kind, kind) for kind in ("preparation", "contraindications", "criteria")]
    kinds = [of["kind"] for of in words.by_kind(sets)]
    assert kinds == ["criteria", "contraindications", "preparation"]


def test_where_a_therapy_stands_on_the_ladder() -> None:
    assert words.on_ladder(ladder(), "stimulation") == "a later step; others come first"
    assert words.on_ladder(ladder(), "surgery") == ""
    assert words.on_ladder(None, "stimulation") == ""


def test_a_ladder_is_named_with_its_cause_and_its_next_step() -> None:
    assert words.of_ladder(ladder()) == "Sciatica"
    assert words.of_ladder(ladder(name="Hip", condition_name="Gout")) == "Hip (Gout)"
    assert words.of_ladder(ladder(condition_name=None)) == "Sciatica"
    same = ladder(name="Sciatica from a herniated disc", condition_name="Sciatica from a disc")
    assert words.of_ladder(same) == "Sciatica from a herniated disc"
    assert words.next_step(ladder()) == "next is Drugs for nerve pain"
    assert words.next_step(ladder(rung("Rest", "passed"))) == "no further step now"


def test_marks_that_turn_the_writing_round_are_left_out() -> None:
    assert words.shown("10\u202e mg 001\u202c") == "10 mg 001"
    assert words.shown(f"5{words.GAP}%") == "5\u00a0%"
    assert words.shown(f"5{words.GAP}%", " ") == "5 %"


def test_what_the_patient_has_now_stands_in_front() -> None:
    options = [option("a"), option("b", "going-on"), option("c", "barred"), option("d", "helps")]
    assert [o["name"] for o in words.in_front(options)] == ["b", "d", "a", "c"]
