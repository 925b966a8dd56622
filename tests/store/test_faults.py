"""Disk full, database locked, file damaged: a clear message, nothing lost, nothing overwritten."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from crural.store import (
    BusyError,
    DamagedError,
    DiskFullError,
    Store,
    StoreError,
    UnreachableError,
)
from crural.store.faults import told
from tests.store.conftest import Opener
from tests.store.kept import RECORD, WHO, aged
from tests.store.test_kill import saver

FILE = "crural.sqlite3"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program in the midst of writing."""
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        yield
        other.communicate()


def save_until_refused(store: Store, patient_id: str) -> None:
    """Save one version after the other, each as large as two pages."""
    for n in range(1, 1000):
        store.save(patient_id, aged(n % 120, note="x" * 9000), based_on=n, who=WHO)


def test_a_full_disk_refuses_the_save_and_keeps_what_was_there(sqlite: URL, opened: Opener) -> None:
    store = opened(sqlite)
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    with store._database.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 60")
    with pytest.raises(DiskFullError, match="disk is full"):
        save_until_refused(store, patient_id)
    store.close()
    again = opened(sqlite)
    newest = again.patient(patient_id).newest
    assert newest > 2
    assert again.version(patient_id).record.age == newest - 1
    assert again.verify_audit().intact
    again.save(patient_id, RECORD, based_on=newest, who=WHO)


def test_a_limit_on_the_size_of_files_loses_nothing_acknowledged(
    sqlite: URL, opened: Opener
) -> None:
    with opened(sqlite) as store:
        patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    said, _ = saver(sqlite, patient_id, 10_000, "300000").communicate(timeout=60)
    *numbers, fault = said.splitlines()
    assert fault.startswith("DiskFullError")
    assert len(numbers) > 5
    again = opened(sqlite)
    assert again.patient(patient_id).newest == len(numbers) + 1
    assert again.verify_audit().intact


def test_a_small_disk_loses_nothing_acknowledged(opened: Opener, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only root may make a small disk; the two tests above fill one in other ways")
    try:
        with opened(disk / FILE) as store:
            patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
            with pytest.raises(DiskFullError):
                save_until_refused(store, patient_id)
            newest = store.patient(patient_id).newest
            assert newest > 2
            assert store.version(patient_id).record.age == newest - 1
            assert store.verify_audit().intact
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_full_from_the_start_leaves_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("crural.store.store.migrate", full)
    monkeypatch.setattr("crural.store.database._sqlite", lambda *_words: _NoEngine())
    with pytest.raises(sqlite3.OperationalError):
        Store(tmp_path / FILE)
    assert list(tmp_path.iterdir()) == []


class _NoEngine:
    def dispose(self) -> None:
        """Nothing to close."""


def test_a_database_that_another_program_writes_to_can_be_read_but_not_written(
    sqlite: URL, opened: Opener, tmp_path: Path
) -> None:
    store = opened(sqlite, patience=0.1)
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    with locked(tmp_path / FILE):
        assert store.version(patient_id).record == RECORD
        with pytest.raises(BusyError, match="try again in a moment"):
            store.save(patient_id, aged(72), based_on=1, who=WHO)
        assert opened(sqlite, patience=0.1).patient(patient_id).newest == 1
    assert store.save(patient_id, aged(72), based_on=1, who=WHO).info.number == 2


def test_a_new_database_that_another_program_holds_is_waited_for(
    sqlite: URL, opened: Opener, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    with locked(tmp_path / FILE), pytest.raises(BusyError):
        opened(sqlite, patience=0.1)
    assert opened(sqlite).patients() == ()


def test_a_thread_that_writes_too_long_makes_the_others_give_up(
    store: Store, url: URL, opened: Opener
) -> None:
    other = opened(url, patience=0.1)
    with other._database.write(), pytest.raises(BusyError):
        other.note("sign-in-refused", who=WHO)
    # And a program of its own, in either database.
    with store._database.write(), pytest.raises(BusyError):
        other.note("sign-in-refused", who=WHO)
    other.note("sign-in-refused", who=WHO)


def test_readers_beyond_all_measure_are_told_to_try_again(postgresql: URL, opened: Opener) -> None:
    store = opened(postgresql, patience=0.1)
    held = [store._database.engine.connect() for _ in range(15)]
    with pytest.raises(BusyError):
        store.patients()
    for connection in held:
        connection.close()
    assert store.patients() == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"not a database at all, but a letter" * 100, "damaged, or is no database"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "damaged, or is no database"),
    ],
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, opened: Opener, content: bytes, problem: str
) -> None:
    file = tmp_path / FILE
    file.write_bytes(content)
    with pytest.raises(DamagedError, match=problem):
        opened(file, patience=0.05)
    assert file.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("page", [1, 3, 9])
