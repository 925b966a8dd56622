"""That a change through the API was meant: JSON, and not sent by another site's page.

A page of another site can make a browser send forms and plain text here, but neither JSON nor
DELETE without asking first, and this server never says yes. Origin and Sec-Fetch-Site tell the same
once more. Where a session is what lets the request in, its token is asked for as well.
"""

from __future__ import annotations

import json
import re
from typing import Final

from fastapi import HTTPException, Request

from crural.web.security import OWN_SITE, TOKEN_HEADER, Sessions, is_own_origin

# Half of a character that takes two: JSON can write it down, nothing can send it on.
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")


async def own_json(request: Request) -> None:
    """Refuse what another site may have sent (403), and bodies that are no JSON (415, 422)."""
    _check_site(request)
    if request.method != "DELETE":
        kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
        if kind != "application/json":
            raise HTTPException(415, "Send the body as application/json.")
        _check_text(await request.body())


async def checked_json(request: Request) -> None:
    """The same, and for a change: 403 when a session's token is missing."""
    await own_json(request)
    _check_token(request)


def _check_site(request: Request) -> None:
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    if site not in OWN_SITE or (origin is not None and not is_own_origin(origin, request)):
        raise HTTPException(403, "A page of another site sent this.")


def _check_token(request: Request) -> None:
    # Without signing in there is no session whose cookie another site's page could make use of.
    if getattr(request.state, "signed_in", None) is None:
        return
    sessions: Sessions = request.app.state.sessions
    if not sessions.is_token(request, request.headers.get(TOKEN_HEADER)):
        raise HTTPException(403, f"Send the token of the session as {TOKEN_HEADER}.")


def _check_text(body: bytes) -> None:
    if _HALF.search(body) is None:
        return
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise HTTPException(422, "The body holds half a character (a lone surrogate).") from None
    except (ValueError, RecursionError):
        return  # Reading the body will say so.
