"""What can be taken along from a desk: report, sheet, letter, record and assessment as files."""

from __future__ import annotations

import json
from typing import Literal, TypeAlias

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from crural.record import Record, write_record
from crural.record.shorthand import SCHEMA
from crural.report import html
from crural.report.as_json import to_json
from crural.store import Store
from crural.web.assessment.drafts import Desk, Drafts
from crural.web.assessment.shown import answer_of
from crural.web.live import Answered, Engine
from crural.web.noted import Taken, note_taken
from crural.web.person import Person, Reader
from crural.web.showing import download, self_contained

router = APIRouter(include_in_schema=False)

# Where nothing is chosen, the alerts and the next rung say what for.
About: TypeAlias = Literal[
    "as-found", "emergency", "pain-clinic", "stimulation", "intrathecal", "surgery"
]


@router.get("/assessment/{desk}/report")
def report(request: Request, person: Reader, desk: str) -> Response:
    """Everything on one page, to print or to keep."""
    answered = _assessment(request, person, desk)
    return self_contained(html.render(answered.data, answered.assessment.record))


@router.get("/assessment/{desk}/sheet")
def sheet(request: Request, person: Reader, desk: str) -> Response:
    """The sheet in plain words for the patient."""
    from crural.report import sheet as sheets  # noqa: PLC0415

    return self_contained(sheets.to_html(_assessment(request, person, desk).assessment))


@router.get("/assessment/{desk}/letter.pdf")
def letter_file(request: Request, person: Reader, desk: str, about: About = "as-found") -> Response:
    """A letter of referral; `about` says what for."""
    from crural.report.letter import to_letter  # noqa: PLC0415

    assessment = _assessment(request, person, desk).assessment
    engine: Engine = request.app.state.engine
    with engine.turns:
        made = to_letter(assessment, None if about == "as-found" else about)
    return download(made, "letter.pdf", "application/pdf")


@router.get("/assessment/{desk}/assessment.json")
def assessment_file(request: Request, person: Reader, desk: str) -> Response:
    """The assessment as a file."""
    made = to_json(_assessment(request, person, desk).assessment)
    return download(made, "assessment.json", "application/json")


@router.get("/assessment/{desk}/assessment.html")
def assessment_page(request: Request, person: Reader, desk: str) -> Response:
    """The report as a file that needs nothing else."""
    answered = _assessment(request, person, desk)
    return download(
        html.render(answered.data, answered.assessment.record), "assessment.html", "text/html"
    )


@router.get("/assessment/{desk}/record.yaml")
def record_file(request: Request, person: Reader, desk: str) -> Response:
    """The record as a file."""
    made = write_record(_record(request, person, desk))
    return download(made, "record.yaml", "application/yaml")


@router.get("/assessment/{desk}/record.json")
def record_data(request: Request, person: Reader, desk: str) -> Response:
    """The record as a file for programs."""
    made = record_as_json(_record(request, person, desk))
    return download(made, "record.json", "application/json")


def record_as_json(record: Record) -> str:
    """A record as JSON, which is a record file too."""
    said = record.model_dump(mode="json", exclude_none=True)
    return json.dumps({"schema": SCHEMA, **said}, indent=2, ensure_ascii=False)


def _assessment(request: Request, person: Person, desk: str) -> Answered:
    found, answered = _answered(request, person, desk)
    _note(request, person, "assessment-exported", found)
    return answered


def _record(request: Request, person: Person, desk: str) -> Record:
    found, answered = _answered(request, person, desk)
    _note(request, person, "record-exported", found)
    return answered.record


def _answered(request: Request, person: Person, desk: str) -> tuple[Desk, Answered]:
    drafts: Drafts = request.app.state.drafts
    found = drafts.of(person.id, desk)
    answered = answer_of(request, found)
    if answered is None:
        raise HTTPException(409, "Age and sex are needed first.")
    return found, answered


def _note(request: Request, person: Person, what: Taken, desk: Desk) -> None:
    """Somebody takes what is on a desk along."""
    store: Store = request.app.state.store
    if desk.patient is None:
        store.note(what, who=person.id, item=desk.id)
    else:
        note_taken(request, person, what, desk.id)
