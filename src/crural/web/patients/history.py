"""The versions of a patient: what each changed, its report, and going back to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import escape

from crural.record import write_record
from crural.report import html, words
from crural.store import ConflictError, HistoryEntry, Store, StoreError
from crural.web.forms import RefusedError, number_in
from crural.web.live import Engine
from crural.web.noted import note_taken
from crural.web.person import Editor, Reader
from crural.web.said_changes import Line, lines_of, names_of
from crural.web.security import CheckedForm
from crural.web.showing import (
    download,
    html_of,
    said_by,
    said_of,
    self_contained,
    when,
)

router = APIRouter(include_in_schema=False)

VERSIONS_ON_A_PAGE: Final = 30
# The last number of a version that can be asked for.
_MOST: Final = 2**31 - 1


@dataclass(frozen=True)
class Past:
    """A version with what it changed, in words."""

    entry: HistoryEntry
    who: str
    lines: list[Line]


@router.get("/patients/{patient}/history")
def history(
    request: Request,
    person: Reader,
    patient: str,
    before: Annotated[int | None, Query(ge=1, le=_MOST)] = None,
) -> Response:
    """The versions, newest first, with what each changed."""
    del person
    return _history(request, patient, before=before)


@router.get("/patients/{patient}/versions/{number}")
def version(request: Request, person: Reader, patient: str, number: int) -> Response:
    """A version as it was then: its report, which cannot be changed."""
    del person
    store: Store = request.app.state.store
    engine: Engine = request.app.state.engine
    found = store.version(patient, number)
    newest = store.patient(patient).newest
    names = names_of(store)
    answered = engine.answer(engine.read_again(found.record))
    note = f"Version {number} of {newest}, saved {when(found.info.at)} by " + str(
        escape(said_by(found.info.who, names))
    )
    if number != newest:
        note += ". <strong>Not the newest version.</strong>"
    back = f'<a href="/patients/{escape(patient)}/history">History</a>'
    page = html.render(answered.data, answered.record)
    return self_contained(page.replace("<header>", f"<header>\n<p>{back} · {note}</p>", 1))


@router.get("/patients/{patient}/versions/{number}/record.yaml")
def version_file(request: Request, person: Reader, patient: str, number: int) -> Response:
    """The record of a version as a file."""
    store: Store = request.app.state.store
    record = store.version(patient, number).record
    note_taken(request, person, "record-exported", patient)
    return download(write_record(record), f"record-version-{number}.yaml", "application/yaml")


@router.post("/patients/{patient}/restore")
def restore(request: Request, person: Editor, patient: str, form: CheckedForm) -> Response:
    """Make a version the newest again, as a new version."""
    number = int(_number(form, "number"))

    def change(store: Store, newest: int) -> None:
        store.restore(patient, number, based_on=newest, who=person.id)

    return _changed(request, patient, form, change)


@router.post("/patients/{patient}/undo")
def undo(request: Request, person: Editor, patient: str, form: CheckedForm) -> Response:
    """Take the last saved change back, as a new version."""

    def change(store: Store, newest: int) -> None:
        store.undo(patient, based_on=newest, who=person.id)

    return _changed(request, patient, form, change)


def _history(
    request: Request,
    patient: str,
    *,
    before: int | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    store: Store = request.app.state.store
    engine: Engine = request.app.state.engine
    found = store.patient(patient)
    entries = store.history(patient, limit=VERSIONS_ON_A_PAGE, before=before)
    names = names_of(store)
    past = [
        Past(e, said_by(e.info.who, names), lines_of(e.changes, engine.knowledge)) for e in entries
    ]
    oldest = entries[-1].info.number if entries else 1
    return html_of(
        request,
        "patients/versions.html.jinja",
        status,
        patient=found,
        past=past,
        next_before=oldest if oldest > 1 else None,
        before=before,
        when=when,
        problem=problem,
    )


def _changed(
    request: Request,
    patient: str,
    form: CheckedForm,
    change: Callable[[Store, int], object],
) -> Response:
    store: Store = request.app.state.store
    try:
        change(store, int(_number(form, "newest")))
    except ConflictError as error:
        who = said_by(error.newest.who, names_of(store))
        problem = (
            f"{words.sentence(who)} saved version {error.newest.number} meanwhile. Look at it "
            "below, then decide again."
        )
        return _history(request, patient, problem=problem, status=409)
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        return _history(request, patient, problem=said_of(error), status=422)
    return RedirectResponse(f"/patients/{patient}/history", status_code=303)


def _number(form: CheckedForm, name: str) -> float:
    """The number of a version in a form; 0, which no version has, when there is none."""
    try:
        return number_in(form, name, "version", 0, _MOST) or 0
    except RefusedError:
        return 0
