"""The pages of one assessment: forms, the body map, the interview, and the live answer.

Each change is one POST. A browser with scripts gets back the parts of the page that changed and
puts them in place; one without is sent to the whole page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast, get_args
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as Uploaded

from crural.errors import RecordError
from crural.knowledge import Finding, Knowledge
from crural.record import (
    Drug,
    Illness,
    Observation,
    Record,
    Treatment,
    record_from_text,
    write_record,
)
from crural.record.field_error import FieldError
from crural.record.model import Response as Outcome
from crural.record.model import Setting as Clinic
from crural.record.model import Sex
from crural.record.sides import BodySide, PainfulSide
from crural.report import html, words
from crural.report.as_json import to_json
from crural.report.body_map import MIDLINE, body_map
from crural.report.citations import Citations
from crural.report.course_chart import course_chart
from crural.report.outline import outline
from crural.report.pain_path import pain_path
from crural.web import painting
from crural.web.draft import PARTS, ChosenSide, Draft, Part, checked, draft_of
from crural.web.live import Answered, Engine, next_question
from crural.web.search import LONGEST_QUERY
from crural.web.security import CheckedForm, Sessions, inline_style_policy
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


class RefusedError(Exception):
    """A change that cannot be made; tells the user why and what to do."""


@router.get("/")
def first() -> Response:
    """The way in."""
    return RedirectResponse("/assessment", status_code=303)


@router.get("/assessment")
def assessment(request: Request) -> Response:
    """The whole page."""
    sessions: Sessions = request.app.state.sessions
    session = sessions.of(request)
    if session is not None:
        return _page(request, session)
    redirected = HTMLResponse("")
    request.state.session = session = sessions.begin(redirected)
    page = _page(request, session)
    page.headers.append("set-cookie", redirected.headers["set-cookie"])
    return page


@router.post("/assessment/basics")
def basics(request: Request, form: CheckedForm) -> Response:
    """Age, sex, side, setting, duration, severity."""

    def change(draft: Draft) -> Draft:
        sex = _one_of(form, "sex", get_args(Sex))
        weeks = _number(form, "pregnancy_weeks", "weeks of pregnancy", 0, 45)
        side = _one_of(form, "side", ("as-painted", *get_args(PainfulSide), "not-recorded"))
        changed = replace(
            draft,
            age=_number(form, "age", "age", 0, 120),
            sex=cast(Sex | None, sex),
            side=None if side == "not-recorded" else cast(ChosenSide, side) or draft.side,
            setting=cast(Clinic, _one_of(form, "setting", get_args(Clinic)) or draft.setting),
            pregnancy_weeks=None if weeks is None or sex != "female" else int(weeks),
            as_of=_date(form, "as_of") or draft.as_of,
        )
        duration = _number(form, "duration", "duration", 0, 36_500)
        unit = _one_of(form, "duration_unit", _DURATION_UNITS) or "weeks"
        changed = _measured(changed, "pain-duration", duration, unit)
        severity = _number(form, "severity", "severity", 0, 10)
        return _measured(changed, "pain-severity", severity, "{NRS}")

    return _changed(request, change)


@router.post("/assessment/pain")
def pain(request: Request, form: CheckedForm) -> Response:
    """The painted places."""
    spots = frozenset(str(spot) for spot in form.getlist("spot")) & painting.SPOTS

    def change(draft: Draft) -> Draft:
        return replace(draft, painted=spots, nowhere_else="nowhere_else" in form)

    return _changed(request, change, source="pain")


@router.post("/assessment/answer")
def answer(request: Request, form: CheckedForm) -> Response:
    """One finding: present, absent, in a state, measured, or not known."""
    engine: Engine = request.app.state.engine
    finding = engine.knowledge.findings.get(_text(form, "finding"))
    if finding is None:
        raise HTTPException(404, "There is no such finding.")
    given = _text(form, "answer")
    side = cast(BodySide | None, _one_of(form, "side", get_args(BodySide)))
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

    return _changed(request, change)


@router.post("/assessment/search")
def search(request: Request, form: CheckedForm) -> Response:
    """Findings that resemble what is being typed."""
    engine: Engine = request.app.state.engine
    query = _text(form, "q")[:LONGEST_QUERY]
    draft = _draft(request)
    found = [
        engine.knowledge.findings[name]
        for name in request.app.state.search.find(query)
        if engine.knowledge.findings[name].sex
        in {None, draft.sex or engine.knowledge.findings[name].sex}
    ]
    values = {"query": query, "found": found, "draft": draft}
    if _is_fragment(request):
        return _html(request, "found.html.jinja", **values)
    return _page(request, request.state.session, query=query, found=found)


@router.post("/assessment/add/{part}")
def add(request: Request, form: CheckedForm, part: Part) -> Response:
    """One treatment tried, drug, illness or allergy."""

    def change(draft: Draft) -> Draft:
        changed: _Values = {part: (*getattr(draft, part), _entry(part, form))}
        return replace(draft, **changed)

    return _changed(request, change, source=part)


@router.post("/assessment/remove/{part}")
def remove(request: Request, form: CheckedForm, part: Part) -> Response:
    """Take an entry out again. Its words are sent along: places in a list move."""
    said = _text(form, "entry")

    def change(draft: Draft) -> Draft:
        entries = list(getattr(draft, part))
        for entry in entries:
            if entry_words(entry) == said:
                entries.remove(entry)
                break
        changed: _Values = {part: tuple(entries)}
        return replace(draft, **changed)

    return _changed(request, change)


@router.post("/assessment/undo")
def undo(request: Request, form: CheckedForm) -> Response:
    """Take the last change back."""
    del form
    request.app.state.drafts.undo(request.state.session)
    return _anew(request)


@router.post("/assessment/new")
def new(request: Request, form: CheckedForm) -> Response:
    """Begin with an empty record; can be undone."""
    del form
    request.app.state.drafts.change(request.state.session, lambda _: Draft())
    return _anew(request)


@router.post("/assessment/import")
def import_record(request: Request, form: CheckedForm) -> Response:
    """Open a record file (YAML or JSON) in place of the draft; can be undone."""
    engine: Engine = request.app.state.engine
    file = form.get("file")
    if not isinstance(file, Uploaded | UploadFile):
        raise HTTPException(400, "Choose a file first.")
    raw = file.file.read()
    try:
        record = record_from_text(
            raw.decode("utf-8-sig"),
            engine.knowledge.vocabulary,
            "the file",
            is_json=raw.lstrip()[:1] == b"{",
        )
        imported = checked(draft_of(record), engine.knowledge)
    except UnicodeDecodeError:
        return _page(request, request.state.session, problem="The file is not text in UTF-8.")
    except RecordError as error:
        return _page(request, request.state.session, problem=str(error))
    request.app.state.drafts.change(request.state.session, lambda _: imported)
    return _anew(request)


@router.get("/assessment/cause/{cause}")
def cause_in_full(request: Request, cause: str) -> Response:
    """Why a cause is likely or not: for, against, missing, and the sources."""
    engine: Engine = request.app.state.engine
    if cause not in engine.knowledge.conditions:
        raise HTTPException(404, "There is no such cause.")
    answered = _answered(request)
    found = _cause(answered, cause)
    if not (found["for"] or found["against"]):
        again = engine.answer(answered.record, (cause,))
        found = _cause(again, cause)
    name = "cause.html.jinja" if _is_fragment(request) else "cause_page.html.jinja"
    return _html(request, name, cause=found, citations=Citations())


@router.get("/assessment/candidacy/{therapy}")
def candidacy(request: Request, therapy: str) -> Response:
    """A therapy's published lists, line by line."""
    answered = _answered(request)
    if therapy not in answered.data["candidacy"]:
        raise HTTPException(404, "There is no such therapy.")
    name = "candidacy.html.jinja" if _is_fragment(request) else "candidacy_page.html.jinja"
    return _html(request, name, citations=Citations(), **_candidacy(answered, therapy))


