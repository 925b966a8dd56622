"""Patients and versions: nothing is lost, nothing is overwritten."""

from __future__ import annotations

import datetime as dt
import pickle
from pathlib import Path

import pytest
from sqlalchemy import URL

from crural.record import Record
from crural.store import ConflictError, DamagedError, NotFoundError, Store, StoreError
from crural.store.canonical import LONGEST
from tests.store.conftest import Opener
from tests.store.kept import RECORD, WHO, HandClock, aged, directly


def kept(store: Store, label: str = "Room 4, A.B.") -> str:
    return store.create_patient(label, RECORD, who=WHO).info.patient_id


def test_a_record_comes_back_as_it_was_saved(store: Store, url: URL, opened: Opener) -> None:
    patient_id = kept(store)
    store.close()
    again = opened(url)
    assert again.version(patient_id).record == RECORD
    assert again.patient(patient_id).label == "Room 4, A.B."


def test_each_save_is_a_new_version_and_leaves_the_old_ones(store: Store) -> None:
    patient_id = kept(store)
    second = store.save(patient_id, aged(72), based_on=1, who="user-2")
    third = store.save(patient_id, aged(72), based_on=2, who=WHO)
    assert [second.info.number, third.info.number] == [2, 3]
    assert [store.version(patient_id, n).record.age for n in (1, 2, 3)] == [71, 72, 72]
    assert store.version(patient_id).info == third.info
    patient = store.patient(patient_id)
    assert (patient.newest, patient.changed_by, patient.created_by) == (3, WHO, WHO)
    assert patient.changed_at == third.info.at


def test_the_second_of_two_tabs_is_told_what_the_first_one_saved(store: Store) -> None:
    patient_id = kept(store)
    first = store.save(patient_id, aged(72), based_on=1, who="user-2")
    with pytest.raises(ConflictError, match="version 2 was saved in the meantime") as told:
        store.save(patient_id, aged(73), based_on=1, who=WHO)
    assert told.value.newest == first.info
    assert told.value.based_on == 1
    assert store.version(patient_id).record.age == 72
    again = pickle.loads(pickle.dumps(told.value))
    assert (str(again), again.newest) == (str(told.value), first.info)


@pytest.mark.parametrize("based_on", [0, -1, 2, 2**80])
def test_a_change_of_a_version_that_is_not_the_newest_is_refused(
    store: Store, based_on: int
) -> None:
    patient_id = kept(store)
    with pytest.raises(ConflictError):
        store.save(patient_id, aged(72), based_on=based_on, who=WHO)
    with pytest.raises(ConflictError):
        store.restore(patient_id, 1, based_on=based_on, who=WHO)
    with pytest.raises(ConflictError):
        store.undo(patient_id, based_on=based_on, who=WHO)


def test_restoring_makes_a_new_version_equal_to_the_old_one(store: Store) -> None:
    patient_id = kept(store)
    store.save(patient_id, aged(72), based_on=1, who=WHO)
    store.save(patient_id, aged(73), based_on=2, who=WHO)
    restored = store.restore(patient_id, 1, based_on=3, who=WHO)
    assert (restored.info.number, restored.info.restores) == (4, 1)
    assert restored.record == RECORD
    # A repetition of a repetition names the original.
    assert store.restore(patient_id, 4, based_on=4, who=WHO).info.restores == 1
    with pytest.raises(NotFoundError, match="version 9"):
        store.restore(patient_id, 9, based_on=5, who=WHO)


def test_undoing_again_goes_further_back(store: Store) -> None:
    patient_id = kept(store)
    store.save(patient_id, aged(72), based_on=1, who=WHO)
    store.save(patient_id, aged(73), based_on=2, who=WHO)
    ages = [store.undo(patient_id, based_on=n, who=WHO).record.age for n in (3, 4)]
    assert ages == [72, 71]
    with pytest.raises(StoreError, match="nothing to undo"):
        store.undo(patient_id, based_on=5, who=WHO)
    store.save(patient_id, aged(80), based_on=5, who=WHO)
    assert store.undo(patient_id, based_on=6, who=WHO).record == RECORD


def test_the_history_tells_what_changed_newest_first(store: Store) -> None:
    patient_id = kept(store)
    assert [entry.changes for entry in store.history(patient_id)] == [()]
    store.save(patient_id, aged(72), based_on=1, who="user-2")
    store.save(patient_id, aged(72, drugs=()), based_on=2, who=WHO)
    told = [
        (one.info.number, one.info.who, [change.text for change in one.changes])
        for one in store.history(patient_id)
    ]
    assert told == [
        (3, WHO, ["drug metformin removed"]),
        (2, "user-2", ["age: 71 → 72"]),
        (1, WHO, []),
    ]
    page = store.history(patient_id, limit=1)
    assert [one.changes[0].text for one in page] == ["drug metformin removed"]
    rest = store.history(patient_id, before=3)
    assert [one.info.number for one in rest] == [2, 1]
    assert [one.text for one in store.changes(patient_id, 3, 1)] == [
        "age: 72 → 71",
        "drug metformin added",
    ]


