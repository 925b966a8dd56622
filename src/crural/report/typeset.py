"""Setting pages as PDF with typst. Words go in as data, so that none of them can act as markup.

Only the fonts that the compiler ships are used: a page looks alike on every machine, and its PDF is
the same to the last byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

import typst

from crural.report import words

Style = Literal["plain", "bold", "quiet"]
Run: TypeAlias = Mapping[str, str]
# The words of a cell, line or item: in one style, or runs of several.
Words: TypeAlias = str | Sequence[Run]
Block: TypeAlias = Mapping[str, Any]

# Longer words get places where a line may break.
_LONGEST_WORD = 22
_BREAK = "\u200b"


def pdf(template: str, content: Mapping[str, Any]) -> bytes:
    """The pages of a template ('letter' or 'sheet') with its content, as PDF."""
    made = typst.compile(
        _source(template),
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"content": json.dumps(_settable(content))},
        timestamp=0,
    )
    assert isinstance(made, bytes)
    return made


def run(text: str, style: Style = "plain") -> Run:
    """Words in one style."""
    return {"text": text, "style": style}


def paragraph(*runs: Run | str) -> Block:
    """A paragraph of runs; plain strings are runs without a style."""
    return {"kind": "paragraph", "runs": as_runs(*runs)}


def bullets(items: Sequence[Words]) -> Block:
    """A list with bullets."""
    return {"kind": "list", "items": [_cell(item) for item in items]}


def notice(*lines: Words) -> Block:
    """Lines in a frame that no page break parts."""
    return {"kind": "notice", "lines": [_cell(line) for line in lines]}


def table(
    head: Sequence[str],
    columns: Sequence[float],
    rows: Sequence[Sequence[Words]],
) -> Block:
    """A table; `columns` are shares of the width, 0 for as wide as needed."""
    return {
        "kind": "table",
        "head": list(head),
        "columns": list(columns),
        "rows": [[_cell(cell) for cell in row] for row in rows],
    }


def as_runs(*parts: Run | str) -> list[Run]:
    """Runs, with plain strings made into runs."""
    return [run(part) if isinstance(part, str) else part for part in parts]


def _cell(cell: Words) -> list[Run]:
    return as_runs(cell) if isinstance(cell, str) else list(cell)


def _settable(value: Any, key: str = "") -> Any:
    """Content with long words made breakable; pictures are left as they are."""
    if isinstance(value, str):
        return value if key == "svg" else breakable(value)
    if isinstance(value, Mapping):
        return {name: _settable(inner, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_settable(inner) for inner in value]
    return value


def breakable(text: str) -> str:
    """Text with places to break in words that would run over the margin."""

    def parted(match: re.Match[str]) -> str:
        word = match[0]
        return _BREAK.join(word[i : i + 8] for i in range(0, len(word), 8))

    return re.sub(rf"\S{{{_LONGEST_WORD},}}", parted, words.shown(text))


@lru_cache(maxsize=4)
def _source(template: str) -> bytes:
    folder = files("crural.report") / "templates"
    return (folder / "blocks.typ").read_bytes() + (folder / f"{template}.typ").read_bytes()


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
