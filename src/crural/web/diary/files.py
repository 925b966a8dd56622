"""Files of a diary: read with a preview and added as a whole, and written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from crural.report import words
from crural.stimulation.diary_file import DiaryError, Row, read_rows, write_rows
from crural.store import DiaryEntry, DiaryValues, StoreError, TakenError
from crural.web.diary import form as diary_form
from crural.web.diary.parts import page, row_of, store_of
from crural.web.person import Editor, Person, Reader
from crural.web.security import CheckedForm
from crural.web.showing import download

router = APIRouter(include_in_schema=False)

# Rows and problems that are shown; all of them count.
MOST_SHOWN: Final = 200
_LATEST = dt.timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """A row of a file that can be added, or is in the diary already."""

    line: int | None
    values: DiaryValues
    there: bool


@dataclass(frozen=True)
class Problem:
    """Why a file cannot be added; `line` is None where the whole file is meant."""

    line: int | None
    said: str


@dataclass(frozen=True)
class Preview:
    """What adding a file would do: nothing while there are problems."""

    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]

    @property
    def new(self) -> tuple[DiaryValues, ...]:
        """The entries that would be added."""
        return tuple(line.values for line in self.lines if not line.there)


def preview_of(
    text: str,
    day_0: dt.date | None,
    entries: Sequence[DiaryEntry],
    check: diary_form.Check,
    now: dt.datetime,
    *,
    day_first: bool = False,
) -> Preview:
    """What adding the text of a file to a diary with these entries would do."""
    try:
        rows, wrong = read_rows(text, "the file", day_first=day_first)
    except DiaryError as error:
        return Preview((), (_problem(error),))
    problems = [_problem(error) for error in wrong]
    kept = {entry.values.at: entry.values for entry in entries}
    lines: dict[dt.datetime, Line] = {}
    for row in rows:
        values = _values(row, day_0, check, now)
        if isinstance(values, Problem):
            problems.append(values)
            if values.line is None:
                break
        elif values.at in kept:
            same = kept[values.at] == values
            if same:
                lines[values.at] = Line(row.line, values, there=True)
            else:
                problems.append(Problem(row.line, "The diary has another entry for this time."))
        elif values.at not in lines:
            lines[values.at] = Line(row.line, values, there=False)
        elif lines[values.at].values != values:
            said = f"Line {lines[values.at].line} has the same time. Give the hours too."
            problems.append(Problem(row.line, said))
    problems.sort(key=lambda problem: problem.line or 0)
    return Preview(tuple(sorted(lines.values(), key=lambda line: line.values.at)), tuple(problems))


def _values(
    row: Row, day_0: dt.date | None, check: diary_form.Check, now: dt.datetime
) -> DiaryValues | Problem:
    if isinstance(row.time, dt.datetime):
        at = row.time
    elif day_0 is None:
        # Of the whole file: it is the same for every row.
        return Problem(None, "The file counts days. Give the date of its day 0 below.")
    else:
        try:
            at = dt.datetime.combine(day_0, dt.time()) + dt.timedelta(days=row.time)
        except OverflowError:
            return Problem(row.line, "Column time: there is no such day. Correct it.")
    if at > now + _LATEST:
        return Problem(row.line, "Column time: lies in the future. Correct it.")
    try:
        return check(
            DiaryValues(
                at=at,
                nrs=row.nrs,
                phase=row.phase,
                settings=row.settings,
                odi=row.odi,
                sleep=row.sleep,
                opioid=row.opioid,
                note=row.note,
            )
        )
    except StoreError as error:
        return Problem(row.line, diary_form.told(error))


def _problem(error: DiaryError) -> Problem:
    where = f"Column {error.field}: {error.problem}" if error.field else error.problem
    return Problem(error.line, f"{words.sentence(where)}. {words.remedy(error)}")


@router.get("/patients/{patient}/diary/import")
def choose(request: Request, person: Editor, patient: str) -> Response:
    """Where a file is chosen."""
    return _page(request, person, patient)


@router.post("/patients/{patient}/diary/import")
def take(request: Request, person: Editor, form: CheckedForm, patient: str) -> Response:
    """Show what a file would add, or add it when that was seen and asked for."""
    store = store_of(request)
    try:
        text = _text_of(form)
        day_0 = _date(form)
    except ValueError as error:
        return _page(request, person, patient, 422, problem=str(error))
    entries = store.diary(patient)
    day_first = form.get("day_first") == "yes"
    preview = preview_of(
        text, day_0, entries, store.checked_diary, dt.datetime.now(), day_first=day_first
    )
    more: dict[str, Any] = {"preview": preview, "text": text, "day_0": day_0}
    more["day_first"] = day_first
    if preview.problems:
        return _page(request, person, patient, 422, **more)
    if form.get("keep") != "yes":
        return _page(request, person, patient, **more)
    try:
        store.add_diary_entries(patient, preview.new, who=person.id)
    except TakenError as error:
        # Somebody wrote into the diary between the look at it and now.
        return _page(request, person, patient, 409, problem=diary_form.told(error), **more)
    return RedirectResponse(f"/patients/{patient}/diary", status_code=303)


@router.get("/patients/{patient}/diary.csv")
def whole_file(request: Request, person: Reader, patient: str) -> Response:
    """The diary as a file."""
    return _file(request, person, patient, trial_only=False)


@router.get("/patients/{patient}/trial.csv")
def trial_file(request: Request, person: Reader, patient: str) -> Response:
    """What the diary says of a trial, as a file."""
    return _file(request, person, patient, trial_only=True)


def _file(request: Request, person: Person, patient: str, *, trial_only: bool) -> Response:
    store = store_of(request)
    every = (entry.values for entry in store.diary(patient))
    rows = [row_of(values) for values in every if values.phase is not None or not trial_only]
    store.note("record-exported", who=person.id, patient_id=patient, item="diary")
    return download(write_rows(rows), "diary.csv", "text/csv; charset=utf-8")


def _page(
    request: Request, person: Person, patient: str, status: int = 200, **more: object
) -> Response:
    values: Mapping[str, object] = {
        "preview": None,
        "problem": "",
        "text": "",
        "day_0": None,
        "day_first": False,
    }
    return page(
        request,
        "diary/import.html.jinja",
        person,
        patient,
        status,
        phases=diary_form.PHASE_NAMES,
        number=diary_form.number_words,
        some=lambda every: list(islice(every, MOST_SHOWN)),
        **{**values, **more},
    )


def _text_of(form: FormData) -> str:
    """The text of the file that was chosen, or of the one that is being looked at. Raises
    ValueError in words for the user."""
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        try:
            return file.file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError(
                "The file is not text in UTF-8. Save the table as CSV (UTF-8)."
            ) from None
    text = form.get("text")
    if isinstance(text, str) and text:
        return text
    raise ValueError("Choose a file first.")


def _date(form: FormData) -> dt.date | None:
    said = str(form.get("day_0") or "").strip()
    try:
        return dt.date.fromisoformat(said) if said else None
    except ValueError:
        raise ValueError("The date of day 0 is no date. Write year-month-day.") from None
