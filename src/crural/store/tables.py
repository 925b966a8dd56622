"""The tables. The migrations make them; a test holds the two against each other."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Moment(TypeDecorator[dt.datetime]):
    """A moment in UTC as text of fixed length: alike in both databases, and exact in digests."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else moment_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        return None if value is None else moment_of(value)


def moment_text(moment: dt.datetime) -> str:
    """A moment as it is kept: 2026-03-01T09:30:00.000000Z."""
    return f"{_without_zone(moment.astimezone(dt.UTC))}Z"


def moment_of(text: str) -> dt.datetime:
    """The moment of a kept text. Raises ValueError when it is in any other form than that of
    moment_text, of which each moment has one."""
    moment = dt.datetime.fromisoformat(text)
    if f"{_without_zone(moment)}Z" != text:
        raise ValueError("not a moment as it is kept")
    return moment


def _without_zone(moment: dt.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("salt", String(64), nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    # Noted now and then. Empty where only the start is known.
    Column("seen_at", Moment),
)

patients = Table(
    "patients",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("label", Text, nullable=False),
    Column("label_key", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("newest", Integer, nullable=False),
    Column("changed_seq", Integer, nullable=False, unique=True),
    Column("salt", String(64), nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("patient_id", String(64), ForeignKey("patients.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("restores", Integer),
    Column("content", Text, nullable=False),
    Column("salt", String(64), nullable=False),
)

diary = Table(
    "diary",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("patient_id", String(64), ForeignKey("patients.id"), nullable=False),
    Column("at", String(16), nullable=False),
    Column("content", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("saved_at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("salt", String(64), nullable=False),
    UniqueConstraint("patient_id", "at", name="diary_one_entry_per_time"),
)


class DiaryRow(NamedTuple):
    """A row of the diary, before or after it is in the table."""

    id: str
    patient_id: str
    at: str
    content: str
    revision: int
    saved_at: dt.datetime
    who: str
    salt: str


audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("who", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("patient_id", String(64)),
    Column("item", String(64)),
    Column("digest", String(64)),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Index("audit_of_patient", "patient_id", "seq"),
)

# Deletions whose remains are still to be cleared from the file; random ids only.
erasures = Table(
    "erasures",
    metadata,
    Column("patient_id", String(64), primary_key=True),
)

# Assessments in work, by person and desk. No part of the audit trail: what is saved from them is.
drafts = Table(
    "drafts",
    metadata,
    Column("who", String(64), primary_key=True),
    Column("desk", String(64), primary_key=True),
    Column("patient_id", String(64), ForeignKey("patients.id"), index=True),
    Column("based_on", Integer),
    Column("content", Text, nullable=False),
    Column("mark", String(64), nullable=False),
    Column("saved_mark", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("tab", String(64), nullable=False),
    Column("touched_at", Moment, nullable=False, index=True),
    # The number of the last of the days then.
    Column("touched_day", Integer, nullable=False, server_default="0"),
)

# The days on which somebody worked on drafts, numbered in the order in which they came.
days = Table(
    "days",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("day", String(10), nullable=False, unique=True),
)

# What drafts were before each change, to be taken back; `number` is the revision it had then.
draft_steps = Table(
    "draft_steps",
    metadata,
    Column("who", String(64), primary_key=True),
    Column("desk", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("mark", String(64), nullable=False),
    ForeignKeyConstraint(["who", "desk"], ["drafts.who", "drafts.desk"]),
)

# Attempts to sign in: `of` is a keyed digest of what they are counted by, never a name itself.
attempts = Table(
    "attempts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("of", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("attempts_of", "of", "at"),
)
