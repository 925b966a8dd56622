"""A database opened: connections as they must be, writing one at a time, reading a snapshot."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from crural.store import faults, urls
from crural.store.errors import DamagedError, UnreachableError

SCHEMA = "crural"
# Any number, as long as it is always the same: who holds this lock is the one who writes.
WRITERS_LOCK = 0x43525552
_APPLICATION_ID = 0x43525552
_MAGIC = b"SQLite format 3\x00"
_BEGIN = "crural_begin"


class Database:
    """Engine, name for messages, and the ways to write and to read."""

    def __init__(self, url: URL, *, patience: float) -> None:
        self.where = urls.shown(url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._patience = patience
        self._writing = threading.Lock()
        self._made: Path | None = None
        with faults.told(self.where):
            if self.is_sqlite:
                path = Path(str(url.database))
                self._made = path if _prepare(path, patience) else None
                self.engine = _sqlite(path, patience)
                self._file = _identity(path)
            else:
                self._file = None
                self.engine = _postgresql(url, patience, self.where)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The one writing transaction; what was done in it is on the disk when the block ends.

        Threads of this program queue here, programs in the database: busy-waiting in SQLite alone
        would let some wait for ever. Raises StoreError.
        """
        with faults.told(self.where):
            if not self._writing.acquire(timeout=self._patience):
                raise faults.busy(self.where)
            try:
                with self._connect("IMMEDIATE") as connection, connection.begin():
                    self._must_be_in_place()
                    if not self.is_sqlite:
                        connection.execute(
                            text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITERS_LOCK}
                        )
                    yield connection
            finally:
                self._writing.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout. Raises StoreError."""
        with (
            faults.told(self.where),
            self._connect("DEFERRED") as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def ask(self) -> Iterator[Connection]:
        """A connection for one question, which sees one state of the database by itself: to begin
        and end a transaction around it takes longer than the answer. Raises StoreError."""
        with faults.told(self.where), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    def erase_remains(self) -> bool:
        """Clear the database of what deleted rows left behind; False while others are in the way.

        Must not be called inside a transaction.
        """
        with faults.told(self.where), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                tables = "draft_steps, drafts, diary, versions, patients"
                connection.execute(text(f"VACUUM (FULL) {tables}"))
                return True
            connection.execute(text("VACUUM"))
            # Until the log is emptied, it still holds the pages as they were.
            blocked, _, _ = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
            return not blocked

    def back_up(self, to: Path) -> None:
        """Copy an SQLite database to a new file while others go on working. Raises StoreError."""
        if not self.is_sqlite:
            raise UnreachableError(
                file=self.where,
                problem="a PostgreSQL database is not backed up from here",
                remedy="use pg_dump",
            )
        if not _create(to):
            raise UnreachableError(
                file=str(to), problem="there is such a file already", remedy="name a new file"
            )
        try:
            with faults.told(str(to)), closing(sqlite3.connect(to)) as copy:
                raw = self.engine.raw_connection()
                try:
                    source: Any = raw.driver_connection
                    source.backup(copy)
                finally:
                    raw.close()
        except BaseException:
            to.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def abandon(self) -> None:
        """Close after a failed opening, and leave no empty file of our own behind."""
        self.close()
        if self._made is not None and self._made.stat().st_size == 0:
            self._made.unlink()

    def _must_be_in_place(self) -> None:
        """SQLite goes on writing to a file that has been moved away or deleted, and all of it would
        be missed after the next start. Raises UnreachableError."""
        if self._file is not None and _identity(Path(self.where)) != self._file:
            raise faults.replaced(self.where)

    @contextmanager
    def _connect(self, begin: str) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.execution_options(**{_BEGIN: begin})
            elif begin == "DEFERRED":
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            yield connection


def _prepare(path: Path, patience: float) -> bool:
    """Make the file, or look at the one that is there; True when it was made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_new = _create(path)
        if not is_new:
            _look(path, patience)
        return is_new
    except OSError as error:
        raise UnreachableError(
            file=str(path),
            problem=f"the database cannot be opened ({error.strerror})",
            remedy="name a file in a folder that you may write to",
        ) from None


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there now, whatever its content; None when there is none."""
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_dev, there.st_ino


def _sqlite(path: Path, patience: float) -> Engine:
    engine = create_engine(
        urls.sqlite_url(path),
        hide_parameters=True,
        connect_args={
            "timeout": patience,
            "isolation_level": None,
            "check_same_thread": False,
        },
        pool_size=8,
        max_overflow=32,
        pool_timeout=max(patience, 0.1),
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for setting in (
            "journal_mode=WAL",
            # A commit waits for the disk: what was acknowledged survives a loss of power.
            "synchronous=FULL",
            "foreign_keys=ON",
            # What is deleted is overwritten, and no copy of it goes through a temporary file.
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get(_BEGIN)
        if mode is not None:
            connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _create(path: Path) -> bool:
    """Make an empty file that only its owner can read; False when there is one already."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True


def _look(path: Path, patience: float) -> None:
    """Look at an existing file before anything may write to it. Raises DamagedError."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise DamagedError(
            file=str(path), problem="this is not an ordinary file", remedy="name another file"
        )
    # Another program may have made it a moment ago and be about to fill it.
    until = time.monotonic() + patience
    while path.stat().st_size == 0 and time.monotonic() < until:
        time.sleep(0.01)
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if not start:
        raise DamagedError(
            file=str(path),
            problem="the file is empty: its content was lost, or it was never a database",
            remedy="restore the latest backup, or remove the file to begin with no patients",
        )
    if start != _MAGIC:
        raise faults.damaged(str(path))
    with closing(sqlite3.connect(path, timeout=patience)) as connection:
        connection.execute("PRAGMA query_only=ON")
        (owner,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and owner != _APPLICATION_ID:
            raise DamagedError(
                file=str(path),
                problem="this is the database of another program; it was left as it is",
                remedy="name another file",
            )
        (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise faults.damaged(str(path))


def _postgresql(url: URL, patience: float, where: str) -> Engine:
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_timeout=max(patience, 0.1),
            connect_args={
                "connect_timeout": max(2, round(patience)),
                "application_name": "crural",
                "options": f"-c search_path={SCHEMA} -c lock_timeout={round(patience * 1000)} "
                "-c synchronous_commit=on",
            },
        )
    except ModuleNotFoundError:
        raise UnreachableError(
            file=where,
            problem="the driver for PostgreSQL is not installed",
            remedy="pip install 'crural[postgresql]'",
        ) from None
    with engine.begin() as connection:
        there = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
        if connection.execute(there, {"name": SCHEMA}).one_or_none() is None:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITERS_LOCK})
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    return engine
