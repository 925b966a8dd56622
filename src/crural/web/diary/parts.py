"""What the pages of a diary share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from crural.course import with_diary, with_trial
from crural.record import Record
from crural.stimulation.diary_file import Row
from crural.store import DiaryEntry, DiaryValues, Store
from crural.web.live import Engine
from crural.web.person import Person
from crural.web.showing import html_of


def store_of(request: Request) -> Store:
    """The store of the application."""
    store: Store = request.app.state.store
    return store


def engine_of(request: Request) -> Engine:
    """The engine of the application."""
    engine: Engine = request.app.state.engine
    return engine


def page(
    request: Request, template: str, person: Person, patient: str, status: int = 200, **values: Any
) -> Response:
    """A page about one patient."""
    found = store_of(request).patient(patient)
    return html_of(
        request,
        template,
        status,
        patient=found,
        may_edit=person.may_edit,
        moment=moment,
        **values,
    )


def moment(at: dt.datetime) -> str:
    """A time in words; midnight stands for the whole day."""
    day = f"{at.day} {at:%b %Y}"
    return day if at.time() == dt.time() else f"{day}, {at:%H:%M}"


def row_of(values: DiaryValues) -> Row:
    """An entry as a row of a file."""
    return Row(
        time=values.at,
        phase=values.phase,
        nrs=values.nrs,
        settings=values.settings,
        odi=values.odi,
        sleep=values.sleep,
        opioid=values.opioid,
        note=values.note,
    )


def scored(entries: tuple[DiaryEntry, ...]) -> list[tuple[dt.datetime, float]]:
    """The times with a pain score."""
    return [(e.values.at, e.values.nrs) for e in entries if e.values.nrs is not None]


def record_with_diary(store: Store, patient: str, record: Record) -> Record:
    """A patient's record with the scores of their diary and the trial of stimulation that it tells
    of, for everything that follows from them. Not to be saved: the diary keeps its own entries."""
    entries = store.diary(patient)
    merged = with_diary(record, scored(entries), dt.date.today())
    return with_trial(
        merged,
        [(e.values.at, e.values.nrs, e.values.phase) for e in entries if e.values.phase],
    )