@router.get("/assessment/rung/{rung}")
def rung_in_full(request: Request, rung: str) -> Response:
    """A rung of the ladder: its options with effects, doses, cautions and guidelines."""
    ladder = _answered(request).data["ladder"]
    found = next((r for r in (ladder or {"rungs": ()})["rungs"] if r["id"] == rung), None)
    if found is None:
        raise HTTPException(404, "There is no such step.")
    name = "rung.html.jinja" if _is_fragment(request) else "rung_page.html.jinja"
    values = {"r": found, "nothing_else": _NOTHING_ELSE, "opened": _open(request)}
    return _html(request, name, citations=Citations(), pain_path="", course_chart="", **values)


@router.get("/assessment/report")
def report(request: Request) -> Response:
    """Everything on one page, to print or to keep."""
    answered = _answered(request)
    return _self_contained(html.render(answered.data, answered.record))


@router.get("/assessment/sheet")
def sheet(request: Request) -> Response:
    """The sheet in plain words for the patient."""
    from crural.report import sheet as sheets  # noqa: PLC0415

    return _self_contained(sheets.to_html(_answered(request).assessment))


@router.get("/assessment/record.yaml")
def record_file(request: Request) -> Response:
    """The record as a file."""
    return _download(write_record(_answered(request).record), "record.yaml", "application/yaml")


