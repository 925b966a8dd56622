"""The findings a record can speak of, as a table for the terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.table import Table

from crural.knowledge import Finding, Knowledge
from crural.knowledge.search import search_of_all, search_of_findings

MOST_FOUND = 25


def to_text(knowledge: Knowledge, search: str, width: int | None, colour: bool) -> str:
    """All findings, or those that `search` resembles, the closest first."""
    chosen = list(knowledge.findings.values()) if not search else _found(knowledge, search)
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, color_system="auto" if colour else None
    )
    if not chosen:
        console.print(f"No finding resembles '{search}'. {_instead(knowledge, search)}")
        return out.getvalue()
    table = Table(box=None, pad_edge=False)
    # An id that is cut cannot be copied into a record.
    table.add_column("id", no_wrap=True)
    for heading in ("what it is", "answer", "how it is learnt"):
        table.add_column(heading)
    for finding in chosen:
        table.add_row(finding.id, finding.name, _answer(finding), finding.burden)
    console.print(table)
    return out.getvalue()


def _found(knowledge: Knowledge, search: str) -> list[Finding]:
    found = search_of_findings(knowledge).find(search, MOST_FOUND)
    return [knowledge.findings[finding] for finding in found]


def _instead(knowledge: Knowledge, search: str) -> str:
    """What else the words may name: a cause is weighed and a treatment tried, neither is found."""
    for entry in search_of_all(knowledge).find(search):
        kind, _, name = entry.partition("/")
        if kind == "conditions":
            return (
                f"{knowledge.conditions[name].name} is a cause that is weighed: write what was "
                f"found of it (what may be found: crural knowledge show {name})."
            )
        if kind == "treatments":
            return f"{knowledge.treatments[name].name} is a treatment: write it under treatments."
    return "Try one plain word, such as 'numb'."


def _answer(finding: Finding) -> str:
    if not finding.graded:
        return "present or absent" + (", side" if finding.sided else "")
    states = " < ".join(finding.state_ids)
    return f"{states}" + (f" ({finding.unit})" if finding.unit else "")
