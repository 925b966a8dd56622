"""The scores of a diary among those of a record."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.course import merging, with_diary, with_trial
from crural.history import attempts_of
from crural.knowledge import Knowledge
from crural.record import (
    Illness,
    PainScore,
    Record,
    Treatment,
    record_from_text,
    write_record,
)

TODAY = dt.date(2026, 6, 1)
FEW = st.sampled_from([0.0, 3.0, 4.5, 10.0])
DAYS = st.dates(dt.date(2019, 1, 1), dt.date(2026, 7, 1))
TIMES = st.builds(dt.datetime.combine, DAYS, st.sampled_from([dt.time(), dt.time(20, 30)]))
DIARIES = st.lists(st.tuples(TIMES, FEW), max_size=12)
SCORES = st.one_of(
    st.builds(PainScore, date=st.dates(dt.date(2019, 1, 1), dt.date(2020, 1, 1)), nrs=FEW),
    st.builds(PainScore, day=st.integers(-9, 90), nrs=FEW),
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    return Record(
        age=draw(st.sampled_from([9, 46.5, 119])),
        sex="female",
        side="left",
        as_of=draw(st.none() | st.dates(dt.date(2020, 1, 1), TODAY)),
        pain_scores=tuple(draw(st.lists(SCORES, max_size=6))),
    )


def of(record: Record) -> Counter[tuple[object, float]]:
    return Counter((score.date, score.nrs) for score in record.pain_scores if score.date)


@given(records(), DIARIES)
def test_every_score_of_both_is_there_and_none_more(
    record: Record, diary: list[tuple[dt.datetime, float]]
) -> None:
    told: Counter[tuple[object, float]] = Counter((at.date(), nrs) for at, nrs in diary)
    merged = of(with_diary(record, diary, TODAY))
    assert merged <= of(record) | told
    assert of(record) <= merged
    if record.age == 46.5:
        days = [(at.date(), nrs) for at, nrs in diary if at.date() <= TODAY]
        assert Counter[tuple[object, float]](days) <= merged


@given(records(), DIARIES)
def test_adding_a_diary_twice_adds_nothing(
    record: Record, diary: list[tuple[dt.datetime, float]]
) -> None:
    once = with_diary(record, diary, TODAY)
    assert of(with_diary(once, diary, TODAY)) == of(once)
    assert with_diary(record, diary[::-1], TODAY) == once
    assert with_diary(record, [], TODAY) == record


@given(records(), DIARIES)
def test_what_comes_out_is_a_record_that_can_be_read(
    knowledge: Knowledge, record: Record, diary: list[tuple[dt.datetime, float]]
) -> None:
    merged = with_diary(record, diary, TODAY)
    read = record_from_text(write_record(merged), knowledge.vocabulary, "merged", today=TODAY)
    assert read == merged
    assert Record.model_validate(merged.model_dump()) == merged


@given(records(), DIARIES)
def test_nothing_but_the_scores_and_the_time_changes(
    record: Record, diary: list[tuple[dt.datetime, float]]
) -> None:
    merged = with_diary(record, diary, TODAY)
    kept = {"pain_scores": (), "as_of": None, "age": 0}
    assert merged.model_copy(update=kept) == record.model_copy(update=kept)
    assert [s for s in merged.pain_scores if s.day is not None] == [
        s for s in record.pain_scores if s.day is not None
    ]
    dates = [s.date for s in merged.pain_scores if s.date is not None]
    added = of(merged) != of(record)
    assert not added or dates == sorted(dates)
    if merged.as_of == record.as_of:
        assert merged.age == record.age


def test_a_patient_grows_older_with_the_diary() -> None:
    record = Record(age=46, sex="male", side=None, as_of=dt.date(2020, 3, 1))
    two_years = with_diary(record, [(dt.datetime(2022, 3, 1), 5)], TODAY)
    assert (two_years.as_of, two_years.age) == (dt.date(2022, 3, 1), 48)
    not_quite = with_diary(record, [(dt.datetime(2022, 2, 28), 5)], TODAY)
    assert not_quite.age == 47


def test_a_birthday_is_counted_when_the_other_dates_ask_for_it() -> None:
    since = Illness(name="asthma", since="1973")
    record = Record(age=46, sex="male", side=None, as_of=dt.date(2020, 12, 1), illnesses=(since,))
    merged = with_diary(record, [(dt.datetime(2021, 1, 5), 5)], TODAY)
    assert (merged.as_of, merged.age) == (dt.date(2021, 1, 5), 47)


def test_of_too_many_scores_the_oldest_of_the_diary_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(merging, "MOST_PAIN_SCORES", 3)
    old = PainScore(date=dt.date(2020, 1, 1), nrs=8)
    record = Record(age=46, sex="male", side=None, pain_scores=(old,))
    diary = [(dt.datetime(2021, 1, day), 5.0) for day in (1, 2, 3)]
    kept = [s.date for s in with_diary(record, diary, TODAY).pain_scores]
    assert kept == [old.date, dt.date(2021, 1, 2), dt.date(2021, 1, 3)]


TRIAL = (
    (dt.datetime(2026, 5, 1, 8), 8.0, "baseline"),
    (dt.datetime(2026, 5, 2, 8), 6.0, "baseline"),
    (dt.datetime(2026, 5, 5, 8), 2.0, "trial"),
    (dt.datetime(2026, 5, 9, 8), None, "trial"),
    (dt.datetime(2026, 5, 12, 8), 7.0, "after"),
)
PLAIN = Record(age=59, sex="male", side="left", as_of=TODAY)


def test_a_trial_told_in_the_diary_is_something_tried_with_its_days_and_relief() -> None:
    (trial,) = with_trial(PLAIN, TRIAL).treatments

    assert (trial.start, trial.stop) == (dt.date(2026, 5, 5), dt.date(2026, 5, 9))
    assert trial.relief_percent == pytest.approx(71.4)


def test_the_trial_of_the_diary_is_recognised_as_stimulation(knowledge: Knowledge) -> None:
    (attempt,) = attempts_of(with_trial(PLAIN, TRIAL), knowledge)

    assert attempt.treatments == ("spinal-cord-stimulation",)
    assert attempt.outcome == "helped"


def test_a_trial_of_the_record_gets_what_it_leaves_open() -> None:
    held = Treatment(what="SCS trial", start=dt.date(2026, 5, 5))
    both = PLAIN.model_copy(update={"treatments": (held,)})

    (trial,) = with_trial(both, TRIAL).treatments

    assert (trial.what, trial.stop) == ("SCS trial", dt.date(2026, 5, 9))
    assert trial.relief_percent == pytest.approx(71.4)


def test_a_trial_that_the_record_judges_stays_as_it_is() -> None:
    held = Treatment(what="spinal cord stimulation", response="none")
    judged = PLAIN.model_copy(update={"treatments": (held,)})

    assert with_trial(judged, TRIAL) == judged


@pytest.mark.parametrize("told", [(), TRIAL[:2], TRIAL[4:]])
def test_a_diary_without_a_trial_adds_nothing_tried(
    told: tuple[tuple[dt.datetime, float | None, str], ...],
) -> None:
    assert with_trial(PLAIN, told) == PLAIN


def test_without_scores_before_the_trial_its_relief_is_not_known() -> None:
    (trial,) = with_trial(PLAIN, TRIAL[2:]).treatments

    assert trial.relief_percent is None


def test_a_trial_after_the_day_of_the_record_is_not_yet_tried() -> None:
    early = PLAIN.model_copy(update={"as_of": dt.date(2026, 4, 1)})

    assert with_trial(early, TRIAL) == early
