"""The pages of one assessment: forms, the body map, the interview, and the live answer.

Each change is one POST. A browser with scripts gets back the parts of the page that changed and
puts them in place; one without is sent to the whole page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast, get_args

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from crural.errors import RecordError
from crural.knowledge import Finding, Knowledge
from crural.record import Drug, Illness, Observation, Record, Treatment
from crural.record.field_error import FieldError
from crural.record.model import Response as Outcome
from crural.record.model import Setting as Clinic
from crural.record.model import Sex
from crural.record.sides import BodySide, PainfulSide
from crural.report import words
from crural.report.body_map import MIDLINE, body_map
from crural.report.citations import Citations
from crural.report.course_chart import course_chart
from crural.report.outline import outline
from crural.report.pain_path import pain_path
from crural.web import painting
from crural.web.draft import PARTS, ChosenSide, Draft, Part, checked
from crural.web.drafts import ChangedElsewhereError, Desk, Drafts, new_name
from crural.web.forms import (
    RefusedError,
    date_in,
    draft_in_file,
    number_in,
    one_of,
    seen_in,
    text_in,
)
from crural.web.live import Answered, Engine, next_question
from crural.web.noted import note_opened
from crural.web.people import Editor, Person, Reader
from crural.web.search import LONGEST_QUERY
from crural.web.security import CheckedForm
from crural.web.showing import answered_of, at, html_of, is_fragment
from crural.web.units import duration_of

router = APIRouter(include_in_schema=False)

# Sections of the live answer that stay as they were, open or closed, when it is replaced.
MOST_OPEN = 40
_DURATION_UNITS = ("days", "weeks", "months", "years")
_Values = dict[str, Any]
# What a template of the reports shows is chosen by what it is given.
# A figure without marks, for a draft that cannot be assessed yet.
_NOTHING_ELSE: Mapping[str, Any] = {"ladder": None, "course": None, "candidacy": {}}
_NOBODY = Record(age=0, sex="female", side=None)


@router.get("/")
def first() -> Response:
    """The way in."""
    return RedirectResponse("/patients", status_code=303)


@router.get("/assessment")
def new() -> Response:
    """A new desk."""
    return RedirectResponse(f"/assessment/{new_name()}", status_code=303)


@router.get("/assessment/{desk}")
def assessment(request: Request, person: Reader, desk: str) -> Response:
    """The whole page."""
    drafts: Drafts = request.app.state.drafts
    opened = drafts.opened(person.id, desk)
    if opened.patient is not None:
        note_opened(request, person, desk)
    return page(request, opened)


@router.post("/assessment/{desk}/basics")
def basics(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """Age, sex, side, setting, duration, severity."""

    def change(draft: Draft) -> Draft:
        sex = one_of(form, "sex", get_args(Sex))
        weeks = number_in(form, "pregnancy_weeks", "weeks of pregnancy", 0, 45)
        side = one_of(form, "side", ("as-painted", *get_args(PainfulSide), "not-recorded"))
        changed = replace(
            draft,
            age=number_in(form, "age", "age", 0, 120),
            sex=cast(Sex | None, sex),
            side=None if side == "not-recorded" else cast(ChosenSide, side) or draft.side,
            setting=cast(Clinic, one_of(form, "setting", get_args(Clinic)) or draft.setting),
            pregnancy_weeks=None if weeks is None or sex != "female" else int(weeks),
            as_of=date_in(form, "as_of") or draft.as_of,
        )
        duration = number_in(form, "duration", "duration", 0, 36_500)
        unit = one_of(form, "duration_unit", _DURATION_UNITS) or "weeks"
        changed = _measured(changed, "pain-duration", duration, unit)
        severity = number_in(form, "severity", "severity", 0, 10)
        return _measured(changed, "pain-severity", severity, "{NRS}")

    return _changed(request, person, desk, form, change)


@router.post("/assessment/{desk}/pain")
def pain(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """The painted places."""
    spots = frozenset(str(spot) for spot in form.getlist("spot")) & painting.SPOTS

    findings = request.app.state.engine.knowledge.findings

    def change(draft: Draft) -> Draft:
        denied = painting.denied(spots - draft.painted, draft.observations)
        if denied is not None:
            raise RefusedError(
                f"“{words.sentence(findings[denied].name)}” is entered as absent. Remove it from "
                "what is entered first."
            )
        return replace(draft, painted=spots, nowhere_else="nowhere_else" in form)

    return _changed(request, person, desk, form, change, source="pain")


@router.post("/assessment/{desk}/answer")
def answer(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """One finding: present, absent, in a state, measured, or not known."""
    engine: Engine = request.app.state.engine
    finding = engine.knowledge.findings.get(text_in(form, "finding"))
    if finding is None:
        raise HTTPException(404, "There is no such finding.")
    given = text_in(form, "answer")
    side = cast(BodySide | None, one_of(form, "side", get_args(BodySide)))
    if not finding.sided:
        side = None

    def change(draft: Draft) -> Draft:
        if given in {"unknown", "forget"}:
            less = draft.forgetting(finding.id, side)
            if given == "forget":
                return replace(
                    less,
                    observations=tuple(o for o in less.observations if o.finding != finding.id),
                    skipped=less.skipped - {finding.id},
                )
            return less.skipping(finding.id)
        return draft.observing(_observation(finding, given, side, form))

    return _changed(request, person, desk, form, change)


@router.post("/assessment/{desk}/search")
def search(request: Request, person: Reader, desk: str, form: CheckedForm) -> Response:
    """Findings that resemble what is being typed."""
    engine: Engine = request.app.state.engine
    query = text_in(form, "q")[:LONGEST_QUERY]
    drafts: Drafts = request.app.state.drafts
    opened = drafts.of(person.id, desk)
    draft = opened.draft
    found = [
        engine.knowledge.findings[name]
        for name in request.app.state.search.find(query)
        if engine.knowledge.findings[name].sex
        in {None, draft.sex or engine.knowledge.findings[name].sex}
    ]
    if is_fragment(request):
        # The forms that come back know no more than the page does.
        seen = seen_in(form)
        values: _Values = {"query": query, "found": found, "draft": draft}
        return html_of(
            request, "found.html.jinja", **at(opened), **values, tab=seen.tab, state=seen.state
        )
    return page(request, opened, query=query, found=found)


@router.post("/assessment/{desk}/add/{part}")
def add(request: Request, person: Editor, desk: str, form: CheckedForm, part: Part) -> Response:
    """One treatment tried, drug, illness or allergy."""

    def change(draft: Draft) -> Draft:
        changed: _Values = {part: (*getattr(draft, part), _entry(part, form))}
        return replace(draft, **changed)

    return _changed(request, person, desk, form, change, source=part)


@router.post("/assessment/{desk}/remove/{part}")
def remove(request: Request, person: Editor, desk: str, form: CheckedForm, part: Part) -> Response:
    """Take an entry out again. Its words are sent along: places in a list move."""
    said = text_in(form, "entry")

    def change(draft: Draft) -> Draft:
        entries = list(getattr(draft, part))
        for entry in entries:
            if entry_words(entry) == said:
                entries.remove(entry)
                break
        changed: _Values = {part: tuple(entries)}
        return replace(draft, **changed)

    return _changed(request, person, desk, form, change)


@router.post("/assessment/{desk}/undo")
def undo(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """Take the last change back."""
    drafts: Drafts = request.app.state.drafts
    try:
        drafts.undo(person.id, desk, seen_in(form))
    except ChangedElsewhereError as error:
        raise HTTPException(409, str(error)) from None
    return _anew(request, desk)


@router.post("/assessment/{desk}/import")
def import_record(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """Open a record file (YAML or JSON) in place of the draft; can be undone."""
    drafts: Drafts = request.app.state.drafts
    engine: Engine = request.app.state.engine
    try:
        imported = draft_in_file(form, engine.knowledge)
        drafts.change(person.id, desk, seen_in(form), lambda _: imported)
    except (RefusedError, RecordError) as error:
        return page(request, drafts.of(person.id, desk), str(error))
    except ChangedElsewhereError as error:
        raise HTTPException(409, str(error)) from None
    return _anew(request, desk)


@router.get("/assessment/{desk}/cause/{cause}")
def cause_in_full(request: Request, person: Reader, desk: str, cause: str) -> Response:
    """Why a cause is likely or not: for, against, missing, and the sources."""
    engine: Engine = request.app.state.engine
    if cause not in engine.knowledge.conditions:
        raise HTTPException(404, "There is no such cause.")
    answered = answered_of(request, person, desk)
    found = _cause(answered, cause)
    if not (found["for"] or found["against"]):
        again = engine.answer(answered.record, (cause,))
        found = _cause(again, cause)
    name = "cause.html.jinja" if is_fragment(request) else "cause_page.html.jinja"
    return html_of(request, name, here=f"/assessment/{desk}", cause=found, citations=Citations())


@router.get("/assessment/{desk}/candidacy/{therapy}")
def candidacy(request: Request, person: Reader, desk: str, therapy: str) -> Response:
    """A therapy's published lists, line by line."""
    answered = answered_of(request, person, desk)
    if therapy not in answered.data["candidacy"]:
        raise HTTPException(404, "There is no such therapy.")
    name = "candidacy.html.jinja" if is_fragment(request) else "candidacy_page.html.jinja"
    values: _Values = {"here": f"/assessment/{desk}", "citations": Citations()}
    return html_of(request, name, **values, **_candidacy(answered, therapy))


