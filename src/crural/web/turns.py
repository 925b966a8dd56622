"""Taking turns at heavy work, so that it never keeps the rest of the server waiting.

An assessment takes up to seconds, and whoever waits for one holds one of the threads that all pages
need. So a limited number may wait, and not for long; whoever comes after them is told to try again.
Where people sign in, nobody takes more than a share of the places: one program that asks without
end would keep all others out.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextvars import ContextVar
from types import TracebackType
from typing import Final, NamedTuple

from fastapi import HTTPException

MOST_WAITING: Final = 60
# Of these threads signing in, saving and static files keep the others.
THREADS: Final = 100
# Of the places in the queue, one person has at most one in so many.
SHARE: Final = 3
LONGEST_WAIT: Final = 20.0
TRY_AGAIN_AFTER: Final = "10"


class BusyServerError(HTTPException):
    """Too many ask for heavy work at once."""

    def __init__(self) -> None:
        super().__init__(
            503,
            "The server is busy with other assessments. Nothing was changed. Try again in a "
            "few seconds.",
            headers={"retry-after": TRY_AGAIN_AFTER},
        )


class OverOwnShareError(HTTPException):
    """One person asks for too much heavy work at once."""

    def __init__(self) -> None:
        super().__init__(
            429,
            "Too many assessments of yours are waiting already. Nothing was changed. Wait for "
            "their answers, then try again.",
            headers={"retry-after": TRY_AGAIN_AFTER},
        )


# Who asks, by id; None where nobody signs in, and everybody is the same. Threads that are begun for
# a request know it.
asker: ContextVar[str | None] = ContextVar("asker", default=None)


class _Waiting(NamedTuple):
    who: str | None
    called: threading.Event


class Turns:
    """As many at a time as can be computed at a time, since wide records need much memory, and a
    queue before them: who came first is first.

    A context manager for threads; whoever is in it must not enter it once more.
    """

    def __init__(
        self,
        at_once: int | None = None,
        *,
        most_waiting: int = MOST_WAITING,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._free = at_once or os.cpu_count() or 1
        self._waiting: deque[_Waiting] = deque()
        self._most_waiting = most_waiting
        self._longest_wait = longest_wait
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if len(self._waiting) >= self._most_waiting:
                raise BusyServerError
            own = _Waiting(asker.get(), threading.Event())
            if own.who is not None and self._places_of(own.who) >= self._most_waiting // SHARE:
                raise OverOwnShareError
            self._waiting.append(own)
        if own.called.wait(self._longest_wait):
            return
        with self._lock:
            # The call may have come a moment after the wait was over.
            if not own.called.is_set():
                self._waiting.remove(own)
                raise BusyServerError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            # The turn is passed on: whoever comes in between could take one that is free, and those
            # who wait would wait for ever.
            if self._waiting:
                self._waiting.popleft().called.set()
            else:
                self._free += 1

    def _places_of(self, who: str) -> int:
        return sum(one.who == who for one in self._waiting)
