"""What the rooms of an assessment share: its values for templates, and answers of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from crural.web.drafts import Desk
from crural.web.live import Answered
from crural.web.people import Person
from crural.web.security import inline_style_policy


def at(desk: Desk) -> Mapping[str, Any]:
    """Where a desk is, and how it stands."""
    return {"desk": desk, "here": f"/assessment/{desk.id}"}


def when(at: dt.datetime) -> str:
    """A moment by the clock of this machine."""
    here = at.astimezone()
    return f"{here.day} {here:%b %Y, %H:%M %Z}"


def said_by(who: str, names: Mapping[str, str]) -> str:
    """A person's name for the id that is kept."""
    return names.get(who, who)


def answered_of(request: Request, person: Person, desk: str) -> Answered:
    """The assessment of what is on a desk. Raises 409 when there is too little to assess."""
    opened: Desk = request.app.state.drafts.of(person.id, desk)
    answered: Answered | None = request.app.state.engine.answer_draft(opened.draft)
    if answered is None:
        raise HTTPException(409, "Age and sex are needed first.")
    return answered


def is_fragment(request: Request) -> bool:
    """Does a script ask, to put a part of the page in place?"""
    return request.headers.get("hx-request") == "true"


def html_of(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A template as the answer."""
    made: str = request.app.state.pages.render(template, request, **values)
    return HTMLResponse(made, status_code=status)


def whole(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A whole page as the answer."""
    return html_of(request, template, status, **values)


def self_contained(page: str) -> Response:
    """A page that carries its own style sheet."""
    return HTMLResponse(page, headers={"content-security-policy": inline_style_policy(page)})


def download(made: str | bytes, name: str, kind: str) -> Response:
    """A file to keep. Its name tells nothing about the patient."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(made, media_type=kind, headers=headers)
