"""The gate before every route: who is asking, and nobody gets past without signing in.

It stands before the routes and not in them, so that no route can forget it. Only the page for
signing in and the static files lie outside.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crural.store import Session, Store, StoreError
from crural.web.people.key import ask_for_key
from crural.web.person import LOCAL, person_of
from crural.web.security import Sessions
from crural.web.settings import Settings
from crural.web.turns import asker

SIGN_IN: Final = "/sign-in"
CHOOSE: Final = "/sign-in/password"
OPEN_TO_ALL: Final = frozenset({SIGN_IN, CHOOSE})
STATIC: Final = "/static/"
# What proxies add. Nobody may come through one to a server that takes all comers for its owner.
# The list can't be whole, and some proxies say nothing at all.
_FROM_A_PROXY: Final = frozenset(
    {"forwarded", "via", "true-client-ip", "x-client-ip", "x-real-ip", "x-cluster-client-ip"}
)
_BEGIN_FROM_A_PROXY: Final = ("x-forwarded", "x-original", "cf-")
_A_DESK: Final = re.compile(r"/assessment/[\w-]+", re.ASCII)
_LOCAL_PATH: Final = re.compile(r"/(?![/\\])[\w.~/%!$&'()*+,;=:@?-]{0,500}", re.ASCII)


class Gate:
    """Finds out who is asking, and sends whoever has to sign in to the page for it.

    Sets `person`, `signed_in` and `session` of the request's state. `session` is the name of the
    browser's session; one that has none is given one along with the first page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # Nothing is served but pages and the API.
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope, receive)
        settings: Settings = request.app.state.settings
        refused = await _enter(request) if settings.sign_in else _enter_locally(request)
        if refused is not None:
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, _with_session(request, send))


async def _enter(request: Request) -> Response | None:
    """Note who is asking; the answer when they have to sign in first."""
    path = _path(request)
    request.state.person = request.state.signed_in = None
    if path.startswith(STATIC):
        return None
    sessions: Sessions = request.app.state.sessions
    settings: Settings = request.app.state.settings
    token = sessions.sign_in_token(request)
    if token:
        store: Store = request.app.state.store
        try:
            found: Session | None = await run_in_threadpool(
                # To ask whether one is signed in is no use of the session.
                lambda: store.session(token, idle=settings.idle, counts=path != SIGN_IN)
            )
        except StoreError as error:
            return await _told(request, error)
        if found is not None:
            request.state.signed_in = found
            request.state.person = person_of(found.user)
            request.state.session = found.user.id
            asker.set(found.user.id)
            return None
    return None if path in OPEN_TO_ALL else _sign_in_first(request)


def _enter_locally(request: Request) -> Response | None:
    """Whoever has the key may do everything; who comes through a proxy gets nothing at all."""
    request.state.person = request.state.signed_in = None
    # Browsers have not sent HTTP/1.0 for decades; nginx does unless told otherwise.
    if request.scope["http_version"] == "1.0" or any(map(_is_of_a_proxy, request.headers)):
        said = (
            "This server asks nobody to sign in, so it answers only this machine, and no proxy. "
            "Start it with --sign-in."
        )
        return PlainTextResponse(said, status_code=403)
    refused = None if _path(request).startswith(STATIC) else ask_for_key(request)
    if refused is None:
        request.state.person = LOCAL
    return refused


def _is_of_a_proxy(header: str) -> bool:
    name = header.casefold().replace("_", "-")
    return name in _FROM_A_PROXY or name.startswith(_BEGIN_FROM_A_PROXY)


def _sign_in_first(request: Request) -> Response:
    """Where to go to sign in, in the form that the asker understands."""
    path = _path(request)
    if path.startswith("/api/"):
        return JSONResponse(
            {"error": {"problem": "Sign in first.", "remedy": "Send the cookie of a session."}},
            status_code=401,
            headers={"www-authenticate": 'Cookie realm="crural"'},
        )
    if request.headers.get("hx-request") == "true":
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        return Response(status_code=401, headers={"hx-redirect": sign_in_address(shown.path)})
    # After a form, back to the desk that it was sent from: what was entered before lies there.
    desk = _A_DESK.match(path)
    asked = desk[0] if desk else "/"
    if request.method in {"GET", "HEAD"}:
        query = request.scope["query_string"].decode("latin-1")
        asked = f"{path}?{query}" if query else path
    return RedirectResponse(sign_in_address(asked), status_code=303)


def _path(request: Request) -> str:
    # As the routes see it. The request's URL is put together with what the asker calls the host,
    # and "localhost:80/static/" as a host would make every page look like a static file.
    path: str = request.scope["path"]
    return path


def sign_in_address(then: str) -> str:
    """The address for signing in, from where `then` is gone to."""
    then = local_path(then)
    return SIGN_IN if then == "/" else f"{SIGN_IN}?next={quote(then, safe='/')}"


def local_path(text: str) -> str:
    """`text` if it is a path on this server, and otherwise the first page.

    A path that began with two slashes, or a slash and a backslash, would lead to another server.
    """
    return text if _LOCAL_PATH.fullmatch(text) and not text.startswith("/sign-") else "/"


async def _told(request: Request, error: StoreError) -> Response:
    """The application's own answer to an error of the store."""
    handlers = request.app.exception_handlers
    handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    answer: Response = await handler(request, error)
    return answer


def _with_session(request: Request, send: Send) -> Send:
    """Sends on, and gives a browser that has none a session, with the first page it gets."""
    sessions: Sessions = request.app.state.sessions
    if request.state.signed_in is not None:
        return send
    name = sessions.of(request)
    if name is not None:
        request.state.session = name
        return send
    name = request.state.session = sessions.named()

    async def handing(message: Message) -> None:
        if message["type"] == "http.response.start" and request.method == "GET":
            headers = MutableHeaders(scope=message)
            set_already = any(
                value.startswith(f"{sessions.cookie}=") for value in headers.getlist("set-cookie")
            )
            if headers.get("content-type", "").startswith("text/html") and not set_already:
                made = Response()
                sessions.keep(made, name)
                headers.append("set-cookie", made.headers["set-cookie"])
        await send(message)

    return handing
