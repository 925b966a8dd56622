"""Where the data lies, and how a database is brought up to date."""

from __future__ import annotations

import builtins
import datetime as dt
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL

from crural.store import NewerDatabaseError, Store, StoreError, UnreachableError, default_url
from crural.store.migrate import NEWEST, STEPS, migrate
from crural.store.tables import metadata
from tests.store.conftest import Opener
from tests.store.kept import RECORD, WHO, aged, directly, rows
from tests.store.postgresql import Server

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def test_the_usual_place_is_the_user_s_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with Store() as store:
        assert store.where == default_url().database
        file = Path(store.where)
    assert tmp_path in file.parents
    assert file.name == "crural.sqlite3"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://host/db",
        "postgresql://host",
        "a:b",
    ],
)
def test_a_url_that_leads_to_no_database_is_refused(url: str) -> None:
    with pytest.raises(UnreachableError, match="write sqlite:"):
        Store(url)


def test_a_url_of_each_kind_is_taken(
    url: URL, opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert opened(url.render_as_string(hide_password=False)).patients() == ()
    assert Path(opened("sqlite:///beside.sqlite3").where) == tmp_path / "beside.sqlite3"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:hush-hush@/db?host=/nowhere/at/all",
        "postgresql+psycopg://ana:hush-hush@127.0.0.1:1/db",
    ],
)
def test_a_server_that_does_not_answer_is_told_without_the_password(url: str) -> None:
    with pytest.raises(UnreachableError, match="does not answer") as told:
        Store(url, patience=0.1)
    assert "hush" not in str(told.value)
    assert "db" in told.value.file


def test_a_database_that_is_not_there_is_told(server: Server) -> None:
    with pytest.raises(UnreachableError, match="check that the server runs"):
        Store(server.url("nosuch"))


def test_without_its_driver_postgresql_is_told_to_be_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == "psycopg":
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnreachableError, match=r"pip install 'crural\[postgresql\]'"):
        Store("postgresql://ana:hush-hush@host/db")


def test_the_migrations_make_the_tables_that_the_code_knows(store: Store) -> None:
    with store._database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_the_newest_step_is_the_one_the_code_asks_for() -> None:
    assert ScriptDirectory(str(STEPS)).get_heads() == [NEWEST]


def with_step(tmp_path: Path, body: str) -> Path:
    """The shipped steps and one more."""
    steps = tmp_path / "steps"
    shutil.copytree(STEPS, steps, ignore=shutil.ignore_patterns("__pycache__"))
    (steps / "versions" / "v9999_later.py").write_text(
        f"from alembic import op\n\nrevision = '9999'\ndown_revision = '{NEWEST}'\n\n\n"
        f"def upgrade():\n    {body}\n"
    )
    return steps


def test_a_step_brings_a_full_database_up_to_date(store: Store, tmp_path: Path) -> None:
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    steps = with_step(tmp_path, "op.execute('ALTER TABLE patients ADD COLUMN extra TEXT')")
    for _ in range(2):
        migrate(store._database, lambda: NOW, steps=steps, newest="9999")
    assert store.version(patient_id).record == RECORD
    assert store.verify_audit().intact
    assert [one.action for one in store.audit()].count("store-created") == 1


def test_whoever_opens_second_finds_the_work_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look sees an empty database; by the time the lock is there, another has made it."""
    looks = iter([None, NEWEST])
    monkeypatch.setattr("crural.store.migrate._revision", lambda *_words: next(looks))
    migrate(store._database, lambda: NOW)
    assert list(looks) == []
    assert len(store.audit()) == 1


def test_a_step_that_fails_leaves_the_database_as_it_was(
    store: Store, url: URL, opened: Opener, tmp_path: Path
) -> None:
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    steps = with_step(tmp_path, "op.execute('DELETE FROM diary'); op.drop_table('erasures'); 1 / 0")
    with pytest.raises(ZeroDivisionError):
        migrate(store._database, lambda: NOW, steps=steps, newest="9999")
    assert rows(url, "erasures") == []
    assert opened(url).version(patient_id).record == RECORD


def test_a_database_of_a_newer_program_is_refused_and_left_alone(
    store: Store, url: URL, opened: Opener
) -> None:
    store.create_patient("A", RECORD, who=WHO)
    directly(url, "UPDATE alembic_version SET version_num = '9999'")
    before = rows(url, "patients")
    with pytest.raises(NewerDatabaseError, match="install the newer version"):
        opened(url)
    assert rows(url, "patients") == before
    assert rows(url, "alembic_version") == [("9999",)]


def test_an_interrupted_beginning_is_begun_again(sqlite: URL, opened: Opener) -> None:
    directly(sqlite, "PRAGMA journal_mode=WAL", "PRAGMA user_version=0", "CREATE TABLE x (y)")
    directly(sqlite, "DROP TABLE x")
    assert opened(sqlite).patients() == ()


def test_opening_an_old_database_does_not_load_the_migrations(
    sqlite: URL, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(sqlite).close()
    monkeypatch.setitem(sys.modules, "alembic", None)
    assert opened(sqlite).patients() == ()


def test_a_backup_is_a_whole_database(sqlite: URL, opened: Opener, tmp_path: Path) -> None:
    store = opened(sqlite)
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    copy = tmp_path / "copy.sqlite3"
    store.back_up(copy)
    store.save(patient_id, aged(72), based_on=1, who=WHO)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    other = opened(copy)
    assert other.version(patient_id).record == RECORD
    assert other.verify_audit().intact
    with pytest.raises(UnreachableError, match="such a file already"):
        store.back_up(copy)


def test_a_backup_that_fails_leaves_no_file(
    sqlite: URL, opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(sqlite)
    monkeypatch.setattr(store._database.engine, "raw_connection", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.back_up(tmp_path / "copy.sqlite3")
    assert not (tmp_path / "copy.sqlite3").exists()


def test_postgresql_is_backed_up_by_its_own_tools(
    postgresql: URL, opened: Opener, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        opened(postgresql).back_up(tmp_path / "copy")
