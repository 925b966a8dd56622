"""Who looked at whom, and who took what along: noted in the audit trail."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Literal, TypeAlias

from fastapi import Request

from crural.store import Noted, Store, StoreError
from crural.web.person import Person

# A page that is loaded again and again is one opening.
AGAIN_AFTER = 900.0
MOST_REMEMBERED = 2000


Taken: TypeAlias = Literal["record-exported", "assessment-exported"]


class Openings:
    """Who opened whom a moment ago, for each session."""

    def __init__(self) -> None:
        self._at: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, who: str, session: str, patient: str) -> bool:
        """Is this the first look for a while? It is one from now on."""
        now, key = time.monotonic(), (who, session, patient)
        with self._lock:
            last = self._at.get(key)
            if last is not None and now - last < AGAIN_AFTER:
                return False
            self._at[key] = now
            self._at.move_to_end(key)
            while len(self._at) > MOST_REMEMBERED:
                self._at.popitem(last=False)
            return True

    def forget(self, who: str, session: str, patient: str) -> None:
        """It was no look after all: the next one is the first."""
        with self._lock:
            self._at.pop((who, session, patient), None)


def note_opened(request: Request, person: Person, patient: str) -> None:
    """Somebody looks at a saved patient."""
    session = request.app.state.sessions.form_token(request)
    openings: Openings = request.app.state.openings
    # Without a session nobody can be known again.
    if session and not openings.is_new(person.id, session, patient):
        return
    try:
        _note(request, person, "patient-opened", patient)
    except StoreError:
        openings.forget(person.id, session, patient)
        raise


def note_taken(request: Request, person: Person, what: Taken, patient: str) -> None:
    """Somebody takes a file or a page about a saved patient along."""
    _note(request, person, what, patient)


def _note(request: Request, person: Person, what: Noted, patient: str) -> None:
    store: Store = request.app.state.store
    store.note(what, who=person.id, patient_id=patient)
