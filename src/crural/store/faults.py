"""From what a database driver reports to an error that says what to do.

Drivers quote values in their messages (PostgreSQL's DETAIL names the row), so their text is never
passed on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from crural.store.errors import BusyError, DamagedError, DiskFullError, StoreError, UnreachableError

_Said: TypeAlias = tuple[type[StoreError], str, str]

_BUSY: _Said = (
    BusyError,
    "another program or person is writing to the database",
    "try again in a moment; if it stays so, close the other program",
)
_FULL: _Said = (
    DiskFullError,
    "the disk is full or refuses to be written; nothing of this change was kept, and what was "
    "kept before is untouched",
    "make room on the disk (or lift its limit), then save again",
)
_DAMAGED: _Said = (
    DamagedError,
    "the database is damaged, or is no database; it was left as it is",
    "put it aside and restore the latest backup",
)
# The log of a broken file would be written into the backup that is put in its place.
_BROKEN_FILE: _Said = (
    _DAMAGED[0],
    _DAMAGED[1],
    "put it aside, together with its -wal and -shm files, and restore the latest backup",
)
_REPLACED: _Said = (
    UnreachableError,
    "the file of the database was moved, deleted or replaced while the program was running; "
    "nothing of this change was kept",
    "put it back where it was, or start the program anew",
)
_CLOSED: _Said = (
    UnreachableError,
    "the database cannot be opened for reading and writing",
    "check that it is there and that you may write to it and to its folder",
)
_LOST: _Said = (
    UnreachableError,
    "the database server does not answer or refuses the connection; if something was being saved, "
    "it is not known whether it was kept",
    "check that the server runs, and its address, name and password; then look before saving again",
)
_REFUSED: _Said = (
    UnreachableError,
    "the database server does not let this user do that",
    "let the user own the database, or grant CREATE on it",
)

_SQLITE: dict[int, _Said] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _FULL,
    sqlite3.SQLITE_CORRUPT: _BROKEN_FILE,
    sqlite3.SQLITE_NOTADB: _BROKEN_FILE,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
}
# By SQLSTATE, the longest that fits: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: dict[str, _Said] = {
    "08": _LOST,
    "28": _LOST,
    "3D": _LOST,
    "57P": _LOST,
    "58": _FULL,
    "53": _FULL,
    "533": _BUSY,
    "40": _BUSY,
    "55P03": _BUSY,
    "57014": _BUSY,
    "XX": _DAMAGED,
    "42501": _REFUSED,
    "25006": _REFUSED,
}


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turns a driver's errors inside the block into a StoreError about database `where`.

    What no user can mend (a statement of ours that is wrong) passes through.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        made = _fault(error, where)
        if made is None:
            raise
        raise made from None
    except PoolTimeout:
        raise _made(_BUSY, where) from None


def _fault(error: DBAPIError | sqlite3.Error, where: str) -> StoreError | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        said = None if code is None else _SQLITE.get(code & 0xFF)
    else:
        state = getattr(cause, "sqlstate", None)
        if state is None:
            # The driver itself lost the connection, or never had one.
            said = _LOST if type(cause).__name__ == "OperationalError" else None
        else:
            fitting = [key for key in _POSTGRESQL if state.startswith(key)]
            said = _POSTGRESQL[max(fitting, key=len)] if fitting else None
    return None if said is None else _made(said, where)


def _made(said: _Said, where: str) -> StoreError:
    kind, problem, remedy = said
    return kind(file=where, problem=problem, remedy=remedy)


def busy(where: str) -> StoreError:
    """Another thread of this program is writing for too long."""
    return _made(_BUSY, where)


def damaged(where: str) -> StoreError:
    """The file is no database of ours, or a broken one."""
    return _made(_BROKEN_FILE, where)


def replaced(where: str) -> StoreError:
    """The file that is open is no longer the one of this name."""
    return _made(_REPLACED, where)
