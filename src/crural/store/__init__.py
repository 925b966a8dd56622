"""What is kept: patients, versions of their records, diaries, users, sessions, the audit trail.

SQL is written in this room and in no other. A Store takes and gives frozen dataclasses; it works on
SQLite (a file of the user's own) and on PostgreSQL, and computes nothing medical.
"""

from crural.store.attempts import AttemptLimit
from crural.store.audit import AuditBreak, AuditCheck
from crural.store.changes import Change, FieldChange, changes
from crural.store.errors import (
    BusyError,
    ConflictError,
    DamagedError,
    DiskFullError,
    NewerDatabaseError,
    NotFoundError,
    StoreError,
    TakenError,
    UnreachableError,
)
from crural.store.model import (
    Action,
    AuditEntry,
    AuditHead,
    Clock,
    Credentials,
    Deletion,
    DiaryEntry,
    DiaryValues,
    HistoryEntry,
    KeptDraft,
    Noted,
    Patient,
    Phase,
    Role,
    Session,
    User,
    Version,
    VersionInfo,
)
from crural.store.store import Store
from crural.store.urls import default_url

__all__ = [
    "Action",
    "AttemptLimit",
    "AuditBreak",
    "AuditCheck",
    "AuditEntry",
    "AuditHead",
    "BusyError",
    "Change",
    "Clock",
    "ConflictError",
    "Credentials",
    "DamagedError",
    "Deletion",
    "DiaryEntry",
    "DiaryValues",
    "DiskFullError",
    "FieldChange",
    "HistoryEntry",
    "KeptDraft",
    "NewerDatabaseError",
    "NotFoundError",
    "Noted",
    "Patient",
    "Phase",
    "Role",
    "Session",
    "Store",
    "StoreError",
    "TakenError",
    "UnreachableError",
    "User",
    "Version",
    "VersionInfo",
    "changes",
    "default_url",
]
