"""Deleted for good is deleted: from the tables, from the file, from the log beside it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL

from crural.record import Record
from crural.store import DiaryValues, NotFoundError, Store
from tests.store.conftest import Opener
from tests.store.kept import RECORD, WHO, aged, rows
from tests.store.postgresql import Server

TRACES = (b"Quasimodo", b"zanamivir-trace", b"limped-home", b"Esmeralda")


def traced() -> Record:
    return aged(71, note="zanamivir-trace " * 2000)


def filled(store: Store) -> tuple[str, str]:
    """One to delete and one to keep."""
    gone = store.create_patient("Quasimodo", traced(), who=WHO).info.patient_id
    for n in range(1, 6):
        store.save(gone, traced(), based_on=n, who=WHO)
    store.rename_patient(gone, "Esmeralda", who=WHO)
    store.add_diary(
        gone, DiaryValues(at=dt.datetime(2026, 1, 1), nrs=3, note="limped-home"), who=WHO
    )
    return gone, store.create_patient("stays", RECORD, who=WHO).info.patient_id


def traces_in(folder: Path, *, below: str = "*") -> set[bytes]:
    found: set[bytes] = set()
    for file in folder.rglob(below):
        if file.is_file():
            content = file.read_bytes()
            found |= {trace for trace in TRACES if trace in content}
    return found


def test_nothing_is_left_but_that_it_happened(store: Store) -> None:
    gone, stays = filled(store)
    deletion = store.delete_patient(gone, who="user-2")
    assert (deletion.patient_id, deletion.erased) == (gone, True)
    assert [one.id for one in store.patients()] == [stays]
    for ask in (store.patient, store.version, store.diary, store.history):
        with pytest.raises(NotFoundError):
            ask(gone)
    with pytest.raises(NotFoundError):
        store.delete_patient(gone, who=WHO)
    last = store.audit(patient_id=gone)[-1]
    assert (last.who, last.action, last.at) == ("user-2", "patient-deleted", deletion.at)
    assert store.version(stays).record == RECORD
    assert store.verify_audit().intact


def test_nothing_is_left_in_the_sqlite_file_or_beside_it(
    sqlite: URL, opened: Opener, tmp_path: Path
) -> None:
    store = opened(sqlite)
    gone, _ = filled(store)
    assert traces_in(tmp_path) == set(TRACES)
    store.delete_patient(gone, who=WHO)
    # While the store is open: its log is there too.
    assert traces_in(tmp_path) == set()


def test_nothing_is_left_in_the_tables_of_postgresql(
    server: Server, postgresql: URL, opened: Opener
) -> None:
    store = opened(postgresql)
    gone, _ = filled(store)
    server.run("CHECKPOINT")
    store.delete_patient(gone, who=WHO)
    server.run("CHECKPOINT")
    # The write-ahead log keeps them until the server uses the space again (docs/store.md).
    assert traces_in(server.folder / "data" / "base") == set()
    assert not [trace for trace in TRACES if trace.decode() in server.log()]


def test_the_trail_does_not_give_the_deleted_content_away(store: Store, url: URL) -> None:
    """Digests are keyed with a secret that is deleted too: no trying out of all pain scores."""
    gone, _ = filled(store)
    store.delete_patient(gone, who=WHO)
    for table in ("patients", "versions", "diary"):
        assert gone not in str(rows(url, table))


def test_remains_that_could_not_be_cleared_are_cleared_at_the_next_opening(
    sqlite: URL, opened: Opener, tmp_path: Path
) -> None:
    store = opened(sqlite, patience=0.05)
    gone, _ = filled(store)
    with closing(sqlite3.connect(tmp_path / "crural.sqlite3", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM versions").fetchone()
        assert not store.delete_patient(gone, who=WHO).erased
        assert store.patients()[0].label == "stays"
        assert traces_in(tmp_path) != set()
    store.close()
    opened(sqlite)
    assert traces_in(tmp_path) == set()


def test_remains_after_a_kill_between_deleting_and_clearing_are_cleared_at_the_next_opening(
    url: URL, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(url)
    gone, _ = filled(store)
    with monkeypatch.context() as patch:
        patch.setattr(store._database, "erase_remains", lambda: False)
        assert not store.delete_patient(gone, who=WHO).erased
    assert rows(url, "erasures") == [(gone,)]
    again = opened(url)
    assert rows(url, "erasures") == []
    assert again.verify_audit().intact