@router.get("/assessment/{desk}/rung/{rung}")
def rung_in_full(request: Request, person: Reader, desk: str, rung: str) -> Response:
    """A rung of the ladder: its options with effects, doses, cautions and guidelines."""
    ladder = answered_of(request, person, desk).data["ladder"]
    found = next((r for r in (ladder or {"rungs": ()})["rungs"] if r["id"] == rung), None)
    if found is None:
        raise HTTPException(404, "There is no such step.")
    name = "rung.html.jinja" if is_fragment(request) else "rung_page.html.jinja"
    values: _Values = {
        "here": f"/assessment/{desk}",
        "r": found,
        "nothing_else": _NOTHING_ELSE,
        "opened": _open(request),
        "citations": Citations(),
        "pain_path": "",
        "course_chart": "",
    }
    return html_of(request, name, **values)


def entry_words(entry: Treatment | Drug | Illness | str) -> str:
    """What was entered, in one line."""
    if isinstance(entry, str):
        return entry
    said = entry.model_dump(exclude_none=True)
    first, *rest = said.items()
    told = [str(first[1])]
    for key, value in rest:
        match key:
            case "days":
                told.append(f"{value} days")
            case "relief_percent":
                told.append(f"{value:g} % relief")
            case "response":
                told.append(
                    {"none": "no relief", "partial": "some relief", "good": "good relief"}[value]
                )
            case "start" | "since":
                told.append(f"since {value}")
            case "stop":
                told.append(f"until {value}")
            case "stopped_because":
                told.append(f"stopped because of {value}")
            case _:
                told.append(str(value))
    return ", ".join(told)


