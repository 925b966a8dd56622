"""The findings a record can speak of, as a table for the terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.table import Table

from crural.knowledge import Finding, Knowledge
from crural.record import suggest

MOST_FOUND = 25


def to_text(knowledge: Knowledge, search: str, width: int | None, colour: bool) -> str:
    """All findings, or those that `search` resembles: first those that contain all its words."""
    chosen = list(knowledge.findings.values()) if not search else _found(knowledge, search)
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, color_system="auto" if colour else None
    )
    if not chosen:
        console.print(f"No finding resembles '{search}'. Try one plain word, such as 'reflex'.")
        return out.getvalue()
    table = Table("id", "what it is", "answer", "how it is learnt", box=None, pad_edge=False)
    for finding in chosen:
        table.add_row(finding.id, finding.name, _answer(finding), finding.burden)
    console.print(table)
    return out.getvalue()


def _found(knowledge: Knowledge, search: str) -> list[Finding]:
    words = search.casefold().split()
    holding = [
        finding
        for finding in knowledge.findings.values()
        if all(any(word in text.casefold() for text in _texts(finding)) for word in words)
    ]
    near = suggest(knowledge.vocabulary, search, n=5)
    more = [knowledge.findings[i] for i in near if knowledge.findings[i] not in holding]
    return (holding + more)[:MOST_FOUND]


def _texts(finding: Finding) -> tuple[str, ...]:
    return (finding.id.replace("-", " "), finding.name, finding.question, *finding.synonyms)


def _answer(finding: Finding) -> str:
    if not finding.graded:
        return "present or absent" + (", side" if finding.sided else "")
    states = " < ".join(finding.state_ids)
    return f"{states}" + (f" ({finding.unit})" if finding.unit else "")
