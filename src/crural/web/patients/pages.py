"""The list of patients, and record files opened as new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from crural.errors import RecordError
from crural.record import Record
from crural.report import words
from crural.store import KeptDraft, Patient, Store
from crural.web.assessment.draft import Draft
from crural.web.assessment.drafts import Drafts
from crural.web.assessment.forms import draft_in_file
from crural.web.forms import RefusedError, number_in, text_in
from crural.web.live import Engine
from crural.web.noted import note_reading
from crural.web.person import Editor, Person, Reader
from crural.web.said_changes import names_of
from crural.web.security import CheckedForm
from crural.web.showing import (
    html_of,
    is_fragment,
    said_by,
    when,
)

router = APIRouter(include_in_schema=False)

ON_A_PAGE: Final = 25
# The last page that can be asked for.
_MOST: Final = 2**31 - 1
_CLEARED: Final = (
    "The patient has been deleted for good, and the database has been cleared of what deleted data "
    "leaves behind. Backups made earlier still hold it."
)
_NOT_CLEARED: Final = (
    "The patient has been deleted for good. Another program was using the database, so it has not "
    "been cleared yet of what deleted data leaves behind: that is made up for at the next deletion "
    "or start. Backups made earlier still hold it."
)
_DONE: Final = {"cleared": _CLEARED, "not-cleared": _NOT_CLEARED}


@dataclass(frozen=True)
class Row:
    """A patient in the list: who it is in words, and whether this person has unsaved changes."""

    patient: Patient
    about: str
    changed_by: str
    unsaved: bool


@dataclass(frozen=True)
class Waiting:
    """A patient who has not been saved yet."""

    kept: KeptDraft
    about: str


@router.get("/")
def first() -> Response:
    """The way in."""
    return RedirectResponse("/patients", status_code=303)


@router.get("/patients")
def patients(request: Request, person: Reader, done: str = "") -> Response:
    """The list."""
    return _list(request, person, said=_DONE.get(done, ""))


@router.post("/patients")
def search(request: Request, person: Reader, form: CheckedForm) -> Response:
    """The list of those whose name holds what is typed, or its next page. Sent as a form: names
    have no place in addresses."""
    query = text_in(form, "q")[:200]
    try:
        before = number_in(form, "before", "page", 1, _MOST)
    except RefusedError:
        before = None
    return _list(request, person, query, None if before is None else int(before))


@router.post("/patients/import")
def import_patient(request: Request, person: Editor, form: CheckedForm) -> Response:
    """Open a record file (YAML or JSON) as a new patient, who is not saved yet."""
    engine: Engine = request.app.state.engine
    drafts: Drafts = request.app.state.drafts
    try:
        draft = draft_in_file(form, engine.knowledge)
    except (RefusedError, RecordError) as error:
        return _list(request, person, problem=str(error))
    return RedirectResponse(f"/assessment/{drafts.put(person.id, draft)}", status_code=303)


@router.get("/patients/{patient}")
def one(patient: str) -> Response:
    """A patient's desk."""
    return RedirectResponse(f"/assessment/{patient}", status_code=303)


def about(record: Record) -> str:
    """Age, sex and side in words."""
    told = [words.person(record)]
    if record.side is not None:
        told.append(words.SIDE[record.side])
    return words.sentence(", ".join(told))


def _about_draft(draft: Draft | None) -> str:
    if draft is None:
        return "Cannot be read any more"
    if draft.age is not None and draft.sex is not None:
        return about(Record(age=draft.age, sex=draft.sex, side=draft.painful_side))
    told = [f"{draft.age:g} years" if draft.age is not None else "age not entered"]
    told.append(draft.sex or "sex not entered")
    if draft.painful_side is not None:
        told.append(words.SIDE[draft.painful_side])
    return words.sentence(", ".join(told))


def _list(
    request: Request,
    person: Person,
    query: str = "",
    before: int | None = None,
    *,
    said: str = "",
    problem: str = "",
) -> Response:
    store: Store = request.app.state.store
    drafts: Drafts = request.app.state.drafts
    note_reading(request, "list-read")
    found = store.patients(query, limit=ON_A_PAGE + 1, before=before)
    shown = found[:ON_A_PAGE]
    records = store.newest_records([one.id for one in shown])
    names = names_of(store)
    unsaved = drafts.unsaved(person.id)
    of_patients = {kept.desk for kept, _ in unsaved}
    values: dict[str, Any] = {
        "rows": [
            Row(
                one,
                about(records[one.id]) if one.id in records else "Cannot be read",
                said_by(one.changed_by, names),
                one.id in of_patients,
            )
            for one in shown
        ],
        "waiting": [
            Waiting(kept, _about_draft(draft)) for kept, draft in unsaved if kept.patient_id is None
        ],
        "query": query,
        "before": before,
        "next_before": shown[-1].order if len(found) > ON_A_PAGE else None,
        "when": when,
        "said": said,
        "problem": problem,
    }
    if is_fragment(request):
        return html_of(request, "patients/found.html.jinja", **values)
    return html_of(request, "patients/list.html.jinja", 422 if problem else 200, **values)
