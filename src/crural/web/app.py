"""The application: knowledge and engine loaded once, then the pages and the API."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from crural.knowledge import Knowledge, load_knowledge
from crural.report import words
from crural.store import (
    BusyError,
    ConflictError,
    DamagedError,
    DiskFullError,
    NewerDatabaseError,
    NotFoundError,
    Store,
    StoreError,
    TakenError,
    UnreachableError,
)
from crural.web import (
    api,
    api_patients,
    browse,
    diary,
    exports,
    keeping,
    pages,
    patients,
    signing_in,
    workbench,
)
from crural.web.drafts import Drafts
from crural.web.gate import Gate
from crural.web.live import Engine
from crural.web.noted import Openings
from crural.web.passwords import Passwords
from crural.web.search import search_of_all, search_of_findings
from crural.web.security import Guard, Sessions
from crural.web.settings import Settings
from crural.web.showing import is_fragment
from crural.web.templating import STATIC, Pages, style_sheet

VERSION: Final = "1"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_FOR_A_YEAR = "public, max-age=31536000, immutable"


def create_app(
    settings: Settings | None = None,
    *,
    knowledge: Knowledge | None = None,
    store: Store | None = None,
) -> FastAPI:
    """The web application. Loads the knowledge and compiles the engine, which takes seconds.

    Raises StoreError when the database cannot be opened.
    """
    settings = settings or Settings.from_environment()
    knowledge = knowledge or load_knowledge()
    opened = store or Store(settings.database)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        yield
        if store is None:
            opened.close()

    app = FastAPI(
        title="Crural",
        lifespan=living,
        version=VERSION,
        summary="Decision support for leg pain that will not go away.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.sessions = Sessions(settings)
    app.state.store = opened
    app.state.passwords = Passwords()
    app.state.drafts = Drafts(app.state.store, knowledge)
    app.state.openings = Openings()
    app.state.engine = Engine(knowledge, compiled=settings.compiled)
    app.state.search = search_of_findings(knowledge)
    app.state.search_all = search_of_all(knowledge)
    app.state.shown = browse.Shown(knowledge)
    files = _static_files()
    app.state.pages = Pages(app.state.sessions, {name: tag for name, (_, tag) in files.items()})
    assessing = (pages, keeping, exports)
    for room in (signing_in, patients, *assessing, diary, workbench, browse, api, api_patients):
        app.include_router(room.router)
    app.include_router(signing_in.api)
    app.get("/static/{name}", include_in_schema=False)(_serving(files))
    app.add_exception_handler(StarletteHTTPException, _failed)
    app.add_exception_handler(404, _failed)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(StoreError, _not_kept)
    api.describe(app)
    # The last one added is the first to be passed.
    app.add_middleware(Gate)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[_bracketed(h) for h in settings.hosts])
    app.add_middleware(Guard, https=settings.https)
    return app


def _bracketed(host: str) -> str:
    # As it stands in the Host header.
    return f"[{host}]" if ":" in host else host


def _static_files() -> dict[str, tuple[bytes, str]]:
    """Every static file with a tag that changes with it, so that browsers may keep it for ever."""
    files = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.is_file()}
    files["crural.css"] = style_sheet().encode()
    return {name: (raw, hashlib.sha256(raw).hexdigest()[:12]) for name, raw in files.items()}


def _serving(files: dict[str, tuple[bytes, str]]) -> Callable[[str], Response]:
    def static(name: str) -> Response:
        if name not in files:
            raise HTTPException(404, "There is no such file.")
        kind = _TYPES.get(Path(name).suffix, "application/octet-stream")
        return Response(files[name][0], media_type=kind, headers={"cache-control": _FOR_A_YEAR})

    return static


async def _failed(request: Request, error: Exception) -> Response:
    """An error as the asker can read it: JSON for programs, a page or a line for people."""
    status = getattr(error, "status_code", 500)
    said = str(getattr(error, "detail", "")) or "Something went wrong."
    if status == 404 and said == "Not Found":
        said = "There is no such page."
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": {"problem": said}}, status_code=status)
    return _told(request, said, status)


# What the store reports, as the web says it; the first that fits.
_STATUS: Final[tuple[tuple[type[StoreError], int], ...]] = (
    (NotFoundError, 404),
    (ConflictError, 409),
    (TakenError, 409),
    (BusyError, 503),
    (DiskFullError, 507),
    (DamagedError, 503),
    (UnreachableError, 503),
    (NewerDatabaseError, 503),
    (StoreError, 422),
)
_TRY_AGAIN_AFTER = "2"


async def _not_kept(request: Request, error: Exception) -> Response:
    """What went wrong with the database. Its name is left out: only its keeper needs it."""
    assert isinstance(error, StoreError)
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if request.url.path.startswith("/api/"):
        told = {"problem": error.problem, "field": error.field or "", "remedy": error.remedy}
        answer: Response = JSONResponse({"error": told}, status_code=status)
    else:
        said = f"{words.sentence(error.problem)}. {words.sentence(error.remedy)}."
        answer = _told(request, said, status)
    if isinstance(error, BusyError):
        answer.headers["retry-after"] = _TRY_AGAIN_AFTER
    return answer


def _told(request: Request, said: str, status: int) -> Response:
    """Why something was not possible: a line for a page that stays, otherwise a page."""
    made: Pages = request.app.state.pages
    if is_fragment(request):
        line = made.render("message.html.jinja", request, problem=said, lead="", oob=True)
        return HTMLResponse(line, status_code=status)
    return HTMLResponse(made.render("failed.html.jinja", request, said=said), status_code=status)


async def _misread(request: Request, error: Exception) -> Response:
    """A request of the wrong form. What was sent is not sent back: it may be anything."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(step) for step in first["loc"][1:])
    problem = f"{first['msg']}."
    if request.url.path.startswith("/api/"):
        told = {"problem": problem, "field": field, "remedy": "See /api/v1/openapi.json."}
        return JSONResponse({"error": told}, status_code=422)
    return _told(request, f"{field}: {problem}", 422)
