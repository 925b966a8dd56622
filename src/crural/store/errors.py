"""What can go wrong with the database, as errors that a user can act on.

Their texts name the database, ids and numbers of versions; never a label or a fact of a patient.
"""

from __future__ import annotations

from functools import partial

from crural.errors import CruralError
from crural.store.model import VersionInfo


class StoreError(CruralError):
    """Something about the kept data that a user can put right."""


class NotFoundError(StoreError):
    """There is no such patient, version, entry or user (any more)."""


class TakenError(StoreError):
    """Another one has this name, or this time, already."""


class BusyError(StoreError):
    """Another program or person holds the database; trying again helps."""


class DiskFullError(StoreError):
    """The database cannot be written to its disk. What was kept before is untouched."""


class DamagedError(StoreError):
    """The file is no database, or a broken one. It was not written to."""


class UnreachableError(StoreError):
    """The database cannot be opened: not there, not allowed, or the connection is lost."""


class NewerDatabaseError(StoreError):
    """A newer version of the program made this database."""


class ConflictError(StoreError):
    """Somebody saved in between; `newest` is what they saved."""

    def __init__(self, *, file: str, newest: VersionInfo, based_on: int) -> None:
        super().__init__(
            file=file,
            field="based_on",
            problem=f"version {newest.number} was saved in the meantime, by {newest.who} at "
            f"{newest.at:%Y-%m-%d %H:%M} UTC; this change is based on version {based_on}",
            remedy=f"look at version {newest.number}, then save again on top of it",
        )
        self.newest = newest
        self.based_on = based_on

    def __reduce__(self) -> tuple[object, ...]:
        again = partial(type(self), file=self.file, newest=self.newest, based_on=self.based_on)
        return (again, ())
