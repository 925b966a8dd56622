"""Taking turns at heavy work, so that it never keeps the rest of the server waiting.

An assessment takes up to seconds, and whoever waits for one holds one of the threads that all pages
need. So only a few may wait, and not for long; whoever comes after them is told to try again.
"""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Final

from fastapi import HTTPException

# Of forty threads: signing in, saving and static files keep the others.
MOST_WAITING: Final = 60
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
    short queue before them.

    A context manager for threads; whoever is in it must not enter it once more.
    """

    def __init__(
        self,
        at_once: int | None = None,
        *,
        most_waiting: int = MOST_WAITING,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._free = threading.BoundedSemaphore(at_once or os.cpu_count() or 1)
        self._places = threading.BoundedSemaphore(most_waiting)
        self._longest_wait = longest_wait

    def __enter__(self) -> None:
        if self._free.acquire(blocking=False):
            return
        if not self._places.acquire(blocking=False):
            raise BusyServerError
        try:
            if not self._free.acquire(timeout=self._longest_wait):
                raise BusyServerError
        finally:
            self._places.release()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._free.release()
