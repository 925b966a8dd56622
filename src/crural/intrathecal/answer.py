"""What a pump command answers: results, the working behind them, what to look at, the sources.

A number without its working cannot be made: results are written into a `Sheet` together with the
formula, the numbers put in and the evidence behind these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from crural import quantity
from crural.knowledge.evidence import Evidence, cite
from crural.knowledge.pumps import Known, Missing
from crural.quantity import Quantity
from crural.report.citations import Citations

Level = Literal["stop", "warn", "note"]


@dataclass(frozen=True)
class Step:
    """One line of the working: name = formula = numbers put in = result."""

    name: str
    formula: str
    put_in: str
    result: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Something to look at. stop: do not go on; warn: think again; note: know it."""

    level: Level
    says: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The whole answer. `results` and `inputs` hold what `as_json` of the quantities gives.

    cited: entries that `results` names beside those of the working and the findings.
    """

    schema: str
    title: str
    headline: str
    inputs: Mapping[str, Any]
    results: Mapping[str, Any]
    lines: tuple[tuple[str, str], ...]
    working: tuple[Step, ...]
    findings: tuple[Finding, ...]
    not_known: tuple[Missing, ...] = ()
    cited: tuple[str, ...] = ()


@dataclass
class Sheet:
    """Collects the working, the findings and the holes of one calculation while it runs."""

    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def work(
        self,
        name: str,
        formula: str,
        put_in: str,
        result: Quantity,
        *,
        unit: str | None = None,
        sources: Iterable[str] = (),
    ) -> Quantity:
        """Writes a line of the working and hands the result on, in the unit that is named."""
        value = quantity.in_unit(result, unit) if unit else result
        self.steps.append(Step(name, formula, put_in, quantity.show(value, places=6), (*sources,)))
        return value

    def say(self, level: Level, says: str, sources: Iterable[str] = ()) -> None:
        """Writes down something to look at, once."""
        finding = Finding(level, says, tuple(sources))
        if finding not in self.findings:
            self.findings.append(finding)

    def figure(self, looked_up: Known | Missing | None) -> Known | None:
        """The figure; a hole is written down and gives None."""
        if isinstance(looked_up, Missing):
            if looked_up not in self.missing:
                self.missing.append(looked_up)
            return None
        return looked_up


def hours(value: Quantity) -> str:
    """A time in hours and minutes, rounded to the minute: "54 h 58 min"."""
    minutes = round(quantity.fraction(value, "min"))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def as_data(answer: Answer, evidence: Mapping[str, Evidence]) -> dict[str, Any]:
    """The answer for programs; `docs/schema/` publishes its form."""
    behind = [step.sources for step in answer.working]
    behind += [finding.sources for finding in answer.findings]
    used = dict.fromkeys(source for sources in (*behind, answer.cited) for source in sources)
    return {
        "schema": answer.schema,
        "headline": answer.headline,
        "stop": any(finding.level == "stop" for finding in answer.findings),
        "inputs": dict(answer.inputs),
        "results": dict(answer.results),
        "working": [
            {
                "name": step.name,
                "formula": step.formula,
                "put_in": step.put_in,
                "result": step.result,
                "sources": list(step.sources),
            }
            for step in answer.working
        ],
        "findings": [
            {"level": finding.level, "says": finding.says, "sources": list(finding.sources)}
            for finding in answer.findings
        ],
        "not_known": [{"wanted": hole.wanted, "entry": hole.hole} for hole in answer.not_known],
        "sources": [dict(cite(evidence[source])) for source in used],
    }


def to_json(answer: Answer, evidence: Mapping[str, Evidence]) -> str:
    """The answer as JSON text."""
    return json.dumps(as_data(answer, evidence), indent=2, ensure_ascii=False)


_WORDS: Mapping[Level, str] = {"warn": "WARN", "note": "note"}


def to_text(answer: Answer, evidence: Mapping[str, Evidence]) -> str:
    """The answer for people: results, what to look at, the working, what is not known, sources."""
    citations = Citations()

    def cited(sources: Iterable[str]) -> str:
        numbers = citations.numbers(cite(evidence[source]) for source in sources)
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    width = max((len(name) for name, _ in answer.lines), default=0)
    stops = [finding for finding in answer.findings if finding.level == "stop"]
    out = [answer.title, ""]
    out += [f"STOP: {finding.says}{cited(finding.sources)}" for finding in stops]
    out += ["", answer.headline, ""] if stops else [answer.headline, ""]
    out += [f"  {name:<{width}}  {value}" for name, value in answer.lines]
    others = sorted(
        (finding for finding in answer.findings if finding.level != "stop"),
        key=lambda finding: finding.level == "note",
    )
    if others:
        out += ["", "Look at this"]
        for finding in others:
            out.append(f"  {_WORDS[finding.level]}  {finding.says}{cited(finding.sources)}")
    out += ["", "Working"]
    for number, step in enumerate(answer.working, 1):
        out.append(f"  {number}. {step.name} = {step.formula}{cited(step.sources)}")
        out.append(f"       = {step.put_in}")
        out.append(f"       = {step.result}")
    if answer.not_known:
        out += ["", "Not known here (take it from the manual, the programmer or the card)"]
        out += [f"  - {hole.wanted}" for hole in answer.not_known]
    cited(answer.cited)
    if citations.listed():
        out += ["", "Sources"]
        for source in citations.listed():
            year = f" ({source.year})" if source.year else ""
            link = f" {source.link}" if source.link else ""
            out.append(f"  [{source.number}] {source.title}{year}{link}")
    return "\n".join(out) + "\n"