@router.get("/assessment/assessment.json")
def assessment_file(request: Request) -> Response:
    """The assessment as a file."""
    made = to_json(_answered(request).assessment)
    return _download(made, "assessment.json", "application/json")


@router.get("/assessment/letter.pdf")
def letter_file(request: Request) -> Response:
    """A letter of referral to the pain clinic."""
    from crural.report.letter import to_letter  # noqa: PLC0415

    made = to_letter(_answered(request).assessment, "pain-clinic")
    return _download(made, "letter.pdf", "application/pdf")


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
    request: Request, change: Callable[[Draft], Draft], source: str | None = None
) -> Response:
    """Make a change, and show what came of it; or why it was refused."""
    engine: Engine = request.app.state.engine
    session: str = request.state.session
    problem = ""
    try:
        request.app.state.drafts.change(
            session, lambda draft: checked(change(draft), engine.knowledge)
        )
    except RecordError as error:
        problem = f"{words.sentence(error.problem)}. {words.sentence(error.remedy)}."
    except (RefusedError, FieldError) as error:
        problem = words.sentence(str(error).replace("Remedy: ", ""))
    except ValidationError as error:
        problem = _fault_words(error)
    if _is_fragment(request):
        made = _render(request, "update.html.jinja", session, problem=problem, source=source)
        return HTMLResponse(made)
    if problem:
        return _page(request, session, problem=problem)
    return RedirectResponse("/assessment", status_code=303)


def _fault_words(error: ValidationError) -> str:
    """What is wrong with one part of a record, and what to do."""
    detail = error.errors(include_url=False, include_input=False)[0]
    fault = detail.get("ctx", {}).get("error")
    if isinstance(fault, FieldError):
        return f"{words.sentence(fault.problem)}. {words.sentence(fault.remedy)}."
    field = str(detail["loc"][-1]) if detail["loc"] else "entry"
    return f"The {field.replace('_', ' ')} does not fit here: {detail['msg']}."


def _anew(request: Request) -> Response:
    """The whole page again, after a change of everything."""
    if _is_fragment(request):
        return Response(headers={"hx-refresh": "true"})
    return RedirectResponse("/assessment", status_code=303)


def _page(request: Request, session: str, problem: str = "", **more: Any) -> Response:
    made = _render(request, "assess.html.jinja", session, problem=problem, source=None, **more)
    return HTMLResponse(made, status_code=422 if problem else 200)


