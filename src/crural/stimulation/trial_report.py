"""The analysis of a trial as data (JSON, crural/stimulation-trial/1) and as text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from crural.knowledge.evidence import Evidence, cite
from crural.report.citations import Citations
from crural.report.layout import grid, heading, marks, printed, screen, source_list
from crural.stimulation.diary import Diary
from crural.stimulation.trial import (
    SURE,
    Change,
    Halves,
    PhaseSummary,
    Range,
    Relief,
    TrialAnalysis,
    Verdict,
    Washout,
)

SCHEMA = "crural/stimulation-trial/1"
MODEL = (
    "score = mean of its phase + noise that follows itself from day to day (AR(1)); means uniform "
    "on 0 to 10, integrated over noise and autocorrelation; intervals hold 90 %"
)
MODEL_SOURCES = ("stim-single-case-model", "stim-single-case-bayes-factor")

STATE = {
    "met": "met",
    "not-met": "NOT met",
    "open": "open",
    "unknown": "unknown",
    "withheld": "withheld",
}
_STATE_STYLE = {"met": "bold green", "not-met": "bold red", "open": "bold yellow"}
_SIGN = {"stop": "!!", "warn": "!", "note": "·"}
_SIGN_STYLE = {"stop": "bold red", "warn": "bold yellow", "note": "dim"}
PHASE = {"baseline": "before (baseline)", "trial": "in the trial", "after": "after the trial"}

Data = Mapping[str, Any]


def as_data(analysis: TrialAnalysis, evidence: Mapping[str, Evidence]) -> dict[str, Any]:
    """The analysis as plain data; sources are given in full beside what they support."""

    def cited(sources: Iterable[str]) -> list[Mapping[str, Any]]:
        return [cite(evidence[source]) for source in sources]

    return {
        "schema": SCHEMA,
        "diary": _diary(analysis.diary),
        "model": {
            "text": MODEL,
            "noise_sd": round(analysis.noise_sd, 3),
            "autocorrelation": round(analysis.correlation, 3),
            "sources": cited(MODEL_SOURCES),
        },
        "phases": [_phase(analysis.diary, phase) for phase in analysis.phases],
        "relief": _relief(analysis.relief),
        "course": [
            {
                "day": step.day,
                "relief": _range(step.share),
                "chance_half": round(step.chance_50, 4),
            }
            for step in analysis.steps
        ],
        "halves": _halves(analysis.halves),
        "washout": _washout(analysis.washout),
        "odi": _change(analysis.odi),
        "opioid_mg": _change(analysis.opioid),
        "sleep_hours": _change(analysis.sleep),
        "settings": [
            {"time": round(time, 4), "settings": said} for time, said in analysis.settings
        ],
        "remarks": [
            {"level": r.level, "text": r.text, "sources": cited(r.sources)}
            for r in analysis.remarks
        ],
        "definitions": [
            _verdict(verdict) | {"sources": cited(verdict.definition.sources)}
            for verdict in analysis.verdicts
        ],
        "more_days": {
            "settled": analysis.more.settled,
            "needed": analysis.more.needed,
            "chances": [
                {"days": days, "chance": round(chance, 3)}
                for days, chance in analysis.more.chances.items()
            ],
            "text": analysis.more.because,
        },
        "says": [{"text": s.text, "sources": cited(s.sources)} for s in analysis.says],
    }


def _diary(diary: Diary) -> dict[str, Any]:
    return {
        "file": diary.where,
        "origin": diary.origin.isoformat() if diary.origin else None,
        "entries": [
            {"time": round(e.time, 4), "phase": e.phase, "nrs": e.nrs} for e in diary.entries
        ],
    }


def _range(of: Range) -> dict[str, float | None]:
    return {
        name: None if math.isnan(value) else round(value, 4)
        for name, value in (("middle", of.middle), ("low", of.low), ("high", of.high))
    }


def _phase(diary: Diary, of: PhaseSummary) -> dict[str, Any]:
    first, last = diary.date_of(of.first), diary.date_of(of.last)
    return {
        "phase": of.phase,
        "first": round(of.first, 4),
        "last": round(of.last, 4),
        "first_date": first.isoformat() if first else None,
        "last_date": last.isoformat() if last else None,
        "days": of.days,
        "entries": of.entries,
        "scored": of.scored,
        "observed_mean": None if math.isnan(of.observed) else round(of.observed, 4),
        "mean": _range(of.mean),
    }


def _relief(of: Relief) -> dict[str, Any]:
    return {
        "share": _range(of.share),
        "points": _range(of.points),
        "chance_30": round(of.chance_30, 4),
        "chance_50": round(of.chance_50, 4),
    }


def _halves(of: Halves | None) -> dict[str, Any] | None:
    if of is None:
        return None
    return {
        "early": _range(of.early),
        "late": _range(of.late),
        "rise": _range(of.rise),
        "chance_fading": round(of.chance_fading, 4),
    }


def _washout(of: Washout | None) -> dict[str, Any] | None:
    if of is None:
        return None
    return {
        "days": of.days,
        "rise": _range(of.rise),
        "share_back": None if math.isnan(of.share_back) else round(of.share_back, 4),
        "chance_rise": round(of.chance_rise, 4),
    }


def _change(of: Change) -> dict[str, float | None]:
    return {
        name: None if value is None else round(value, 3)
        for name, value in (("before", of.before), ("trial", of.trial), ("last", of.last))
    }


def _verdict(of: Verdict) -> dict[str, Any]:
    return {
        "id": of.definition.id,
        "name": of.definition.name,
        "body": of.definition.body,
        "year": of.definition.year,
        "state": of.state,
        "parts": [
            {
                "text": part.text,
                "state": part.state,
                "chance": None if part.chance is None else round(part.chance, 4),
            }
            for part in of.parts
        ],
        "ask": list(of.definition.ask),
    }


def to_text(data: Data, width: int | None = None, colour: bool | None = None) -> str:
    """The data of `as_data` as text."""
    citations = Citations()
    return printed(
        screen(width, colour),
        (
            _head(data, citations),
            _figures(data),
            _doubts(data, citations),
            _definitions(data, citations),
            _further(data, citations),
            Group(heading("Sources"), source_list(citations)),
        ),
    )


def _head(data: Data, citations: Citations) -> RenderableType:
    model = data["model"]
    return Group(
        Text.assemble(("Crural", "bold"), f" · trial of stimulation · {data['diary']['file']}"),
        Text(
            f"Model: {model['text']}{marks(model['sources'], citations, ' ')}. Noise of a score "
            f"{model['noise_sd']:.1f} points, correlation from day to day "
            f"{model['autocorrelation']:.2f}.",
            style="dim",
        ),
    )


def _figures(data: Data) -> RenderableType:
    lines = grid(("bold", 22), ("", None))
    for phase in data["phases"]:
        dates = f", {phase['first_date']} to {phase['last_date']}" if phase["first_date"] else ""
        days = f"{phase['days']} {'day' if phase['days'] == 1 else 'days'}"
        lines.add_row(
            f"Pain {PHASE[phase['phase']]}",
            f"{_points(phase['mean'])} of 10   ({phase['scored']} scores{_as_written(phase)}, "
            f"{days}{dates})",
        )
    relief = data["relief"]
    lines.add_row("Relief", f"{_percents(relief['share'])}, {_points(relief['points'])} points")
    lines.add_row(
        "Probability",
        f"{chance(relief['chance_30'])} of 30 % or more, {chance(relief['chance_50'])} of 50 % "
        "or more",
    )
    course = data["course"]
    shown = sorted({0, len(course) // 3, 2 * len(course) // 3, len(course) - 1})
    lines.add_row(
        "As it stood after",
        "; ".join(
            f"day {course[i]['day']}: {100 * course[i]['relief']['middle']:.0f} %" for i in shown
        ),
    )
    if data["halves"] is not None:
        halves = data["halves"]
        lines.add_row(
            "Within the trial",
            f"first half {halves['early']['middle']:.1f}, second half "
            f"{halves['late']['middle']:.1f}; fading: {chance(halves['chance_fading'])}",
        )
    washout = data["washout"]
    if washout is not None:
        back = washout["share_back"]
        share = f", {100 * back:.0f} % of the relief" if back is not None else ""
        lines.add_row(
            "Came back after it",
            f"{_points(washout['rise'])} points{share} within {washout['days']} days; that it "
            f"rose: {chance(washout['chance_rise'])}",
        )
    for name, key, unit in (
        ("Function (Oswestry)", "odi", ""),
        ("Opioids a day", "opioid_mg", " mg of oral morphine"),
        ("Sleep a night", "sleep_hours", " hours"),
    ):
        lines.add_row(name, _changed(data[key], unit))
    if data["settings"]:
        told = "; ".join(f"{s['settings']} from {_day(data, s['time'])}" for s in data["settings"])
        lines.add_row("Settings", told)
    return Group(heading("What the diary shows"), lines)


def _as_written(phase: Data) -> str:
    mean = phase["observed_mean"]
    return "" if mean is None else f" of mean {mean:.1f}"


def _day(data: Data, time: float) -> str:
    start = next(phase["first"] for phase in data["phases"] if phase["phase"] == "trial")
    return f"day {math.floor(time) - math.floor(start) + 1}"


def _changed(change: Data, unit: str) -> str:
    before, trial, last = change["before"], change["trial"], change["last"]
    if before is None or trial is None:
        return "not recorded before and in the trial"
    end = f", at the end {last:.3g}" if last is not None and last != trial else ""
    return f"{before:.3g} before, {trial:.3g} in the trial{end}{unit}"


def _doubts(data: Data, citations: Citations) -> RenderableType:
    lines = grid(("", 3), ("", None))
    for level in ("stop", "warn", "note"):
        for remark in data["remarks"]:
            if remark["level"] == level:
                lines.add_row(
                    Text(_SIGN[level], style=_SIGN_STYLE[level]),
                    f"{remark['text']}{marks(remark['sources'], citations, ' ')}",
                )
    if not data["remarks"]:
        lines.add_row("", "Nothing in the diary itself.")
    for said in data["says"]:
        lines.add_row("·", f"{said['text']}{marks(said['sources'], citations, ' ')}")
    return Group(heading("What to doubt"), lines)


def _definitions(data: Data, citations: Citations) -> RenderableType:
    lines = grid(("", 10), ("", None))
    for definition in data["definitions"]:
        state = definition["state"]
        name = Text.assemble(
            (definition["name"], "bold"),
            f"  {definition['body']}, {definition['year']}"
            f"{marks(definition['sources'], citations, ' ')}",
        )
        lines.add_row(Text(STATE[state], style=_STATE_STYLE.get(state, "dim")), name)
        for part in definition["parts"]:
            sure = "" if part["chance"] is None else f" (probability {chance(part['chance'])})"
            lines.add_row("", f"{STATE[part['state']]}: {part['text']}{sure}")
        if definition["ask"]:
            lines.add_row("", f"ask: {'; '.join(definition['ask'])}")
    return Group(
        heading("Against published definitions of success"),
        Text(
            f"A figure counts as met from a probability of {SURE:g} on, as not met from "
            f"{1 - SURE:.1g} down.",
            style="dim",
        ),
        lines,
    )


def _further(data: Data, citations: Citations) -> RenderableType:
    del citations
    more = data["more_days"]
    text = more["text"][0].upper() + more["text"][1:] + "."
    lines: list[RenderableType] = [heading("Would more diary settle it?"), Text(text)]
    if more["chances"]:
        told = ", ".join(
            f"{math.floor(100 * one['chance'])} % after {one['days']} more days"
            for one in more["chances"]
        )
        lines.append(Text(f"Chance that it is settled: {told}.", style="dim"))
    return Group(*lines)


def chance(p: float) -> str:
    """A probability in two figures, rounded towards one half: never surer than it is."""
    if p > 0.99:
        return "over 0.99"
    if p < 0.01:
        return "under 0.01"
    return f"{(math.floor(100 * p + 1e-9) if p > 0.5 else math.ceil(100 * p - 1e-9)) / 100:.2f}"


def _points(of: Data) -> str:
    if of["middle"] is None:
        return "not scored"
    return f"{of['middle']:.1f} ({of['low']:.1f} to {of['high']:.1f})"


def _percents(of: Data) -> str:
    return f"{100 * of['middle']:.0f} % ({100 * of['low']:.0f} to {100 * of['high']:.0f} %)"
