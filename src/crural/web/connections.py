"""Connections that send slowly or never, and too many at once.

The server reads the head of a request for as long as its sender likes, and any number of them, so a
few hundred idle connections keep everybody else out. Here a head has some seconds; and where there
are too many connections, the one that has waited longest for its head makes room.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

# A browser sends the head of a request at once; a slow telephone line takes a second or two.
SECONDS_FOR_A_HEAD: Final = 10.0
# Of one process. A browser has up to six, and lets go of them five seconds after its last request.
# Systems commonly let a process have 1024 files open.
MOST_CONNECTIONS: Final = 500
_TOO_MANY: Final = "There are too many connections at once. Try again in a few seconds."
_TOO_SLOW: Final = "The request did not arrive in time."


class TimedProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with a time limit for the head of each request and a limit to
    the number of connections."""

    head_seconds = SECONDS_FOR_A_HEAD
    most = MOST_CONNECTIONS

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # While the head of a request is waited for.
        self.waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection; of too many, let the slowest go, or else this one."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            slowest = self._slowest()
            if slowest is None:
                self._refuse("503 Service Unavailable", _TOO_MANY, "retry-after: 5\r\n")
                return
            slowest.transport.abort()
        self._wait_for_a_head()

    def data_received(self, data: bytes) -> None:
        """Read on, and count the time until the head of a request is whole."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop_waiting()
        elif self.cycle is None or self.cycle.response_complete:
            self._wait_for_a_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection and its time limit."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _slowest(self) -> TimedProtocol | None:
        """The connection that has waited longest for the head of a request."""
        waiting = [
            (other.waiting.when(), place, other)
            for place, other in enumerate(self.connections)
            if isinstance(other, TimedProtocol) and other.waiting is not None
        ]
        return min(waiting)[2] if waiting else None

    def _wait_for_a_head(self) -> None:
        if self.waiting is None and not self.transport.is_closing():
            self.waiting = self.loop.call_later(self.head_seconds, self._too_slow)

    def _stop_waiting(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None

    def _too_slow(self) -> None:
        self.waiting = None
        self._refuse("408 Request Timeout", _TOO_SLOW)

    def _refuse(self, status: str, said: str, headers: str = "") -> None:
        """Answer before there is a request that the application could answer, and hang up."""
        self.transport.write(
            f"HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(said)}\r\nconnection: close\r\ncache-control: no-store\r\n"
            f"{headers}\r\n{said}".encode("ascii")
        )
        self.transport.close()
