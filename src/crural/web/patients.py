"""The pages around an assessment: the list of patients, history, names, deletion, import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import escape

from crural.errors import CruralError, RecordError
from crural.record import Record, write_record
from crural.report import html, words
from crural.store import ConflictError, HistoryEntry, KeptDraft, Patient, Store, StoreError
from crural.web.draft import Draft
from crural.web.drafts import Drafts
from crural.web.forms import RefusedError, draft_in_file, number_in, text_in
from crural.web.live import Engine
from crural.web.noted import note_opened, note_taken
from crural.web.people import Editor, Person, Reader
from crural.web.said_changes import Line, lines_of, names_of
from crural.web.security import CheckedForm
from crural.web.showing import download, html_of, is_fragment, said_by, self_contained, when

router = APIRouter(include_in_schema=False)

ON_A_PAGE: Final = 25
VERSIONS_ON_A_PAGE: Final = 30
# The last number that any list goes on from.
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


@dataclass(frozen=True)
class Past:
    """A version with what it changed, in words."""

    entry: HistoryEntry
    who: str
    lines: list[Line]


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


@router.get("/patients/{patient}/history")
def history(
    request: Request,
    person: Reader,
    patient: str,
    before: Annotated[int | None, Query(ge=1, le=_MOST)] = None,
) -> Response:
    """The versions, newest first, with what each changed."""
    return _history(request, person, patient, before=before)


@router.get("/patients/{patient}/versions/{number}")
def version(request: Request, person: Reader, patient: str, number: int) -> Response:
    """A version as it was then: its report, which cannot be changed."""
    store: Store = request.app.state.store
    engine: Engine = request.app.state.engine
    found = store.version(patient, number)
    newest = store.patient(patient).newest
    note_opened(request, person, patient)
    names = names_of(store)
    answered = engine.answer(found.record)
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

    return _changed(request, person, patient, form, change)


@router.post("/patients/{patient}/undo")
def undo(request: Request, person: Editor, patient: str, form: CheckedForm) -> Response:
    """Take the last saved change back, as a new version."""

    def change(store: Store, newest: int) -> None:
        store.undo(patient, based_on=newest, who=person.id)

    return _changed(request, person, patient, form, change)


@router.get("/patients/{patient}/rename")
def renaming(request: Request, person: Editor, patient: str) -> Response:
    """The form for another name in the list."""
    del person
    store: Store = request.app.state.store
    return html_of(request, "patient_rename.html.jinja", patient=store.patient(patient), problem="")


@router.post("/patients/{patient}/rename")
def rename(request: Request, person: Editor, patient: str, form: CheckedForm) -> Response:
    """Another name in the list."""
    store: Store = request.app.state.store
    try:
        store.rename_patient(patient, text_in(form, "label"), who=person.id)
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        values = {"patient": store.patient(patient), "problem": said_of(error)}
        return html_of(request, "patient_rename.html.jinja", 422, **values)
    return RedirectResponse(f"/assessment/{patient}", status_code=303)


@router.get("/patients/{patient}/delete")
def deleting(request: Request, person: Editor, patient: str) -> Response:
    """What would be lost, and the form that asks to be sure."""
    del person
    return _deleting(request, patient)


@router.post("/patients/{patient}/delete")
def delete(request: Request, person: Editor, patient: str, form: CheckedForm) -> Response:
    """Delete a patient for good, if the name that was typed is the patient's."""
    store: Store = request.app.state.store
    label = store.patient(patient).label
    if text_in(form, "label").split() != label.split():
        return _deleting(request, patient, "What you typed is not the name of this patient.")
    deletion = store.delete_patient(patient, who=person.id)
    done = "cleared" if deletion.erased else "not-cleared"
    return RedirectResponse(f"/patients?done={done}", status_code=303)


def said_of(error: CruralError) -> str:
    """What is wrong with what was entered, and what to do."""
    field = f"the {error.field} " if error.field else ""
    return f"{words.sentence(field + error.problem)}. {words.sentence(error.remedy)}."


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
        return html_of(request, "patients_found.html.jinja", **values)
    return html_of(request, "patients.html.jinja", 422 if problem else 200, **values)


def _history(
    request: Request,
    person: Person,
    patient: str,
    *,
    before: int | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    store: Store = request.app.state.store
    engine: Engine = request.app.state.engine
    found = store.patient(patient)
    note_opened(request, person, patient)
    entries = store.history(patient, limit=VERSIONS_ON_A_PAGE, before=before)
    names = names_of(store)
    past = [
        Past(e, said_by(e.info.who, names), lines_of(e.changes, engine.knowledge)) for e in entries
    ]
    oldest = entries[-1].info.number if entries else 1
    return html_of(
        request,
        "versions.html.jinja",
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
    person: Person,
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
        return _history(request, person, patient, problem=problem, status=409)
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        return _history(request, person, patient, problem=said_of(error), status=422)
    return RedirectResponse(f"/patients/{patient}/history", status_code=303)


def _number(form: CheckedForm, name: str) -> float:
    """The number of a version in a form; 0, which no version has, when there is none."""
    try:
        return number_in(form, name, "version", 0, _MOST) or 0
    except RefusedError:
        return 0


def _deleting(request: Request, patient: str, problem: str = "") -> Response:
    store: Store = request.app.state.store
    found = store.patient(patient)
    values: Mapping[str, Any] = {
        "patient": found,
        "entries": len(store.diary(patient)),
        "problem": problem,
    }
    return html_of(request, "patient_delete.html.jinja", 422 if problem else 200, **values)
