"""Desks: assessments in work, kept in the database by person, so that they survive a restart.

The desk of a saved patient has the patient's id, and shows the newest version until something is
changed on it; every other desk has a random id of its own.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from crural.knowledge import Knowledge
from crural.record import Record
from crural.store import DamagedError, KeptDraft, NotFoundError, Patient, Store, Version
from crural.web.assessment.draft import Draft, from_text, mark_of, reopened, text_and_mark

_DESK: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_TAB: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
# Nobody works on so many at a time, but a program could fill the disk with them.
MOST_UNSAVED: Final = 50
MOST_WRITTEN: Final = 16
CHANGED_ELSEWHERE: Final = "This patient was changed in another window meanwhile."


class ChangedElsewhereError(Exception):
    """Another window changed this desk after the page that asks was loaded."""


@dataclass(frozen=True)
class Seen:
    """Which window asks, and what it was shown."""

    tab: str
    state: str


@dataclass(frozen=True)
class Desk:
    """What lies on a desk: `patient` when it is a saved one, and the version it is `based_on`."""

    id: str
    draft: Draft = field(repr=False)
    patient: Patient | None = None
    based_on: int | None = None
    revision: int = 0
    tab: str = ""
    unsaved: bool = False
    can_undo: bool = False

    @property
    def state(self) -> str:
        """What a page notes that shows it as it is now. Saving changes nothing of it."""
        return str(self.revision) if self.tab else f"version {self.based_on or 0}"

    def was_seen(self, by: Seen) -> bool:
        """Has no other window changed it since this one was loaded?

        A window whose last change still stands needs to show nothing else: had another one come
        before it, that change would have been refused.
        """
        return self.state == by.state or self.tab == by.tab


def new_name() -> str:
    """A random name for a desk or a window."""
    return secrets.token_urlsafe(16)


def seen_by(tab: str, state: str) -> Seen:
    """Which window says that it was shown what; what is no name of a window becomes a new one."""
    return Seen(tab if _TAB.fullmatch(tab) else new_name(), state[:40])


class _Written:
    """The drafts written last, by their text: the next change of a desk mostly begins with the text
    of the last, which then need not be read. What another process wrote is another text."""

    def __init__(self) -> None:
        self._drafts: OrderedDict[str, Draft] = OrderedDict()
        self._lock = threading.Lock()

    def draft_of(self, text: str) -> Draft | None:
        with self._lock:
            return self._drafts.get(text)

    def remember(self, text: str, draft: Draft) -> None:
        with self._lock:
            self._drafts[text] = draft
            while len(self._drafts) > MOST_WRITTEN:
                self._drafts.popitem(last=False)


class Drafts:
    """The desks of everybody. Every method may raise a StoreError.

    `most_unsaved` is how many of them one person may have with something on them that is not
    saved; None for any number.
    """

    def __init__(self, store: Store, knowledge: Knowledge, most_unsaved: int | None = None) -> None:
        self._store = store
        self._knowledge = knowledge
        self._most = most_unsaved
        self._written = _Written()

    def of(self, who: str, desk: str) -> Desk:
        """What a person has on a desk. Raises NotFoundError for a desk that cannot be."""
        if not _DESK.fullmatch(desk):
            raise self._no_desk()
        kept = self._store.draft(desk, who=who)
        if kept is None or kept.patient_id is not None:
            try:
                patient = self._store.patient(desk)
            except NotFoundError:
                if self._store.was_deleted(desk):
                    raise self._no_desk() from None
                return Desk(desk, Draft())
            if kept is None:
                return self._of_version(patient, self._store.version(desk))
            return self._of_kept(kept, patient)
        return self._of_kept(kept, None)

    def opened(self, who: str, desk: str) -> Desk:
        """As `of`, for a page that is loaded: where nothing is unsaved, the newest version."""
        found = self.of(who, desk)
        if found.patient is None or found.unsaved or found.based_on == found.patient.newest:
            return found
        self._store.drop_draft(desk, who=who)
        return self.of(who, desk)

    def change(
        self, who: str, desk: str, seen: Seen, change: Callable[[Draft], Draft]
    ) -> tuple[Desk, Desk]:
        """Replace the draft by what `change` makes of it, as one step that can be undone. Gives the
        desk as it was, and as it is then.

        When `change` raises, the draft stays as it was. It may be called more than once: when
        another change came in between. Raises ChangedElsewhereError.
        """
        while True:
            found = self._seen(who, desk, seen)
            new = change(found.draft)
            if new == found.draft:
                return found, found
            if found.revision == 0:
                self._begin(who, found)
                continue
            text, mark = text_and_mark(new)
            kept = self._store.change_draft(
                desk,
                text,
                mark,
                revision=found.revision,
                tab=seen.tab,
                most=self._most,
                who=who,
            )
            if kept is not None:
                self._written.remember(text, new)
                return found, self._with(found, kept, new)

    def undo(self, who: str, desk: str, seen: Seen) -> Desk:
        """Take the last change back. Raises ChangedElsewhereError."""
        while True:
            found = self._seen(who, desk, seen)
            if not found.can_undo:
                return found
            kept = self._store.undo_draft(desk, revision=found.revision, tab=seen.tab, who=who)
            if kept is not None:
                return self._with(found, kept, self._draft(kept))

    def save(
        self,
        who: str,
        desk: str,
        seen: Seen,
        record_of: Callable[[Draft], Record],
        *,
        label: str = "",
        on_top_of: int | None = None,
    ) -> Desk:
        """Save the draft: with `label` as a new patient, otherwise as the next version.

        `on_top_of` is a version of somebody else that was looked at. Raises ConflictError,
        TakenError, ChangedElsewhereError.
        """
        found = self._seen(who, desk, seen)
        if found.patient is not None and not found.unsaved:
            return found
        record = record_of(found.draft)
        mark = mark_of(found.draft)
        if found.patient is None:
            if found.revision == 0:
                self._begin(who, found)
            self._store.save_draft(desk, record, mark, label=label, who=who)
        else:
            base = on_top_of or found.based_on
            self._store.save_draft(desk, record, mark, based_on=base, who=who)
        return self.of(who, desk)

    def drop(self, who: str, desk: str, seen: Seen) -> None:
        """Clear a desk of what is not saved. Raises ChangedElsewhereError."""
        self._seen(who, desk, seen)
        self._store.drop_draft(desk, who=who)

    def put(self, who: str, draft: Draft) -> str:
        """A new desk with a draft on it; its name."""
        desk = new_name()
        self.change(who, desk, Seen(new_name(), Desk(desk, Draft()).state), lambda _: draft)
        return desk

    def unsaved(self, who: str) -> tuple[tuple[KeptDraft, Draft | None], ...]:
        """What a person has not saved yet, the one changed last first; None for what cannot be
        read any more."""
        found: list[tuple[KeptDraft, Draft | None]] = []
        for kept in self._store.drafts(who=who):
            draft = None
            with suppress(DamagedError):
                draft = self._draft(kept)
            if kept.unsaved:
                found.append((kept, draft))
        return tuple(found)

    def _seen(self, who: str, desk: str, seen: Seen) -> Desk:
        found = self.of(who, desk)
        if not found.was_seen(seen):
            raise ChangedElsewhereError(CHANGED_ELSEWHERE)
        return found

    def _begin(self, who: str, found: Desk) -> None:
        text, mark = text_and_mark(found.draft)
        self._store.begin_draft(
            found.id, text, mark, based_on=found.based_on, most=self._most, who=who
        )

    def _of_version(self, patient: Patient, version: Version) -> Desk:
        draft = reopened(version.record, self._knowledge)
        return Desk(patient.id, draft, patient, version.info.number)

    def _of_kept(self, kept: KeptDraft, patient: Patient | None) -> Desk:
        return self._with(Desk(kept.desk, Draft(), patient), kept, self._draft(kept))

    def _with(self, found: Desk, kept: KeptDraft, draft: Draft) -> Desk:
        return Desk(
            found.id,
            draft,
            found.patient,
            kept.based_on,
            kept.revision,
            kept.tab,
            kept.unsaved,
            kept.can_undo,
        )

    def _draft(self, kept: KeptDraft) -> Draft:
        try:
            return self._written.draft_of(kept.content) or from_text(kept.content)
        except ValueError:
            raise DamagedError(
                file=self._store.where,
                problem="what is not saved on this desk cannot be read any more",
                remedy="drop the unsaved changes",
            ) from None

    def _no_desk(self) -> NotFoundError:
        return NotFoundError(
            file=self._store.where,
            problem="there is no such patient",
            remedy="it may have been deleted; look at the list",
        )
