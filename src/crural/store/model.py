"""What goes into the store and comes out of it: frozen, and showing no patient data in a `repr`.

A `repr` ends up in logs and tracebacks; labels, records and secrets are therefore left out of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from crural.record import Record
from crural.store.changes import Change

Clock: TypeAlias = Callable[[], dt.datetime]
Role: TypeAlias = Literal["clinician", "viewer", "admin"]
Phase: TypeAlias = Literal["baseline", "trial", "after"]
# What the store itself writes down whenever it happens.
Action: TypeAlias = Literal[
    "store-created",
    "user-added",
    "user-changed",
    "password-changed",
    "session-started",
    "session-ended",
    "patient-created",
    "patient-renamed",
    "patient-deleted",
    "version-saved",
    "version-restored",
    "diary-added",
    "diary-changed",
    "diary-removed",
]
# What only the program around the store can know.
Noted: TypeAlias = Literal[
    "patient-opened",
    "list-read",
    "trail-read",
    "backup-made",
    "record-exported",
    "assessment-exported",
    "sign-in-refused",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in."""

    id: str
    name: str
    role: Role
    active: bool
    added_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user with the hash that the password is held against."""

    user: User
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in user. The database knows only a digest of the token.

    `seen_at` is when the session was used, to within a sixtieth of the time after which it ends
    for idleness.
    """

    token: str = field(repr=False)
    csrf: str = field(repr=False)
    user: User
    started_at: dt.datetime
    expires_at: dt.datetime
    seen_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A patient in the list.

    `newest` is the number of the newest version. `order` rises with every change of any patient
    and never depends on the clock: the list is sorted by it, and continued from it.
    """

    id: str
    label: str = field(repr=False)
    created_at: dt.datetime
    created_by: str
    newest: int
    changed_at: dt.datetime
    changed_by: str
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionInfo:
    """Which version, saved when and by whom; `restores` is the older one that it repeats."""

    patient_id: str
    number: int
    at: dt.datetime
    who: str
    restores: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version with the record as it was then."""

    info: VersionInfo
    record: Record = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A version and what it changed against the one before it."""

    info: VersionInfo
    changes: tuple[Change, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryValues:
    """What was written into the diary for one time of the patient's own wall clock.

    The same columns as a diary of a stimulation trial: pain 0 to 10, phase, settings in use,
    Oswestry index 0 to 100, hours slept, milligrams of oral morphine in the day. Without phase the
    entry belongs to no trial.
    """

    at: dt.datetime
    nrs: float | None = None
    phase: Phase | None = None
    settings: str | None = None
    odi: float | None = None
    sleep: float | None = None
    opioid: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryEntry:
    """An entry as it is kept; `revision` counts its corrections from 1."""

    id: str
    patient_id: str
    revision: int
    saved_at: dt.datetime
    who: str
    values: DiaryValues = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """An assessment in work, by the person whose it is and the desk it lies on.

    `content` is text that only the program around the store understands, and `mark` tells one
    content from another where the difference matters: `unsaved` is whether it is another than that
    of the version saved or opened last. `revision` rises with every change; `tab` made the last.
    """

    who: str
    desk: str
    patient_id: str | None
    based_on: int | None
    content: str = field(repr=False)
    revision: int
    tab: str
    unsaved: bool
    can_undo: bool
    touched_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The end of the audit trail. Kept elsewhere, it shows later that nothing was cut off."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit trail: who did what to what, and a digest of the result."""

    seq: int
    at: dt.datetime
    who: str
    action: str
    patient_id: str | None
    item: str | None
    digest: str | None
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A patient deleted for good.

    `erased` is false while another program kept the database from being cleared of the remains;
    that is made up for at the next deletion or opening.
    """

    patient_id: str
    at: dt.datetime
    erased: bool
