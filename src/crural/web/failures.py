"""What went wrong, as the asker can read it: JSON for programs, a page or a line for people."""

from __future__ import annotations

import secrets
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from crural.errors import RecordError
from crural.report import words
from crural.store import (
    BusyError,
    ConflictError,
    DamagedError,
    DiskFullError,
    NewerDatabaseError,
    NotFoundError,
    StoreError,
    TakenError,
    UnreachableError,
)
from crural.web.showing import is_fragment
from crural.web.templating import Pages


def tell_failures(app: FastAPI) -> None:
    """Answer every failure in this way."""
    app.add_exception_handler(HTTPException, _failed)
    app.add_exception_handler(404, _failed)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(StoreError, _not_kept)
    app.add_exception_handler(RecordError, _unread)


async def _failed(request: Request, error: Exception) -> Response:
    """An error as the asker can read it: JSON for programs, a page or a line for people."""
    status = getattr(error, "status_code", 500)
    said = str(getattr(error, "detail", "")) or "Something went wrong."
    if status == 404 and said == "Not Found":
        said = "There is no such page."
    if request.url.path.startswith("/api/"):
        answer: Response = JSONResponse({"error": {"problem": said}}, status_code=status)
    else:
        answer = _told(request, said, status, load=getattr(error, "load", ""))
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


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
        said = f"{words.sentence(error.problem)}. {words.remedy(error)}"
        answer = _told(request, said, status)
    if isinstance(error, BusyError):
        answer.headers["retry-after"] = _TRY_AGAIN_AFTER
    return answer


def _told(request: Request, said: str, status: int, load: str = "") -> Response:
    """Why something was not possible: a line for a page that stays, otherwise a page. `load`: the
    address at which the newest state stands."""
    made: Pages = request.app.state.pages
    if is_fragment(request):
        line = made.render(
            "message.html.jinja", request, problem=said, lead="", load=load, oob=True
        )
        return HTMLResponse(line, status_code=status)
    return HTMLResponse(
        made.render("failed.html.jinja", request, said=said, load=load), status_code=status
    )


async def _unread(request: Request, error: Exception) -> Response:
    """A record that cannot be used. One that was kept could be once: knowledge has moved on since,
    and its page tells how to mend it."""
    assert isinstance(error, RecordError)
    if request.url.path.startswith("/api/"):
        told = {"problem": error.problem, "field": error.field or "", "remedy": error.remedy}
        return JSONResponse({"error": told}, status_code=422)
    kept = request.path_params.get("patient") or request.path_params.get("desk")
    person = getattr(request.state, "person", None)
    if kept is None or person is None:
        raise error
    said = f"{words.sentence(error.problem)}. {words.remedy(error)}"
    if is_fragment(request):
        return _told(request, said, 422)
    desk = await run_in_threadpool(request.app.state.drafts.of, person.id, kept)
    made: Pages = request.app.state.pages
    page = made.render(
        "unread.html.jinja",
        request,
        said=said,
        desk=desk,
        tab=secrets.token_urlsafe(16),
        state=desk.state,
    )
    return HTMLResponse(page, status_code=422)


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
