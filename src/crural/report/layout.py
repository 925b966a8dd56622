"""Parts of the text layout that every section uses: headings, grids, marks of sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from crural.report.citations import Citations


def heading(title: str) -> RenderableType:
    """A line across the page with the title of a section."""
    return Rule(Text(title.upper(), style="bold"), align="left", style="dim", characters="─")


def grid(*columns: tuple[str, int | None]) -> Table:
    """A table without lines; a column without a width takes what is left."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=False)
    for style, width in columns:
        table.add_column(style=style, width=width, overflow="fold")
    return table


def marks(
    sources: Iterable[Mapping[str, Any]], citations: Citations, before: str, without: str = ""
) -> str:
    """Numbers of sources, such as ' [3,7]'; `without` is said where there is none."""
    numbers = citations.numbers(sources)
    said = f"[{','.join(map(str, numbers))}]" if numbers else without
    return f"{before}{said}" if said else ""
