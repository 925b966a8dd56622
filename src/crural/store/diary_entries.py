"""The diary: what a patient wrote down, at most once for each time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from crural.store import audit, digests, patients
from crural.store.asked import an_id
from crural.store.canonical import data_of, new_id, new_salt, text_of
from crural.store.errors import DamagedError, StoreError, TakenError
from crural.store.model import DiaryEntry, DiaryValues
from crural.store.tables import DiaryRow, diary
from crural.store.writing import Writing, not_found, words

_FORMAT = "%Y-%m-%dT%H:%M"
_RANGES = {"nrs": (0, 10), "odi": (0, 100), "sleep": (0, 24), "opioid": (0, 10_000)}
_LONGEST_WORDS = 300
_LONGEST_NOTE = 5000


def add(w: Writing, patient_id: str, every: Iterable[DiaryValues]) -> tuple[DiaryEntry, ...]:
    """New entries, all or none. What is there already (a form sent twice) is not added again.

    Nobody else can write meanwhile, so what is there is read once and what is new written together:
    one by one, thousands of entries would keep everybody waiting for many seconds. Raises
    TakenError.
    """
    patients.must_exist(w.connection, patient_id, w.where)
    checked_ones = (checked(values, w.where) for values in every)
    wanted = {values: values.at.strftime(_FORMAT) for values in checked_ones}
    if not wanted:
        return ()
    times = wanted.values()
    there = {
        row.at: DiaryRow(**row._mapping)
        for row in w.connection.execute(
            select(diary).where(
                diary.c.patient_id == patient_id, diary.c.at.between(min(times), max(times))
            )
        )
    }
    new: list[DiaryRow] = []
    for values, at in wanted.items():
        if at not in there:
            there[at] = DiaryRow(id=new_id(), patient_id=patient_id, revision=1, **_kept(w, values))
            new.append(there[at])
        elif _entry(there[at], w.where).values != values:
            raise _taken(w)
    if new:
        w.connection.execute(insert(diary), [row._asdict() for row in new])
        noted = [
            audit.Entry(patient_id=patient_id, item=row.id, digest=digests.of_entry(row))
            for row in new
        ]
        w.note_all("diary-added", noted)
    return tuple(_entry(there[at], w.where) for at in wanted.values())


def change(w: Writing, entry_id: str, values: DiaryValues, based_on: int) -> DiaryEntry:
    """Correct an entry. `based_on` is the revision that the correction was made on."""
    row = _row(w.connection, entry_id, w.where)
    if row.revision != based_on:
        raise TakenError(
            file=w.where,
            field="based_on",
            problem=f"the entry was corrected in the meantime (revision {row.revision}); this "
            f"correction is based on revision {based_on}",
            remedy="look at the entry, then correct it again",
        )
    values = checked(values, w.where)
    there = _at(w, row.patient_id, values.at)
    if there is not None and there.id != entry_id:
        raise _taken(w)
    w.connection.execute(
        update(diary)
        .where(diary.c.id == entry_id)
        .values(revision=based_on + 1, **_kept(w, values))
    )
    row = _row(w.connection, entry_id, w.where)
    digest = digests.of_entry(row)
    w.note("diary-changed", patient_id=row.patient_id, item=entry_id, digest=digest)
    return _entry(row, w.where)


def remove(w: Writing, entry_id: str) -> None:
    """Take an entry out."""
    row = _row(w.connection, entry_id, w.where)
    w.connection.execute(delete(diary).where(diary.c.id == entry_id))
    w.note("diary-removed", patient_id=row.patient_id, item=entry_id)


def listed(
    connection: Connection,
    patient_id: str,
    *,
    since: dt.datetime | None,
    until: dt.datetime | None,
    where: str,
) -> tuple[DiaryEntry, ...]:
    """The entries of a patient in the order of their times, both ends included."""
    patients.must_exist(connection, patient_id, where)
    query = select(diary).where(diary.c.patient_id == patient_id).order_by(diary.c.at)
    if since is not None:
        query = query.where(diary.c.at >= _time(since, where))
    if until is not None:
        query = query.where(diary.c.at <= _time(until, where))
    return tuple(_entry(row, where) for row in connection.execute(query))


def _kept(w: Writing, values: DiaryValues) -> dict[str, Any]:
    said = {
        name: value
        for name in ("nrs", "phase", "settings", "odi", "sleep", "opioid", "note")
        if (value := getattr(values, name)) is not None
    }
    return {
        "at": values.at.strftime(_FORMAT),
        "content": text_of(said),
        "saved_at": w.now,
        "who": w.who,
        "salt": new_salt(),
    }


def checked(values: DiaryValues, where: str) -> DiaryValues:
    """The values as they are kept. Raises StoreError, naming the field, for what cannot be."""
    _time(values.at, where)
    numbers: dict[str, Any] = {}
    for name, (least, most) in _RANGES.items():
        number = getattr(values, name)
        if number is None:
            continue
        if not (math.isfinite(number) and least <= number <= most):
            raise StoreError(
                file=where,
                field=name,
                problem=f"is not between {least} and {most}",
                remedy="correct the number, or leave it out",
            )
        numbers[name] = float(number)
    if values.settings is not None:
        numbers["settings"] = words(
            values.settings, field="settings", longest=_LONGEST_WORDS, where=where
        )
    if values.note is not None:
        lines = " ".join(values.note.splitlines())
        numbers["note"] = words(lines, field="note", longest=_LONGEST_NOTE, where=where)
    if not numbers:
        raise StoreError(
            file=where,
            field="nrs",
            problem="the entry says nothing",
            remedy="give a pain score, another value or a note",
        )
    return replace(values, at=values.at.replace(second=0, microsecond=0), **numbers)


def _time(at: dt.datetime, where: str) -> str:
    if at.tzinfo is not None or at.year < 1900:
        raise StoreError(
            file=where,
            field="at",
            problem="is no time of the patient's own clock",
            remedy="give date and time as the patient reads them, without a time zone",
        )
    return at.strftime(_FORMAT)


def _at(w: Writing, patient_id: str, at: dt.datetime) -> Row[Any] | None:
    return w.connection.execute(
        select(diary).where(diary.c.patient_id == patient_id, diary.c.at == at.strftime(_FORMAT))
    ).one_or_none()


def _row(connection: Connection, entry_id: str, where: str) -> Row[Any]:
    row = connection.execute(select(diary).where(diary.c.id == an_id(entry_id))).one_or_none()
    if row is None:
        raise not_found(f"diary entry {entry_id}", where)
    return row


def _taken(w: Writing) -> TakenError:
    return TakenError(
        file=w.where,
        field="at",
        problem="there is another entry for this time",
        remedy="correct that entry, or give another time",
    )


def _entry(row: Row[Any] | DiaryRow, where: str) -> DiaryEntry:
    try:
        said: Any = data_of(row.content)
        values = DiaryValues(at=dt.datetime.strptime(row.at, _FORMAT), **said)
    except (ValueError, TypeError):
        raise DamagedError(
            file=where,
            problem=f"diary entry {row.id} cannot be read",
            remedy="remove it, and check the audit trail",
        ) from None
    return DiaryEntry(
        id=row.id,
        patient_id=row.patient_id,
        revision=row.revision,
        saved_at=row.saved_at,
        who=row.who,
        values=values,
    )
