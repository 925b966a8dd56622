"""A patient's diary, the follow-up against the expected course, and the stimulation trial."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from crural.report.diary_chart import Score, diary_chart
from crural.store import DiaryEntry, NotFoundError, TakenError
from crural.web.diary.form import PHASE_NAMES, Filled, as_form, blank, number_words, read, told
from crural.web.diary.parts import moment, page, store_of
from crural.web.person import Editor, Person, Reader
from crural.web.security import CheckedForm
from crural.web.showing import is_fragment

router = APIRouter(include_in_schema=False)

ON_A_PAGE: Final = 40
PageNumber = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]


@router.get("/patients/{patient}/diary")
def diary(request: Request, person: Reader, patient: str, number: PageNumber = 1) -> Response:
    """The form for a new entry, the chart, and the entries."""
    return _diary(request, person, patient, number=number)


@router.post("/patients/{patient}/diary")
def add(request: Request, person: Editor, form: CheckedForm, patient: str) -> Response:
    """A new entry. The same entry twice is kept once."""
    store = store_of(request)
    filled = read(form, store.checked_diary, dt.datetime.now())
    if filled.values is None:
        return _diary(request, person, patient, filled)
    try:
        entry = store.add_diary(patient, filled.values, who=person.id)
    except TakenError as error:
        return _diary(request, person, patient, filled.wrong("at", told(error)))
    if not is_fragment(request):
        return RedirectResponse(f"/patients/{patient}/diary#entry-{entry.id}", status_code=303)
    return _diary(request, person, patient, said=f"Kept: {_in_words(entry)}.")


@router.get("/patients/{patient}/diary/{entry}")
def entry_page(request: Request, person: Editor, patient: str, entry: str) -> Response:
    """The form in which an entry is corrected."""
    found = _entry(request, patient, entry)
    return _correction(request, person, found, as_form(found.values))


@router.post("/patients/{patient}/diary/{entry}")
def correct(
    request: Request, person: Editor, form: CheckedForm, patient: str, entry: str
) -> Response:
    """Correct an entry, unless somebody else did so meanwhile."""
    store = store_of(request)
    found = _entry(request, patient, entry)
    filled = read(form, store.checked_diary, dt.datetime.now())
    if filled.values is None:
        return _correction(request, person, found, filled, 422)
    try:
        store.change_diary(
            found.id, filled.values, based_on=_revision(str(form.get("revision"))), who=person.id
        )
    except TakenError as error:
        meanwhile = error.field == "based_on"
        now = _entry(request, patient, entry)
        if not meanwhile:
            filled = filled.wrong("at", told(error))
        return _correction(request, person, now, filled, 409, meanwhile=meanwhile)
    return RedirectResponse(f"/patients/{patient}/diary#entry-{found.id}", status_code=303)


@router.post("/patients/{patient}/diary/{entry}/remove")
def remove(
    request: Request, person: Editor, form: CheckedForm, patient: str, entry: str
) -> Response:
    """Take an entry out. One that is gone already stays gone."""
    del form
    store = store_of(request)
    said = "This entry was removed before."
    found = next((one for one in store.diary(patient) if one.id == entry), None)
    if found is not None:
        try:
            store.remove_diary(found.id, who=person.id)
            said = f"Removed: {_in_words(found)}."
        except NotFoundError:
            pass
    if not is_fragment(request):
        return RedirectResponse(f"/patients/{patient}/diary", status_code=303)
    return _diary(request, person, patient, said=said)


def _diary(
    request: Request,
    person: Person,
    patient: str,
    filled: Filled | None = None,
    *,
    said: str = "",
    number: int = 1,
) -> Response:
    """The whole page, or what a script puts into it. A refused form comes back as it was."""
    entries = store_of(request).diary(patient)
    scores = [
        Score(e.values.at, e.values.nrs, e.values.phase == "trial")
        for e in entries
        if e.values.nrs is not None
    ]
    pages = max(-(-len(entries) // ON_A_PAGE), 1)
    first = (min(number, pages) - 1) * ON_A_PAGE
    taken = None
    if filled is None:
        filled = blank(dt.datetime.now(), entries[-1] if entries else None)
        status = 200
    else:
        taken = next((e for e in entries if _minute(e) == filled.words["at"]), None)
        status = 409 if filled.errors.keys() == {"at"} and taken else 422
    fragment = is_fragment(request)
    return page(
        request,
        "diary/body.html.jinja" if fragment else "diary/page.html.jinja",
        person,
        patient,
        # A script only puts into the page what came back as a success.
        200 if fragment else status,
        filled=filled,
        taken=taken if "at" in filled.errors else None,
        entries=entries[::-1][first : first + ON_A_PAGE],
        total=len(entries),
        pages=pages,
        number=min(number, pages),
        chart=diary_chart(scores),
        said=said,
        **_FORM,
    )


def _correction(
    request: Request,
    person: Person,
    entry: DiaryEntry,
    filled: Filled,
    status: int = 200,
    *,
    meanwhile: bool = False,
) -> Response:
    return page(
        request,
        "diary/entry.html.jinja",
        person,
        entry.patient_id,
        status,
        entry=entry,
        filled=filled,
        meanwhile=_in_words(entry) if meanwhile else "",
        taken=None,
        **_FORM,
    )


def _entry(request: Request, patient: str, entry: str) -> DiaryEntry:
    """An entry of this patient. Raises 404."""
    for one in store_of(request).diary(patient):
        if one.id == entry:
            return one
    raise HTTPException(404, "There is no such entry in the diary (any more).")


def _in_words(entry: DiaryEntry) -> str:
    values = entry.values
    told_ = "not scored" if values.nrs is None else f"pain {number_words(values.nrs)} of 10"
    return f"{told_}, {moment(values.at)}"


def _minute(entry: DiaryEntry) -> str:
    return entry.values.at.strftime("%Y-%m-%dT%H:%M")


def _revision(said: str) -> int:
    return int(said) if said.isdecimal() and len(said) < 10 else 0


_FORM: Final[dict[str, Any]] = {"phases": PHASE_NAMES, "number_words": number_words}
