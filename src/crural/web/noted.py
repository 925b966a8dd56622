"""Who looked at whom, and who took what along: noted in the audit trail.

Looking is noted before the routes and not in them, so that no route can forget it: what is asked
for counts, even where the answer is a refusal.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from typing import Literal, TypeAlias

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from crural.store import DiskFullError, Noted, NotFoundError, Store
from crural.web.person import Person
from crural.web.security import Sessions

# A page that is loaded again and again is one opening.
AGAIN_AFTER = 900.0
MOST_REMEMBERED = 2000


Read: TypeAlias = Literal["list-read", "trail-read"]
Taken: TypeAlias = Literal["record-exported", "assessment-exported"]


class Openings:
    """Who opened whom a moment ago, for each session; and who read what lists, for each person."""

    def __init__(self) -> None:
        self._at: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, who: str, session: str, patient: str) -> bool:
        """Is this the first look for a while?"""
        with self._lock:
            last = self._at.get((who, session, patient))
            return last is None or time.monotonic() - last >= AGAIN_AFTER

    def remember(self, who: str, session: str, patient: str) -> None:
        """It stands in the trail now. Not before: a look whose note fails, and one that comes in
        the meantime, must each be noted or refused."""
        key = (who, session, patient)
        with self._lock:
            self._at[key] = time.monotonic()
            self._at.move_to_end(key)
            while len(self._at) > MOST_REMEMBERED:
                self._at.popitem(last=False)


async def looked(request: Request) -> None:
    """Note that somebody looks, when the address names a patient; a desk with nothing saved is
    none. Stands before every route, so that it asks for a thread only where there is work."""
    patient = request.path_params.get("patient") or request.path_params.get("desk")
    person: Person | None = getattr(request.state, "person", None)
    if patient is None or person is None:
        return
    if not _is_known(request, person, patient):
        with suppress(NotFoundError):
            await run_in_threadpool(note_opened, request, person, patient)


def note_opened(request: Request, person: Person, patient: str) -> None:
    """Somebody looks at a saved patient. Raises NotFoundError."""
    if _is_known(request, person, patient):
        return
    # Looking first is cheap, and what is on a desk is often no patient.
    request.app.state.store.patient(patient)
    _note(request, person, "patient-opened", patient)
    session = _session(request)
    if session:
        openings: Openings = request.app.state.openings
        openings.remember(person.id, session, patient)


def _is_known(request: Request, person: Person, patient: str) -> bool:
    """Did they look a moment ago? Without a session nobody can be known again."""
    session = _session(request)
    openings: Openings = request.app.state.openings
    return bool(session) and not openings.is_new(person.id, session, patient)


def _session(request: Request) -> str:
    """By what the asker would be known again."""
    sessions: Sessions = request.app.state.sessions
    if request.scope["path"].startswith("/api/") and not sessions.is_kept(request):
        # A program that takes no cookies would be somebody else each time it asks.
        return "none"
    return sessions.form_token(request)


def note_reading(request: Request, what: Read) -> None:
    """Somebody reads the list of patients or the audit trail: once in a while for each person.

    When the disk is full it is shown all the same: the list is the way to what was opened before.
    """
    person: Person = request.state.person
    store: Store = request.app.state.store
    openings: Openings = request.app.state.openings
    if openings.is_new(person.id, "", what):
        with suppress(DiskFullError):
            store.note(what, who=person.id)
            openings.remember(person.id, "", what)


def note_taken(request: Request, person: Person, what: Taken, patient: str) -> None:
    """Somebody takes a file or a page about a saved patient along."""
    _note(request, person, what, patient)


def _note(request: Request, person: Person, what: Noted, patient: str) -> None:
    store: Store = request.app.state.store
    store.note(what, who=person.id, patient_id=patient)
