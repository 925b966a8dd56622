"""The file of a diary: CSV with a header and one row per entry.

time        a date (2026-03-01), date and time (2026-03-01 08:00), or the number of the day
nrs         the pain, 0 to 10; empty when it was not scored
phase       baseline, trial or after; empty where an entry belongs to no trial
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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from crural.errors import CruralError

Phase = Literal["baseline", "trial", "after"]
PHASES: tuple[Phase, ...] = get_args(Phase)

MOST_ENTRIES = 5_000

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
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
# What a spreadsheet takes for the beginning of a formula, and the sign that keeps it from that.
_FORMULA = frozenset("=+-@'")
_EMPTY = frozenset({"", "-", "–", "na", "n/a", "nan", "none", "missing"})


class DiaryError(CruralError):
    """A diary that cannot be read; names the line and the column."""


@dataclass(frozen=True)
class Row:
    """One row as it was written; `time` is a time or the number of a day."""

    time: dt.datetime | float
    phase: Phase | None = None
    nrs: float | None = None
    settings: str | None = None
    odi: float | None = None
    sleep: float | None = None
    opioid: float | None = None
    note: str | None = None
    line: int | None = None


def read_rows(
    text: str, where: str, *, day_first: bool = False
) -> tuple[tuple[Row, ...], tuple[DiaryError, ...]]:
    """The rows of a file and, for each row that cannot be read, what is wrong with it.

    `where` names the file in errors. `day_first`: dates are written as 27/10/2026 or 27.10.2026;
    it must be said, for 3/4/2026 does not tell. Raises DiaryError when the file as a whole cannot
    be read.
    """
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
    read: list[Row] = []
    wrong: list[DiaryError] = []
    for line, cells in body:
        try:
            read.append(_row(cells, columns, where, line, day_first=day_first))
        except DiaryError as error:
            wrong.append(error)
    dated = [isinstance(row.time, dt.datetime) for row in read]
    if any(dated) and not all(dated):
        odd = next(i for i, one in enumerate(dated) if one != dated[0])
        wrong.append(
            DiaryError(
                file=where,
                line=read[odd].line,
                field="time",
                problem="some entries have a date and some the number of a day",
                remedy="give all of them in one way",
            )
        )
    return tuple(read), tuple(wrong)


def write_rows(rows: Iterable[Row]) -> str:
    """The text of a file with these rows, from which `read_rows` reads the same rows."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow(
            (
                _written_time(row.time),
                _written(row.nrs),
                row.phase or "",
                _guarded(row.settings or ""),
                _written(row.odi),
                _written(row.sleep),
                _written(row.opioid),
                _guarded(row.note or ""),
            )
        )
    return made.getvalue()


def _written_time(time: dt.datetime | float) -> str:
    """A time to the minute; midnight stands for the whole day."""
    if not isinstance(time, dt.datetime):
        return _written(time)
    return f"{time:%Y-%m-%d}" if time.time() == dt.time() else f"{time:%Y-%m-%d %H:%M}"


def _written(number: float | None) -> str:
    # Without an exponent, which a table need not know.
    return "" if number is None else format(Decimal(repr(number)), "f").removesuffix(".0")


def _guarded(text: str) -> str:
    """Text that no spreadsheet runs as a formula."""
    return f"'{text}" if text[:1] in _FORMULA else text


def _unguarded(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell


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


def _row(
    cells: Sequence[str], columns: Sequence[str], where: str, line: int, *, day_first: bool
) -> Row:
    if len(cells) != len(columns):
        raise DiaryError(
            file=where,
            line=line,
            problem=f"has {len(cells)} cells under {len(columns)} columns",
            remedy="give every row as many cells as the header, empty ones too; put text that "
            "holds the separator in quotation marks",
        )
    said = dict(zip(columns, cells, strict=True))
    time = _time(said["time"], where, line, day_first=day_first)
    phase = _PHASE_WORDS.get(said["phase"].casefold())
    if phase is None and said["phase"]:
        raise DiaryError(
            file=where,
            line=line,
            field="phase",
            problem=f"'{said['phase']}' is no phase",
            remedy="write baseline, trial or after",
        )
    numbers = {name: _number(said.get(name, ""), name, where, line) for name in _LIMITS}
    return Row(
        time=time,
        phase=phase,
        nrs=numbers["nrs"],
        settings=_unguarded(said.get("settings", "")) or None,
        odi=numbers["odi"],
        sleep=numbers["sleep"],
        opioid=numbers["opioid"],
        note=_unguarded(said.get("note", "")) or None,
        line=line,
    )


def _time(written: str, where: str, line: int, *, day_first: bool) -> dt.datetime | float:
    if _NUMBER.fullmatch(written):
        day = float(written.replace(",", "."))
        if abs(day) <= 36_500:
            return day
    else:
        found = _DAY_FIRST.fullmatch(written) if day_first else None
        if found is not None:
            on, month, year, hour = found.groups()
            written = f"{year}-{month:0>2}-{on:0>2} {hour or '00:00'}"
        try:
            return dt.datetime.fromisoformat(written).replace(tzinfo=None)
        except ValueError:
            pass
    raise DiaryError(
        file=where,
        line=line,
        field="time",
        problem=f"'{written}' is no time" if written else "the time is missing",
        remedy="write 2026-03-01, 2026-03-01 08:00, or the number of the day"
        + ("; or 27/10/2026" if day_first else ""),
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
