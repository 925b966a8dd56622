"""From the text of a YAML or JSON file to plain data, remembering the line of every part.

The text comes from outside, so the parser's events are walked here one by one instead of letting
the YAML library build objects: depth and size are limited as they grow, nothing is built from tags
or aliases, and a key given twice is seen. It also means that a scalar is read as a clinician would
read it: YAML's own rules turn 010 into 8 and 12:30 into 750.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import yaml

from crural.record.field_error import Place, shown
from crural.record.text import first_not_text

if TYPE_CHECKING:
    from yaml.events import CollectionStartEvent, Event, ScalarEvent

Scalar: TypeAlias = str | bool | int | float | dt.date | None

# The C parser is much faster and comes with every PyYAML wheel; the other is the fallback.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# A record needs five levels and a long pain diary 120 000 parts; the parser itself would go on
# until memory ends.
_DEEPEST = 12
_MOST_PARTS = 250_000

_WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO"), False),
}
_WHOLE = re.compile(r"^[-+]?[0-9]{1,18}$")
_NUMBER = re.compile(r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$")
_LONGEST_NUMBER = 40
_NOT_FINITE = re.compile(r"^[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)$")
_DATE = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_SURROGATES = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)


class DocumentError(Exception):
    """The text is not one YAML document of the plain kind a record needs."""

    def __init__(self, line: int | None, place: Place, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.line = line
        self.place = place
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Document:
    """Plain data, and the line (from 1) on which each part of it begins."""

    data: object
    lines: Mapping[Place, int] = field(default_factory=dict[Place, int])

    def line_of(self, place: Place) -> int | None:
        """The line of a place, or of the nearest thing around it that has one."""
        for length in range(len(place), -1, -1):
            line = self.lines.get(place[:length])
            if line is not None:
                return line
        return None


@dataclass
class _Open:
    """A list or mapping whose end has not been reached."""

    place: Place
    into: list[object] | dict[str, object]
    line: int
    key: str = ""


def parse(text: str, *, is_json: bool = False) -> Document:
    """The one document in `text`. Raises DocumentError.

    JSON is read as the YAML it nearly is; `is_json` mends the one escape in which they differ.
    """
    bad = first_not_text(text)
    if bad is not None:
        raise DocumentError(
            text.count("\n", 0, bad.start()) + 1,
            (),
            f"contains the control character U+{ord(bad.group()):04X}, so it is not a text file",
            "save the record as plain text (UTF-8)",
        )
    if is_json:
        text = _SURROGATES.sub(_join_surrogates, text)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _unreadable(error, is_json=is_json) from None
    return Document(builder.data, builder.lines)


def _join_surrogates(match: re.Match[str]) -> str:
    high, low = int(match[2], 16), int(match[3], 16)
    return match[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _unreadable(error: yaml.YAMLError, *, is_json: bool) -> DocumentError:
    kind = "JSON" if is_json else "YAML"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be parsed"
    return DocumentError(
        None if mark is None else mark.line + 1,
        (),
        f"is not readable as {kind} ({said})",
        "look at this line and the one before for a missing quote, bracket, colon or blank, and "
        "put text that contains ': ' or ' #' in quotes",
    )


class _Builder:
    """Builds plain data out of parser events, without recursion."""

    def __init__(self) -> None:
        self.data: object = None
        self.lines: dict[Place, int] = {}
        self._open: list[_Open] = []
        self._documents = 0
        self._parts = 0

    def take(self, event: Event) -> None:
        """Use the next event of the parser."""
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise DocumentError(
                    line,
                    (),
                    "holds more than one document",
                    "write one record per file, without ---",
                )
        elif isinstance(event, yaml.AliasEvent):
            raise self._refuse_alias(line)
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self._check(event, line)
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event, line)
            else:
                self._begin(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def _check(self, event: ScalarEvent | CollectionStartEvent, line: int) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise DocumentError(
                line, (), f"has more than {_MOST_PARTS} parts", "keep to one patient per file"
            )
        if event.anchor is not None:
            raise self._refuse_alias(line)
        if event.tag is not None:
            raise DocumentError(
                line,
                self._here(),
                f"has the tag {shown(str(event.tag))}",
                "remove what begins with '!' or put it in quotes",
            )

    def _refuse_alias(self, line: int) -> DocumentError:
        return DocumentError(
            line,
            self._here(),
            "uses a YAML anchor or alias (& or *)",
            "write the text out, and put text that begins with & or * in quotes",
        )

    def _here(self) -> Place:
        if not self._open:
            return ()
        top = self._open[-1]
        if isinstance(top.into, list):
            return (*top.place, len(top.into))
        return (*top.place, top.key) if top.key else top.place

    def _begin(self, event: CollectionStartEvent, line: int) -> None:
        if self._is_key():
            raise DocumentError(
                line,
                self._here(),
                "has a list or group of keys where a key belongs",
                "write key: value, and put text with brackets in quotes",
            )
        if len(self._open) >= _DEEPEST:
            raise DocumentError(line, self._here(), "is nested too deeply", "see docs/record.md")
        into: list[object] | dict[str, object] = (
            [] if isinstance(event, yaml.SequenceStartEvent) else {}
        )
        place = self._here()
        self._put(into, line)
        self._open.append(_Open(place, into, line))

    def _scalar(self, event: ScalarEvent, line: int) -> None:
        if self._is_key():
            self._key(str(event.value), line)
        else:
            plain = event.style in {None, ""}
            self._put(read_plain(event.value) if plain else event.value, line)

    def _is_key(self) -> bool:
        # Empty keys are refused, so an empty one means that the next scalar is the key.
        return bool(self._open) and (
            isinstance(self._open[-1].into, dict) and not self._open[-1].key
        )

    def _key(self, key: str, line: int) -> None:
        top = self._open[-1]
        if key == "":
            raise DocumentError(line, top.place, "has an empty key", "write key: value")
        if key in top.into:
            raise DocumentError(
                line,
                (*top.place, key),
                f"the key is given twice (first on line {self.lines[(*top.place, key)]})",
                "keep one of the two",
            )
        top.key = key
        self.lines[(*top.place, key)] = line

    def _put(self, value: object, line: int) -> None:
        if not self._open:
            self.data = value
            self.lines[()] = line
            return
        top = self._open[-1]
        if isinstance(top.into, list):
            self.lines[(*top.place, len(top.into))] = line
            top.into.append(value)
        else:
            top.into[top.key] = value
            top.key = ""


def read_plain(text: str) -> Scalar:
    """What text without quotes stands for: nothing, true or false, a number, a date, or itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.match(text):
        return int(text)
    if len(text) <= _LONGEST_NUMBER and _NUMBER.match(text):
        return float(text)
    if _NOT_FINITE.match(text):
        return float(text.lower().replace(".", ""))
    return _read_date(text) if _DATE.match(text) else text


def _read_date(text: str) -> dt.date | str:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return text
