"""The diary of a trial: pain scores before, during and after it, from a CSV file or a record."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from crural.history import Attempt, attempts_of
from crural.knowledge import Knowledge
from crural.record import Record
from crural.stimulation.diary_file import PHASES, DiaryError, Phase, Row, read_rows

__all__ = [
    "PHASES",
    "Diary",
    "DiaryError",
    "Entry",
    "Phase",
    "diary_from_record",
    "diary_from_rows",
    "diary_from_text",
    "read_diary",
]

LARGEST_FILE = 5_000_000
# Families of treatments whose trial a record's pain scores may belong to.
STIMULATION = frozenset(
    {
        "spinal-cord-stimulation",
        "dorsal-root-ganglion-stimulation",
        "high-frequency-stimulation",
    }
)


@dataclass(frozen=True)
class Entry:
    """One entry: time in days (from the origin of the diary), phase, and what was written down.

    line: where it stands in the file; None when it comes from a record.
    """

    time: float
    phase: Phase
    nrs: float | None = None
    settings: str | None = None
    odi: float | None = None
    sleep: float | None = None
    opioid: float | None = None
    line: int | None = None


@dataclass(frozen=True)
class Diary:
    """All entries in order of time, and how the file calls itself.

    origin: the date of time 0; None when the file counts days. in_file_order: whether the rows
    stood in order of time.
    """

    entries: tuple[Entry, ...]
    origin: dt.date | None
    where: str
    in_file_order: bool = True

    def of(self, phase: Phase) -> tuple[Entry, ...]:
        """The entries of a phase."""
        return tuple(entry for entry in self.entries if entry.phase == phase)

    def scored(self, phase: Phase | None = None) -> tuple[Entry, ...]:
        """Entries with a pain score, of one phase or of all."""
        return tuple(
            e for e in self.entries if e.nrs is not None and (phase is None or e.phase == phase)
        )

    def date_of(self, time: float) -> dt.date | None:
        """The date of a time, where the diary has dates."""
        return None if self.origin is None else self.origin + dt.timedelta(days=math.floor(time))


def read_diary(path: Path) -> Diary:
    """The diary in a CSV file. Raises DiaryError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DiaryError(
            file=str(path),
            problem=f"cannot be read: {error.strerror or error}",
            remedy="name a CSV file that exists and that you may read",
        ) from error
    if len(raw) > LARGEST_FILE:
        raise DiaryError(
            file=str(path),
            problem=f"has {len(raw)} bytes, more than a diary of one patient",
            remedy="give the diary of one trial",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DiaryError(
            file=str(path),
            line=raw.count(b"\n", 0, error.start) + 1,
            problem="is not text in UTF-8",
            remedy="save the table as CSV (UTF-8)",
        ) from error
    return diary_from_text(text, str(path))


def diary_from_text(text: str, where: str) -> Diary:
    """The diary in the text of a CSV file; `where` names it in errors. Raises DiaryError."""
    rows, wrong = read_rows(text, where)
    if wrong:
        raise wrong[0]
    return diary_from_rows(rows, where)


def diary_from_rows(rows: Iterable[Row], where: str) -> Diary:
    """The diary in rows with times of one kind, dates or numbers of days. Raises DiaryError when
    one has no phase, or there is none."""
    rows = tuple(rows)
    dates = [row.time for row in rows if isinstance(row.time, dt.datetime)]
    origin = min(dates).date() if dates else None
    entries = [_entry(row, origin, where) for row in rows]
    at = [entry.time for entry in entries]
    return Diary(tuple(sorted(entries, key=_order)), origin, where, at == sorted(at))


def _entry(row: Row, origin: dt.date | None, where: str) -> Entry:
    if row.phase is None:
        raise DiaryError(
            file=where,
            line=row.line,
            field="phase",
            problem="the phase is missing",
            remedy="write baseline, trial or after",
        )
    if isinstance(row.time, dt.datetime):
        assert origin is not None
        since = row.time - dt.datetime.combine(origin, dt.time())
        time = since.total_seconds() / 86_400.0
    else:
        time = row.time
    return Entry(
        time=time,
        phase=row.phase,
        nrs=row.nrs,
        settings=row.settings,
        odi=row.odi,
        sleep=row.sleep,
        opioid=row.opioid,
        line=row.line,
    )


def diary_from_record(record: Record, knowledge: Knowledge, where: str) -> Diary:
    """The diary in the pain scores of a record, around its last trial of stimulation.

    Scores before the first day of the trial are its baseline, from that day to the last one the
    trial, later ones after it. Scores by the number of a day count from the start of the trial.
    Raises DiaryError when there is no such trial, or no date to place the scores by.
    """
    tried = [a for a in attempts_of(record, knowledge) if STIMULATION.intersection(a.treatments)]
    if not tried:
        raise DiaryError(
            file=where,
            field="treatments",
            problem="no trial of stimulation is recorded",
            remedy="add {what: spinal cord stimulation, start: ..., stop: ...}, or give a CSV",
        )
    if not record.pain_scores:
        raise DiaryError(
            file=where,
            field="pain_scores",
            problem="there are no pain scores",
            remedy="add {date: ..., nrs: ...} before and during the trial, or give a CSV diary",
        )
    dated = [score for score in record.pain_scores if score.date is not None]
    if dated and len(dated) < len(record.pain_scores):
        raise DiaryError(
            file=where,
            field="pain_scores",
            problem="some scores have a date and some the number of a day",
            remedy="give all of them in one way",
        )
    trial = max(tried, key=lambda a: a.start or dt.date.min)
    if dated and trial.start is None:
        raise DiaryError(
            file=where,
            field="treatments",
            problem=f"'{trial.text}' has no start, so no score can be placed before or in it",
            remedy="add start (and stop) as year-month-day",
        )
    end = _end(trial, record)
    entries = [
        Entry(
            time=time,
            phase="baseline" if time < 0 else "trial" if end is None or time <= end else "after",
            nrs=score.nrs,
        )
        for score in record.pain_scores
        for time in [
            float((score.date - trial.start).days)
            if score.date is not None and trial.start is not None
            else float(score.day or 0)
        ]
    ]
    entries.sort(key=_order)
    return Diary(tuple(entries), trial.start if dated else None, where)


def _end(trial: Attempt, record: Record) -> float | None:
    """The last day of a trial, counted from its first; None while it goes on."""
    told = [t for t in record.treatments if (t.what, t.start) == (trial.text, trial.start)]
    for tried in told[:1]:
        if tried.stop is not None and tried.start is not None:
            return float((tried.stop - tried.start).days)
        if tried.days is not None:
            return float(tried.days - 1)
    return None


def _order(entry: Entry) -> tuple[float, int, float]:
    score = -1.0 if entry.nrs is None else entry.nrs
    return entry.time, PHASES.index(entry.phase), score
