"""Masses at the tip of a spinal catheter: what is published, beside a patient's dose and strength.

Facts stand side by side with their sources, and where two disagree both are shown. No risk is
computed: the figures are too few, and the sources disagree on what drives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crural import quantity as q
from crural.intrathecal import slips
from crural.intrathecal.dose_report import Cited, wrapped
from crural.intrathecal.limits import (
    Amount,
    Drug,
    Limits,
    Remark,
    Told,
    disagreements,
    load_limits,
)
from crural.knowledge import load_knowledge
from crural.knowledge.evidence import Evidence, cite
from crural.knowledge.loader import DATA, Problem
from crural.knowledge.one_file import read_one

FILE = Path("therapy") / "granuloma.yaml"
SCHEMA = "crural/pump-granuloma/1"

Standing = Literal["at-or-above", "below"]


class Fact(BaseModel):
    """One published finding; `from` is the figure that a patient's value is held against."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    id: str
    about: str
    says: str
    source: str
    drugs: tuple[str, ...] = ()
    share: Decimal | None = None
    compare: Literal["concentration"] | None = None
    from_: Amount | None = Field(default=None, alias="from")
    at: str | None = None

    @model_validator(mode="after")
    def _compares_with_something(self) -> Fact:
        if (self.compare is None) != (self.from_ is None) or (self.from_ is None) != (
            self.at is None
        ):
            raise ValueError("compare, from and at belong together")
        return self


class Facts(BaseModel):
    """The file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: tuple[Fact, ...]
    disagree: str
    disagree_sources: tuple[str, ...]
    early: Remark
    late: Remark
    do: Remark


@dataclass(frozen=True)
class Held:
    """A fact, and where the patient's value stands against it; None when it is not compared."""

    fact: Fact
    standing: Standing | None


@dataclass(frozen=True)
class Granuloma:
    """The facts that concern a drug."""

    drug: Drug
    dose: q.Quantity | None
    concentration: q.Quantity | None
    held: tuple[Held, ...]
    table: Facts
    findings: tuple[slips.Finding, ...]


@lru_cache(maxsize=4)
def load_facts(root: Path = DATA) -> Facts:
    """The facts from `therapy/granuloma.yaml` below `root`. Raises KnowledgeError."""
    return read_one(root, FILE.as_posix(), Facts)


def problems(root: Path = DATA, evidence: Mapping[str, Evidence] | None = None) -> list[Problem]:
    """Everything in the facts that does not agree with the evidence."""
    known = load_knowledge().evidence if evidence is None else evidence
    return list(_problems(load_facts(root), known))


def _problems(table: Facts, known: Mapping[str, Evidence]) -> Iterator[Problem]:
    for fact in table.facts:
        if fact.source not in known:
            yield _wrong(fact.id, f"no evidence entry is called '{fact.source}'")
            continue
        if fact.from_ is not None and fact.at is not None:
            for wrong in disagreements(Told((fact.from_.magnitude,), fact.source, fact.at), known):
                yield _wrong(fact.id, wrong)
        if fact.share is not None:
            told = Told((fact.share,), fact.source, "frequency.value")
            for wrong in disagreements(told, known):
                yield _wrong(fact.id, wrong)
    named = [*table.disagree_sources]
    named += [s for remark in (table.early, table.late, table.do) for s in remark.sources]
    for source in named:
        if source not in known:
            yield _wrong("file", f"no evidence entry is called '{source}'")


def _wrong(place: str, problem: str) -> Problem:
    return Problem(str(FILE), place, problem, "mend the entry, or its evidence")


def granuloma(
    drug: str = "morphine",
    *,
    dose: q.Quantity | None = None,
    concentration: q.Quantity | None = None,
    limits: Limits | None = None,
    facts: Facts | None = None,
) -> Granuloma:
    """What is published on catheter-tip masses that concerns a drug, its dose and concentration.

    Raises LimitsError for an unknown drug.
    """
    table = limits or load_limits()
    known = table.drug(drug)
    about = facts or load_facts()
    findings = slips.check(known, limits=table, daily_dose=dose, concentration=concentration)
    return Granuloma(
        drug=known,
        dose=dose,
        concentration=concentration,
        held=tuple(
            Held(fact, _standing(fact, concentration))
            for fact in about.facts
            if not fact.drugs or known.id in fact.drugs
        ),
        table=about,
        findings=findings,
    )


def _standing(fact: Fact, concentration: q.Quantity | None) -> Standing | None:
    if fact.from_ is None or concentration is None:
        return None
    return "at-or-above" if concentration >= fact.from_ else "below"


_WORDS: Mapping[Standing, str] = {
    "at-or-above": "this patient's concentration is at or above that",
    "below": "this patient's concentration is below that, which excludes nothing",
}


def to_text(found: Granuloma, evidence: Mapping[str, Evidence]) -> str:
    """The facts for people."""
    cited = Cited(evidence)
    out = [f"Mass at the catheter tip, {found.drug.name}: what is published", ""]
    given = [found.drug.shown(v) for v in (found.dose, found.concentration) if v is not None]
    if given:
        out += [f"  Given: {', '.join(given)}", ""]
    out += wrapped("No risk is computed for a patient: the figures are few, and disagree.")
    for finding in found.findings:
        out += wrapped(f"{finding.level.upper()}  {finding.says}", "  ")
    out += [""]
    for held in found.held:
        out += wrapped(f"- {held.fact.says}{cited(held.fact.source)}", "  ", "  ")
        if held.standing is not None:
            out += wrapped(f"-> {_WORDS[held.standing]}", "      ", "   ")
    table = found.table
    out += ["", *wrapped(table.disagree + cited(*table.disagree_sources), hanging="")]
    out += ["", "What to watch for, and what is done"]
    for remark in (table.early, table.late, table.do):
        out += wrapped(f"- {remark.says}{cited(*remark.sources)}", "  ", "  ")
    out += ["", "Sources", *cited.lines()]
    return "\n".join(out) + "\n"


def as_data(found: Granuloma, evidence: Mapping[str, Evidence]) -> dict[str, Any]:
    """The facts for programs; `docs/schema/pump-granuloma.json` publishes their form."""
    table = found.table
    named = dict.fromkeys(
        (
            *(held.fact.source for held in found.held),
            *table.disagree_sources,
            *(s for remark in (table.early, table.late, table.do) for s in remark.sources),
            *(s for finding in found.findings for s in finding.sources),
        )
    )
    return {
        "schema": SCHEMA,
        "drug": {"id": found.drug.id, "name": found.drug.name},
        "inputs": {
            "dose": q.as_json(found.dose) if found.dose is not None else None,
            "concentration": q.as_json(found.concentration)
            if found.concentration is not None
            else None,
        },
        "findings": slips.as_data(found.findings),
        "facts": [
            {
                "id": held.fact.id,
                "about": held.fact.about,
                "says": held.fact.says,
                "share": q.plain(held.fact.share) if held.fact.share is not None else None,
                "from": q.as_json(held.fact.from_) if held.fact.from_ is not None else None,
                "standing": held.standing,
                "source": held.fact.source,
            }
            for held in found.held
        ],
        "disagree": {"says": table.disagree, "sources": list(table.disagree_sources)},
        "watch_for": [
            {"says": remark.says, "sources": list(remark.sources)}
            for remark in (table.early, table.late)
        ],
        "do": {"says": table.do.says, "sources": list(table.do.sources)},
        "sources": [dict(cite(evidence[source])) for source in named if source in evidence],
    }
