"""Parts of the text layout that every section uses: headings, grids, marks of sources."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from crural.report import words
from crural.report.citations import Citations

NARROWEST, WIDEST = 40, 120


def screen(width: int | None, colour: bool | None) -> Console:
    """A console that keeps what is printed on it.

    Without a width the terminal's is taken (100 when there is none, 120 at most); without a choice
    of colour there is colour when standard output is a terminal and NO_COLOR is not set.
    """
    if colour is None:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    if width is None:
        width = min(shutil.get_terminal_size((100, 24)).columns, WIDEST)
    return Console(
        file=StringIO(),
        width=max(width, NARROWEST),
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def printed(console: Console, parts: Iterable[RenderableType]) -> str:
    """What a console of `screen` shows of some parts, each with an empty line after it."""
    for part in parts:
        console.print(part)
        console.print()
    assert isinstance(console.file, StringIO)
    text = words.shown(console.file.getvalue(), " ")
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).rstrip("\n") + "\n"


def source_list(citations: Citations) -> Table:
    """The sources mentioned so far, with their numbers."""
    sources = grid(("dim", 5), ("", None))
    for source in citations.listed():
        year = f" ({source.year})" if source.year else ""
        where = f" {source.link}" if source.link else ""
        sources.add_row(f"[{source.number}]", f"{source.title}{year}.{where}")
    return sources


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