def _render(request: Request, template: str, session: str, **more: Any) -> str:
    """A template with everything that shows the draft and what follows from it."""
    app = request.app
    engine: Engine = app.state.engine
    draft: Draft = app.state.drafts.of(session)
    answered = engine.answer_draft(draft)
    knowledge = engine.knowledge
    shown = app.state.shown
    duration = _measurement(draft, "pain-duration")
    values: _Values = {
        "draft": draft,
        "painful": draft.painful_side,
        "can_undo": app.state.drafts.can_undo(session),
        "question": next_question(draft, answered, knowledge),
        "stated": _stated(draft, knowledge),
        "parts": {part: [entry_words(e) for e in getattr(draft, part)] for part in PARTS},
        "duration": duration_of(duration.value or 0, duration.unit or "") if duration else None,
        "severity": _measurement(draft, "pain-severity"),
        "findings": knowledge.findings,
        "shapes": painting.shapes_alike(draft.painted),
        "drug_names": shown.drug_names,
        "treatment_names": shown.treatment_names,
        "query": "",
        "found": [],
        "today": dt.date.today(),
        **_map(draft, answered),
        **_live(answered, _open(request)),
        **more,
    }
    made: str = app.state.pages.render(template, request, **values)
    return made


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
        value = _number(form, "value", finding.name, -1e9, 1e9)
        if value is None:
            raise RefusedError(f"No value is given for {finding.name}. Write a number.")
        return Observation(finding=finding.id, value=value, unit=_text(form, "unit"), side=side)
    if given.startswith("state:"):
        return Observation(finding=finding.id, state=given.removeprefix("state:"), side=side)
    if given not in {"present", "absent"}:
        raise RefusedError("Choose an answer.")
    return Observation(finding=finding.id, present=given == "present", side=side)


def _entry(part: Part, form: FormData) -> Treatment | Drug | Illness | str:
    """A treatment, drug, illness or allergy from its form. Raises RefusedError, ValidationError."""
    name = _text(form, "name")
    if not name:
        raise RefusedError("Nothing is entered. Write a name.")
    if part == "allergies":
        return name[:300]
    if part == "drugs":
        return Drug(name=name, dose=_text(form, "dose") or None)
    if part == "illnesses":
        return Illness(name=name, since=_text(form, "since") or None)
    days = _number(form, "days", "days", 1, 36_500)
    return Treatment.model_validate(
        {
            "what": name,
            "dose": _text(form, "dose") or None,
            "start": _text(form, "start") or None,
            "stop": _text(form, "stop") or None,
            "days": None if days is None else int(days),
            "response": _one_of(form, "response", get_args(Outcome)),
            "relief_percent": _number(form, "relief", "relief in per cent", 0, 100),
            "stopped_because": _text(form, "stopped_because") or None,
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


def _draft(request: Request) -> Draft:
    session = request.app.state.sessions.of(request)
    draft: Draft = request.app.state.drafts.of(session) if session else Draft()
    return draft


def _answered(request: Request) -> Answered:
    """The assessment of this session's draft. Raises 409 when there is too little to assess."""
    answered: Answered | None = request.app.state.engine.answer_draft(_draft(request))
    if answered is None:
        raise HTTPException(409, "Age and sex are needed first.")
    return answered


def _open(request: Request) -> frozenset[str]:
    """The sections that are open on the page which sent the change."""
    return frozenset(request.headers.get("x-open", "").split()[:MOST_OPEN])


def _is_fragment(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def _html(request: Request, template: str, **values: Any) -> Response:
    return HTMLResponse(request.app.state.pages.render(template, request, **values))


def _self_contained(page: str) -> Response:
    return HTMLResponse(page, headers={"content-security-policy": inline_style_policy(page)})


def _download(made: str | bytes, name: str, kind: str) -> Response:
    return Response(
        made,
        media_type=kind,
        headers={"content-disposition": f'attachment; filename="{quote(name)}"'},
    )


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _one_of(form: FormData, name: str, known: tuple[Any, ...]) -> str | None:
    value = _text(form, name)
    return value if value in known else None


def _date(form: FormData, name: str) -> dt.date | None:
    """A date of a form; None when the field is empty. Raises RefusedError."""
    text = _text(form, name)
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise RefusedError(f"{text[:20]} is not a date. Write year-month-day.") from None


def _number(form: FormData, name: str, called: str, least: float, most: float) -> float | None:
    """A number of a form; None when the field is empty. Raises RefusedError."""
    text = _text(form, name).replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise RefusedError(f"The {called} is not a number. Write digits, such as 46.") from None
    if not least <= value <= most:
        raise RefusedError(f"The {called} must lie between {least:g} and {most:g}.")
    return value
