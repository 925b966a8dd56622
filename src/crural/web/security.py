"""What guards every request: headers, sizes, sessions, and that a change was meant by the user."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import traceback
from base64 import b64encode
from collections.abc import Iterable
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request, Response
from starlette.datastructures import FormData, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crural.web.settings import Settings

COOKIE: Final = "crural-session"
TOKEN_FIELD: Final = "csrf"
TOKEN_HEADER: Final = "x-csrf-token"
LARGEST_BODY = 1_100_000
MOST_FIELDS = 400
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_POLICY.format(style="'self'"),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
_INLINE_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
log = logging.getLogger("crural.web")


class Guard:
    """Outermost: puts the headers on, refuses large bodies, and keeps patients out of the log.

    An exception's own words may quote what was entered, so only its kind and place are logged.
    """

    def __init__(self, app: ASGIApp, https: bool = False) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if https:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False
        taken = 0

        async def guarded_send(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_BODY:
                raise HTTPException(413, "This is too large.")
            return message

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            refused = PlainTextResponse("This is too large.", status_code=413)
            await refused(scope, receive, guarded_send)
            return
        try:
            await self._app(scope, counted, guarded_send)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            log.error("%s at %s:%s", type(error).__name__, frame.filename, frame.lineno)
            if begun:
                return
            failed = PlainTextResponse(
                "Something went wrong in the program. Nothing was changed.", status_code=500
            )
            await failed(scope, receive, guarded_send)


def inline_style_policy(page: str) -> str:
    """The content policy for a page that carries its own style sheet: that one and no other."""
    hashes: Iterable[str] = (
        f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
        for style in _INLINE_STYLE.findall(page)
    )
    return CONTENT_POLICY.format(style=" ".join(hashes) or "'none'")


class Sessions:
    """Signed random names of sessions, in a cookie that scripts cannot read."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.secret
        self._https = settings.https

    def begin(self, response: Response) -> str:
        """A new session, handed to the browser."""
        name = secrets.token_urlsafe(24)
        self.keep(response, name)
        return name

    def keep(self, response: Response, name: str) -> None:
        """Hand the session's cookie to the browser."""
        response.set_cookie(
            COOKIE,
            f"{name}.{self._sign('session', name)}",
            httponly=True,
            samesite="lax",
            secure=self._https,
            path="/",
        )

    def of(self, request: Request) -> str | None:
        """The session of a request, when its signature is ours."""
        name, _, signature = request.cookies.get(COOKIE, "").partition(".")
        if not name or not hmac.compare_digest(
            signature.encode(), self._sign("session", name).encode()
        ):
            return None
        return name

    def token(self, session: str) -> str:
        """What a form of this session must carry: no other site can know it."""
        return self._sign("csrf", session)

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


async def checked_form(request: Request) -> FormData:
    """The form of a change, when this session's own page sent it. Raises 403."""
    sessions: Sessions = request.app.state.sessions
    session = sessions.of(request)
    form = await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=LARGEST_BODY)
    token = request.headers.get(TOKEN_HEADER) or form.get(TOKEN_FIELD)
    if (
        session is None
        or not isinstance(token, str)
        or not hmac.compare_digest(token.encode(), sessions.token(session).encode())
    ):
        raise HTTPException(403, "This page is out of date. Load it anew and try again.")
    request.state.session = session
    return form


CheckedForm = Annotated[FormData, Depends(checked_form)]
