"""A desk as it is shown: the draft, the figure to paint on, and what follows from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fastapi import HTTPException, Request
from fastapi.responses import Response

from crural.knowledge import Knowledge
from crural.record import Observation, Record
from crural.report.body_map import MIDLINE, NOT_DRAWN, body_map
from crural.report.citations import Citations
from crural.report.course_chart import course_chart
from crural.report.outline import outline
from crural.report.pain_path import pain_path
from crural.web.assessment import painting
from crural.web.assessment.draft import Draft, to_record
from crural.web.assessment.drafts import Desk, new_name
from crural.web.assessment.entry_lines import lines_of, open_entries
from crural.web.assessment.interview import next_question
from crural.web.assessment.units import duration_of
from crural.web.diary.parts import record_with_diary
from crural.web.live import Answered, Engine
from crural.web.person import Person
from crural.web.showing import html_of

# Sections of the live answer that stay as they were, open or closed, when it is replaced.
MOST_OPEN = 40
# What a template of the reports shows is chosen by what it is given.
NOTHING_ELSE: Final[Mapping[str, Any]] = {"ladder": None, "course": None, "candidacy": {}}
# What a letter of referral can be about.
LETTERS: Final[Mapping[str, str]] = {
    "as-found": "what is due next",
    "emergency": "the emergency",
    "pain-clinic": "the pain clinic",
    "stimulation": "spinal cord stimulation",
    "intrathecal": "intraspinal morphine",
    "surgery": "surgery",
}
# A figure without marks, for a draft that cannot be assessed yet.
_NOBODY = Record(age=0, sex="female", side=None)


def at(desk: Desk) -> Mapping[str, Any]:
    """Where a desk is, and how it stands."""
    return {"desk": desk, "here": f"/assessment/{desk.id}"}


def answer_of(request: Request, desk: Desk) -> Answered | None:
    """The assessment of what is on a desk; None while age or sex is missing.

    Of a saved patient the scores of the diary are assessed too. `record` of the answer is what is
    entered, without them: they are neither saved nor taken along with it.
    """
    engine: Engine = request.app.state.engine
    record = to_record(desk.draft, engine.knowledge)
    if record is None:
        return None
    assessed = record
    if desk.patient is not None:
        assessed = record_with_diary(request.app.state.store, desk.patient.id, record)
    return replace(engine.answer(assessed), record=record)


def answered_of(request: Request, person: Person, desk: str) -> Answered:
    """The assessment of what is on a desk. Raises 409 when there is too little to assess."""
    answered = answer_of(request, request.app.state.drafts.of(person.id, desk))
    if answered is None:
        raise HTTPException(409, "Age and sex are needed first.")
    return answered


def page(request: Request, desk: Desk, problem: str = "", **more: Any) -> Response:
    """The whole page of a desk."""
    values: dict[str, Any] = {"tab": new_name(), "state": desk.state, "problem": problem}
    values |= {"source": None, "query": "", "found": [], **values_of(request, desk), **more}
    return html_of(request, "assessment/page.html.jinja", 422 if problem else 200, **values)


def values_of(request: Request, desk: Desk) -> dict[str, Any]:
    """Everything that shows the draft and what follows from it."""
    app = request.app
    engine: Engine = app.state.engine
    draft = desk.draft
    answered = answer_of(request, desk)
    knowledge = engine.knowledge
    shown = app.state.shown
    duration = _measurement(draft, "pain-duration")
    return {
        **at(desk),
        "draft": draft,
        "painful": draft.painful_side,
        "question": next_question(draft, answered, knowledge),
        "stated": _stated(draft, knowledge),
        "parts": lines_of(draft, knowledge),
        "open_entries": open_entries(draft, knowledge),
        "duration": duration_of(duration.value or 0, duration.unit or "") if duration else None,
        "severity": _measurement(draft, "pain-severity"),
        "findings": knowledge.findings,
        "shapes": painting.shapes_alike(draft.painted),
        "drug_names": shown.drug_names,
        "treatment_names": shown.treatment_names,
        "today": dt.date.today(),
        "letters": LETTERS,
        **_map(draft, answered, knowledge),
        **_live(answered, opened_in(request)),
    }


def _live(answered: Answered | None, opened: frozenset[str]) -> dict[str, Any]:
    """What the live answer shows."""
    if answered is None:
        return {"data": None, "from_diary": 0}
    data = answered.data
    plan = outline(data)
    assessed = answered.assessment.record
    return {
        "from_diary": len(assessed.pain_scores) - len(answered.record.pain_scores),
        "as_of": assessed.as_of,
        "data": data,
        "record": answered.record,
        "plan": plan,
        "causes": plan.listed,
        "citations": Citations(),
        "pain_path": pain_path(data, "live"),
        "course_chart": course_chart(data["course"]) if data["course"] else "",
        "opened": opened,
        "nothing_else": NOTHING_ELSE,
        "course_only": {**NOTHING_ELSE, "course": data["course"]},
        "candidacies": {t: candidacy_of(answered, t) for t in data["candidacy"]},
    }


def candidacy_of(answered: Answered, therapy: str) -> dict[str, Any]:
    """One therapy's lists for the template of the reports."""
    data = answered.data
    return {
        "therapy": therapy,
        "verdict": data["candidacy"][therapy],
        "data": {
            **NOTHING_ELSE,
            "candidacy": {therapy: data["candidacy"][therapy]},
        },
        "pain_path": "",
        "course_chart": "",
    }


def _map(draft: Draft, answered: Answered | None, knowledge: Knowledge) -> dict[str, Any]:
    """The figure to paint on. Places that words speak of are marked too; those that are too
    loosely placed for that are named."""
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
        "not_drawn": [
            knowledge.findings[o.finding].name
            for o in draft.observations
            if o.finding in NOT_DRAWN and o.present
        ],
        "dermatomes": painting.DERMATOMES,
    }


def _stated(draft: Draft, knowledge: Knowledge) -> list[Mapping[str, Any]]:
    """What was stated, one line each, the latest first."""
    lines: list[Mapping[str, Any]] = []
    for observation in reversed(draft.observations):
        finding = knowledge.findings[observation.finding]
        measured: tuple[float, str] | None = None
        if observation.value is not None:
            value, unit = measured = duration_of(observation.value, observation.unit or "")
            said = f"{value:g} {'of 10' if unit == '{NRS}' else unit.strip('{}')}"
        elif observation.state is not None:
            said = next(s.name for s in finding.states if s.id == observation.state)
        else:
            said = "present" if observation.present else "absent"
        lines.append(
            {"finding": finding, "said": said, "side": observation.side, "measured": measured}
        )
    return lines


def _measurement(draft: Draft, finding: str) -> Observation | None:
    return next((o for o in draft.observed(finding) if o.value is not None), None)


def opened_in(request: Request) -> frozenset[str]:
    """The sections that are open on the page which sent the change."""
    return frozenset(request.headers.get("x-open", "").split()[:MOST_OPEN])
