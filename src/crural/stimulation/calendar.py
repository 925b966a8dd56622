"""A plan as a calendar file (iCalendar, RFC 5545). It names no patient."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator

from crural.stimulation.before import BeforePlan, Event

# A line holds 75 octets at most; what is longer goes on after a line end and one space.
_OCTETS = 75


def to_calendar(plan: BeforePlan, made: dt.datetime) -> str:
    """The events of a plan. `made` (UTC) is when the file was made; times are local to the clinic.

    The same plan always has the same identities, so that a calendar replaces and does not double.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Crural//stimulation before//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for position, event in enumerate(plan.events):
        lines += _event(plan, event, position, made)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(plan: BeforePlan, event: Event, position: int, made: dt.datetime) -> Iterator[str]:
    same = f"{plan.record}|{plan.procedure.id}|{plan.date}|{position}|{event.kind}|{event.drug}"
    yield "BEGIN:VEVENT"
    yield f"UID:{hashlib.sha256(same.encode()).hexdigest()[:32]}@crural"
    yield f"DTSTAMP:{made:%Y%m%dT%H%M%SZ}"
    if event.time is None:
        yield f"DTSTART;VALUE=DATE:{event.date:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{event.date + dt.timedelta(days=1):%Y%m%d}"
    else:
        start = dt.datetime.combine(event.date, event.time)
        yield f"DTSTART:{start:%Y%m%dT%H%M%S}"
        yield f"DTEND:{start + dt.timedelta(minutes=30):%Y%m%dT%H%M%S}"
    yield f"SUMMARY:{_escaped(event.text)}"
    if plan.alarms:
        yield f"DESCRIPTION:{_escaped(' '.join(plan.alarms))}"
    yield f"CATEGORIES:{event.kind.upper()}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets, never through a character."""
    piece, room = "", _OCTETS
    for character in line:
        size = len(character.encode())
        if size > room:
            yield piece
            piece, room = " ", _OCTETS - 1
        piece += character
        room -= size
    yield piece
