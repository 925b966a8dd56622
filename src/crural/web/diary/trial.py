"""The trial of stimulation, as the diary tells of it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from crural.knowledge.stimulation import load_trial
from crural.report import words
from crural.report.citations import Citations
from crural.stimulation.diary import DiaryError, diary_from_rows
from crural.stimulation.trial import SURE, analyse
from crural.stimulation.trial_chart import trial_chart
from crural.stimulation.trial_report import PHASE, STATE, as_data, chance
from crural.web.diary.parts import engine_of, page, row_of, store_of
from crural.web.person import Reader

router = APIRouter(include_in_schema=False)


@router.get("/patients/{patient}/trial")
def trial(request: Request, person: Reader, patient: str) -> Response:
    """Relief in the trial, how sure it is, and what each definition of success makes of it."""
    entries = store_of(request).diary(patient)
    rows = [row_of(entry.values) for entry in entries if entry.values.phase is not None]
    data, missing = None, ""
    if rows:
        evidence = engine_of(request).knowledge.evidence
        try:
            found = analyse(diary_from_rows(rows, "the diary"), load_trial(), evidence)
            data = as_data(found, evidence)
        except DiaryError as error:
            missing = f"{words.sentence(error.problem)}. {words.remedy(error)}"
    return page(
        request,
        "diary/trial.html.jinja",
        person,
        patient,
        data=data,
        missing=missing,
        rows=len(rows),
        outside=len(entries) - len(rows),
        chart="" if data is None else trial_chart(data),
        citations=Citations(),
        chance=chance,
        sure=SURE,
        phase_names=PHASE,
        state_names=STATE,
    )
