"""What guards every request: headers, sizes, sessions, and that a change was meant by the user."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import traceback
from base64 import b64encode
from collections.abc import Collection, Iterable
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request, Response
from starlette.datastructures import FormData, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crural.store import Session as SignedIn
from crural.web.settings import Settings

COOKIE: Final = "crural-session"
SIGNED_IN_COOKIE: Final = "crural-signed-in"
TOKEN_FIELD: Final = "csrf"
TOKEN_HEADER: Final = "x-csrf-token"
LARGEST_BODY = 1_100_000
# Where nobody needs to have signed in: names and passwords are short, and reading a large form
# keeps everybody else waiting.
LARGEST_OF_ANYBODY = 16_000
MOST_FIELDS = 400
# The largest body, over a line of 20 kB a second.
SECONDS_FOR_A_BODY: Final = 60.0
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
# What browsers say of the site of the page that sends: this one, or the user alone.
OWN_SITE: Final = frozenset({"same-origin", "none"})
_PORTS: Final = {"http": 80, "https": 443}
_INLINE_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
log = logging.getLogger("crural.web")


class Guard:
    """Outermost: puts the headers on, refuses large bodies and slow ones, and keeps patients out of
    the log.

    An exception's own words may quote what was entered, so only its kind and place are logged.
    """

    def __init__(
        self,
        app: ASGIApp,
        https: bool = False,
        open_paths: Collection[str] = (),
        body_seconds: float = SECONDS_FOR_A_BODY,
    ) -> None:
        self._app = app
        self._body_seconds = body_seconds
        self._open_paths = open_paths
        self._headers = dict(_HEADERS)
        if https:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False
        taken = 0
        whole = False
        until = asyncio.get_running_loop().time() + self._body_seconds
        largest = LARGEST_OF_ANYBODY if scope["path"] in self._open_paths else LARGEST_BODY

        async def guarded_send(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        async def counted() -> Message:
            nonlocal taken, whole
            try:
                # After the body only the end of the connection can come, whenever that is.
                async with asyncio.timeout_at(None if whole else until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "The request did not arrive in time.") from None
            whole = not message.get("more_body", False)
            taken += len(message.get("body", b""))
            if taken > largest:
                raise HTTPException(413, "This is too large.")
            return message

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > largest:
            refused = _plainly(scope, "This is too large.", 413)
            await refused(scope, receive, guarded_send)
            return
        try:
            await self._app(scope, counted, guarded_send)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            log.error("%s at %s:%s", type(error).__name__, frame.filename, frame.lineno)
            if begun:
                return
            said = "Something went wrong in the program. Nothing was changed."
            failed = _plainly(scope, said, 500)
            await failed(scope, receive, guarded_send)


def _plainly(scope: Scope, said: str, status: int) -> Response:
    """An answer that needs nothing of the application: JSON for programs, a line for people."""
    if scope["path"].startswith("/api/"):
        return JSONResponse({"error": {"problem": said}}, status_code=status)
    return PlainTextResponse(said, status_code=status)


def inline_style_policy(page: str) -> str:
    """The content policy for a page that carries its own style sheet: that one and no other."""
    hashes: Iterable[str] = (
        f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
        for style in _INLINE_STYLE.findall(page)
    )
    return CONTENT_POLICY.format(style=" ".join(hashes) or "'none'")


class Sessions:
    """Cookies that scripts cannot read, and the tokens that forms must carry.

    There are two: a signed random name for whoever looks at a page, which opens nothing and only
    ties forms to a browser; and the token of somebody signed in, which the store knows.
    """

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.secret
        self._https = settings.https
        # With this prefix browsers take the cookie from this very host only, and only encrypted.
        prefix = "__Host-" if self._https else ""
        self.cookie = f"{prefix}{COOKIE}"
        self._signed_in_cookie = f"{prefix}{SIGNED_IN_COOKIE}"

    def named(self) -> str:
        """A new random name."""
        return secrets.token_urlsafe(24)

    def begin(self, response: Response) -> str:
        """A new session, handed to the browser."""
        name = self.named()
        self.keep(response, name)
        return name

    def keep(self, response: Response, name: str) -> None:
        """Hand the session's cookie to the browser."""
        self._set(response, self.cookie, f"{name}.{self._sign('session', name)}")

    def of(self, request: Request) -> str | None:
        """The session of a request, when its signature is ours."""
        name, _, signature = request.cookies.get(self.cookie, "").partition(".")
        if not name or not hmac.compare_digest(
            signature.encode(), self._sign("session", name).encode()
        ):
            return None
        return name

    def token(self, session: str) -> str:
        """What a form of this session must carry: no other site can know it."""
        return self._sign("csrf", session)

    def sign_in(self, response: Response, token: str) -> None:
        """Hand the token of somebody who signed in to the browser, until it is closed."""
        self._set(response, self._signed_in_cookie, token)
        self._forget(response, self.cookie)

    def sign_out(self, response: Response) -> None:
        """Take all cookies back."""
        self._forget(response, self._signed_in_cookie)
        self._forget(response, self.cookie)

    def sign_in_token(self, request: Request) -> str | None:
        """What a browser says to be the token of somebody signed in."""
        return request.cookies.get(self._signed_in_cookie)

    def is_kept(self, request: Request) -> bool:
        """Will the asker be known again: does it send a cookie of ours along?"""
        signed_in = getattr(request.state, "signed_in", None)
        return signed_in is not None or self.of(request) is not None

    def form_token(self, request: Request) -> str:
        """What the forms of this page must carry; of whoever is signed in, or else of the browser.

        Empty when there is neither, and then no form is taken.
        """
        signed_in: SignedIn | None = getattr(request.state, "signed_in", None)
        if signed_in is not None:
            return signed_in.csrf
        session = getattr(request.state, "session", None) or self.of(request)
        return self.token(session) if session else ""

    def is_token(self, request: Request, token: object) -> bool:
        """Is this what a form or program must send along to change something?"""
        right = self.form_token(request)
        return (
            bool(right)
            and isinstance(token, str)
            and hmac.compare_digest(token.encode("utf-8", "replace"), right.encode())
        )

    def keyed(self, purpose: str, text: str) -> str:
        """A digest that nobody without the server's secret can make, or test guesses against."""
        return self._sign(purpose, text)

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            name, value, httponly=True, samesite="lax", secure=self._https, path="/"
        )

    def _forget(self, response: Response, name: str) -> None:
        response.delete_cookie(name, httponly=True, samesite="lax", secure=self._https, path="/")

    def _sign(self, purpose: str, text: str) -> str:
        said = f"{purpose}:{text}".encode("utf-8", "replace")
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()