def _changed(
    request: Request,
    person: Person,
    desk: str,
    form: FormData,
    change: Callable[[Draft], Draft],
    *,
    source: str | None = None,
) -> Response:
    """Make a change, and show what came of it; or why it was refused."""
    drafts: Drafts = request.app.state.drafts
    knowledge = request.app.state.engine.knowledge
    seen = seen_in(form)
    problem = ""
    found: Desk | None = None
    try:
        found = drafts.change(person.id, desk, seen, lambda old: checked(change(old), knowledge))
    except RecordError as error:
        problem = f"{words.sentence(error.problem)}. {words.sentence(error.remedy)}."
    except (RefusedError, FieldError) as error:
        problem = words.sentence(str(error).replace("Remedy: ", ""))
    except ValidationError as error:
        problem = _fault_words(error)
    except ChangedElsewhereError as error:
        raise HTTPException(409, str(error)) from None
    found = found or drafts.of(person.id, desk)
    if is_fragment(request):
        values: _Values = {"tab": seen.tab, "state": found.state, "problem": problem}
        # What was refused is on the screen as it was meant: then all is shown anew.
        values |= {"source": None if problem else source, **_values(request, found)}
        return html_of(request, "update.html.jinja", **values)
    if problem:
        return page(request, found, problem)
    return RedirectResponse(f"/assessment/{desk}", status_code=303)


