"""The diary of a trial: pain scores before, during and after it, from a CSV file or a record.

A CSV file has a header and one row per entry:

    time        a date (2026-03-01), date and time (2026-03-01 08:00), or the number of the day
    nrs         the pain, 0 to 10; empty when it was not scored
    phase       baseline, trial or after
    settings    optional: the programme in use, in free words
    odi         optional: Oswestry Disability Index, 0 to 100
    sleep       optional: hours slept
    opioid      optional: opioids of the day in milligrams of oral morphine
    note        optional: free words
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from crural.errors import CruralError
from crural.history import Attempt, attempts_of
from crural.knowledge import Knowledge
from crural.record import Record

Phase = Literal["baseline", "trial", "after"]
PHASES: tuple[Phase, ...] = get_args(Phase)

LARGEST_FILE = 5_000_000
MOST_ENTRIES = 5_000
# Families of treatments whose trial a record's pain scores may belong to.
STIMULATION = frozenset(
    {
        "spinal-cord-stimulation",
        "dorsal-root-ganglion-stimulation",
        "high-frequency-stimulation",
    }
)

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "date", "day", "when", "datetime"),
    "nrs": ("nrs", "pain", "score", "pain score"),
    "phase": ("phase", "period"),
    "settings": ("settings", "setting", "programme", "program"),
    "odi": ("odi", "function", "oswestry"),
    "sleep": ("sleep", "sleep hours"),
    "opioid": ("opioid", "opioids", "mme", "opioid dose", "opioid mme"),
    "note": ("note", "notes", "remark", "remarks"),
}
_NEEDED = ("time", "nrs", "phase")
_PHASE_WORDS: Mapping[str, Phase] = {
    "baseline": "baseline",
    "before": "baseline",
    "pre": "baseline",
    "trial": "trial",
    "on": "trial",
    "stimulation": "trial",
    "after": "after",
    "washout": "after",
    "off": "after",
    "post": "after",
}
_LIMITS: Mapping[str, tuple[float, float, str]] = {
    "nrs": (0.0, 10.0, "a pain score from 0 to 10"),
    "odi": (0.0, 100.0, "an Oswestry Disability Index from 0 to 100"),
    "sleep": (0.0, 24.0, "hours of sleep from 0 to 24"),
    "opioid": (0.0, 10_000.0, "milligrams of oral morphine a day, 0 or more"),
}
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_EMPTY = frozenset({"", "-", "–", "na", "n/a", "nan", "none", "missing"})


class DiaryError(CruralError):
    """A diary that cannot be read; names the line and the column."""


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
    if "\0" in text:
        raise DiaryError(
            file=where,
            line=text.count("\n", 0, text.index("\0")) + 1,
            problem="has a byte that no text has",
            remedy="save the table as CSV (UTF-8)",
        )
    rows = _rows(text, where)
    if not rows:
        raise DiaryError(
            file=where,
            problem="is empty",
            remedy="give a header (time,nrs,phase) and one row per entry",
        )
    (first, header), *body = rows
    columns = _columns(header, where, first)
    if not body:
        raise DiaryError(
            file=where,
            line=first,
            problem="has a header and no entries",
            remedy="give one row per entry",
        )
    if len(body) > MOST_ENTRIES:
        raise DiaryError(
            file=where,
            problem=f"has {len(body)} entries, more than {MOST_ENTRIES}",
            remedy="give the diary of one trial",
        )
    read = [_entry(cells, columns, where, line) for line, cells in body]
    dated = [isinstance(time, dt.datetime) for time, _ in read]
    if any(dated) and not all(dated):
        odd = next(i for i, one in enumerate(dated) if one != dated[0])
        raise DiaryError(
            file=where,
            line=body[odd][0],
            field="time",
            problem="some entries have a date and some the number of a day",
            remedy="give all of them in one way",
        )
    return _in_order(read, where)


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


def _rows(text: str, where: str) -> list[tuple[int, list[str]]]:
    """Rows with the line on which each begins; empty ones are left out."""
    head = text.lstrip("\r\n").splitlines()[:1]
    line = head[0] if head else ""
    delimiter = max((",", ";", "\t"), key=line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((begins, [cell.strip() for cell in cells]))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DiaryError(
            file=where,
            line=max(reader.line_num, 1),
            problem=f"is no CSV: {error}",
            remedy="close every quotation mark, and put one entry on each line",
        ) from error
    return rows


def _columns(header: Sequence[str], where: str, line: int) -> tuple[str, ...]:
    """What each column is. Raises DiaryError for unknown, doubled or missing ones."""
    known = {alias: name for name, aliases in _COLUMNS.items() for alias in aliases}
    found: list[str] = []
    for i, written in enumerate(header, start=1):
        plain = re.sub(r"[\s_-]+", " ", written.casefold()).strip()
        name = known.get(plain)
        if name is None:
            close = difflib.get_close_matches(plain, known, n=1)
            raise DiaryError(
                file=where,
                line=line,
                field=written or f"column {i}",
                problem="is no column of a diary",
                remedy=f"did you mean {close[0]}?"
                if close
                else f"name one of {', '.join(_COLUMNS)}, or leave the column out",
            )
        if name in found:
            raise DiaryError(
                file=where,
                line=line,
                field=written,
                problem=f"the column {name} is there twice",
                remedy="leave one of them out",
            )
        found.append(name)
    for needed in _NEEDED:
        if needed not in found:
            raise DiaryError(
                file=where,
                line=line,
                field=needed,
                problem="the column is missing",
                remedy="begin the file with time,nrs,phase"
                if needed != "phase"
                else "add the column phase with baseline, trial or after in each row",
            )
    return tuple(found)


def _entry(
    cells: Sequence[str], columns: Sequence[str], where: str, line: int
) -> tuple[dt.datetime | float, Entry]:
    if len(cells) != len(columns):
        raise DiaryError(
            file=where,
            line=line,
            problem=f"has {len(cells)} cells under {len(columns)} columns",
            remedy="give every row as many cells as the header, empty ones too; put text that "
            "holds the separator in quotation marks",
        )
    said = dict(zip(columns, cells, strict=True))
    time = _time(said["time"], where, line)
    phase = _PHASE_WORDS.get(said["phase"].casefold())
    if phase is None:
        raise DiaryError(
            file=where,
            line=line,
            field="phase",
            problem=f"'{said['phase']}' is no phase" if said["phase"] else "the phase is missing",
            remedy="write baseline, trial or after",
        )
    numbers = {name: _number(said.get(name, ""), name, where, line) for name in _LIMITS}
    return time, Entry(
        time=0.0,
        phase=phase,
        nrs=numbers["nrs"],
        settings=said.get("settings") or None,
        odi=numbers["odi"],
        sleep=numbers["sleep"],
        opioid=numbers["opioid"],
        line=line,
    )


def _time(written: str, where: str, line: int) -> dt.datetime | float:
    if _NUMBER.fullmatch(written):
        day = float(written.replace(",", "."))
        if abs(day) <= 36_500:
            return day
    else:
        try:
            return dt.datetime.fromisoformat(written).replace(tzinfo=None)
        except ValueError:
            pass
    raise DiaryError(
        file=where,
        line=line,
        field="time",
        problem=f"'{written}' is no time" if written else "the time is missing",
        remedy="write 2026-03-01, 2026-03-01 08:00, or the number of the day",
    )


def _number(written: str, name: str, where: str, line: int) -> float | None:
    if written.casefold() in _EMPTY:
        return None
    low, high, what = _LIMITS[name]
    value = float(written.replace(",", ".")) if _NUMBER.fullmatch(written) else math.nan
    if not low <= value <= high:
        raise DiaryError(
            file=where,
            line=line,
            field=name,
            problem=f"'{written}' is not {what}",
            remedy="correct it, or leave the cell empty when it was not recorded",
        )
    return value


def _in_order(read: Sequence[tuple[dt.datetime | float, Entry]], where: str) -> Diary:
    times = [time for time, _ in read]
    dates = [time for time in times if isinstance(time, dt.datetime)]
    origin = min(dates).date() if dates else None
    entries = []
    for time, entry in read:
        if isinstance(time, dt.datetime):
            assert origin is not None
            since = time - dt.datetime.combine(origin, dt.time())
            entries.append(replace(entry, time=since.total_seconds() / 86_400.0))
        else:
            entries.append(replace(entry, time=time))
    at = [entry.time for entry in entries]
    return Diary(tuple(sorted(entries, key=_order)), origin, where, at == sorted(at))


def _order(entry: Entry) -> tuple[float, int, float]:
    score = -1.0 if entry.nrs is None else entry.nrs
    return entry.time, PHASES.index(entry.phase), score
