"""Browsers in which somebody has signed in before: wrong passwords of others do not keep them out.

The protocol of device cookies (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"):
whoever signs in is handed a signed entry. Who sends it along for the same name is counted by that
entry alone, and not by the name or the address, which anybody can use up. An entry opens nothing,
and does not tell the name.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from collections.abc import Iterator
from typing import Final

from fastapi import Request, Response

from crural.web.people.users import key_of
from crural.web.security import Sessions

LASTS: Final = dt.timedelta(days=90)
# So many people may share a workstation; whoever signed in last stands first.
MOST: Final = 8
_COOKIE: Final = "crural-known"
_BETWEEN: Final = "~"


def entry_of(request: Request, name: str, now: dt.datetime) -> str | None:
    """The entry by which this browser is known for a name; None when it is not."""
    for entry in _entries(request):
        if _is_for(request, entry, name, now):
            return entry
    return None


def remember(request: Request, response: Response, name: str, now: dt.datetime) -> None:
    """Hand a new entry for a name to the browser, in place of the one that it had for it."""
    kept = [entry for entry in _entries(request) if not _is_for(request, entry, name, now)]
    until = str(int((now + LASTS).timestamp()))
    mark = secrets.token_urlsafe(12)
    entry = f"{mark}.{until}.{_signature(request, name, mark, until)}"
    response.set_cookie(
        _cookie(request),
        _BETWEEN.join((entry, *kept[: MOST - 1])),
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.app.state.settings.https,
        path="/",
    )


def _entries(request: Request) -> Iterator[str]:
    sent = request.cookies.get(_cookie(request), "")
    yield from [entry for entry in sent.split(_BETWEEN) if entry][:MOST]


def _is_for(request: Request, entry: str, name: str, now: dt.datetime) -> bool:
    mark, _, rest = entry.partition(".")
    until, _, signature = rest.partition(".")
    right = _signature(request, name, mark, until)
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), right.encode()):
        return False
    # What is signed was written here: it is a number.
    return now.timestamp() < int(until)


def _signature(request: Request, name: str, mark: str, until: str) -> str:
    sessions: Sessions = request.app.state.sessions
    return sessions.keyed("known browser", f"{key_of(name)}:{mark}:{until}")


def _cookie(request: Request) -> str:
    # As the cookies of Sessions: with this prefix only this very host can set it.
    return f"__Host-{_COOKIE}" if request.app.state.settings.https else _COOKIE