def _fault_words(error: ValidationError) -> str:
    """What is wrong with one part of a record, and what to do."""
    detail = error.errors(include_url=False, include_input=False)[0]
    fault = detail.get("ctx", {}).get("error")
    if isinstance(fault, FieldError):
        return f"{words.sentence(fault.problem)}. {words.sentence(fault.remedy)}."
    field = str(detail["loc"][-1]) if detail["loc"] else "entry"
    return f"The {field.replace('_', ' ')} does not fit here: {detail['msg']}."


def _anew(request: Request, desk: str) -> Response:
    """The whole page again, after a change of everything."""
    if is_fragment(request):
        return Response(headers={"hx-refresh": "true"})
    return RedirectResponse(f"/assessment/{desk}", status_code=303)


def page(request: Request, desk: Desk, problem: str = "", **more: Any) -> Response:
    """The whole page of a desk."""
    values: _Values = {"tab": new_name(), "state": desk.state, "problem": problem}
    values |= {"source": None, "query": "", "found": [], **_values(request, desk), **more}
    return html_of(request, "assess.html.jinja", 422 if problem else 200, **values)


def _values(request: Request, desk: Desk) -> _Values:
    """Everything that shows the draft and what follows from it."""
    app = request.app
    engine: Engine = app.state.engine
    draft = desk.draft
    answered = engine.answer_draft(draft)
    knowledge = engine.knowledge
    shown = app.state.shown
    duration = _measurement(draft, "pain-duration")
    return {
        **at(desk),
        "draft": draft,
        "painful": draft.painful_side,
        "question": next_question(draft, answered, knowledge),
        "stated": _stated(draft, knowledge),
        "parts": {part: [entry_words(e) for e in getattr(draft, part)] for part in PARTS},
        "duration": duration_of(duration.value or 0, duration.unit or "") if duration else None,
        "severity": _measurement(draft, "pain-severity"),
        "findings": knowledge.findings,
        "shapes": painting.shapes_alike(draft.painted),
        "drug_names": shown.drug_names,
        "treatment_names": shown.treatment_names,
        "today": dt.date.today(),
        **_map(draft, answered),
        **_live(answered, _open(request)),
    }


def _live(answered: Answered | None, opened: frozenset[str]) -> _Values:
    """What the live answer shows."""
    if answered is None:
        return {"data": None}
    data = answered.data
    plan = outline(data)
    return {
        "data": data,
        "record": answered.record,
        "plan": plan,
        "causes": plan.listed,
        "citations": Citations(),
        "pain_path": pain_path(data, "live"),
        "course_chart": course_chart(data["course"]) if data["course"] else "",
        "opened": opened,
        "nothing_else": _NOTHING_ELSE,
        "course_only": {**_NOTHING_ELSE, "course": data["course"]},
        "candidacies": {t: _candidacy(answered, t) for t in data["candidacy"]},
    }


def _candidacy(answered: Answered, therapy: str) -> _Values:
    """One therapy's lists for the template of the reports."""
    data = answered.data
    return {
        "therapy": therapy,
        "verdict": data["candidacy"][therapy],
        "data": {
            **_NOTHING_ELSE,
            "candidacy": {therapy: data["candidacy"][therapy]},
        },
        "pain_path": "",
        "course_chart": "",
    }


