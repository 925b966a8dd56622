"""The audit trail: a chain of hashes over who did what when, and its check.

Each entry's hash covers the entry and the hash before it, so that nothing can be altered, slipped
in or taken out without every later hash changing. Entries carry a digest of what was written, never
the content; the digest is keyed with a secret that is deleted along with the content.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, insert, select

from crural.store import digests
from crural.store.asked import an_id
from crural.store.canonical import text_of
from crural.store.model import Action, AuditEntry, AuditHead, Noted
from crural.store.tables import audit, moment_of, moment_text

BEFORE_FIRST: Final = "0" * 64
_AT_A_TIME = 5000
_LAST = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBreak:
    """The first thing that is wrong: `seq` is the entry, None when it is about a kept row."""

    seq: int | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """Result of checking the trail: how many entries were sound, where it ends, the first break."""

    entries: int
    head: AuditHead
    broken: AuditBreak | None

    @property
    def intact(self) -> bool:
        """Nothing was found."""
        return self.broken is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an entry to be added is about."""

    patient_id: str | None = None
    item: str | None = None
    digest: str | None = None


def append(
    connection: Connection,
    *,
    at: dt.datetime,
    who: str,
    action: Action | Noted,
    patient_id: str | None = None,
    item: str | None = None,
    digest: str | None = None,
) -> int:
    """Add an entry within the writer's transaction; returns its number.

    The caller holds the only writing transaction, so the entry before is the last there is.
    """
    noted = Entry(patient_id=patient_id, item=item, digest=digest)
    return append_all(connection, at=at, who=who, action=action, every=[noted])


def append_all(
    connection: Connection,
    *,
    at: dt.datetime,
    who: str,
    action: Action | Noted,
    every: Sequence[Entry],
) -> int:
    """Add an entry for each, in their order; returns the number of the last.

    The chain is made in memory: asking for its end before each entry takes most of the time.
    """
    last, when = head(connection), moment_text(at)
    rows: list[dict[str, object]] = []
    for one in every:
        seq = last.seq + 1
        said = (one.patient_id, one.item, one.digest)
        hashed = _hash(seq, when, who, action, *said, last.hash)
        rows.append(
            {
                "seq": seq,
                "at": when,
                "who": who,
                "action": action,
                "patient_id": one.patient_id,
                "item": one.item,
                "digest": one.digest,
                "previous": last.hash,
                "hash": hashed,
            }
        )
        last = AuditHead(seq=seq, hash=hashed)
    if rows:
        connection.execute(insert(audit), rows)
    return last.seq


def head(connection: Connection) -> AuditHead:
    """Where the trail ends."""
    row = connection.execute(_LAST).one_or_none()
    return (
        AuditHead(seq=0, hash=BEFORE_FIRST)
        if row is None
        else AuditHead(seq=row.seq, hash=row.hash)
    )


def entries(
    connection: Connection, *, after: int, limit: int, patient_id: str | None
) -> tuple[AuditEntry, ...]:
    """Entries in order, from the one after number `after`."""
    query = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
    return _entries(connection, query, patient_id)


def latest(
    connection: Connection, *, before: int | None, limit: int, patient_id: str | None
) -> tuple[AuditEntry, ...]:
    """Entries, newest first, from the one before number `before`."""
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.seq < before)
    return _entries(connection, query, patient_id)


def _entries(
    connection: Connection, query: Select[Any], patient_id: str | None
) -> tuple[AuditEntry, ...]:
    if patient_id is not None:
        query = query.where(audit.c.patient_id == an_id(patient_id))
    return tuple(
        AuditEntry(**{**row._mapping, "at": moment_of(row.at)}) for row in connection.execute(query)
    )


def verify(connection: Connection, since: AuditHead | None) -> AuditCheck:
    """Check every entry against the one before, and what is kept against the entries.

    `since` is an end of the trail noted down earlier, outside the database; it must still be there.
    """
    last = AuditHead(seq=0, hash=BEFORE_FIRST)
    said = digests.Said()
    met = since is None or since == last
    for row in _rows(connection):
        problem = _problem(row, last)
        if problem is not None:
            broken = AuditBreak(seq=row.seq, problem=problem)
            return AuditCheck(entries=last.seq, head=last, broken=broken)
        last = AuditHead(seq=row.seq, hash=row.hash)
        met = met or last == since
        said.take(row.action, row.patient_id, row.item, row.digest)
    found: AuditBreak | None = None
    if not met and since is not None:
        found = AuditBreak(
            seq=since.seq, problem="the entry noted down earlier is no longer in the trail"
        )
    else:
        difference = digests.first_difference(connection, said)
        if difference is not None:
            found = AuditBreak(seq=None, problem=difference)
    return AuditCheck(entries=last.seq, head=last, broken=found)


def _rows(connection: Connection) -> Iterator[Row[tuple[object, ...]]]:
    query = select(audit).order_by(audit.c.seq).execution_options(yield_per=_AT_A_TIME)
    yield from connection.execute(query)


def _problem(row: Row[tuple[object, ...]], last: AuditHead) -> str | None:
    if row.seq != last.seq + 1:
        return f"entries are missing between {last.seq} and {row.seq}"
    if row.previous != last.hash:
        return "it does not follow on from the entry before it"
    expected = _hash(
        row.seq,
        row.at,
        row.who,
        row.action,
        row.patient_id,
        row.item,
        row.digest,
        row.previous,
    )
    return None if row.hash == expected else "its content does not agree with its hash"


def _hash(seq: int, at: str, *rest: str | None) -> str:
    """SHA-256 over number, time, who, action, patient, item, digest and the hash before."""
    return hashlib.sha256(text_of([seq, at, *rest]).encode()).hexdigest()