def test_a_damaged_database_is_refused_and_left_alone(
    tmp_path: Path, opened: Opener, page: int
) -> None:
    file = tmp_path / FILE
    with opened(file) as store:
        patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
        for n in range(1, 10):
            store.save(patient_id, aged(n, note="x" * 3000), based_on=n, who=WHO)
    content = bytearray(file.read_bytes())
    content[page * 4096 : page * 4096 + 3000] = b"\x99" * 3000
    file.write_bytes(content)
    with pytest.raises(DamagedError, match="restore the latest backup"):
        opened(file)
    assert file.read_bytes() == content


def test_a_database_cut_short_is_refused_and_left_alone(tmp_path: Path, opened: Opener) -> None:
    file = tmp_path / FILE
    with opened(file) as store:
        store.create_patient("A", RECORD, who=WHO)
    content = file.read_bytes()[: 4096 * 3]
    file.write_bytes(content)
    with pytest.raises(DamagedError):
        opened(file)
    assert file.read_bytes() == content


def test_damage_that_comes_while_the_store_is_open_is_told(tmp_path: Path, opened: Opener) -> None:
    store = opened(tmp_path / FILE)
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    for n in range(1, 200):
        store.save(patient_id, aged(n % 120, note="x" * 3000), based_on=n, who=WHO)
    store._database.engine.dispose()
    with (tmp_path / FILE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\x99" * 4096 * 100)
    with pytest.raises(DamagedError):
        store.verify_audit()


def test_the_database_of_another_program_is_refused_and_left_alone(
    tmp_path: Path, opened: Opener
) -> None:
    file = tmp_path / FILE
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
        connection.commit()
    content = file.read_bytes()
    with pytest.raises(DamagedError, match="another program"):
        opened(file)
    assert file.read_bytes() == content


def test_what_is_no_file_is_refused(tmp_path: Path, opened: Opener) -> None:
    with pytest.raises(DamagedError, match="not an ordinary file"):
        opened(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnreachableError, match="folder that you may write to"):
        opened(tmp_path / "file" / "below.sqlite3")


def test_a_database_that_may_not_be_written_is_told(sqlite: URL, opened: Opener) -> None:
    store = opened(sqlite)
    with store._database.write() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(UnreachableError, match="you may write to it"):
        store.note("sign-in-refused", who=WHO)


def test_only_the_owner_can_read_the_file(tmp_path: Path, opened: Opener) -> None:
    file = tmp_path / "new" / FILE
    opened(file).create_patient("A", RECORD, who=WHO)
    for one in file.parent.iterdir():
        assert one.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_nothing_of_a_patient_is_logged_or_told(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    patient_id = store.create_patient("Quasimodo", RECORD, who=WHO).info.patient_id
    store.save(patient_id, aged(72), based_on=1, who=WHO)
    with pytest.raises(DBAPIError) as raised, store._database.write() as connection:
        connection.exec_driver_sql("INSERT INTO nosuch VALUES (1)")
    assert "Quasimodo" not in f"{caplog.text}{raised.value}"
    assert "slr-positive" not in caplog.text


class _Said(psycopg.Error):
    def __init__(self, state: str | None) -> None:
        super().__init__("DETAIL: Key (label)=(Quasimodo) already exists")
        self.sqlstate = state


class _Lost(psycopg.OperationalError):
    pass


_Lost.__name__ = "OperationalError"


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (_Said("53100"), DiskFullError),
        (_Said("53300"), BusyError),
        (_Said("55P03"), BusyError),
        (_Said("40P01"), BusyError),
        (_Said("57P01"), UnreachableError),
        (_Said("08006"), UnreachableError),
        (_Said("28P01"), UnreachableError),
        (_Said("3D000"), UnreachableError),
        (_Said("42501"), UnreachableError),
        (_Said("XX001"), DamagedError),
        (_Lost("gone, says Quasimodo"), UnreachableError),
    ],
)
def test_what_postgresql_reports_is_told_without_its_details(
    cause: psycopg.Error, kind: type[StoreError]
) -> None:
    with pytest.raises(kind) as told_error, told("here"):
        raise DBAPIError("statement", {}, cause)
    assert type(told_error.value) is kind
    assert "Quasimodo" not in str(told_error.value)
    assert told_error.value.file == "here"


@pytest.mark.parametrize(
    "fault",
    [
        sqlite3.ProgrammingError("wrong"),
        DBAPIError("statement", {}, _Said(None)),
        IntegrityError("statement", {}, _Said("23505")),
    ],
)
def test_what_no_user_can_mend_is_not_dressed_up(fault: Exception) -> None:
    with pytest.raises(type(fault)), told("here"):
        raise fault


@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
def test_nothing_is_kept_in_a_file_that_is_no_longer_in_its_place(
    tmp_path: Path, opened: Opener, how: str
) -> None:
    file = tmp_path / FILE
    store = opened(file)
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    aside = tmp_path / "aside"
    if how == "replaced":
        store.back_up(aside)
        aside.replace(file)
    elif how == "moved":
        file.rename(aside)
    else:
        file.unlink()
    with pytest.raises(UnreachableError, match="moved, deleted or replaced"):
        store.save(patient_id, aged(72), based_on=1, who=WHO)
    if how == "moved":
        aside.rename(file)
        assert store.save(patient_id, aged(72), based_on=1, who=WHO).info.number == 2
