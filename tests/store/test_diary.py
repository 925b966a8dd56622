"""The diary: one entry for a time, corrected only by whoever has seen it."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import URL

from crural.store import DamagedError, DiaryValues, NotFoundError, Store, StoreError, TakenError
from tests.store.kept import RECORD, WHO, directly

MORNING = dt.datetime(2026, 3, 1, 8, 15)
SCORE = DiaryValues(at=MORNING, nrs=7)


@pytest.fixture
def patient_id(store: Store) -> str:
    return store.create_patient("A", RECORD, who=WHO).info.patient_id


def test_an_entry_comes_back_with_all_its_values(store: Store, patient_id: str) -> None:
    full = DiaryValues(
        at=MORNING,
        nrs=6.5,
        phase="trial",
        settings="programme 2",
        odi=44,
        sleep=5.5,
        opioid=40,
        note="rained\r\nall day",
    )
    entry = store.add_diary(patient_id, full, who=WHO)
    assert (entry.revision, entry.who) == (1, WHO)
    assert entry.values == replace(full, note="rained all day")
    assert store.diary(patient_id) == (entry,)


def test_entries_come_in_the_order_of_their_times(store: Store, patient_id: str) -> None:
    times = [MORNING + dt.timedelta(hours=h) for h in (30, 0, 12)]
    for at in times:
        store.add_diary(patient_id, DiaryValues(at=at, nrs=5), who=WHO)
    assert [e.values.at for e in store.diary(patient_id)] == sorted(times)
    some = store.diary(patient_id, since=MORNING + dt.timedelta(hours=1), until=times[0])
    assert [e.values.at for e in some] == sorted(times)[1:]


def test_a_form_sent_twice_is_kept_once(store: Store, patient_id: str) -> None:
    first = store.add_diary(patient_id, SCORE, who=WHO)
    again = store.add_diary(patient_id, replace(SCORE, at=MORNING.replace(second=9)), who=WHO)
    assert again == first
    assert len(store.diary(patient_id)) == 1


def test_many_entries_are_added_together_or_not_at_all(store: Store, patient_id: str) -> None:
    days = [DiaryValues(at=MORNING + dt.timedelta(days=i), nrs=5) for i in range(3)]
    taken = store.add_diary(patient_id, replace(days[2], nrs=9), who=WHO)
    with pytest.raises(TakenError, match="another entry"):
        store.add_diary_entries(patient_id, days, who=WHO)
    assert store.diary(patient_id) == (taken,)
    store.remove_diary(taken.id, who=WHO)
    added = store.add_diary_entries(patient_id, days, who=WHO)
    assert store.add_diary_entries(patient_id, days, who=WHO) == added
    assert [entry.values for entry in store.diary(patient_id)] == days
    assert store.verify_audit().intact


def test_entries_added_together_are_chained_as_those_added_one_by_one(
    store: Store, patient_id: str
) -> None:
    before = store.audit_head()
    every = [DiaryValues(at=MORNING + dt.timedelta(days=i), nrs=5) for i in range(4)]
    added = store.add_diary_entries(patient_id, [*every, every[1]], who=WHO)
    assert [entry.values for entry in added] == every
    assert [entry.item for entry in store.audit(after=before.seq)] == [e.id for e in added]
    assert store.verify_audit(since=before).intact
    other = store.create_patient("B", RECORD, who=WHO).info.patient_id
    assert len(store.add_diary_entries(other, every, who=WHO)) == 4
    assert store.add_diary_entries(other, [], who=WHO) == ()


def test_a_diary_of_years_does_not_keep_others_from_writing(store: Store, patient_id: str) -> None:
    every = [
        DiaryValues(at=MORNING + dt.timedelta(hours=3 * i), nrs=i % 10, note=f"n{i}")
        for i in range(5000)
    ]
    begun = time.process_time()
    store.add_diary_entries(patient_id, every, who=WHO)
    # One by one it takes twenty. Others who want to write give up after five.
    assert time.process_time() - begun < 3
    assert store.verify_audit().intact


def test_values_are_checked_without_keeping_them(store: Store, patient_id: str) -> None:
    assert store.checked_diary(replace(SCORE, note=" wet\n")) == replace(SCORE, note="wet")
    with pytest.raises(StoreError, match="not between 0 and 10"):
        store.checked_diary(replace(SCORE, nrs=11))
    assert store.diary(patient_id) == ()


def test_another_entry_for_the_same_time_is_refused(store: Store, patient_id: str) -> None:
    store.add_diary(patient_id, SCORE, who=WHO)
    with pytest.raises(TakenError, match="another entry"):
        store.add_diary(patient_id, replace(SCORE, nrs=3), who=WHO)
    other = store.create_patient("B", RECORD, who=WHO).info.patient_id
    assert store.add_diary(other, replace(SCORE, nrs=3), who=WHO).values.nrs == 3


def test_a_correction_needs_the_entry_as_it_is_now(store: Store, patient_id: str) -> None:
    entry = store.add_diary(patient_id, SCORE, who=WHO)
    better = store.change_diary(entry.id, replace(SCORE, nrs=4), based_on=1, who="user-2")
    assert (better.revision, better.values.nrs, better.who) == (2, 4, "user-2")
    with pytest.raises(TakenError, match="revision 2"):
        store.change_diary(entry.id, replace(SCORE, nrs=5), based_on=1, who=WHO)
    later = store.add_diary(patient_id, DiaryValues(at=MORNING.replace(hour=9), nrs=1), who=WHO)
    with pytest.raises(TakenError, match="another entry"):
        store.change_diary(later.id, SCORE, based_on=1, who=WHO)
    assert store.verify_audit().intact


def test_an_entry_can_be_taken_out(store: Store, patient_id: str) -> None:
    entry = store.add_diary(patient_id, SCORE, who=WHO)
    store.remove_diary(entry.id, who=WHO)
    assert store.diary(patient_id) == ()
    with pytest.raises(NotFoundError):
        store.remove_diary(entry.id, who=WHO)
    assert store.verify_audit().intact


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("nrs", {"nrs": 11}),
        ("nrs", {"nrs": float("nan")}),
        ("nrs", {"nrs": None}),
        ("sleep", {"sleep": -1}),
        ("odi", {"odi": 101}),
        ("opioid", {"opioid": float("inf")}),
        ("note", {"note": "x" * 5001}),
        ("settings", {"settings": "a\x00"}),
        ("at", {"at": MORNING.replace(tzinfo=dt.UTC)}),
        ("at", {"at": MORNING.replace(year=20)}),
    ],
)
def test_values_that_cannot_be_are_refused(
    store: Store, patient_id: str, field: str, change: dict[str, Any]
) -> None:
    with pytest.raises(StoreError) as told:
        store.add_diary(patient_id, replace(SCORE, **change), who=WHO)
    assert told.value.field == field
    assert store.diary(patient_id) == ()


@pytest.mark.parametrize("content", ["{", '{"nosuch": 1}'])
def test_an_entry_that_cannot_be_read_is_named(
    store: Store, url: URL, patient_id: str, content: str
) -> None:
    entry = store.add_diary(patient_id, SCORE, who=WHO)
    directly(url, f"UPDATE diary SET content = '{content}'")
    with pytest.raises(DamagedError, match=entry.id):
        store.diary(patient_id)
