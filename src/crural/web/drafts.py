"""Where drafts are kept while they are worked on: on the server, by session, in no address."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from crural.web.draft import Draft

MOST_SESSIONS = 500
MOST_STEPS_BACK = 30
IDLE_SECONDS = 12 * 3600.0


class Drafts(Protocol):
    """The drafts of all sessions."""

    def of(self, session: str) -> Draft:
        """The draft of a session; an empty one when it has none."""
        ...

    def change(self, session: str, change: Callable[[Draft], Draft]) -> Draft:
        """Replace the draft by what `change` makes of it, as one step that can be undone.

        When `change` raises, the draft stays as it was.
        """
        ...

    def undo(self, session: str) -> Draft:
        """Take the last change back; the draft as it then is."""
        ...

    def can_undo(self, session: str) -> bool:
        """Is there a change to take back?"""
        ...


@dataclass
class _Kept:
    now: Draft = field(default_factory=Draft)
    before: list[Draft] = field(default_factory=list[Draft])
    touched: float = 0.0


class MemoryDrafts:
    """Drafts in memory: gone when the server stops, after half a day without use, or when many
    newer sessions need the room."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._clock = clock

    def of(self, session: str) -> Draft:
        with self._lock:
            kept = self._live(session)
            return kept.now if kept else Draft()

    def change(self, session: str, change: Callable[[Draft], Draft]) -> Draft:
        with self._lock:
            kept = self._live(session)
            old = kept.now if kept else Draft()
            new = change(old)
            if new == old:
                return old
            if kept is None:
                kept = self._kept[session] = _Kept(touched=self._clock())
                while len(self._kept) > MOST_SESSIONS:
                    self._kept.popitem(last=False)
            kept.before = [*kept.before[-MOST_STEPS_BACK + 1 :], old]
            kept.now = new
            return new

    def undo(self, session: str) -> Draft:
        with self._lock:
            kept = self._live(session)
            if kept is None or not kept.before:
                return kept.now if kept else Draft()
            kept.now = kept.before.pop()
            return kept.now

    def can_undo(self, session: str) -> bool:
        with self._lock:
            kept = self._live(session)
            return bool(kept and kept.before)

    def _live(self, session: str) -> _Kept | None:
        now = self._clock()
        for name in [n for n, k in self._kept.items() if now - k.touched > IDLE_SECONDS]:
            del self._kept[name]
        kept = self._kept.get(session)
        if kept is not None:
            kept.touched = now
            self._kept.move_to_end(session)
        return kept
