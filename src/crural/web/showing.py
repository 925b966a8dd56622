"""Answers of each kind that the rooms give, and words that they share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from crural.errors import CruralError
from crural.report import words
from crural.web.security import inline_style_policy


def when(at: dt.datetime) -> str:
    """A moment by the clock of this machine."""
    here = at.astimezone()
    return f"{here.day} {here:%b %Y, %H:%M %Z}"


def said_by(who: str, names: Mapping[str, str]) -> str:
    """A person's name for the id that is kept."""
    return names.get(who, who)


def said_of(error: CruralError) -> str:
    """What is wrong with what was entered, and what to do."""
    field = f"the {error.field} " if error.field else ""
    return f"{words.sentence(field + error.problem)}. {words.remedy(error)}"


def is_fragment(request: Request) -> bool:
    """Does a script ask, to put a part of the page in place?"""
    return request.headers.get("hx-request") == "true"


def html_of(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A template as the answer."""
    made: str = request.app.state.pages.render(template, request, **values)
    return HTMLResponse(made, status_code=status)


def self_contained(page: str) -> Response:
    """A page that carries its own style sheet."""
    return HTMLResponse(page, headers={"content-security-policy": inline_style_policy(page)})


def download(made: str | bytes, name: str, kind: str) -> Response:
    """A file to keep. Its name tells nothing about the patient."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(made, media_type=kind, headers=headers)
