"""Taking turns at heavy work, so that it never keeps the rest of the server waiting.

An assessment takes up to seconds, and whoever waits for one holds one of the threads that all pages
need. So a limited number may wait, and not for long; whoever comes after them is told to try again.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from types import TracebackType
from typing import Final

from fastapi import HTTPException

MOST_WAITING: Final = 60
# Of these threads signing in, saving and static files keep the others.
THREADS: Final = 100
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
        self._waiting: deque[threading.Event] = deque()
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
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(self._longest_wait):
            return
        with self._lock:
            # The call may have come a moment after the wait was over.
            if not called.is_set():
                self._waiting.remove(called)
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
                self._waiting.popleft().set()
            else:
                self._free += 1
