"""The expected course of what is tried, with the patient's scores on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from crural.assessment import courses_of
from crural.course import FollowUp
from crural.knowledge import Knowledge
from crural.report.citations import Citations
from crural.report.course_chart import course_chart
from crural.report.outline import LISTED
from crural.report.treatment import course_data
from crural.web.diary.parts import engine_of, page, record_with_diary, store_of
from crural.web.person import Reader

router = APIRouter(include_in_schema=False)


@router.get("/patients/{patient}/course")
def course(
    request: Request,
    person: Reader,
    patient: str,
    # Which of the courses; its name would tell about the patient in the address.
    show: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> Response:
    """Is the pain lessening as it should, and what is advised when not."""
    store, engine = store_of(request), engine_of(request)
    version = store.version(patient)
    record = record_with_diary(store, patient, engine.read_again(version.record))
    assessment = engine.answer(record).assessment
    likely = {c.id for c in assessment.diagnosis.causes if c.probability >= LISTED}
    found = [
        one for i, one in enumerate(courses_of(assessment)) if i == 0 or one.condition in likely
    ]
    shown = found[min(show, len(found)) - 1] if found else None
    data = None if shown is None else course_data(shown, engine.knowledge)
    dated = any(score.date is not None for score in record.pain_scores)
    probability = {c.id: c.probability for c in assessment.diagnosis.causes}
    return page(
        request,
        "diary/course.html.jinja",
        person,
        patient,
        courses=_offered(found, engine.knowledge),
        shown=data,
        probability=0.0 if shown is None else probability[shown.condition],
        course_only={"ladder": None, "course": data, "candidacy": {}},
        course_chart="" if data is None else course_chart(data),
        pain_path="",
        citations=Citations(),
        scores=len(record.pain_scores),
        days=len({score.date or score.day for score in record.pain_scores}),
        from_diary=len(record.pain_scores) - len(version.record.pain_scores),
        left_out=sum(score.date is None for score in record.pain_scores) if dated else 0,
        tried=[one.text for one in assessment.attempts],
        version=version.info,
    )


def _offered(found: Sequence[FollowUp], knowledge: Knowledge) -> list[Mapping[str, Any]]:
    """The courses with their places in the row, and whether each is the first of its treatment."""
    seen: set[str | None] = set()
    offered: list[Mapping[str, Any]] = []
    for place, one in enumerate(found, start=1):
        data = course_data(one, knowledge)
        offered.append({**data, "place": place, "first": one.treatment not in seen})
        seen.add(one.treatment)
    return offered
