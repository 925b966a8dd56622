"""The plan before a procedure, in words and as data. Computes nothing."""

from __future__ import annotations

import datetime as dt
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crural.knowledge.devices import Devices
from crural.knowledge.evidence import Evidence, cite
from crural.stimulation.before import BeforePlan, DrugPlan

SCHEMA = "crural/stimulation-before/1"
WIDTH = 100
_STATES = {"to-do": "to do", "done": "done by the record", "ask": "ask"}
_KINDS = {"stop": "STOP", "restart": "AGAIN", "procedure": "DAY", "leads-out": "LEADS OUT"}


def to_text(plan: BeforePlan, devices: Devices, evidence: Mapping[str, Evidence]) -> str:
    """The plan for people: alarms, calendar, drugs, questions, checks, devices, sources."""
    lines = _bullet(
        f"Before: {plan.procedure.name} on {_day(plan.date)}, bleeding risk {plan.procedure.risk}"
        f"{_marks(plan.procedure.sources)}",
        "",
    )
    lines.append("No drug for the heart, the brain or a clot is stopped without its prescriber.")
    for alarm in plan.alarms:
        lines += ["", *_bullet(alarm, "!!  ")]
    lines += ["", "Calendar"]
    for event in plan.events:
        hour = f" {event.time:%H:%M}" if event.time else ""
        label = _KINDS.get(event.kind, event.kind.upper())
        lines += _bullet(f"{_day(event.date)}{hour}  {label}: {event.text}{_marks(event.sources)}")
    for text in plan.assumptions:
        lines += _bullet(f"taken: {text}", "      ")
    lines += ["", f"Kidneys: {plan.kidney.text}"]
    lines += ["", "Drugs that hinder clotting"]
    lines += [line for drug in plan.drugs for line in _drug_lines(drug)] or ["  - none found"]
    if plan.harmless:
        lines += _bullet(f"not stopped for bleeding: {', '.join(plan.harmless)}")
    for of, title in (
        ("prescriber", "Ask the prescriber before anything is stopped"),
        ("laboratory", "Measure"),
        ("patient", "Ask the patient"),
    ):
        asked = [q for q in plan.questions if q.of == of]
        if asked:
            lines += ["", title]
            for question in asked:
                lines += _bullet(f"{question.text}{_marks(question.sources)}")
    lines += ["", "Checks"]
    for check in plan.checks:
        lines += _bullet(f"{_STATES[check.state]}: {check.text}{_marks(check.sources)}")
    lines += ["", "MRI labels of systems, as far as they were read"]
    for device in devices.stimulators.values():
        lines += _bullet(f"{device.name}: {device.mri.text}{_marks(device.mri.sources)}")
    lines += ["", "Sources"]
    for entry in cited(plan, devices, evidence):
        year = f" ({entry['year']})" if entry["year"] else ""
        lines += _bullet(f"{entry['id']}: {entry['title']}{year}. {entry['link'] or ''}".rstrip())
    return "\n".join(lines) + "\n"


def to_json(plan: BeforePlan, devices: Devices, evidence: Mapping[str, Evidence]) -> str:
    """The plan for programs; docs/schema/stimulation-before.json describes it."""
    return json.dumps(as_data(plan, devices, evidence), ensure_ascii=False, indent=2)


