"""Saving what is on a desk, and what to do when somebody else saved meanwhile."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from crural.errors import RecordError
from crural.knowledge import Knowledge
from crural.record import Record
from crural.store import ConflictError, Store, StoreError
from crural.store.changes import changes
from crural.web.assessment.draft import Draft, to_record
from crural.web.assessment.drafts import ChangedElsewhereError, Desk, Drafts, Seen, new_name
from crural.web.assessment.forms import NotTakenError, seen_in
from crural.web.assessment.shown import at, page
from crural.web.forms import RefusedError, number_in, text_in
from crural.web.live import Engine
from crural.web.person import Editor, Person, Reader
from crural.web.said_changes import lines_of, names_of
from crural.web.security import CheckedForm
from crural.web.showing import html_of, is_fragment, said_by, said_of, when

router = APIRouter(include_in_schema=False)

_NO_LABEL = "Give the patient a name in the list."
_TOO_LITTLE = "Enter age and sex first."


@router.post("/assessment/{desk}/save")
def save(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """Save: the first time under a name, then as the next version."""
    drafts: Drafts = request.app.state.drafts
    seen = seen_in(form)
    try:
        saved = _save(request, person, desk, form, seen)
    except ConflictError:
        where = f"/assessment/{desk}/conflict"
        if is_fragment(request):
            return Response(headers={"hx-redirect": where})
        return RedirectResponse(where, status_code=303)
    except ChangedElsewhereError as error:
        raise NotTakenError(desk, "Your last step", error) from None
    except RefusedError as error:
        problem = str(error)
        if is_fragment(request):
            told: dict[str, Any] = {"problem": problem, "lead": "Not saved.", "oob": True}
            return html_of(request, "message.html.jinja", **told)
        return page(request, drafts.of(person.id, desk), problem, lead="Not saved.")
    if is_fragment(request):
        values: dict[str, Any] = {"tab": seen.tab, "state": saved.state, "problem": ""}
        return html_of(request, "assessment/saved.html.jinja", **at(saved), **values)
    return RedirectResponse(f"/assessment/{desk}", status_code=303)


@router.get("/assessment/{desk}/conflict")
def conflict(request: Request, person: Reader, desk: str) -> Response:
    """What somebody else saved meanwhile, beside one's own changes."""
    drafts: Drafts = request.app.state.drafts
    store: Store = request.app.state.store
    engine: Engine = request.app.state.engine
    found = drafts.of(person.id, desk)
    base, patient = found.based_on, found.patient
    if patient is None or base is None or base == patient.newest or not found.unsaved:
        return RedirectResponse(f"/assessment/{desk}", status_code=303)
    theirs = store.changes(desk, base, patient.newest)
    before = store.version(desk, base).record
    after = to_record(found.draft, engine.knowledge)
    own = () if after is None else changes(_data(before), _data(after))
    names = names_of(store)
    entries = store.history(desk, limit=patient.newest - base)
    return html_of(
        request,
        "assessment/conflict.html.jinja",
        **at(found),
        tab=new_name(),
        state=found.state,
        patient=patient,
        saved=[(e.info, said_by(e.info.who, names)) for e in entries],
        when=when,
        theirs=lines_of(theirs, engine.knowledge),
        own=lines_of(own, engine.knowledge),
        entered=after is not None,
    )


@router.post("/assessment/{desk}/drop")
def drop(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """Give up what is not saved."""
    drafts: Drafts = request.app.state.drafts
    try:
        found = drafts.of(person.id, desk)
        drafts.drop(person.id, desk, seen_in(form))
    except ChangedElsewhereError as error:
        raise NotTakenError(desk, "Your last step", error) from None
    where = "/patients" if found.patient is None else f"/assessment/{desk}"
    return RedirectResponse(where, status_code=303)


def _save(request: Request, person: Person, desk: str, form: CheckedForm, seen: Seen) -> Desk:
    drafts: Drafts = request.app.state.drafts
    knowledge: Knowledge = request.app.state.engine.knowledge
    label = text_in(form, "label")

    def record_of(draft: Draft) -> Record:
        record = to_record(draft, knowledge)
        if record is None:
            raise RefusedError(_TOO_LITTLE)
        return record

    on_top_of = number_in(form, "on_top_of", "version", 1, 1e9)
    if drafts.of(person.id, desk).patient is None and not label:
        raise RefusedError(_NO_LABEL)
    try:
        return drafts.save(
            person.id,
            desk,
            seen,
            record_of,
            label=label,
            on_top_of=None if on_top_of is None else int(on_top_of),
        )
    except RecordError as error:
        raise RefusedError(said_of(error)) from None
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        raise RefusedError(said_of(error)) from None


def _data(record: Record) -> dict[str, object]:
    return record.model_dump(mode="json", exclude_none=True)
