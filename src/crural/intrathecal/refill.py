"""When a pump must be refilled: by volume, by alarm, by how long the drug keeps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from crural import quantity
from crural.intrathecal import arithmetic
from crural.intrathecal.answer import Answer, Sheet
from crural.intrathecal.arithmetic import refuse
from crural.intrathecal.chosen import Chosen, drug_name
from crural.intrathecal.rate import inputs
from crural.knowledge.pumps import Known, load_pumps, look_up
from crural.quantity import Quantity, as_json, show

_NOUGHT = quantity.quantity(0, "mL/day")


@dataclass(frozen=True)
class Times:
    """Earliest, expected and latest moment of something, in days from the filling."""

    earliest: Quantity
    expected: Quantity
    latest: Quantity


def times_until(
    volume: Quantity,
    base: Quantity,
    boluses: Quantity,
    over: Quantity | None,
    under: Quantity | None,
) -> Times:
    """When a volume has been delivered.

    earliest: every bolus taken, and as much too much as the pump may deliver; expected: every bolus
    taken (as refill dates are counted), exactly as set; latest: no bolus, as much too little.
    """
    most = (base + boluses) * (1 + (over.magnitude if over is not None else 0))
    least = base * (1 - (under.magnitude if under is not None else 0))
    return Times(
        arithmetic.running_time(volume, most),
        arithmetic.running_time(volume, base + boluses),
        arithmetic.running_time(volume, least),
    )


def moment(start: dt.datetime, after: Quantity) -> dt.datetime:
    """The minute, rounded down, that lies so long after a moment."""
    minutes = quantity.fraction(after, "min")
    return start + dt.timedelta(minutes=minutes.numerator // minutes.denominator)


def last_day(start: dt.datetime, after: Quantity) -> dt.date:
    """The last whole day before a moment; the day of the filling when it is less than a day off."""
    return max(moment(start, after).date() - dt.timedelta(days=1), start.date())


def refill(
    chosen: Chosen,
    *,
    filled: dt.datetime,
    volume: Quantity,
    flow: Quantity | None = None,
    dose: Quantity | None = None,
    concentration: Quantity | None = None,
    boluses: Quantity | None = None,
    drugs: Collection[str] = (),
    filling: str | None = None,
    keeps: Quantity | None = None,
) -> Answer:
    """The last day for a refill and what it hangs on.

    volume: what was filled in; flow: the base rate, or dose and concentration; boluses: flow of all
    boluses allowed; drugs and filling: which entry of the stabilities; keeps: how long the filling
    keeps, if given. The reservoir counts as empty at nought, the alarm at the alarm volume of the
    pump. A SynchroMed alarm is worked out from the settings: its time does not move with what is
    really delivered. Raises SlipError, ArithmeticRefusedError.
    """
    sheet = Sheet()
    names = [drug_name(drug) for drug in drugs]
    chosen.check(
        sheet,
        names[0] if len(names) == 1 else None,
        fill_volume=volume,
        flow=flow,
        bolus_flow=boluses,
        daily_dose=dose,
        concentration=concentration,
        reservoir=_figure(chosen, sheet, "reservoir"),
        stability=keeps,
    )
    if flow is None:
        if dose is None or concentration is None:
            raise refuse(
                "--flow", "the flow is not given", "give --flow, or --dose and --concentration"
            )
        flow = sheet.work(
            "flow",
            "daily dose / concentration",
            f"{show(dose)} / {show(concentration)}",
            arithmetic.flow_for(dose, concentration),
        )
    extra = boluses if boluses is not None else _NOUGHT
    over, under = chosen.figure("over", sheet), chosen.figure("under", sheet)
    more = over.quantity if over else None
    less = under.quantity if under else None
    empty = times_until(volume, flow, extra, more, less)
    _work(sheet, "empty", volume, flow, extra, empty, over, under)
    lines = [("empty", _three(filled, empty))]
    results: dict[str, Any] = {
        "filled": filled.isoformat(timespec="minutes"),
        "volume": as_json(volume),
        "flow": as_json(flow),
        "boluses": as_json(extra),
        "empty": _as_data(filled, empty),
        "alarm": None,
        "low": None,
        "keeps": None,
    }
    candidates: list[tuple[str, Quantity]] = [("the reservoir may be empty", empty.earliest)]
    low = _low(chosen, sheet, volume)
    if low is not None:
        at, sources, why = low
        until = times_until(volume - at.quantity, flow, extra, more, less)
        _work(
            sheet, f"at {show(at.quantity)}", volume - at.quantity, flow, extra, until, over, under
        )
        results["low"] = {"volume": as_json(at.quantity), **_as_data(filled, until)}
        lines.append((f"{show(at.quantity)} left", _three(filled, until)))
        candidates.append((f"only {show(at.quantity)} may be left ({why})", until.earliest))
        if (chosen.pump and chosen.pump.alarm_is == "calculated") or "alarm" in chosen.given:
            _alarm(sheet, filled, volume, flow, extra, at, empty, results, lines, sources)
    if extra > _NOUGHT:
        sheet.say(
            "note",
            "expected and earliest count every bolus that is allowed; fewer make it later",
            ("pump-bolus-counting",),
        )
    kept = _keeps(chosen, sheet, names, filling, keeps)
    if kept is not None:
        results["keeps"] = {
            "days": as_json(kept.quantity, "d"),
            "until": moment(filled, kept.quantity).isoformat(timespec="minutes"),
            "sources": list(kept.sources),
        }
        lines.append(
            ("drug keeps until", f"{_when(filled, kept.quantity)} ({show(kept.quantity, 'day')})")
        )
        candidates.append(("the drug keeps no longer", kept.quantity))
    why, first = min(candidates, key=lambda candidate: quantity.fraction(candidate[1], "day"))
    last = last_day(filled, first)
    results["last_day"] = {"date": last.isoformat(), "because": why}
    if more is None:
        sheet.say(
            "warn",
            "how much this pump may deliver too much is not known here: earliest is only as good "
            "as the settings. Give --over",
        )
    return Answer(
        schema="crural/pump-refill/1",
        title="Pump refill",
        headline=f"Refill by {last:%A} {last.isoformat()} at the latest: "
        f"from {_when(filled, first)} {why}.",
        inputs=inputs(chosen, drugs=names, filling=filling),
        results=results,
        lines=(("last day for the refill", last.isoformat()), *lines),
        working=tuple(sheet.steps),
        findings=tuple(sheet.findings),
        not_known=tuple(sheet.missing),
    )


def _figure(chosen: Chosen, sheet: Sheet, name: Any) -> Quantity | None:
    known = chosen.figure(name, sheet)
    return known.quantity if known else None


def _low(
    chosen: Chosen, sheet: Sheet, volume: Quantity
) -> tuple[Known, tuple[str, ...], str] | None:
    """The volume at which the refill is due: the alarm's, or the maker's own."""
    sources = chosen.pump.alarm_sources if chosen.pump else ()
    at = chosen.figure("alarm", sheet)
    why = "the volume of the alarm"
    if at is None:
        at, why = chosen.figure("refill_at", sheet), "when the maker counts the refill as due"
        sources = at.sources if at else ()
    if at is not None and "th-synchromed-alarm-volume" in at.sources:
        sheet.say(
            "note",
            "some patients had withdrawal with more than 2 mL left, none with the alarm at 4 mL",
            ("th-synchromed-alarm-volume",),
        )
    if at is not None and at.quantity >= volume:
        raise refuse(
            "--alarm",
            f"{show(at.quantity)} is not less than the {show(volume)} filled in",
            "correct the volumes",
        )
    return (at, sources, why) if at is not None else None


def _work(  # noqa: PLR0917
    sheet: Sheet,
    what: str,
    volume: Quantity,
    flow: Quantity,
    boluses: Quantity,
    times: Times,
    over: Known | None,
    under: Known | None,
) -> None:
    base = f"({show(flow)} + {show(boluses)})" if boluses > _NOUGHT else show(flow)
    sheet.work(
        f"{what}, expected",
        "volume / (flow + boluses)",
        f"{show(volume)} / {base}",
        times.expected,
    )
    if over is not None:
        sheet.work(
            f"{what}, earliest",
            "volume / ((flow + boluses) x (1 + share too much))",
            f"{show(volume)} / ({base} x (1 + {show(over.quantity)}))",
            times.earliest,
            sources=over.sources,
        )
    if under is not None:
        sheet.work(
            f"{what}, latest",
            "volume / (flow x (1 - share too little))",
            f"{show(volume)} / ({show(flow)} x (1 - {show(under.quantity)}))",
            times.latest,
            sources=under.sources,
        )


def _alarm(  # noqa: PLR0917
    sheet: Sheet,
    filled: dt.datetime,
    volume: Quantity,
    flow: Quantity,
    boluses: Quantity,
    at: Known,
    empty: Times,
    results: dict[str, Any],
    lines: list[tuple[str, str]],
    sources: tuple[str, ...],
) -> None:
    """The alarm as the pump works it out, and whether the reservoir may be empty before it."""
    sounds = times_until(volume - at.quantity, flow, boluses, None, None)
    results["alarm"] = {"volume": as_json(at.quantity), **_as_data(filled, sounds)}
    span = _when(filled, sounds.earliest)
    if sounds.latest != sounds.earliest:
        span += f" (every bolus taken) to {_when(filled, sounds.latest)} (none)"
    lines.append((f"alarm at {show(at.quantity)}", span))
    if empty.earliest < sounds.expected:
        gap = quantity.in_unit(sounds.expected - empty.earliest, "day")
        sheet.say(
            "warn",
            "the alarm is worked out from the settings, not measured: within the accuracy of the "
            f"pump the reservoir may be empty {show(gap, places=1)} before it sounds. Do not wait "
            "for the alarm",
            sources or ("pump-alarm-calculated",),
        )


def _keeps(
    chosen: Chosen,
    sheet: Sheet,
    drugs: list[str],
    filling: str | None,
    given: Quantity | None,
) -> Known | None:
    if given is not None:
        return Known(given, "given")
    if not drugs:
        sheet.say("note", "no drug was named: how long the filling keeps was not looked at")
        return None
    devices = load_pumps()
    entry = devices.keeps(drugs, filling)
    if entry is None and filling is not None:
        known = ", ".join(e.id for e in devices.stability)
        raise refuse("--filling", f"'{filling}' is none for these drugs", f"use one of {known}")
    if entry is None:
        sheet.say(
            "warn",
            f"how long {' with '.join(drugs)} keeps in a pump was not found published: ask the "
            "pharmacy, and give --keeps",
        )
        return None
    known_days = look_up(entry.days, chosen.evidence)
    assert isinstance(known_days, Known)
    if entry.when is not None:
        sheet.say(
            "note",
            f"{entry.drugs[0]} {entry.when} was assumed; name another with --filling "
            + " or ".join(e.id for e in devices.stability if e.drugs == entry.drugs),
            known_days.sources,
        )
    sheet.work(
        "drug keeps",
        f"as published for {' with '.join(entry.drugs)}",
        show(known_days.quantity),
        known_days.quantity,
        sources=known_days.sources,
    )
    return known_days


def _when(start: dt.datetime, after: Quantity) -> str:
    return f"{moment(start, after):%Y-%m-%d %H:%M}"


def _three(start: dt.datetime, times: Times) -> str:
    words = _when(start, times.expected)
    if times.earliest != times.latest:
        words += f" (earliest {_when(start, times.earliest)}, latest {_when(start, times.latest)})"
    return words


def _as_data(start: dt.datetime, times: Times) -> dict[str, Any]:
    return {
        name: {
            "days": as_json(getattr(times, name), "d"),
            "at": moment(start, getattr(times, name)).isoformat(timespec="minutes"),
        }
        for name in ("earliest", "expected", "latest")
    }


def as_calendar(answer: Answer) -> str:
    """The answer as an iCalendar file (RFC 5545): last day for the refill, alarm, empty.

    Times are local to whoever opens it, as pumps keep them. Holds no name of a patient.
    """
    results = answer.results
    stamp = dt.datetime.fromisoformat(results["filled"])
    events = [
        _event(
            stamp,
            "refill",
            f"Last day for the pump refill ({results['last_day']['because']})",
            dt.date.fromisoformat(results["last_day"]["date"]),
            remind=7,
        )
    ]
    if results["alarm"]:
        at = dt.datetime.fromisoformat(results["alarm"]["earliest"]["at"])
        events.append(_event(stamp, "alarm", "Low-reservoir alarm of the pump may sound", at))
    at = dt.datetime.fromisoformat(results["empty"]["earliest"]["at"])
    events.append(_event(stamp, "empty", "Pump may be empty from now on", at))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Crural//Pump refill//EN",
        "CALSCALE:GREGORIAN",
        *(line for event in events for line in event),
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) for line in lines)


def _event(
    stamp: dt.datetime,
    kind: str,
    summary: str,
    at: dt.date | dt.datetime,
    remind: int | None = None,
) -> list[str]:
    if isinstance(at, dt.datetime):
        when = [f"DTSTART:{at:%Y%m%dT%H%M%S}", "DURATION:PT15M"]
    else:
        after = at + dt.timedelta(days=1)
        when = [f"DTSTART;VALUE=DATE:{at:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}"]
    alarm = [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_escaped(summary)}",
        f"TRIGGER:-P{remind}D",
        "END:VALARM",
    ]
    return [
        "BEGIN:VEVENT",
        f"UID:{kind}-{stamp:%Y%m%dT%H%M}-{at:%Y%m%d}@crural",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%S}Z",
        *when,
        f"SUMMARY:{_escaped(summary)}",
        *(alarm if remind is not None else []),
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line of at most 75 octets; what is longer goes on after a line break and a space."""
    parts, part, size = [], "", 0
    for sign in line:
        width = len(sign.encode())
        if size + width > 75:
            parts.append(part)
            part, size = "", 1
        part += sign
        size += width
    parts.append(part)
    return "\r\n ".join(parts) + "\r\n"


__all__ = ["Times", "as_calendar", "last_day", "moment", "refill", "times_until"]
