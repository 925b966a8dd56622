"""The scores of a diary among those of a record."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.course import merging, with_diary
from crural.knowledge import Knowledge
from crural.record import Illness, PainScore, Record, record_from_text, write_record

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
