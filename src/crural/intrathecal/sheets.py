"""Sheets for patient, household and emergency department: a pump's drug runs short, or is too much.

The content stands in `data/therapy/sheets.yaml`: plain words, each line with its evidence entry.
The sheets are printed and kept with the pump card, so they hold on to nothing of one patient but
what the clinic writes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from crural.errors import KnowledgeError
from crural.intrathecal.dose_report import Cited, wrapped
from crural.intrathecal.limits import Limits, Remark, load_limits
from crural.knowledge import load_knowledge
from crural.knowledge.evidence import Evidence, cite
from crural.knowledge.loader import DATA, Problem
from crural.knowledge.one_file import read_one
from crural.report.sheet import render
from crural.report.typeset import Block, bullets, notice, paragraph

FILE = Path("therapy") / "sheets.yaml"
SCHEMA = "crural/pump-sheet/1"

SheetKind = Literal["withdrawal", "overdose"]
Urgency = Literal["emergency", "same-day", "none"]

TITLES: Mapping[SheetKind, str] = {
    "withdrawal": "When the pump gives too little {drug}",
    "overdose": "When the pump gives too much {drug}",
}
URGENT: Mapping[Urgency, str] = {
    "emergency": "EMERGENCY: call the emergency number (112, 999 or 911).",
    "same-day": "Ring the pump clinic today, at any hour.",
    "none": "No emergency in itself. Ring the pump clinic in working hours.",
}
BLANK = "______________________"
FOOTER = (
    "Made with Crural from published sources. It does not replace the pump clinic, the emergency "
    "service or the drug's label."
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NotKnown(_Frozen):
    """What is not published; `also` names what is known nearby."""

    what: str
    source: str
    also: tuple[str, ...] = ()


class SheetText(_Frozen):
    """One sheet's content, or the drug whose sheet serves here too."""

    same_as: str | None = None
    note: str = ""
    note_sources: tuple[str, ...] = ()
    urgency: Urgency = "emergency"
    opening: str = ""
    opening_sources: tuple[str, ...] = ()
    signs: tuple[Remark, ...] = ()
    emergency: tuple[Remark, ...] = ()
    first: tuple[str, ...] = ()
    then: tuple[Remark, ...] = ()
    staff: tuple[Remark, ...] = ()
    not_known: tuple[NotKnown, ...] = ()

    @model_validator(mode="after")
    def _says_what_to_look_for_and_do(self) -> SheetText:
        if self.same_as is None and not (self.opening and self.signs and self.first):
            raise ValueError("a sheet needs an opening, signs and what to do first")
        return self


class DrugSheets(_Frozen):
    """Both sheets of a drug."""

    drug: str
    withdrawal: SheetText
    overdose: SheetText


class Sheets(_Frozen):
    """The file."""

    call: tuple[str, ...]
    drugs: tuple[DrugSheets, ...]


@dataclass(frozen=True)
class PumpSheet:
    """A sheet ready to be written. `calls` are the numbers that the clinic gave."""

    kind: SheetKind
    drug: str
    text: SheetText
    note: Remark | None
    call: tuple[str, ...]
    calls: tuple[str, ...]

    @property
    def title(self) -> str:
        """What stands at its head."""
        return TITLES[self.kind].format(drug=self.drug)


@lru_cache(maxsize=4)
def load_sheets(root: Path = DATA) -> Sheets:
    """The sheets from `therapy/sheets.yaml` below `root`. Raises KnowledgeError."""
    return read_one(root, FILE.as_posix(), Sheets)


def problems(root: Path = DATA, evidence: Mapping[str, Evidence] | None = None) -> list[Problem]:
    """Sources that do not exist, drugs that the limits do not know, sheets that lead nowhere."""
    known = load_knowledge().evidence if evidence is None else evidence
    return list(_problems(load_sheets(root), load_limits(root), known))


def _problems(sheets: Sheets, limits: Limits, known: Mapping[str, Evidence]) -> Iterator[Problem]:
    names = {drug.id for drug in limits.drugs}
    own = {one.drug: one for one in sheets.drugs}
    for one in sheets.drugs:
        if one.drug not in names:
            yield _wrong(one.drug, "no such drug", "use one of limits.yaml")
        for kind in ("withdrawal", "overdose"):
            text: SheetText = getattr(one, kind)
            place = f"{one.drug}.{kind}"
            if text.same_as is not None and (
                text.same_as not in own or getattr(own[text.same_as], kind).same_as is not None
            ):
                yield _wrong(place, f"'{text.same_as}' has no sheet of its own", "name one")
            for source in sources_of(text):
                if source not in known:
                    yield _wrong(place, f"no evidence entry '{source}'", "name one that exists")


def _wrong(place: str, problem: str, remedy: str) -> Problem:
    return Problem(str(FILE), place, problem, remedy)


def sources_of(text: SheetText) -> tuple[str, ...]:
    """Every evidence entry of a sheet, once, in order."""
    named: list[str] = [*text.opening_sources, *text.note_sources]
    for remark in (*text.signs, *text.emergency, *text.then, *text.staff):
        named += remark.sources
    for hole in text.not_known:
        named += [hole.source, *hole.also]
    return tuple(dict.fromkeys(named))


