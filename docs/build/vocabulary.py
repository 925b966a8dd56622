"""Pages of what the shipped knowledge holds: its findings and its conditions."""

from __future__ import annotations

from itertools import groupby

from crural.check import check
from crural.check.report import CheckReport
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
        rows = sorted((f for f in knowledge.findings.values() if f.kind == kind), key=_sort_key)
        parts += [
            f"## {title}",
            "",
            "| Id | What it is | Answer | Learnt by |",
            "|---|---|---|---|",
            *(_finding_row(finding) for finding in rows),
            "",
        ]
    return "\n".join(parts)


def _sort_key(finding: Finding) -> str:
    return finding.id


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
    """Every condition, and how much of it rests on publications."""
    report = check()
    parts = [
        "# Conditions",
        "",
        f"The {len(knowledge.conditions)} causes of leg pain that Crural knows, from knowledge "
        f"`{knowledge.digest}`. *Sourced* is the share of a condition's numbers that rest on a "
        "publication; the others are estimates with a range and a reason. `crural knowledge show "
        "ID` shows them all.",
        "",
        _weakest(report, knowledge),
        "",
    ]
    every = sorted(knowledge.conditions.values(), key=lambda c: (c.group, c.name))
    sourced = {one.condition: one for one in report.sourcing.per_condition}
    for group, members in groupby(every, key=lambda c: c.group):
        parts += [
            f"## {group.replace('-', ' ').capitalize()}",
            "",
            "| Condition | For the patient | Urgency | In primary care | Findings | Sourced |",
            "|---|---|---|--:|--:|--:|",
            *(_condition_row(c, knowledge, report) for c in members),
            "",
        ]
    assert len(sourced) <= len(knowledge.conditions) + 1
    return "\n".join(parts)


def _weakest(report: CheckReport, knowledge: Knowledge) -> str:
    return ""


def _condition_row(condition: Condition, knowledge: Knowledge, report: CheckReport) -> str:
    return ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