async def checked_form(request: Request) -> FormData:
    """The form of a change, when this session's own page sent it. Raises 403."""
    if _is_from_elsewhere(request):
        raise HTTPException(403, "A page of another site sent this.")
    sessions: Sessions = request.app.state.sessions
    form = await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=LARGEST_BODY)
    if not sessions.is_token(request, request.headers.get(TOKEN_HEADER) or form.get(TOKEN_FIELD)):
        raise HTTPException(403, "This page is out of date. Load it anew and try again.")
    return form


def _is_from_elsewhere(request: Request) -> bool:
    """Does the browser say that a page of another site sent the form?

    Where it tells the site, that is all: the origin of our own forms may be "null", since they give
    no referrer, and a proxy may have replaced the host to compare it with.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in OWN_SITE
    origin = request.headers.get("origin", "null")
    return origin != "null" and not is_own_origin(origin, request)


def is_own_origin(origin: str, request: Request) -> bool:
    """Is the origin this server, under the name by which it was called? The encryption may end
    before it, so the scheme tells nothing."""
    try:
        asked = urlsplit(origin)
        called = urlsplit(f"//{request.headers.get('host', '')}")
        usual = _PORTS.get(asked.scheme)
        return (
            usual is not None
            and asked.hostname is not None
            and (asked.hostname, asked.port or usual) == (called.hostname, called.port or usual)
        )
    except ValueError:
        return False


CheckedForm = Annotated[FormData, Depends(checked_form)]
