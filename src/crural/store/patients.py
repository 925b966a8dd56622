"""Patients and the versions of their records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from crural.record import Record
from crural.store import digests, drafts
from crural.store.asked import a_number, an_id, search_key
from crural.store.canonical import (
    LONGEST,
    data_of,
    new_id,
    new_salt,
    record_of,
    record_text,
)
from crural.store.changes import changes
from crural.store.errors import ConflictError, DamagedError, StoreError, TakenError
from crural.store.model import HistoryEntry, Patient, Version, VersionInfo
from crural.store.tables import audit, diary, erasures, patients, versions
from crural.store.writing import Writing, name_of, not_found

_LONGEST_LABEL = 200
# One letter can become eighteen when forms of the same letter are made one.
_LONGEST_KEY = 18 * _LONGEST_LABEL
_PATIENTS = (
    select(patients, versions.c.at.label("changed_at"), versions.c.who.label("changed_by"))
    .join_from(patients, versions, versions.c.patient_id == patients.c.id)
    .where(versions.c.number == patients.c.newest)
)
# Built once: these run several times in each request, and building takes longer than running.
_PATIENT = _PATIENTS.where(patients.c.id == bindparam("patient_id"))
_ROW = select(patients).where(patients.c.id == bindparam("patient_id"))
_SAVED_AS = select(audit.c.digest).where(
    audit.c.patient_id == bindparam("patient_id"),
    audit.c.action.in_(("version-saved", "version-restored")),
    audit.c.item == bindparam("item"),
)
_IN_THE_TRAIL = select(audit.c.seq).where(audit.c.patient_id == bindparam("patient_id")).limit(1)
_VERSION_ROW = select(versions).where(
    versions.c.patient_id == bindparam("patient_id"), versions.c.number == bindparam("number")
)


def create(w: Writing, label: str, record: Record, patient_id: str | None = None) -> Version:
    """A new patient with version 1. Raises TakenError when there is or was one of this id."""
    if patient_id is not None:
        _must_be_free(w, patient_id)
    values = {
        "id": patient_id or new_id(),
        **_label(label, w.where),
        "created_at": w.now,
        "created_by": w.who,
        "salt": new_salt(),
    }
    content = _content(record, w.where)
    # The first version sets both numbers; nobody sees the row before that.
    w.connection.execute(insert(patients).values(newest=0, changed_seq=0, **values))
    row = w.connection.execute(select(patients).where(patients.c.id == values["id"])).one()
    w.note("patient-created", patient_id=row.id, digest=digests.of_patient(row))
    return _add(w, row.id, 1, content, None)


def rename(w: Writing, patient_id: str, label: str) -> None:
    """Another label for a patient."""
    _row(w.connection, patient_id, w.where)
    w.connection.execute(
        update(patients).where(patients.c.id == patient_id).values(**_label(label, w.where))
    )
    row = _row(w.connection, patient_id, w.where)
    w.note("patient-renamed", patient_id=patient_id, digest=digests.of_patient(row))


def save(w: Writing, patient_id: str, record: Record, based_on: int) -> Version:
    """The next version. Raises ConflictError when `based_on` is not the newest."""
    _must_be_newest(w, patient_id, based_on)
    return _add(w, patient_id, based_on + 1, _content(record, w.where), None)


def restore(w: Writing, patient_id: str, number: int, based_on: int) -> Version:
    """The next version, equal to version `number`. Raises ConflictError."""
    _must_be_newest(w, patient_id, based_on)
    row = _version_row(w.connection, patient_id, number, w.where)
    original = number if row.restores is None else row.restores
    return _add(w, patient_id, based_on + 1, row.content, original)


def undo(w: Writing, patient_id: str, based_on: int) -> Version:
    """The next version, equal to the one before the last change that still stands.

    Undoing again goes further back instead of returning to what was just undone.
    """
    _must_be_newest(w, patient_id, based_on)
    stands = _stands(w, patient_id, based_on)
    if stands == 1:
        raise StoreError(
            file=w.where,
            problem=f"there is nothing to undo for patient {patient_id}",
            remedy="later versions can be restored from the history",
        )
    return restore(w, patient_id, _stands(w, patient_id, stands - 1), based_on)


def remove(w: Writing, patient_id: str) -> None:
    """Delete a patient with everything that is theirs; the audit trail keeps that it happened."""
    _row(w.connection, patient_id, w.where)
    drafts.remove_all_of(w, patient_id)
    for table in (diary, versions):
        w.connection.execute(delete(table).where(table.c.patient_id == patient_id))
    w.connection.execute(delete(patients).where(patients.c.id == patient_id))
    w.connection.execute(insert(erasures).values(patient_id=patient_id))
    w.note("patient-deleted", patient_id=patient_id)


def get(connection: Connection, patient_id: str, where: str) -> Patient:
    """One patient."""
    row = connection.execute(_PATIENT, {"patient_id": an_id(patient_id)}).one_or_none()
    if row is None:
        raise not_found(f"patient {patient_id}", where)
    return _patient(row)


def listed(
    connection: Connection, *, search: str, limit: int, before: int | None
) -> tuple[Patient, ...]:
    """Patients whose label contains `search`, the one changed last first."""
    query = _PATIENTS.order_by(patients.c.changed_seq.desc()).limit(limit)
    key = search_key(search.strip())
    if len(key) > _LONGEST_KEY:
        return ()
    if key:
        query = query.where(patients.c.label_key.contains(key, autoescape=True))
    if before is not None:
        query = query.where(patients.c.changed_seq < before)
    return tuple(_patient(row) for row in connection.execute(query))


def version(connection: Connection, patient_id: str, number: int | None, where: str) -> Version:
    """A version, the newest when no number is given. Raises DamagedError when it is not what was
    saved: a changed byte inside the file is nothing that a database notices."""
    if number is None:
        number = _row(connection, patient_id, where).newest
    row = _version_row(connection, patient_id, number, where)
    found = _version(row, where)
    saved = {"patient_id": patient_id, "item": str(number)}
    if connection.execute(_SAVED_AS, saved).scalars().all() != [digests.of_version(row)]:
        raise DamagedError(
            file=where,
            problem=f"version {number} of patient {patient_id} is not what was saved",
            remedy="restore the latest backup, or open an older version from the history",
        )
    return found


def history(
    connection: Connection, patient_id: str, *, limit: int, before: int | None, where: str
) -> tuple[HistoryEntry, ...]:
    """Versions with what each changed, newest first."""
    _row(connection, patient_id, where)
    query = (
        select(versions)
        .where(versions.c.patient_id == patient_id)
        .order_by(versions.c.number.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(versions.c.number < before)
    # Each may be megabytes long: never more than two of them at a time.
    found: list[HistoryEntry] = []
    later: tuple[VersionInfo, dict[str, object]] | None = None
    for row in connection.execute(query, execution_options={"yield_per": 1}):
        data = _data(row.content, row, where)
        if later is not None:
            found.append(HistoryEntry(info=later[0], changes=changes(data, later[1])))
        later = _info(row), data
    if later is not None and len(found) < limit:
        found.append(HistoryEntry(info=later[0], changes=()))
    return tuple(found)


def newest_records(connection: Connection, patient_ids: Collection[str]) -> dict[str, Record]:
    """The newest record of each patient; those that cannot be read are left out."""
    query = (
        select(versions)
        .join_from(patients, versions, versions.c.patient_id == patients.c.id)
        .where(versions.c.number == patients.c.newest)
        .where(patients.c.id.in_([an_id(one) for one in patient_ids]))
    )
    found: dict[str, Record] = {}
    for row in connection.execute(query):
        with suppress(ValueError):
            found[row.patient_id] = record_of(data_of(row.content))
    return found


def was_deleted(connection: Connection, patient_id: str) -> bool:
    """Was there a patient of this id, who is there no more?"""
    known = {"patient_id": an_id(patient_id)}
    return (
        connection.execute(_ROW, known).one_or_none() is None
        and connection.execute(_IN_THE_TRAIL, known).one_or_none() is not None
    )


def content(
    connection: Connection, patient_id: str, number: int, where: str
) -> Mapping[str, object]:
    """A version as plain data."""
    row = _version_row(connection, patient_id, number, where)
    return _data(row.content, row, where)


def must_exist(connection: Connection, patient_id: str, where: str) -> None:
    """Raises NotFoundError."""
    _row(connection, patient_id, where)


def _add(w: Writing, patient_id: str, number: int, content: str, restores: int | None) -> Version:
    w.connection.execute(
        insert(versions).values(
            patient_id=patient_id,
            number=number,
            at=w.now,
            who=w.who,
            restores=restores,
            content=content,
            salt=new_salt(),
        )
    )
    row = _version_row(w.connection, patient_id, number, w.where)
    seq = w.note(
        "version-saved" if restores is None else "version-restored",
        patient_id=patient_id,
        item=str(number),
        digest=digests.of_version(row),
    )
    w.connection.execute(
        update(patients).where(patients.c.id == patient_id).values(newest=number, changed_seq=seq)
    )
    # What comes back is what was kept, not what was handed in.
    return _version(row, w.where)


def _must_be_free(w: Writing, patient_id: str) -> None:
    # An id names one patient for ever: the audit trail tells two lives of it apart by nothing.
    known = {"patient_id": an_id(patient_id)}
    if not known["patient_id"] or w.connection.execute(_IN_THE_TRAIL, known).one_or_none():
        raise TakenError(
            file=w.where,
            problem="there is, or was, a patient of this id",
            remedy="begin a new patient",
        )


def _must_be_newest(w: Writing, patient_id: str, based_on: int) -> None:
    newest = _row(w.connection, patient_id, w.where).newest
    if newest != based_on:
        row = _version_row(w.connection, patient_id, newest, w.where)
        raise ConflictError(file=w.where, newest=_info(row), based_on=based_on)


def _stands(w: Writing, patient_id: str, number: int) -> int:
    """The version of which `number` is the repetition, or itself."""
    restores = _version_row(w.connection, patient_id, number, w.where).restores
    return number if restores is None else restores


def _label(label: str, where: str) -> dict[str, str]:
    cleaned = name_of(label, field="label", longest=_LONGEST_LABEL, where=where)
    return {"label": cleaned, "label_key": search_key(cleaned)}


def _content(record: Record, where: str) -> str:
    text = record_text(record)
    if len(text) > LONGEST:
        raise StoreError(
            file=where,
            field="record",
            problem=f"the record has {len(text) / 1e6:.1f} million characters; at most "
            f"{LONGEST / 1e6:g} are kept",
            remedy="shorten its notes",
        )
    return text


def _row(connection: Connection, patient_id: str, where: str) -> Row[Any]:
    row = connection.execute(_ROW, {"patient_id": an_id(patient_id)}).one_or_none()
    if row is None:
        raise not_found(f"patient {patient_id}", where)
    return row


def _version_row(connection: Connection, patient_id: str, number: int, where: str) -> Row[Any]:
    row = connection.execute(
        _VERSION_ROW, {"patient_id": an_id(patient_id), "number": a_number(number)}
    ).one_or_none()
    if row is None:
        raise not_found(f"version {number} of patient {patient_id}", where)
    return row


def _patient(row: Row[Any]) -> Patient:
    return Patient(
        id=row.id,
        label=row.label,
        created_at=row.created_at,
        created_by=row.created_by,
        newest=row.newest,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        order=row.changed_seq,
    )


def _info(row: Row[Any]) -> VersionInfo:
    return VersionInfo(
        patient_id=row.patient_id,
        number=row.number,
        at=row.at,
        who=row.who,
        restores=row.restores,
    )


def _version(row: Row[Any], where: str) -> Version:
    data = _data(row.content, row, where)
    try:
        record = record_of(data)
    except ValueError as error:
        raise _unreadable(row, where, str(error)) from None
    return Version(info=_info(row), record=record)


def _data(content: str, row: Row[Any], where: str) -> dict[str, object]:
    try:
        return data_of(content)
    except ValueError:
        raise _unreadable(row, where, "is not JSON") from None


def _unreadable(row: Row[Any], where: str, why: str) -> DamagedError:
    return DamagedError(
        file=where,
        problem=f"version {row.number} of patient {row.patient_id} cannot be read ({why})",
        remedy="open another version from the history, and check the audit trail",
    )
