"""The check of a programme in words and as data. Computes nothing."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crural.knowledge.evidence import Evidence, cite
from crural.quantity import Quantity, amount, as_json, plain, show
from crural.stimulation.programme import (
    JOULE,
    MICROWATT,
    Endurance,
    LimitResult,
    ProgrammeCheck,
    Worked,
)

SCHEMA = "crural/stimulation-programme/1"
WIDTH = 100
# Powers and energies are kept in volts and amperes; people read microwatts and joules.
_NAMED = {MICROWATT: "µW", JOULE: "J"}
_VERDICTS = {
    "below": "below the limit",
    "reached": "AT OR ABOVE THE LIMIT",
    "unknown": "not known",
}


def shown(value: Quantity | Decimal, unit: str, places: int = 3) -> str:
    """A result for people."""
    if isinstance(value, Decimal):
        return plain(value, places)
    if unit in _NAMED:
        number = amount(value, unit)
        digits = plain(number, places)
        if digits == "0" and number:
            digits = plain(number, 1 - number.adjusted())
        return f"{digits} {_NAMED[unit]}"
    return show(value, unit, places)


def to_text(check: ProgrammeCheck, evidence: Mapping[str, Evidence]) -> str:
    """The check for people: limits first, then the working, then the sources."""
    lines = _bullet(f"Programme: {check.mode.name}, {_settings(check)}", mark="")
    if check.device is not None:
        lines.append(f"Device: {check.device.name}")
    lines += [f"Assumed: {text}." for text in check.assumptions]
    lines += ["", "Limits"]
    for limit in check.limits:
        lines += _limit_lines(limit, check)
    if check.remarks:
        lines += ["", "To look at"]
        for remark in check.remarks:
            lines += _bullet(f"{remark.field}: {remark.text}{_marks(remark.sources)}")
    lines += ["", "Results, with the working"]
    for figure in check.figures:
        lines += _figure_lines(figure)
    if check.endurance:
        lines += ["", "Battery"]
        for lasting in check.endurance:
            lines += _endurance_lines(lasting)
    if check.device is not None:
        lines += ["", "MRI"]
        lines += _bullet(f"{check.device.mri.text}{_marks(check.device.mri.sources)}")
    lines += ["", "How far the limits can be trusted"]
    for text, sources in dict.fromkeys(c for limit in check.limits for c in limit.caveats):
        lines += _bullet(f"{text}{_marks(sources)}")
    lines += ["", "Sources"]
    for entry in _cited(check, evidence):
        year = f" ({entry['year']})" if entry["year"] else ""
        lines += _bullet(f"{entry['id']}: {entry['title']}{year}. {entry['link'] or ''}".rstrip())
    return "\n".join(lines) + "\n"


def to_json(check: ProgrammeCheck, evidence: Mapping[str, Evidence]) -> str:
    """The check for programs; docs/schema/stimulation-programme.json describes it."""
    return json.dumps(as_data(check, evidence), ensure_ascii=False, indent=2)


def as_data(check: ProgrammeCheck, evidence: Mapping[str, Evidence]) -> dict[str, Any]:
    """The check as plain data; amounts are exact digits with a UCUM unit."""
    p = check.programme
    contact = p.contact
    return {
        "schema": SCHEMA,
        "mode": {"id": check.mode.id, "name": check.mode.name},
        "device": check.device.id if check.device else None,
        "inputs": {
            "amplitude": as_json(p.amplitude),
            "pulse_width": as_json(p.pulse_width),
            "rate": as_json(p.rate),
            "impedance": _optional(p.impedance),
            "contact_area": _optional(contact.area if contact else None),
            "contact_area_from": contact.how if contact else None,
            "smallest_contact_area": _optional(contact.smallest if contact else None),
            "sharing": p.sharing,
            "pulses_per_burst": p.pulses_per_burst,
            "within_burst": _optional(p.within_burst),
            "on": _optional(p.on),
            "off": _optional(p.off),
            "hours_a_day": plain(p.hours_a_day),
            "second_phase": p.second_phase,
        },
        "assumptions": list(check.assumptions),
        "figures": [
            {
                "id": f.id,
                "name": f.name,
                "value": _value(f.value, f.unit),
                "formula": f.formula,
                "put_in": f.put_in,
                "missing": f.missing,
                "sources": list(f.sources),
            }
            for f in check.figures
        ],
        "limits": [
            {
                "id": limit.id,
                "name": limit.name,
                "of": limit.of,
                "limit": plain(limit.limit.value),
                "unit": limit.unit,
                "value": None if limit.value is None else plain(limit.value, 6),
                "verdict": limit.verdict,
                "amplitude_at_limit": _optional(limit.amplitude),
                "estimate": limit.limit.because if limit.limit.estimated else None,
                "caveats": [{"text": t, "sources": list(s)} for t, s in limit.caveats],
                "sources": list(limit.limit.sources),
            }
            for limit in check.limits
        ],
        "battery": [
            {
                "name": e.name,
                "at_least": _optional(e.low),
                "middle": _optional(e.middle),
                "at_most": _optional(e.high),
                "formula": e.formula,
                "put_in": e.put_in,
                "assumptions": list(e.assumptions),
                "sources": list(e.sources),
            }
            for e in check.endurance
        ],
        "remarks": [
            {"field": r.field, "text": r.text, "sources": list(r.sources)} for r in check.remarks
        ],
        "mri": None
        if check.device is None
        else {"text": check.device.mri.text, "sources": list(check.device.mri.sources)},
        "sources": list(_cited(check, evidence)),
    }


def _value(value: Quantity | Decimal | None, unit: str) -> dict[str, str] | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return {"value": plain(value, 6), "unit": "1"}
    return as_json(value, unit)


def _optional(value: Quantity | None) -> dict[str, str] | None:
    return None if value is None else as_json(value)


def _settings(check: ProgrammeCheck) -> str:
    p = check.programme
    parts = [show(p.amplitude), show(p.pulse_width), show(p.rate)]
    if p.pulses_per_burst is not None and p.within_burst is not None:
        parts.append(f"{p.pulses_per_burst} pulses at {show(p.within_burst)} in a burst")
    if p.on is not None and p.off is not None:
        parts.append(f"{show(p.on)} on and {show(p.off)} off")
    if p.hours_a_day != 24:
        parts.append(f"{plain(p.hours_a_day)} h a day")
    if p.impedance is not None:
        parts.append(show(p.impedance))
    if p.contact is not None:
        parts.append(f"contact of {show(p.contact.area, 'mm2')} ({p.contact.how})")
    if p.sharing > 1:
        parts.append(f"current shared by {p.sharing} contacts")
    return ", ".join(parts)


def _limit_lines(limit: LimitResult, check: ProgrammeCheck) -> list[str]:
    unit = " µC/cm2" if limit.unit else ""
    what = f"{limit.name} {plain(limit.limit.value)}{unit}"
    if limit.value is None:
        return _bullet(f"{what}: not known without the area of the contact")
    reached = "" if limit.amplitude is None else f"; reached at {show(limit.amplitude, 'mA', 2)}"
    contact = check.programme.contact
    if contact is not None and contact.smallest is not None:
        reached = f" for the smallest such contact, {show(contact.smallest, 'mm2')}{reached}"
    origin = " (estimate)" if limit.limit.estimated else _marks(limit.limit.sources)
    return _bullet(
        f"{what}: {plain(limit.value, 3)}{unit}, {_VERDICTS[limit.verdict]}{reached} "
        f"at this pulse width{origin}"
    )


def _figure_lines(figure: Worked) -> list[str]:
    if figure.value is None:
        return _bullet(f"{figure.name}: not known, give {figure.missing}")
    result = shown(figure.value, figure.unit)
    return [
        *_bullet(f"{figure.name}: {result}"),
        *_bullet(f"{figure.formula} = {figure.put_in}", mark="      "),
    ]


def _endurance_lines(lasting: Endurance) -> list[str]:
    if lasting.low is None and lasting.high is not None:
        told = f"at most {plain(amount(lasting.high, 'day'), 1)} days"
    elif lasting.low == lasting.high and lasting.high is not None:
        told = f"about {plain(amount(lasting.high, 'day'), 1)} days"
    else:
        ends = [
            plain(amount(e, "day"), 1) for e in (lasting.low, lasting.middle, lasting.high) if e
        ]
        told = f"{ends[0]} to {ends[-1]} days, {ends[1]} in the middle"
    return [
        *_bullet(f"{lasting.name}: {told}{_marks(lasting.sources)}"),
        *_bullet(f"{lasting.formula} = {lasting.put_in}", mark="      "),
        *(line for text in lasting.assumptions for line in _bullet(text, mark="      ")),
    ]


def _bullet(text: str, mark: str = "  - ") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _marks(sources: Iterable[str]) -> str:
    names = ", ".join(sources)
    return f" [{names}]" if names else ""


def _cited(check: ProgrammeCheck, evidence: Mapping[str, Evidence]) -> list[dict[str, Any]]:
    """The sources in the order in which they are first used."""
    named: list[str] = []
    for limit in check.limits:
        named += [*limit.limit.sources, *(s for _, sources in limit.caveats for s in sources)]
    named += [s for remark in check.remarks for s in remark.sources]
    named += [s for figure in check.figures for s in figure.sources]
    named += [s for lasting in check.endurance for s in lasting.sources]
    if check.device is not None:
        named += check.device.mri.sources
    return [dict(cite(evidence[name])) for name in dict.fromkeys(named)]
