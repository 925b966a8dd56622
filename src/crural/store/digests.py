"""What the audit trail says is kept, held against what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, func, select

from crural.store.canonical import digest
from crural.store.tables import DiaryRow, diary, moment_text, patients, users, versions

# What kind of row, of which patient ('' for users), and its id or number.
Key: TypeAlias = tuple[str, str, str]

_KIND = {
    "user-added": "user",
    "user-changed": "user",
    "password-changed": "user",
    "patient-created": "patient",
    "patient-renamed": "patient",
    "version-saved": "version",
    "version-restored": "version",
    "diary-added": "diary",
    "diary-changed": "diary",
}


@dataclass
class Said:
    """The digests that should be found, gathered entry by entry."""

    of_patients: dict[str, dict[Key, str | None]] = field(default_factory=dict)

    def take(
        self, action: str, patient_id: str | None, item: str | None, digested: str | None
    ) -> None:
        """The next entry of the trail."""
        owner = patient_id or ""
        if action == "patient-deleted":
            self.of_patients.pop(owner, None)
        elif action == "diary-removed":
            self.of_patients.get(owner, {}).pop(("diary", owner, item or ""), None)
        elif action in _KIND:
            self.of_patients.setdefault(owner, {})[(_KIND[action], owner, item or "")] = digested

    def expect(self, key: Key, digested: str) -> str | None:
        """Tick off a row that was found; the problem with it, if any."""
        kept = self.of_patients.get(key[1], {})
        if key not in kept:
            return f"{_named(key)} is not in the audit trail"
        if kept.pop(key) != digested:
            return f"{_named(key)} was altered behind the program's back"
        return None

    def left(self) -> Key | None:
        """Something that should have been found and was not."""
        return next((key for kept in self.of_patients.values() for key in kept), None)


def first_difference(connection: Connection, said: Said) -> str | None:
    """The first row that is not what the trail says, in words; uses `said` up."""
    for key, digested in _kept(connection):
        problem = said.expect(key, digested)
        if problem is not None:
            return problem
    missing = said.left()
    if missing is not None:
        return f"{_named(missing)} was removed behind the program's back"
    highest = (
        select(func.max(versions.c.number))
        .where(versions.c.patient_id == patients.c.id)
        .scalar_subquery()
    )
    wrong = connection.execute(
        select(patients.c.id).where(patients.c.newest != highest).limit(1)
    ).scalar_one_or_none()
    if wrong is not None:
        return f"the newest version of patient {wrong} was altered behind the program's back"
    return None


def of_user(row: Row[Any]) -> str:
    """Digest of a row of users."""
    said = (row.id, row.name, row.role, row.password_hash, row.active, moment_text(row.added_at))
    return digest(row.salt, ["user", *said])


def of_patient(row: Row[Any]) -> str:
    """Digest of a row of patients, without what follows from its versions."""
    said = (row.id, row.label, moment_text(row.created_at), row.created_by)
    return digest(row.salt, ["patient", *said])


def of_version(row: Row[Any]) -> str:
    """Digest of a row of versions."""
    said = (row.patient_id, row.number, moment_text(row.at), row.who, row.restores, row.content)
    return digest(row.salt, ["version", *said])


def of_entry(row: Row[Any] | DiaryRow) -> str:
    """Digest of a row of the diary."""
    said = (row.id, row.patient_id, row.at, row.content, row.revision, row.who)
    return digest(row.salt, ["diary", *said, moment_text(row.saved_at)])


def _kept(connection: Connection) -> Iterator[tuple[Key, str]]:
    a_few = {"yield_per": 200}
    for row in connection.execute(select(users), execution_options=a_few):
        yield ("user", "", row.id), of_user(row)
    for row in connection.execute(select(patients), execution_options=a_few):
        yield ("patient", row.id, ""), of_patient(row)
    for row in connection.execute(select(versions), execution_options=a_few):
        yield ("version", row.patient_id, str(row.number)), of_version(row)
    for row in connection.execute(select(diary), execution_options=a_few):
        yield ("diary", row.patient_id, row.id), of_entry(row)


def _named(key: Key) -> str:
    kind, owner, item = key
    match kind:
        case "version":
            return f"version {item} of patient {owner}"
        case "diary":
            return f"diary entry {item} of patient {owner}"
        case "patient":
            return f"patient {owner}"
        case _:
            return f"user {item}"