def _map(draft: Draft, answered: Answered | None) -> _Values:
    """The figure to paint on. Places that words speak of are marked too."""
    told = frozenset[str]()
    drawn = body_map(answered.record if answered else _NOBODY)
    spots = painting.spots_of(drawn.shapes)
    if answered is not None:
        told = frozenset(
            s.id for s in spots if s.shape.mark == "pain" and s.id not in draft.painted
        )
    return {
        "spots": spots,
        "outlines": drawn.outlines,
        "midline": MIDLINE,
        "told": told,
        "dermatomes": painting.DERMATOMES,
    }


def _stated(draft: Draft, knowledge: Knowledge) -> list[Mapping[str, Any]]:
    """What was stated, one line each, the latest first."""
    lines: list[Mapping[str, Any]] = []
    for observation in reversed(draft.observations):
        finding = knowledge.findings[observation.finding]
        if observation.value is not None:
            unit = (observation.unit or "").strip("{}")
            said = f"{observation.value:g} {'of 10' if unit == 'NRS' else unit}"
        elif observation.state is not None:
            said = next(s.name for s in finding.states if s.id == observation.state)
        else:
            said = "present" if observation.present else "absent"
        lines.append(
            {"finding": finding, "said": said, "side": observation.side, "observation": observation}
        )
    return lines


def _observation(
    finding: Finding, given: str, side: BodySide | None, form: FormData
) -> Observation:
    """What an answer says. Raises RefusedError."""
    if given == "value":
        value = number_in(form, "value", finding.name, -1e9, 1e9)
        if value is None:
            raise RefusedError(f"No value is given for {finding.name}. Write a number.")
        return Observation(finding=finding.id, value=value, unit=text_in(form, "unit"), side=side)
    if given.startswith("state:"):
        return Observation(finding=finding.id, state=given.removeprefix("state:"), side=side)
    if given not in {"present", "absent"}:
        raise RefusedError("Choose an answer.")
    return Observation(finding=finding.id, present=given == "present", side=side)


def _entry(part: Part, form: FormData) -> Treatment | Drug | Illness | str:
    """A treatment, drug, illness or allergy from its form. Raises RefusedError, ValidationError."""
    name = text_in(form, "name")
    if not name:
        raise RefusedError("Nothing is entered. Write a name.")
    if part == "allergies":
        return name[:300]
    if part == "drugs":
        return Drug(name=name, dose=text_in(form, "dose") or None)
    if part == "illnesses":
        return Illness(name=name, since=text_in(form, "since") or None)
    days = number_in(form, "days", "days", 1, 36_500)
    return Treatment.model_validate(
        {
            "what": name,
            "dose": text_in(form, "dose") or None,
            "start": text_in(form, "start") or None,
            "stop": text_in(form, "stop") or None,
            "days": None if days is None else int(days),
            "response": one_of(form, "response", get_args(Outcome)),
            "relief_percent": number_in(form, "relief", "relief in per cent", 0, 100),
            "stopped_because": text_in(form, "stopped_because") or None,
        }
    )


def _measured(draft: Draft, finding: str, value: float | None, unit: str) -> Draft:
    """With a measured value, or without any when the field is empty."""
    stated = draft.observed(finding)
    if value is None:
        # A grade that was given in words stays: its field was never filled.
        return (
            draft.forgetting(finding, None) if any(o.value is not None for o in stated) else draft
        )
    said = Observation(finding=finding, value=value, unit=unit)
    return draft if said in stated else draft.observing(said)


def _measurement(draft: Draft, finding: str) -> Observation | None:
    return next((o for o in draft.observed(finding) if o.value is not None), None)


def _cause(answered: Answered, cause: str) -> Mapping[str, Any]:
    return next(c for c in answered.data["causes"] if c["id"] == cause)


def _open(request: Request) -> frozenset[str]:
    """The sections that are open on the page which sent the change."""
    return frozenset(request.headers.get("x-open", "").split()[:MOST_OPEN])
