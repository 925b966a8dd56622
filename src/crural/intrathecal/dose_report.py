"""Writing a dose finding for people and for programs. Computes nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crural import quantity as q
from crural.intrathecal import slips
from crural.intrathecal.dose_finding import (
    Band,
    Converted,
    DoseFinding,
    Plan,
    Ratio,
    Start,
    band_data,
    consensus_unread,
    figure_data,
    ratio_data,
    sources_of,
)
from crural.intrathecal.limits import WHAT, Drug, Figure, Hole
from crural.knowledge.evidence import Evidence, cite
from crural.report.citations import Citations

SCHEMA = "crural/pump-dose/1"
WIDTH = 100
NO_ORDER = (
    "This is not a prescription. It lists what others have published, with its disagreements and "
    "gaps. The dose is chosen by the clinician who knows the patient, and checked by a second one."
)
STANDING: Mapping[str, str] = {
    "opioid-naive": "no opioids by mouth or patch",
    "takes-opioids": "takes opioids; whether that makes tolerant is for the clinician to judge",
    "unknown": "not known whether opioids are taken",
}


class Cited:
    """Marks of sources: their numbers in the order in which they are first mentioned."""

    def __init__(self, evidence: Mapping[str, Evidence]) -> None:
        self._evidence = evidence
        self._citations = Citations()

    def __call__(self, *sources: str) -> str:
        """' [1, 2]'; nothing for entries that stand for a gap or do not exist."""
        known = [self._evidence[s] for s in sources if s in self._evidence]
        numbers = self._citations.numbers(cite(e) for e in known if e.kind != "hole")
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    def lines(self) -> Iterator[str]:
        """The list of sources."""
        for source in self._citations.listed():
            year = f" ({source.year})" if source.year else ""
            yield from wrapped(f"[{source.number}] {source.title}{year} {source.link or ''}", "  ")


def wrapped(text: str, indent: str = "", hanging: str = "    ") -> Iterator[str]:
    """A paragraph in lines of at most 100 characters; addresses are never broken."""
    yield from textwrap.wrap(
        text.strip(),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def to_text(found: DoseFinding, evidence: Mapping[str, Evidence]) -> str:
    """The dose finding for people."""
    cited = Cited(evidence)
    out = [f"First doses of {found.drug.name} into the spinal fluid: what is published", ""]
    out += wrapped(NO_ORDER, hanging="")
    out += [
        "",
        *wrapped(
            f"{found.drug.name}: {found.drug.status}{cited(*found.drug.status_sources)}", "  "
        ),
    ]
    out += _patient(found)
    for heading, lines in (
        ("Look at this", list(_findings(found, cited))),
        ("In this record", list(_from_record(found, cited))),
        ("From opioids by mouth", list(_conversions(found, cited))),
        ("Published starting doses", list(_starts(found, cited))),
        ("Trial dose", list(_figures(found.trial, found.drug, cited)) or _none("trial dose")),
        ("Watching the patient, the longest first", list(_watch(found, cited))),
        ("Raising the dose: the most that published steps allow", list(_plans(found, cited))),
        (
            "Limits and reported doses, by body and year",
            list(_figures(found.limits, found.drug, cited)) or _none("limit"),
        ),
        ("Other routes, and the way back", list(_other_routes(found, cited))),
        (
            "Cautions",
            [
                line
                for remark in found.cautions
                for line in wrapped(f"- {remark.says}{cited(*remark.sources)}", "  ", "  ")
            ],
        ),
        (
            "Looked for and not readable: no figure is filled in",
            [line for hole in found.holes for line in wrapped(_hole(hole), "  ", "  ")],
        ),
    ):
        if lines:
            out += ["", heading, *lines]
    out += ["", "Sources", *cited.lines()]
    return "\n".join(out) + "\n"


def as_data(found: DoseFinding, evidence: Mapping[str, Evidence]) -> dict[str, Any]:
    """The dose finding for programs; `docs/schema/pump-dose.json` publishes its form."""
    drug = found.drug
    return {
        "schema": SCHEMA,
        "notice": NO_ORDER,
        "drug": {"id": drug.id, "name": drug.name, "status": drug.status},
        "inputs": {
            "oral_total": q.as_json(found.total, "mg/day") if found.total is not None else None,
            "oral_total_from": found.total_from,
            "oral_total_complete": found.total_complete,
            "standing": found.standing,
            "proposed": q.as_json(found.proposed) if found.proposed is not None else None,
        },
        "findings": slips.as_data(found.findings),
        "from_record": [
            {
                "level": c.level,
                "says": c.says,
                "because": list(c.because),
                "sources": list(c.sources),
            }
            for c in found.from_record
        ],
        "conversions": [
            {
                **ratio_data(one.ratio),
                "for_a_first_dose": one.ratio.start,
                "range": band_data(one.band, drug),
                "with_share": band_data(one.share, drug) if one.share else None,
                "working": _working(one, found),
            }
            for one in found.converted
        ],
        "share_to_begin_with": {
            "estimate": q.plain(found.share.estimate),
            "range": [q.plain(end) for end in found.share.range],
            "because": found.share.because,
            "published": False,
        }
        if found.converted
        else None,
        "spread": band_data(found.spread, drug) if found.spread else None,
        "starts": [
            {
                **figure_data(start.figure),
                "fits": start.fits,
                "meets": band_data(start.meets, drug) if start.meets else None,
                "apart": start.apart,
            }
            for start in found.starts
        ],
        "trial": [figure_data(figure) for figure in found.trial],
        "observe": [figure_data(figure) for figure in found.observe],
        "interval": [figure_data(figure) for figure in found.interval],
        "plans": [
            {
                "step": figure_data(plan.step),
                "formula": _formula(plan),
                "stages": [
                    {
                        "rises": stage.rises,
                        "not_before_day": stage.day,
                        "at_most": band_data(stage.most, drug),
                        "held_by": stage.held_by,
                    }
                    for stage in plan.stages
                ],
            }
            for plan in found.plans
        ],
        "limits": [figure_data(figure) for figure in found.limits],
        "other_routes": [ratio_data(ratio) for ratio in found.other_routes],
        "back": [ratio_data(ratio) for ratio in found.back],
        "cautions": [{"says": c.says, "sources": list(c.sources)} for c in found.cautions],
        "not_known": [
            {"body": hole.body, "year": hole.year, "what": hole.what, "entry": hole.source}
            for hole in found.holes
        ],
        "sources": [
            dict(cite(evidence[source])) for source in sources_of(found) if source in evidence
        ],
    }


def _hole(hole: Hole) -> str:
    year = f" {hole.year}" if hole.year else ""
    return f"- {hole.what}" if hole.body == "any" else f"- {hole.body}{year}: {hole.what}"


def _none(what: str) -> list[str]:
    return [f"  no published {what} could be read"]


def _patient(found: DoseFinding) -> Iterator[str]:
    if found.total is None:
        said = "Opioids by mouth: not known. Conversions are left out."
    else:
        least = "" if found.total_complete else "at least "
        said = (
            f"Opioids by mouth as morphine: {least}{q.show(found.total, 'mg/day')} "
            f"({found.total_from})."
        )
        if not found.total_complete:
            said += " Not all could be counted, so every converted range is too low by that much."
    yield from wrapped(said, "  ")
    yield from wrapped(f"Patient: {STANDING[found.standing]}.", "  ")


def _findings(found: DoseFinding, cited: Cited) -> Iterator[str]:
    for finding in found.findings:
        yield from wrapped(
            f"{finding.level.upper()}  {finding.says}. {finding.remedy[:1].upper()}"
            f"{finding.remedy[1:]}.{cited(*finding.sources)}",
            "  ",
            "      ",
        )


def _from_record(found: DoseFinding, cited: Cited) -> Iterator[str]:
    for caution in found.from_record:
        because = f" ({'; '.join(caution.because)})" if caution.because else ""
        yield from wrapped(
            f"{caution.level}: {caution.says}{because}{cited(*caution.sources)}", "  "
        )


def _conversions(found: DoseFinding, cited: Cited) -> Iterator[str]:
    if not found.drug.opioid:
        yield from wrapped(f"No opioid is converted to {found.drug.name}.", "  ")
        return
    for one in found.converted:
        use = "" if one.ratio.start else " NOT for a first dose."
        yield from wrapped(
            f"{one.ratio.whose}: {_ratio(one.ratio)} ({one.ratio.kind}){cited(one.ratio.source)}",
            "  ",
        )
        yield from wrapped(f"{_working(one, found)}", "      ")
        yield from wrapped(f"{one.ratio.caveat}.{use}", "      ")
    if found.converted:
        low, high = (_share(end) for end in found.share.range)
        yield from wrapped(
            f"Share to begin with: none is published. Our estimate is {low} to {high} of the "
            f"converted dose, because {found.share.because}.{cited(*found.share.also)}",
            "  ",
        )
    if found.converted and found.drug.id == "hydromorphone":
        rule = found.hydromorphone
        yield from wrapped(
            f"Morphine to hydromorphone, {rule.body}: {rule.says}.{cited(rule.source, *rule.also)}",
            "  ",
        )
    if found.spread is not None:
        yield from wrapped(
            "Taken together, ratios for first doses and that share span "
            f"{_band(found.spread, found.drug)}.",
            "  ",
        )
    if not found.converted:
        yield from wrapped("Nothing to convert.", "  ")


def _working(one: Converted, found: DoseFinding) -> str:
    assert found.total is not None
    divisor = f" / {q.plain(found.hydromorphone.is_)}" if found.drug.id == "hydromorphone" else ""
    high, low = max(one.ratio.numbers), min(one.ratio.numbers)
    said = f"{q.show(found.total, 'mg/day')} / {q.plain(high)}{divisor}"
    if high != low:
        said += f" ... / {q.plain(low)}{divisor}"
    said += f" = {_band(one.band, found.drug)}"
    if one.share is not None:
        ends = " ... ".join(q.plain(end) for end in found.share.range)
        said += f"; x {ends} = {_band(one.share, found.drug)}"
    return said


def _starts(found: DoseFinding, cited: Cited) -> Iterator[str]:
    if not found.starts:
        yield from _none("starting dose")
        return
    for start in found.starts:
        yield from wrapped(
            _figure(start.figure, found.drug) + _fits(start) + cited(start.figure.source), "  "
        )
        if start.meets is not None:
            yield from wrapped(
                f"in common with the conversions: {_band(start.meets, found.drug)}", "      "
            )
        elif start.apart == "conversion-below":
            yield from wrapped(
                "the conversions lie wholly below it: the lower is the safer to begin with",
                "      ",
            )
        elif start.apart == "conversion-above":
            yield from wrapped(
                "the conversions lie wholly above it: the lower is the safer to begin with",
                "      ",
            )


def _fits(start: Start) -> str:
    return {True: " (this patient)", False: " (not this patient)", None: ""}[start.fits]


def _watch(found: DoseFinding, cited: Cited) -> Iterator[str]:
    if not found.observe:
        yield from _none("time of watching")
        return
    yield from _figures(found.observe, found.drug, cited)
    longest = next((f for f in found.observe if f.highest is not None), None)
    times = {f.lowest for f in found.observe if f.what == "watch-at-least" and f.lowest is not None}
    if longest is not None and len(times) > 1:
        yield from wrapped("They disagree: keep to the longer.", "  ")


def _plans(found: DoseFinding, cited: Cited) -> Iterator[str]:
    if not found.plans:
        yield from _none("step, or no published start to rise from,")
    for plan in found.plans:
        yield from wrapped(
            f"{_figure(plan.step, found.drug)}{cited(plan.step.source)}; {_formula(plan)}", "  "
        )
        for stage in plan.stages:
            rises = {0: "start", 1: "after 1 rise"}.get(stage.rises, f"after {stage.rises} rises")
            day = f", not before day {stage.day}" if stage.day else ""
            line = f" (held at the line of {stage.held_by})" if stage.held_by else ""
            yield from wrapped(
                f"{rises}{day}: at most {_band(stage.shown, found.drug)}{line}", "      ", "  "
            )
    for figure in found.interval:
        yield from wrapped(f"When: {_figure(figure, found.drug)}{cited(figure.source)}", "  ")
    for said, source in about_rises(found):
        yield from wrapped(f"{said}{cited(source) if source else ''}", "  ")
    if found.plans:
        yield from wrapped(
            "A rise is for pain that is still there and side effects that allow it; no rise is due "
            "because a table has a next line.",
            "  ",
        )


def about_rises(found: DoseFinding) -> Iterator[tuple[str, str | None]]:
    """What the tables of rises leave open, each with its source."""
    if not found.plans:
        return
    if found.converted:
        yield "Each table begins at what the conversions span, never above a published start.", None
    if not found.interval:
        yield "No time between two rises could be read: wait at least for the longest watch.", None
    unread = consensus_unread(found)
    if unread is not None:
        yield (
            f"The newest dose table of the consensus ({unread.body}, {unread.year}) could not be "
            "read: look up its greatest daily dose before the first rise.",
            unread.source,
        )


def _formula(plan: Plan) -> str:
    if plan.step.shares is not None:
        return f"start x (1 + {q.plain(plan.step.shares[1])})^rises"
    assert plan.step.highest is not None
    return f"start + rises x {q.show(plan.step.highest)}"


def _other_routes(found: DoseFinding, cited: Cited) -> Iterator[str]:
    for ratio in (*found.other_routes, *found.back):
        yield from wrapped(f"{ratio.whose}: {ratio.says}{cited(ratio.source)}", "  ")


def _figures(figures: Iterable[Figure], drug: Drug, cited: Cited) -> Iterator[str]:
    for figure in figures:
        yield from wrapped(_figure(figure, drug) + cited(figure.source), "  ")


def _figure(figure: Figure, drug: Drug) -> str:
    what = WHAT.get(figure.what, "")
    who = figure.when or (figure.who if figure.who not in {None, "any"} else None)
    said = f"{figure.whose}{f' ({who})' if who else ''}: {what} "
    if figure.lowest is not None and figure.highest is not None:
        said += "by at most " if figure.what == "step" else ""
        said += _band(Band(figure.lowest, figure.highest), drug)
    shares = figure.shares
    if shares is not None:
        low, high = (_share(end) for end in shares)
        said += f"by at most {high}" if low == high else f"by {low} to {high}"
    parts = [part for part in (figure.says, figure.note) if part]
    if parts:
        said = (
            f"{said.rstrip()} ({'; '.join(parts)})" if figure.numbers else said + "; ".join(parts)
        )
    return " ".join(said.split())


def _band(band: Band, drug: Drug) -> str:
    low, high = drug.shown(band.low), drug.shown(band.high)
    if low == high:
        return low
    number, unit = low.split(" ", 1)
    return f"{number} to {high}" if high.endswith(f" {unit}") else f"{low} to {high}"


def _ratio(ratio: Ratio) -> str:
    low, high = q.plain(min(ratio.numbers)), q.plain(max(ratio.numbers))
    return f"{low} : 1" if low == high else f"{low} to {high} : 1"


def _share(share: Any) -> str:
    return f"{q.plain(share * 100)} %"
