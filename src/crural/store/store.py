"""The Store: every method is one transaction, and what it returns has been written to the disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL, delete, select

from crural.record import Record
from crural.store import attempts, audit, diary_entries, drafts, patients, users
from crural.store.asked import an_id, within
from crural.store.attempts import AttemptLimit
from crural.store.audit import AuditCheck
from crural.store.changes import Change, changes
from crural.store.database import Database
from crural.store.errors import StoreError
from crural.store.migrate import migrate
from crural.store.model import (
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
    Role,
    Session,
    User,
    Version,
)
from crural.store.tables import erasures
from crural.store.urls import parsed
from crural.store.writing import Writing, not_found, words

_LONGEST_WHO = 64


def now_utc() -> dt.datetime:
    """The clock of the machine."""
    return dt.datetime.now(dt.UTC)


class Store:
    """All that is kept. Safe to use from many threads, and by many programs at once.

    Every method may raise a StoreError (busy, disk full, unreachable, damaged); ids that lead
    nowhere raise NotFoundError. `who` is the id of a user, or another short name for who is acting.
    The clock only dates things: nothing is ordered by it.
    """

    def __init__(
        self,
        url: str | URL | Path | None = None,
        *,
        clock: Clock = now_utc,
        patience: float = 5.0,
    ) -> None:
        """Open the database at `url`, making or bringing it up to date where needed.

        Without `url` it is the file in the user's data directory. `patience` is how many seconds
        to wait for others who are writing. Raises DamagedError, NewerDatabaseError,
        UnreachableError, BusyError.
        """
        self._clock = clock
        self._database = Database(parsed(url), patience=patience)
        try:
            migrate(self._database, self._now)
            # A deletion may have been interrupted before the file was cleared of its remains.
            self._erase()
        except BaseException:
            self._database.abandon()
            raise

    @property
    def where(self) -> str:
        """The database's name for messages, without its password."""
        return self._database.where

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    # Patients

    def create_patient(self, label: str, record: Record, *, who: str) -> Version:
        """A new patient with version 1 of the record."""
        with self._write(who) as w:
            return patients.create(w, label, record)

    def rename_patient(self, patient_id: str, label: str, *, who: str) -> Patient:
        """Another label for a patient."""
        with self._write(who) as w:
            patients.rename(w, patient_id, label)
            return patients.get(w.connection, patient_id, w.where)

    def patient(self, patient_id: str) -> Patient:
        """One patient."""
        with self._database.ask() as connection:
            return patients.get(connection, patient_id, self.where)

    def patients(
        self, search: str = "", *, limit: int = 100, before: int | None = None
    ) -> tuple[Patient, ...]:
        """Patients whose label contains `search`, the one changed last first.

        `before` is the `order` of the last one of the page before.
        """
        with self._database.read() as connection:
            return patients.listed(
                connection, search=search, limit=within(limit), before=within(before)
            )

    def newest_records(self, patient_ids: Collection[str]) -> Mapping[str, Record]:
        """The newest record of each of these patients, as far as they are there and readable."""
        with self._database.read() as connection:
            return patients.newest_records(connection, patient_ids)

    def was_deleted(self, patient_id: str) -> bool:
        """Was there a patient of this id, who has been deleted?"""
        with self._database.read() as connection:
            return patients.was_deleted(connection, patient_id)

    def delete_patient(self, patient_id: str, *, who: str) -> Deletion:
        """Delete a patient with all versions, drafts and the diary for good, and clear the file.

        The audit trail keeps that there was a patient of this id, and who did what when.
        """
        with self._write(who) as w:
            patients.remove(w, patient_id)
            now = w.now
        return Deletion(patient_id=patient_id, at=now, erased=self._erase())

    # Versions of a record

    def save(self, patient_id: str, record: Record, *, based_on: int, who: str) -> Version:
        """The next version. Raises ConflictError, naming the newest, if that is not `based_on`."""
        with self._write(who) as w:
            return patients.save(w, patient_id, record, based_on)

    def restore(self, patient_id: str, number: int, *, based_on: int, who: str) -> Version:
        """The next version, equal to version `number`. Raises ConflictError."""
        with self._write(who) as w:
            return patients.restore(w, patient_id, number, based_on)

    def undo(self, patient_id: str, *, based_on: int, who: str) -> Version:
        """The next version, equal to the one before the last change that still stands.

        Undoing again goes further back. Raises ConflictError; StoreError when nothing is left.
        """
        with self._write(who) as w:
            return patients.undo(w, patient_id, based_on)

    def version(self, patient_id: str, number: int | None = None) -> Version:
        """A version of a patient's record, the newest when no number is given."""
        with self._database.read() as connection:
            return patients.version(connection, patient_id, number, self.where)

    def history(
        self, patient_id: str, *, limit: int = 50, before: int | None = None
    ) -> tuple[HistoryEntry, ...]:
        """Versions with what each changed, newest first; `before` a number, to go on from there."""
        with self._database.read() as connection:
            return patients.history(
                connection,
                patient_id,
                limit=within(limit),
                before=within(before),
                where=self.where,
            )

    def changes(self, patient_id: str, older: int, newer: int) -> tuple[Change, ...]:
        """What leads from one version to another."""
        with self._database.read() as connection:
            return changes(
                patients.content(connection, patient_id, older, self.where),
                patients.content(connection, patient_id, newer, self.where),
            )

    # Drafts: assessments in work, by person and desk. They are kept for a month after the last
    # change, or longer when nobody works, and stand in no audit trail.

    def draft(self, desk: str, *, who: str) -> KeptDraft | None:
        """What a person has on a desk; None when nothing."""
        with self._database.ask() as connection:
            return drafts.get(connection, who, desk)

    def drafts(self, *, who: str) -> tuple[KeptDraft, ...]:
        """What a person has on desks, the one changed last first."""
        with self._database.read() as connection:
            return drafts.listed(connection, who)

    def begin_draft(
        self,
        desk: str,
        content: str,
        mark: str,
        *,
        based_on: int | None = None,
        most: int | None = None,
        who: str,
    ) -> None:
        """Put on an empty desk what is not changed yet: version `based_on` of the patient whose id
        the desk has, or, without one, an empty draft. If something lies there, it stays.

        With `most`, a person has no more desks than that with something unsaved: one that was left
        alone for a week makes room. Raises NotFoundError when the patient is not there, or was
        deleted; StoreError when there is no room.
        """
        with self._write(who) as w:
            if based_on is not None:
                patients.must_exist(w.connection, desk, w.where)
            elif not an_id(desk) or patients.was_deleted(w.connection, desk):
                raise not_found(f"patient {an_id(desk)}", w.where)
            patient_id = None if based_on is None else desk
            drafts.begin(
                w, desk, content, mark, patient_id=patient_id, based_on=based_on, most=most
            )

    def change_draft(
        self,
        desk: str,
        content: str,
        mark: str,
        *,
        revision: int,
        tab: str,
        most: int | None = None,
        who: str,
    ) -> KeptDraft | None:
        """Replace what lies on a desk, as one step that can be taken back.

        Gives the draft as it then is; None, having changed nothing, when it is no longer at
        `revision`: read it, and decide again. `most` as for `begin_draft`.
        """
        with self._write(who) as w:
            return drafts.change(w, desk, content, mark, revision=revision, tab=tab, most=most)

    def undo_draft(self, desk: str, *, revision: int, tab: str, who: str) -> KeptDraft | None:
        """Take the last change back; None as for `change_draft`."""
        with self._write(who) as w:
            return drafts.undo(w, desk, revision=revision, tab=tab)

    def save_draft(
        self,
        desk: str,
        record: Record,
        mark: str,
        *,
        label: str | None = None,
        based_on: int | None = None,
        who: str,
    ) -> Version:
        """Save what is on a desk, and note that it is saved, both or neither.

        With `label` as a new patient, whose id is that of the desk; otherwise as the next version
        after `based_on`. Raises TakenError, ConflictError.
        """
        with self._write(who) as w:
            if based_on is None:
                saved = patients.create(w, label or "", record, patient_id=desk)
            else:
                saved = patients.save(w, desk, record, based_on)
            drafts.settle(w, desk, mark, patient_id=desk, number=saved.info.number)
            return saved

    def drop_draft(self, desk: str, *, who: str) -> None:
        """Clear a desk."""
        with self._write(who) as w:
            drafts.drop(w, desk)

    # Diary

    def add_diary(self, patient_id: str, values: DiaryValues, *, who: str) -> DiaryEntry:
        """A new entry. Sent twice, it is kept once; TakenError when another has the same minute."""
        with self._write(who) as w:
            (added,) = diary_entries.add(w, patient_id, [values])
            return added

    def add_diary_entries(
        self, patient_id: str, every: Collection[DiaryValues], *, who: str
    ) -> tuple[DiaryEntry, ...]:
        """Add many entries to the diary, or none when one of them cannot be added. Raises
        TakenError when another entry has the time of one."""
        with self._write(who) as w:
            return diary_entries.add(w, patient_id, every)

    def checked_diary(self, values: DiaryValues) -> DiaryValues:
        """The values as they would be kept. Raises StoreError, naming the field."""
        return diary_entries.checked(values, self.where)

    def change_diary(
        self, entry_id: str, values: DiaryValues, *, based_on: int, who: str
    ) -> DiaryEntry:
        """Correct an entry. Raises TakenError when it was corrected since revision `based_on`."""
        with self._write(who) as w:
            return diary_entries.change(w, entry_id, values, based_on)

    def remove_diary(self, entry_id: str, *, who: str) -> None:
        """Take an entry out of the diary."""
        with self._write(who) as w:
            diary_entries.remove(w, entry_id)

    def diary(
        self,
        patient_id: str,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
    ) -> tuple[DiaryEntry, ...]:
        """The entries of a patient in the order of their times, both ends included."""
        with self._database.read() as connection:
            return diary_entries.listed(
                connection, patient_id, since=since, until=until, where=self.where
            )

    # Users and sessions

    def add_user(self, name: str, role: Role, password_hash: str, *, who: str) -> User:
        """A new user. Raises TakenError."""
        with self._write(who) as w:
            return users.add(w, name, role, password_hash)

    def change_user(
        self,
        user_id: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        active: bool | None = None,
        who: str,
    ) -> User:
        """Another name, role or state; inactive users are signed out. The last admin stays one."""
        with self._write(who) as w:
            return users.change(w, user_id, name=name, role=role, active=active)

    def set_password(
        self, user_id: str, password_hash: str, *, instead_of: str | None = None, who: str
    ) -> None:
        """Another password hash; ends all sessions of the user.

        `instead_of` is the hash that was checked before. Raises TakenError when another is kept.
        """
        with self._write(who) as w:
            users.set_password(w, user_id, password_hash, instead_of)

    def renew_hash(self, user_id: str, *, old: str, new: str, who: str) -> None:
        """Keep the same password under another hash; nothing happens unless it still is `old`."""
        with self._write(who) as w:
            users.renew_hash(w, user_id, old, new)

    def users(self) -> tuple[User, ...]:
        """All users by name, inactive ones too."""
        with self._database.read() as connection:
            return users.listed(connection)

    def user(self, user_id: str) -> User:
        """One user."""
        with self._database.read() as connection:
            return users.get(connection, user_id, self.where)

    def credentials(self, name: str) -> Credentials | None:
        """User and password hash for a name that was typed; None without such an active user."""
        with self._database.read() as connection:
            return users.credentials(connection, name)

    def start_session(
        self, user_id: str, *, lifetime: dt.timedelta, password_hash: str | None = None
    ) -> Session:
        """Sign a user in.

        `password_hash` is the hash that was checked before. Raises TakenError when another is kept.
        """
        with self._write(user_id) as w:
            return users.start_session(w, user_id, lifetime, password_hash)

    def session(
        self, token: str, *, idle: dt.timedelta | None = None, counts: bool = True
    ) -> Session | None:
        """The session of a token; None when it has run out, was ended, or never was.

        With `idle` it ends too when nobody has asked for it for so long; unless `counts`, this time
        makes it no longer.
        """
        now = self._now()
        with self._database.ask() as connection:
            found = users.session(connection, token, now, idle)
        if found is None or idle is None or not counts or not users.is_seen_again(found, now, idle):
            return found
        # What cannot be noted is no reason to keep somebody out: the session ends a little early.
        with suppress(StoreError), self._write(found.user.id) as w:
            users.note_seen(w, token)
        return found

    def end_session(self, token: str, *, who: str) -> None:
        """Sign out."""
        with self._write(who) as w:
            users.end_session(w, token)

    def admit_attempt(self, limits: Mapping[str, AttemptLimit]) -> dt.timedelta:
        """Count an attempt to sign in under every key; when it is too early, how long to wait."""
        with self._write("sign-in") as w:
            return attempts.admit(w, limits)

    def forgive_attempts(self, *, all_of: str, last_of: str) -> None:
        """Forget the attempts of one key, and the latest of another, after one that succeeded."""
        with self._write("sign-in") as w:
            attempts.forgive(w, all_of=all_of, last_of=last_of)

    # Audit trail

    def note(
        self,
        action: Noted,
        *,
        who: str,
        patient_id: str | None = None,
        item: str | None = None,
    ) -> None:
        """Add to the audit trail what only the program around the store can know.

        `item` is an id or a number; it is kept for ever, so never anything about a patient.
        """
        with self._write(who) as w:
            if patient_id is not None:
                patients.must_exist(w.connection, patient_id, w.where)
            if item is not None:
                item = words(item, field="item", longest=_LONGEST_WHO, where=w.where)
            w.note(action, patient_id=patient_id, item=item)

    def audit(
        self, *, after: int = 0, limit: int = 1000, patient_id: str | None = None
    ) -> tuple[AuditEntry, ...]:
        """Entries of the audit trail in order, from the one after number `after`."""
        with self._database.read() as connection:
            return audit.entries(
                connection, after=within(after), limit=within(limit), patient_id=patient_id
            )

    def latest_audit(
        self, *, before: int | None = None, limit: int = 100, patient_id: str | None = None
    ) -> tuple[AuditEntry, ...]:
        """Entries of the audit trail, newest first, from the one before number `before`."""
        with self._database.read() as connection:
            return audit.latest(
                connection, before=within(before), limit=within(limit), patient_id=patient_id
            )

    def audit_head(self) -> AuditHead:
        """Where the trail ends now; noted down elsewhere, it proves later that nothing was cut."""
        with self._database.read() as connection:
            return audit.head(connection)

    def verify_audit(self, since: AuditHead | None = None) -> AuditCheck:
        """Check the whole trail, and everything kept against it; tells the first break."""
        with self._database.read() as connection:
            return audit.verify(connection, since)

    # Care of the database

    def back_up(self, to: Path) -> None:
        """Copy an SQLite database to a new file while work goes on."""
        self._database.back_up(to)

    @contextmanager
    def _write(self, who: str) -> Iterator[Writing]:
        where = self.where
        who = words(who, field="who", longest=_LONGEST_WHO, where=where)
        with self._database.write() as connection:
            yield Writing(connection=connection, now=self._now(), who=who, where=where)

    def _now(self) -> dt.datetime:
        now = self._clock()
        if now.tzinfo is None:
            raise ValueError("the clock must tell its time zone")
        return now.astimezone(dt.UTC)

    def _erase(self) -> bool:
        """Clear the database of deleted patients, if any are left to be cleared."""
        with self._database.read() as connection:
            due = connection.execute(select(erasures.c.patient_id)).scalars().all()
        if not due:
            return True
        with suppress(StoreError):
            if self._database.erase_remains():
                with self._database.write() as connection:
                    connection.execute(delete(erasures).where(erasures.c.patient_id.in_(due)))
                return True
        return False