def test_the_list_begins_with_the_patient_changed_last_whatever_the_clock_says(
    store: Store, clock: HandClock
) -> None:
    first, second = kept(store, "Åsa"), kept(store, "Bengt")
    clock.now -= dt.timedelta(days=400)
    store.save(first, aged(72), based_on=1, who=WHO)
    assert [one.id for one in store.patients()] == [first, second]
    assert store.patients()[0].changed_at < store.patients()[1].changed_at
    assert [one.info.number for one in store.history(first)] == [2, 1]
    assert store.verify_audit().intact
    page = store.patients(limit=1)
    assert [one.id for one in store.patients(before=page[-1].order)] == [second]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", 3),
        ("åsa", 1),
        ("ÅSA", 1),
        ("A\u030asa", 1),
        ("100%", 1),
        ("%", 1),
        ("_", 0),
        ("nobody", 0),
        ("\x00", 0),
        ("\ud800", 0),
        ("x" * 100_000, 0),
    ],
)
def test_patients_are_found_by_part_of_their_label(store: Store, search: str, found: int) -> None:
    for label in ("Åsa", "Bengt", "100% left"):
        kept(store, label)
    assert len(store.patients(search)) == found


def test_a_label_can_be_changed(store: Store) -> None:
    patient_id = kept(store)
    assert store.rename_patient(patient_id, " Room 5 ", who=WHO).label == "Room 5"
    assert [one.label for one in store.patients("room 5")] == ["Room 5"]
    assert store.verify_audit().intact


@pytest.mark.parametrize("label", ["", "  ", "a\x00b", "a\nb", "x" * 201, "\ud800"])
def test_a_label_that_is_no_line_of_text_is_refused_without_quoting_it(
    store: Store, label: str
) -> None:
    with pytest.raises(StoreError) as told:
        store.create_patient(label, RECORD, who=WHO)
    assert told.value.field == "label"
    assert "xx" not in str(told.value)
    assert store.patients() == ()


@pytest.mark.parametrize("patient_id", ["nobody", "", "\x00", "\ud800", "x" * 5000, "a' OR 1=1 --"])
def test_an_id_that_leads_nowhere_is_not_found(store: Store, patient_id: str) -> None:
    kept(store)
    for ask in (store.patient, store.version, store.history, store.diary):
        with pytest.raises(NotFoundError):
            ask(patient_id)
    with pytest.raises(NotFoundError):
        store.save(patient_id, RECORD, based_on=1, who=WHO)
    with pytest.raises(NotFoundError):
        store.delete_patient(patient_id, who=WHO)
    assert store.audit(patient_id=patient_id) == ()


@pytest.mark.parametrize("number", [0, -1, 2, 2**31, 2**63, 2**80])
def test_a_number_that_leads_nowhere_is_not_found(store: Store, number: int) -> None:
    patient_id = kept(store)
    with pytest.raises(NotFoundError):
        store.version(patient_id, number)
    with pytest.raises(NotFoundError):
        store.changes(patient_id, 1, number)
    assert store.patients(limit=0) == ()
    assert len(store.history(patient_id, limit=2**80, before=2**80)) == 1
    assert store.audit(after=2**80) == ()


def test_the_history_is_cut_where_it_is_asked_to_be(store: Store) -> None:
    patient = store.create_patient("A", RECORD, who=WHO).info.patient_id
    for number in range(1, 5):
        changed = RECORD.model_copy(update={"age": 50 + number})
        store.save(patient, changed, based_on=number, who=WHO)
    whole = store.history(patient)
    assert [entry.info.number for entry in whole] == [5, 4, 3, 2, 1]
    assert [len(entry.changes) for entry in whole] == [1, 1, 1, 1, 0]
    for limit in range(6):
        assert store.history(patient, limit=limit) == whole[:limit]
    assert store.history(patient, limit=2, before=3) == whole[3:]


def test_text_that_databases_choke_on_survives(store: Store) -> None:
    odd = aged(72, source=None)
    odd = Record.model_validate(
        {**odd.model_dump(), "source": {"from": "a\x00b\ud800 \U0001f9b5", "n": [1.0, 2, None]}}
    )
    patient_id = store.create_patient("odd", odd, who=WHO).info.patient_id
    assert store.version(patient_id).record == odd
    assert store.verify_audit().intact


def test_a_record_beyond_all_measure_is_refused(store: Store) -> None:
    patient_id = kept(store)
    note = "x" * (LONGEST // 100)
    observations = RECORD.observations[:1] * 101
    large = aged(72, observations=tuple(o.model_copy(update={"note": note}) for o in observations))
    with pytest.raises(StoreError, match=r"4\.\d million characters"):
        store.save(patient_id, large, based_on=1, who=WHO)
    assert store.patient(patient_id).newest == 1


def test_nothing_of_a_patient_shows_in_a_repr(store: Store) -> None:
    patient_id = kept(store)
    seen = f"{store.patients()}{store.version(patient_id)}{store.history(patient_id)}"
    assert "Room" not in seen
    assert "slr-positive" not in seen


def test_who_must_be_named(store: Store) -> None:
    with pytest.raises(StoreError, match="who"):
        store.create_patient("A", RECORD, who=" ")


def test_a_clock_without_a_time_zone_is_a_fault_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        Store(tmp_path / "a.sqlite3", clock=lambda: dt.datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not JSON"),
        ('{"schema":"crural/record/9"}', "another schema"),
        ('{"schema":"crural/record/1","age":"secret"}', "does not fit"),
    ],
)
def test_a_version_that_cannot_be_read_is_named_without_quoting_it(
    store: Store, url: URL, content: str, why: str
) -> None:
    patient_id = kept(store)
    seal = "DROP TRIGGER versions_not_changed"
    if url.get_backend_name() == "postgresql":
        seal += " ON versions"
    directly(url, seal, f"UPDATE versions SET content = '{content}'")
    with pytest.raises(DamagedError, match=why) as told:
        store.version(patient_id)
    assert "secret" not in str(told.value)
