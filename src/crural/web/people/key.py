"""The key of a server that asks nobody to sign in.

Whoever reaches it has everything, and not only its owner can: a proxy or a tunnel that says nothing
of itself, another account of the same machine. So the address that is told at the start holds a
key. A browser exchanges it for a cookie; programs send it along.
"""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from crural.web.settings import Settings
from crural.web.showing import html_of, is_fragment

FIELD: Final = "key"
_PROBLEM: Final = "The key of this server is missing."


def address_with_key(address: str, key: str | None) -> str:
    """The address that lets a browser in."""
    return address if key is None else f"{address}?{FIELD}={key}"


def ask_for_key(request: Request) -> Response | None:
    """What to answer whoever does not send the key along; None for whoever does.

    The address with the key hands out the cookie, and leads to the address without it.
    """
    settings: Settings = request.app.state.settings
    if settings.key is None:
        return None
    path: str = request.scope["path"]
    query = request.scope["query_string"].decode("latin-1")
    asked = parse_qsl(query, keep_blank_values=True)
    is_page = request.method == "GET" and not path.startswith("/api/")
    if is_page and _is_same(dict(asked).get(FIELD), settings.key):
        rest = urlencode([(field, said) for field, said in asked if field != FIELD])
        # With more than one slash before it, it would be another server.
        there = quote("/" + path.lstrip("/"))
        return _let_in(settings, settings.key, f"{there}?{rest}" if rest else there)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.casefold() == "bearer" and _is_same(token.strip(), settings.key):
        return None
    if _is_same(request.cookies.get(_cookie(settings)), settings.key):
        return None
    return _refused(request, path)


def _let_in(settings: Settings, key: str, there: str) -> Response:
    answer = RedirectResponse(there, status_code=303)
    answer.set_cookie(
        _cookie(settings), key, httponly=True, samesite="lax", secure=settings.https, path="/"
    )
    return answer


def _refused(request: Request, path: str) -> Response:
    if path.startswith("/api/"):
        remedy = "Send the key that the server told at its start: Authorization: Bearer KEY."
        return JSONResponse(
            {"error": {"problem": _PROBLEM, "field": "", "remedy": remedy}},
            status_code=401,
            headers={"www-authenticate": 'Bearer realm="crural"'},
        )
    if is_fragment(request):
        said = f"{_PROBLEM} It was started anew: open the address that it told then."
        values = {"problem": said, "lead": "", "oob": True}
        return html_of(request, "message.html.jinja", 403, **values)
    return html_of(request, "people/key.html.jinja", 403)


def _cookie(settings: Settings) -> str:
    # Cookies do not know ports: servers side by side would take each other's away.
    return f"crural-key-{settings.port}"


def _is_same(given: str | None, right: str) -> bool:
    return given is not None and hmac.compare_digest(
        given.encode("utf-8", "replace"), right.encode()
    )
