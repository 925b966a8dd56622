"""The level that the pain asks for, as data (JSON, crural/stimulation-coverage/1) and as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from crural.knowledge.evidence import Evidence, cite
from crural.knowledge.stimulation import CoverageKnowledge
from crural.report.citations import Citations
from crural.report.layout import grid, heading, marks, printed, screen, source_list
from crural.stimulation.coverage import Coverage, Estimate, Lead, Root, vertebra

SCHEMA = "crural/stimulation-coverage/1"
MODEL = (
    "chance(level) = ease × exp(−((level − best) / reach)² / 2) for each area; estimates with "
    "ranges, held against published maps; shares of patients per level are not published in what "
    "could be read"
)
MOST_LEVELS = 4
MOST_ROOTS = 4
SIDE = {
    "left": "left of the cord's middle",
    "right": "right of the cord's middle",
    "midline": "on the cord's middle, or one lead on each side of it",
    "unknown": "side not recorded",
}

Data = Mapping[str, Any]


def as_data(
    coverage: Coverage,
    knowledge: CoverageKnowledge,
    evidence: Mapping[str, Evidence],
    where: str,
) -> dict[str, Any]:
    """The coverage as plain data; sources are given in full beside what they support."""

    def cited(sources: Iterable[str]) -> list[Mapping[str, Any]]:
        return [cite(evidence[source]) for source in sources]

    return {
        "schema": SCHEMA,
        "record": where,
        "model": {"text": MODEL, "sources": cited(knowledge.sources)},
        "areas": [
            {
                "id": area.id,
                "name": area.name,
                "sides": list(area.sides),
                "side_known": area.side_known,
                "weight": round(area.weight, 3),
                "dermatomes": list(area.dermatomes),
                "best": _estimate(area.best),
                "ease": _estimate(area.ease),
                "published": [
                    {
                        "from": vertebra(p.levels[0]),
                        "to": vertebra(p.levels[1]),
                        "text": p.says,
                        "sources": cited([p.source]),
                    }
                    for p in area.knowledge.published
                ],
            }
            for area in coverage.areas
        ],
        "loosely": list(coverage.loosely),
        "dermatomes": list(coverage.dermatomes),
        "levels": [
            {
                "vertebra": level.name,
                "number": level.vertebra,
                "chance": _estimate(level.chance),
                "first": round(level.first, 3),
                "areas": {area: round(value, 3) for area, value in level.areas.items()},
            }
            for level in coverage.levels
        ],
        "leads": [_lead(lead) for lead in coverage.leads],
        "ganglia": [
            _root(root)
            | {
                "published": [
                    {"area": g.area, "text": g.says, "sources": cited([g.source])}
                    for g in root.published
                ]
            }
            for root in coverage.roots
        ],
        "modes": [
            {"id": m.id, "name": m.name, "text": m.says, "sources": cited(m.sources)}
            for m in coverage.modes
        ],
        "remarks": list(coverage.remarks),
        "says": [{"text": s.text, "sources": cited(s.sources)} for s in coverage.says],
    }


def _estimate(of: Estimate) -> dict[str, float]:
    return {"middle": round(of.middle, 3), "low": round(of.low, 3), "high": round(of.high, 3)}


def _lead(of: Lead) -> dict[str, Any]:
    return {
        "target": _estimate(of.target)
        | {
            "vertebra": vertebra(of.target.middle),
            "from": vertebra(round(of.target.low)),
            "to": vertebra(round(of.target.high)),
        },
        "tip": _estimate(of.tip) | {"vertebra": vertebra(of.tip.middle)},
        "side": of.side,
        "areas": list(of.areas),
    }


def _root(of: Root) -> dict[str, Any]:
    return {
        "root": of.name,
        "share": round(of.share, 3),
        "sides": list(of.sides),
        "areas": list(of.areas),
    }


def to_text(data: Data, width: int | None = None, colour: bool | None = None) -> str:
    """The data of `as_data` as text."""
    citations = Citations()
    return printed(
        screen(width, colour),
        (
            _head(data, citations),
            _areas(data, citations),
            _levels(data),
            _ganglia(data, citations),
            _modes(data, citations),
            Group(heading("Sources"), source_list(citations)),
        ),
    )


def _head(data: Data, citations: Citations) -> RenderableType:
    model = data["model"]
    return Group(
        Text.assemble(("Crural", "bold"), f" · level of a lead · {data['record']}"),
        Text(f"Model: {model['text']}{marks(model['sources'], citations, ' ')}.", style="dim"),
        Text(
            "Whether stimulation is due at all is told by `crural assess`; the level is found by "
            "testing in the patient, and this says where to begin.",
            style="dim",
        ),
    )


def _areas(data: Data, citations: Citations) -> RenderableType:
    lines = grid(("bold", 20), ("", 15), ("", None))
    for area in data["areas"]:
        sides = " and ".join(area["sides"]) if area["side_known"] else "side not known"
        published = "; ".join(
            f"{p['text']}{marks(p['sources'], citations, ' ')}" for p in area["published"]
        )
        lines.add_row(
            area["name"],
            f"{sides}",
            f"skin of {', '.join(area['dermatomes'])}. Published: "
            f"{published or 'no level in what could be read'}",
        )
    return Group(heading("What hurts"), lines)


def _levels(data: Data) -> RenderableType:
    lines = grid(("bold", 6), ("", 24), ("", None))
    for level in data["levels"][:MOST_LEVELS]:
        reached = level["chance"]
        lines.add_row(
            level["vertebra"],
            f"{_percent(reached['middle'])} ({_percent(reached['low'])} to "
            f"{_percent(reached['high'])})",
            "of the painful area can be reached; the best level in "
            f"{_percent(level['first'])} of draws of the estimates",
        )
    names = {area["id"]: area["name"] for area in data["areas"]}
    leads: list[RenderableType] = []
    for i, lead in enumerate(data["leads"], start=1):
        target = lead["target"]
        leads.append(
            Text.assemble(
                (f"Lead {i}: " if len(data["leads"]) > 1 else "Lead: ", "bold"),
                f"middle contacts behind {target['vertebra']} (between {target['from']} and "
                f"{target['to']}), tip about {lead['tip']['vertebra']}, {SIDE[lead['side']]}; for "
                f"{', '.join(names[area] for area in lead['areas'])}",
            )
        )
    if len(data["leads"]) > 1:
        leads.append(Text("Two leads, for back and leg ask for levels too far apart for one."))
    return Group(heading("Level of the lead (stimulation with tingling)"), lines, *leads)


def _ganglia(data: Data, citations: Citations) -> RenderableType:
    lines = grid(("bold", 6), ("", None))
    told: set[str] = set()
    for root in data["ganglia"][:MOST_ROOTS]:
        sides = " and ".join(root["sides"])
        published = []
        for one in root["published"]:
            if one["text"] not in told:
                told.add(one["text"])
                published.append(f"{one['text']}{marks(one['sources'], citations, ' ')}")
        lines.add_row(
            root["root"],
            f"{sides}: skin of {_percent(root['share'])} of the painful areas"
            + (f". {'; '.join(published)}" if published else ""),
        )
    return Group(heading("Ganglia, if one small area hurts"), lines)


def _modes(data: Data, citations: Citations) -> RenderableType:
    lines = grid(("bold", 22), ("", None))
    for mode in data["modes"]:
        lines.add_row(
            mode["name"][0].upper() + mode["name"][1:],
            f"{mode['text']}{marks(mode['sources'], citations, ' ')}",
        )
    notes = grid(("", 3), ("", None))
    for remark in data["remarks"]:
        notes.add_row(Text("!", style="bold yellow"), remark[0].upper() + remark[1:] + ".")
    for said in data["says"]:
        notes.add_row("·", f"{said['text']}{marks(said['sources'], citations, ' ')}")
    return Group(heading("What to mind"), lines, Text(""), notes)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