def as_data(plan: BeforePlan, devices: Devices, evidence: Mapping[str, Evidence]) -> dict[str, Any]:
    """The plan as plain data; dates and times in ISO 8601, local to the clinic."""
    return {
        "schema": SCHEMA,
        "record": plan.record,
        "procedure": {
            "id": plan.procedure.id,
            "name": plan.procedure.name,
            "risk": plan.procedure.risk,
            "sources": list(plan.procedure.sources),
        },
        "date": plan.date.isoformat(),
        "start": _moment(plan.start),
        "end": _moment(plan.end),
        "leads_out": plan.leads_out.isoformat() if plan.leads_out else None,
        "kidney": {
            "state": plan.kidney.state or "unknown",
            "severe": plan.kidney.severe,
            "text": plan.kidney.text,
        },
        "alarms": list(plan.alarms),
        "assumptions": list(plan.assumptions),
        "earliest_date": plan.earliest.isoformat() if plan.earliest else None,
        "calendar": [
            {
                "date": e.date.isoformat(),
                "time": e.time.isoformat("minutes") if e.time else None,
                "kind": e.kind,
                "text": e.text,
                "drug": e.drug,
                "sources": list(e.sources),
            }
            for e in plan.events
        ],
        "drugs": [_drug_data(drug) for drug in plan.drugs],
        "not_hindering": list(plan.harmless),
        "not_recognised": list(plan.unrecognised),
        "questions": [
            {"of": q.of, "text": q.text, "sources": list(q.sources)} for q in plan.questions
        ],
        "checks": [
            {"id": c.id, "text": c.text, "state": c.state, "sources": list(c.sources)}
            for c in plan.checks
        ],
        "devices": [
            {
                "id": d.id,
                "name": d.name,
                "models": list(d.models),
                "mri": d.mri.text,
                "sources": list(d.mri.sources),
            }
            for d in devices.stimulators.values()
        ],
        "sources": cited(plan, devices, evidence),
    }


def cited(
    plan: BeforePlan, devices: Devices, evidence: Mapping[str, Evidence]
) -> list[dict[str, Any]]:
    """The sources in the order in which they are first used."""
    named = list(plan.procedure.sources)
    named += [s for event in plan.events for s in event.sources]
    named += [said.source for drug in plan.drugs for said in drug.said]
    named += [s for question in plan.questions for s in question.sources]
    named += [s for check in plan.checks for s in check.sources]
    named += [s for device in devices.stimulators.values() for s in device.mri.sources]
    return [dict(cite(evidence[name])) for name in dict.fromkeys(named)]


def _drug_data(drug: DrugPlan) -> dict[str, Any]:
    return {
        "drug": drug.drug,
        "rule": drug.rule,
        "kind": drug.kind,
        "status": drug.status,
        "pause": drug.pause,
        "last_dose_at_latest": _moment(drug.last_dose),
        "restart_not_before": _moment(drug.restart),
        "restart_hours": drug.restart_hours,
        "days_from_last_dose_to_restart": drug.days_between,
        "restart": drug.restart_text,
        "sources_differ": drug.differ,
        "said": [{"text": s.text, "source": s.source, "planned": s.planned} for s in drug.said],
        "notes": list(drug.notes),
    }


def _drug_lines(drug: DrugPlan) -> Iterator[str]:
    if drug.status == "no-time":
        yield from _bullet(f"{drug.drug}: NO DATE. {'; '.join(drug.notes)}")
        return
    if drug.status in {"not-stopped", "shared"}:
        told = "; ".join(f"{said.text}{_marks((said.source,))}" for said in drug.said)
        yield from _bullet(f"{drug.drug}: {told}")
        return
    last = drug.last_dose
    assert last is not None
    hour = "" if drug.whole_day else f" {last:%H:%M}"
    yield from _bullet(f"{drug.drug}: last dose {_day(last.date())}{hour} ({drug.pause})")
    again = f"{_day(drug.restart.date())} {drug.restart:%H:%M}" if drug.restart else "no date yet"
    between = "" if drug.days_between is None else f"; {drug.days_between} days after the last dose"
    if drug.restart_text is not None:
        yield from _bullet(f"again not before: {again} ({drug.restart_text}{between})", "      ")
    else:
        yield from _bullet("again: no time was found, ask the prescriber", "      ")
    if drug.differ:
        yield from _bullet(
            "the sources differ; the longest pause and restart are planned:", "      "
        )
    for said in drug.said:
        mark = "* " if said.planned else "- "
        yield from _bullet(f"{said.text}{_marks((said.source,))}", f"        {mark}")
    for note in drug.notes:
        yield from _bullet(note, "      ")


def _day(date: dt.date) -> str:
    return f"{date:%a} {date.isoformat()}"


def _moment(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="minutes")


def _marks(sources: Iterable[str]) -> str:
    names = ", ".join(sources)
    return f" [{names}]" if names else ""


def _bullet(text: str, mark: str = "  - ") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
