"""Another name for a patient in the list, and deletion for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from crural.store import Store, StoreError
from crural.web.forms import text_in
from crural.web.person import Editor
from crural.web.security import CheckedForm
from crural.web.showing import (
    html_of,
    said_of,
)

router = APIRouter(include_in_schema=False)


@router.get("/patients/{patient}/rename")
def renaming(request: Request, person: Editor, patient: str) -> Response:
    """The form for another name in the list."""
    del person
    store: Store = request.app.state.store
    values: dict[str, Any] = {"patient": store.patient(patient), "problem": ""}
    return html_of(request, "patients/rename.html.jinja", **values)


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
        return html_of(request, "patients/rename.html.jinja", 422, **values)
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


def _deleting(request: Request, patient: str, problem: str = "") -> Response:
    store: Store = request.app.state.store
    found = store.patient(patient)
    values: Mapping[str, Any] = {
        "patient": found,
        "entries": len(store.diary(patient)),
        "problem": problem,
    }
    return html_of(request, "patients/delete.html.jinja", 422 if problem else 200, **values)