def pump_sheet(
    kind: SheetKind,
    drug: str = "morphine",
    *,
    calls: Iterable[str] = (),
    sheets: Sheets | None = None,
    limits: Limits | None = None,
) -> PumpSheet:
    """The sheet of a drug, by any of its names. Raises LimitsError, KnowledgeError."""
    known = (limits or load_limits()).drug(drug)
    table = sheets or load_sheets()
    own = {one.drug: one for one in table.drugs}
    if known.id not in own:
        raise KnowledgeError(
            file=str(FILE),
            field=known.id,
            problem=f"there is no sheet for {known.name}",
            remedy="use one of " + ", ".join(own),
        )
    text: SheetText = getattr(own[known.id], kind)
    note = Remark(says=text.note, sources=text.note_sources) if text.note else None
    if text.same_as is not None:
        text = getattr(own[text.same_as], kind)
    return PumpSheet(kind, known.name, text, note, table.call, tuple(calls))


def to_html(sheet: PumpSheet, evidence: Mapping[str, Evidence]) -> str:
    """The sheet as an HTML page, self-contained and ready to print on A4."""
    cited = Cited(evidence)
    text = sheet.text

    def said(remark: Remark) -> str:
        return remark.says + cited(*remark.sources)

    opening: list[Block] = [notice(URGENT[text.urgency])]
    opening.append(paragraph(text.opening + cited(*text.opening_sources)))
    if sheet.note is not None:
        opening.append(paragraph(said(sheet.note)))
    parts: list[tuple[str, list[Block]]] = [
        ("What you may see", [bullets([said(sign) for sign in text.signs])]),
        ("What to do now", [bullets([*text.first, *(said(one) for one in text.then)])]),
    ]
    if text.emergency:
        parts.append(
            (
                "Call the emergency number at once when you see this",
                [bullets([said(one) for one in text.emergency])],
            )
        )
    parts.append(("Whom to call", [bullets(_calls(sheet)), bullets(sheet.call)]))
    if text.staff:
        parts.append(
            (
                "For doctors and nurses: what sources report, no order",
                [bullets([said(one) for one in text.staff])],
            )
        )
    if text.not_known:
        parts.append(("Not known", [bullets([_not_known(hole, cited) for hole in text.not_known])]))
    parts.append(("Sources", [bullets([" ".join(line.split()) for line in _sources(cited)])]))
    return render(
        {
            "title": sheet.title,
            "opening": opening,
            "sections": [{"heading": heading, "blocks": blocks} for heading, blocks in parts],
            "footer": FOOTER,
        }
    )


def to_text(sheet: PumpSheet, evidence: Mapping[str, Evidence]) -> str:
    """The sheet as plain text, ready to print."""
    cited = Cited(evidence)
    text = sheet.text

    def said(remarks: Iterable[Remark]) -> Iterator[str]:
        for remark in remarks:
            yield from wrapped(f"- {remark.says}{cited(*remark.sources)}", "  ", "  ")

    def plain(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            yield from wrapped(f"- {line}", "  ", "  ")

    out = [sheet.title.upper(), "", URGENT[text.urgency], ""]
    out += wrapped(text.opening + cited(*text.opening_sources), hanging="")
    if sheet.note is not None:
        out += wrapped(sheet.note.says + cited(*sheet.note.sources), hanging="")
    out += ["", "What you may see", *said(text.signs)]
    out += ["", "What to do now", *plain(text.first), *said(text.then)]
    if text.emergency:
        out += ["", "Call the emergency number at once when you see this", *said(text.emergency)]
    out += ["", "Whom to call", *plain(_calls(sheet)), *plain(sheet.call)]
    if text.staff:
        heading = "For doctors and nurses: what sources report, no order"
        out += ["", heading, *said(text.staff)]
    if text.not_known:
        out += ["", "Not known", *plain(_not_known(hole, cited) for hole in text.not_known)]
    out += ["", "Sources", *cited.lines(), "", *wrapped(FOOTER, hanging="")]
    return "\n".join(out) + "\n"


def as_data(sheet: PumpSheet, evidence: Mapping[str, Evidence]) -> dict[str, Any]:
    """The sheet for programs; `docs/schema/pump-sheet.json` publishes its form."""
    text = sheet.text

    def data(remarks: Iterable[Remark]) -> list[dict[str, Any]]:
        return [{"says": r.says, "sources": list(r.sources)} for r in remarks]

    named = dict.fromkeys((*(sheet.note.sources if sheet.note else ()), *sources_of(text)))
    return {
        "schema": SCHEMA,
        "kind": sheet.kind,
        "drug": sheet.drug,
        "title": sheet.title,
        "urgency": text.urgency,
        "opening": {"says": text.opening, "sources": list(text.opening_sources)},
        "note": data([sheet.note])[0] if sheet.note else None,
        "signs": data(text.signs),
        "emergency": data(text.emergency),
        "first": list(text.first),
        "then": data(text.then),
        "call": [*_calls(sheet), *sheet.call],
        "staff": data(text.staff),
        "not_known": [
            {"what": hole.what, "entry": hole.source, "also": list(hole.also)}
            for hole in text.not_known
        ],
        "sources": [dict(cite(evidence[source])) for source in named if source in evidence],
    }


def _calls(sheet: PumpSheet) -> list[str]:
    """The numbers that were given; blanks to fill in where none was."""
    given = list(sheet.calls) or [f"Pump clinic: {BLANK}", f"At night: {BLANK}"]
    return [*given, f"Pump, drug and concentration, last refill: {BLANK}"]


def _not_known(hole: NotKnown, cited: Cited) -> str:
    return hole.what + cited(*hole.also)


def _sources(cited: Cited) -> list[str]:
    """The list of sources, one line each."""
    joined: list[str] = []
    for line in cited.lines():
        if line.startswith("  ["):
            joined.append(line)
        else:
            joined[-1] += f" {line.strip()}"
    return joined
