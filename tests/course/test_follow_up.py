"""Pain scores held against the expected course."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.course import (
    Expected,
    FollowUp,
    Level,
    expected_at,
    follow_up,
    follow_ups,
    level_of,
    revised,
)
from crural.course.follow_up import DRIFT_PER_WEEK, SCORE_NOISE
from crural.history import attempts_of
from crural.knowledge.ladder import Course
from tests.ladder.small_ladder import BECAUSE, KNOWLEDGE, number, record


def course(name: str, *points: tuple[float, float], **more: Any) -> Course:
    usual: dict[str, Any] = {
        "id": name,
        "name": name,
        "conditions": ["stenosis"],
        "points": [
            {"week": number(week), "left": {**number(left), "estimate": left}}
            for week, left in points
        ],
        "spread": number(0.2),
        "says": BECAUSE,
        "if_not": "look again",
    }
    return Course.model_validate(usual | more)


HEALING = course("healing", (0, 1.0), (4, 0.5), (12, 0.2))
UNDER_RED = course("under-red-pills", (0, 1.0), (6, 0.3), treatment="red-pill")
KNOWN = replace(KNOWLEDGE, courses={c.id: c for c in (HEALING, UNDER_RED)}, digest="small-courses")
RANKED = [("sciatica", 0.6), ("stenosis", 0.5)]


def given_(condition: str) -> tuple[dict[str, float], dict[str, float]]:
    assert condition == "stenosis"
    return {"stenosis": 1.0, "sciatica": 0.3}, {"stenosis": 0.0, "sciatica": 0.9}


def followed(*scores: tuple[int, float], **parts: Any) -> FollowUp | None:
    one = record(pain_scores=[{"day": day, "nrs": nrs} for day, nrs in scores], **parts)
    return follow_up(one, KNOWN, attempts_of(one, KNOWN), RANKED, given_)


@pytest.mark.parametrize(
    ("week", "left"), [(-1, 1.0), (0, 1.0), (2, 0.75), (4, 0.5), (8, 0.35), (12, 0.2), (99, 0.2)]
)
def test_between_its_points_a_course_is_a_straight_line(week: float, left: float) -> None:
    assert expected_at(HEALING, week, KNOWN).left == pytest.approx(left)


def test_pain_that_falls_as_it_should_is_on_course() -> None:
    found = followed((0, 8), (14, 5), (28, 3), (42, 2), (56, 2), (70, 2), (84, 1))

    assert found is not None
    assert (found.condition, found.verdict, found.revised) == ("stenosis", "on-course", {})


def test_pain_that_stays_is_off_course_and_reopens_the_diagnosis() -> None:
    found = followed((0, 8), (28, 8), (56, 8), (84, 8))

    assert found is not None
    assert found.verdict == "off-course"
    assert found.revised["stenosis"] < 0.5
    assert found.revised["sciatica"] > 0.6


def test_after_a_few_days_it_is_too_early() -> None:
    found = followed((0, 8), (3, 8))

    assert found is not None
    assert found.verdict == "too-early"
    assert "less than one point of change is due by now" in found.because


@pytest.mark.parametrize("scores", [(), ((0, 5),), ((0, 5), (0, 4))])
def test_without_two_scores_at_different_times_nothing_is_said(scores: Any) -> None:
    assert followed(*scores) is None


def test_the_course_of_the_treatment_comes_before_the_natural_one() -> None:
    treated = [{"what": "red pill", "start": "2026-01-01"}]

    found = followed((0, 8), (42, 8), treatments=treated)

    assert found is not None
    assert found.treatment == "red-pill"


def test_scores_with_dates_count_from_the_start_of_the_treatment() -> None:
    one = record(
        treatments=[{"what": "red pill", "start": "2026-01-15"}],
        pain_scores=[
            {"date": dt.date(2026, 1, 1), "nrs": 9},
            {"date": dt.date(2026, 1, 15), "nrs": 7},
            {"date": dt.date(2026, 2, 12), "nrs": 7},
        ],
    )

    found = follow_up(one, KNOWN, attempts_of(one, KNOWN), RANKED, given_)

    assert found is not None
    assert found.scores == ((-2.0, 9.0), (0.0, 7.0), (4.0, 7.0))
    # Both scores up to the start make the first level.
    assert found.first.mean == pytest.approx(8, abs=0.6)


@given(st.floats(0, 10), st.integers(2, 30))
def test_many_equal_scores_give_their_level_ever_more_surely(score: float, n: int) -> None:
    few = level_of([(week, score) for week in range(n)])
    more = level_of([(week, score) for week in range(n + 1)])

    assert few.mean == pytest.approx(score)
    assert more.sd <= few.sd <= SCORE_NOISE


def test_the_level_is_that_of_the_weighted_least_squares_solution() -> None:
    """Independent derivation: two scores, a week apart, as a joint normal distribution."""
    low, high = 3.0, 6.0
    prior = SCORE_NOISE**2 + DRIFT_PER_WEEK**2
    weight = prior / (prior + SCORE_NOISE**2)

    found = level_of([(0, low), (1, high)])

    assert found.mean == pytest.approx(low + weight * (high - low))
    assert found.sd == pytest.approx((prior * (1 - weight)) ** 0.5)


@given(st.floats(0.05, 0.95), st.floats(0, 10), st.floats(0.05, 1), st.floats(0.05, 0.5))
def test_a_course_that_goes_wrong_never_speaks_for_the_cause_that_is_treated(
    before: float, now: float, left: float, spread: float
) -> None:
    found = revised(
        before,
        Level(8, 1),
        Level(now, 1),
        Expected(12, left, spread),
        ({"x": 1.0, "y": 0.2}, {"x": 0.0, "y": 0.7}),
    )

    assert 0 <= found["x"] <= before + 1e-9
    assert found["y"] == pytest.approx(0.2 * found["x"] + 0.7 * (1 - found["x"]))


@given(st.lists(st.floats(0, 10), min_size=2, max_size=8), st.floats(0.1, 3))
def test_more_pain_is_never_nearer_to_the_course(scores: list[float], more: float) -> None:
    def chance(extra: float) -> float:
        last = [*scores[:-1], min(scores[-1] + extra, 10.0)]
        found = followed(*[(7 * i, score) for i, score in enumerate(last)])
        assert found is not None
        return found.chance_off

    assert chance(more) >= chance(0.0) - 1e-12


def test_a_tablet_that_was_stopped_sets_no_course_but_an_operation_does() -> None:
    after_knife = course("after-the-knife", (0, 1.0), (6, 0.2), treatment="knife")
    known = replace(KNOWN, courses={c.id: c for c in (HEALING, UNDER_RED, after_knife)}, digest="x")
    stopped = {"start": "2026-01-01", "stop": "2026-01-20"}

    for what, expected in (("red pill", None), ("knife", "knife")):
        one = record(
            treatments=[{"what": what, **stopped}],
            pain_scores=[{"day": 0, "nrs": 8}, {"day": 42, "nrs": 8}],
        )
        found = follow_up(one, known, attempts_of(one, known), RANKED, given_)
        assert found is not None
        assert found.treatment == expected


def test_every_course_can_be_looked_at_once_and_the_first_is_the_one_that_counts() -> None:
    start, today = dt.date(2026, 1, 1), dt.date(2026, 3, 1)
    one = record(
        as_of=today,
        treatments=[{"what": "red pill", "start": start}],
        pain_scores=[{"date": start, "nrs": 8}, {"date": today, "nrs": 7}],
    )
    again = [*RANKED, ("stenosis", 0.5)]
    attempts = attempts_of(one, KNOWN)
    found = list(follow_ups(one, KNOWN, attempts, again, given_))

    assert [held.course.id for held in found] == ["under-red-pills", "healing"]
    assert found[0] == follow_up(one, KNOWN, attempts, again, given_)
    assert list(follow_ups(record(), KNOWN, (), again, given_)) == []


def dated(*scores: tuple[dt.date, float], **parts: Any) -> FollowUp | None:
    one = record(pain_scores=[{"date": day, "nrs": nrs} for day, nrs in scores], **parts)
    return follow_up(one, KNOWN, attempts_of(one, KNOWN), RANKED, given_)


JANUARY = dt.date(2026, 1, 1)


def week(n: float) -> dt.date:
    return JANUARY + dt.timedelta(weeks=n)


def test_a_drug_without_a_start_has_no_course() -> None:
    found = dated((week(0), 8), (week(6), 3), drugs=["red pill"])

    assert found is not None
    assert found.treatment is None


def test_scores_of_a_trial_do_not_count_for_the_drug_beside_it() -> None:
    trial = {"what": "wire", "start": week(2), "stop": week(4), "relief_percent": 60}
    red = {"what": "red pill", "start": JANUARY}
    scores = [(week(0), 8.0), (week(2.5), 2.0), (week(3.5), 2.0), (week(6), 8.0)]

    found = dated(*scores, treatments=[red, trial])

    assert found is not None
    assert found.treatment == "red-pill"
    assert found.scores == ((0.0, 8.0), (6.0, 8.0))
    assert found.now.mean == pytest.approx(8.0)
    assert "scores under a later treatment do not count here: wire" in found.because


def test_scores_after_a_later_treatment_began_count_for_that_one() -> None:
    red = {"what": "red pill", "start": JANUARY}
    rest = {"what": "rest", "start": week(4)}

    found = dated((week(0), 8), (week(3), 7), (week(5), 1), treatments=[red, rest])

    assert found is not None
    assert found.scores == ((0.0, 8.0), (3.0, 7.0))


def test_when_all_scores_lie_under_a_later_treatment_the_first_has_no_course() -> None:
    red = {"what": "red pill", "start": JANUARY}
    rest = {"what": "rest", "start": week(1)}

    found = dated((week(0), 8), (week(3), 7), (week(5), 1), treatments=[red, rest])

    assert found is not None
    assert found.treatment is None


def test_an_operation_ends_the_natural_course_and_an_old_one_does_not() -> None:
    scores = [(week(0), 8.0), (week(2), 8.0), (week(6), 1.0)]

    cut = dated(*scores, treatments=[{"what": "knife", "start": week(4)}])
    whole = dated(*scores, treatments=[{"what": "knife", "start": dt.date(2020, 1, 1)}])

    assert cut is not None
    assert whole is not None
    assert (len(cut.scores), len(whole.scores)) == (2, 3)


def test_an_implant_that_was_taken_out_has_no_course() -> None:
    under_wire = course("under-wire", (0, 1.0), (2, 0.5), treatment="wire")
    known = replace(KNOWN, courses={**KNOWN.courses, "under-wire": under_wire}, digest="wired")
    scores = [{"date": week(n), "nrs": 8} for n in (0, 2, 4, 6)]

    def treatment(**trial: Any) -> str | None:
        one = record(treatments=[{"what": "wire", **trial}], pain_scores=scores)
        found = follow_up(one, known, attempts_of(one, known), RANKED, given_)
        assert found is not None
        return found.treatment

    assert treatment(start=week(1)) == "wire"
    assert treatment(start=week(1), stop=week(2), relief_percent=60) is None
