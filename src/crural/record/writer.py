"""Writing a record as YAML that the reader gives back unchanged."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator

from crural.record.document import read_plain
from crural.record.model import Record
from crural.record.shapes import is_list, is_mapping
from crural.record.shorthand import SCHEMA

# Text of this shape means itself without quotes in any YAML reader; all else is quoted.
_NEEDS_NO_QUOTES = re.compile(
    r"[A-Za-z][A-Za-z0-9_/.-]*(?: [A-Za-z0-9_/.()+-]+)*|[0-9]+(?: [A-Za-z][A-Za-z0-9_/.-]*)+"
)
# Words that a YAML 1.1 reader takes for true or false.
_OTHER_WORDS = frozenset({"y", "n", "on", "off"})
# Characters that YAML counts as line breaks, or swallows, inside quotes.
_INVISIBLE = re.compile("[\x85\u2028\u2029\ufeff]")


def write_record(record: Record) -> str:
    """The record as YAML text, one line per observation, treatment or score."""
    return "".join(f"{line}\n" for line in _lines(record))


def _lines(record: Record) -> Iterator[str]:
    yield f"schema: {SCHEMA}"
    # The setting shifts every probability, so it is written even where it is the default.
    said = record.model_dump(exclude_defaults=True) | {"setting": record.setting}
    for key in Record.model_fields:
        value = said.get(key)
        if is_list(value):
            yield f"{key}:"
            yield from (f"  - {flow(item)}" for item in value)
        elif key in said:
            yield f"{key}: {flow(value)}"


def flow(value: object) -> str:
    """Plain data as YAML on one line."""
    if is_mapping(value):
        return "{" + ", ".join(f"{flow(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if is_list(value):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return _text(str(value))


def _text(text: str) -> str:
    if (
        _NEEDS_NO_QUOTES.fullmatch(text)
        and read_plain(text) == text
        and text.casefold() not in _OTHER_WORDS
    ):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match.group()):04x}", quoted)
