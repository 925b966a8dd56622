"""Pages of what the shipped knowledge holds: its findings and its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from crural.check.sourcing import Tally, sourcing_of
from crural.knowledge import Condition, Finding, Knowledge, resolve

KINDS = {
    "history": "History",
    "symptom": "Symptoms",
    "sign": "Signs",
    "test": "Tests",
}


def findings_page(knowledge: Knowledge) -> str:
    """Every finding a record can speak of."""
    parts = [
        "# Findings",
        "",
        f"The {len(knowledge.findings)} findings that a record can speak of, from knowledge "
        f"`{knowledge.digest}`. `crural findings WORD` searches them, by synonyms too.",
        "",
    ]
    for kind, title in KINDS.items():
        rows = sorted(
            (f for f in knowledge.findings.values() if f.kind == kind), key=lambda f: f.id
        )
        parts += [
            f"## {title}",
            "",
            "| Id | What it is | Answer | Learnt by |",
            "|---|---|---|---|",
            *(_finding_row(finding) for finding in rows),
            "",
        ]
    return "\n".join(parts)


def _finding_row(finding: Finding) -> str:
    if finding.graded:
        answer = ", ".join(f"`{state}`" for state in finding.state_ids)
    else:
        answer = "present or absent"
    if finding.unit is not None:
        answer += f"; or a value in {finding.unit}"
    if finding.sided:
        answer += "; side"
    name = finding.name
    if finding.nested_under is not None:
        name += f" (implies `{finding.nested_under}`)"
    return f"| `{finding.id}` | {_cell(name)} | {_cell(answer)} | {finding.burden} |"


def conditions_page(knowledge: Knowledge) -> str:
    """Every condition, and how much of what is said of its findings rests on publications."""
    sourced = {one.id: one.findings for one in sourcing_of(knowledge).per_condition}
    parts = [
        "# Conditions",
        "",
        f"The {len(knowledge.conditions)} causes of leg pain that Crural knows, from knowledge "
        f"`{knowledge.digest}`. *Common* is the stated share of adults with leg pain in primary "
        "care in whom it is a cause. *Findings* counts the numbers of its own findings, *sourced* "
        "the share of them that rests on a publication; the others are estimates with a range and "
        "a reason, and what comes through mechanisms is not counted. `crural knowledge show ID` "
        "shows them all.",
        "",
        _weakest(knowledge, sourced),
        "",
    ]
    every = sorted(knowledge.conditions.values(), key=lambda c: (c.group, c.name))
    for group, members in groupby(every, key=lambda c: c.group):
        parts += [
            f"## {group.replace('-', ' ').capitalize()}",
            "",
            "| Condition | For the patient | Urgency | Common | Findings | Sourced |",
            "|---|---|---|--:|--:|--:|",
            *(_condition_row(c, knowledge, sourced[c.id]) for c in members),
            "",
        ]
    return "\n".join(parts)


def _weakest(knowledge: Knowledge, sourced: Mapping[str, Tally]) -> str:
    none = [c.name for c in knowledge.conditions.values() if sourced[c.id].sourced == 0]
    if not none:
        return "Every condition has at least one finding whose frequency was published."
    names = "; ".join(sorted(none))
    return f"**Weakest.** No published figure stands behind the findings of: {names}."


def _condition_row(condition: Condition, knowledge: Knowledge, findings: Tally) -> str:
    prior = resolve(condition.prior.primary_care, knowledge.evidence, "probability").value
    cells = (
        f"{_cell(condition.name)}<br>`{condition.id}`",
        _cell(condition.plain),
        condition.urgency,
        f"{100 * prior:.2g} %",
        str(findings.parameters),
        f"{findings.share:.0%}",
    )
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
