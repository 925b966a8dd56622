"""The findings a record can speak of, as a table for the terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.table import Table

from crural.knowledge import Finding, Knowledge
from crural.knowledge.search import search_of_findings

MOST_FOUND = 25


def to_text(knowledge: Knowledge, search: str, width: int | None, colour: bool) -> str:
    """All findings, or those that `search` resembles, the closest first."""
    chosen = list(knowledge.findings.values()) if not search else _found(knowledge, search)
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, color_system="auto" if colour else None
    )
    if not chosen:
        console.print(f"No finding resembles '{search}'. Try one plain word, such as 'numb'.")
        return out.getvalue()
    table = Table("id", "what it is", "answer", "how it is learnt", box=None, pad_edge=False)
    for finding in chosen:
        table.add_row(finding.id, finding.name, _answer(finding), finding.burden)
    console.print(table)
    return out.getvalue()


def _found(knowledge: Knowledge, search: str) -> list[Finding]:
    found = search_of_findings(knowledge).find(search, MOST_FOUND)
    return [knowledge.findings[finding] for finding in found]


def _answer(finding: Finding) -> str:
    if not finding.graded:
        return "present or absent" + (", side" if finding.sided else "")
    states = " < ".join(finding.state_ids)
    return f"{states}" + (f" ({finding.unit})" if finding.unit else "")
