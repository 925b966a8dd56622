"""What a form of a bench asks for, and how it is read: amounts never without their unit.

A field is called as the option of the command line that it stands for, so that a problem which the
arithmetic finds is shown beside the field that it is about.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal, cast

from starlette.datastructures import FormData, UploadFile

from crural import quantity
from crural.errors import CruralError
from crural.intrathecal.chosen import read_amounts
from crural.quantity import Quantity
from crural.record import Record
from crural.report import words
from crural.stimulation.diary_file import Row

Kind = Literal[
    "amount",
    "share",
    "decimal",
    "whole",
    "text",
    "choice",
    "flag",
    "date",
    "moment",
    "hour",
    "drugs",
    "lines",
    "record",
    "diary",
]

# Units that are offered for each kind of amount. None is chosen beforehand where there are several:
# whoever takes the first one unseen may be wrong by a thousand.
UNITS: Mapping[str, tuple[str, ...]] = {
    quantity.DOSE: ("mg", "microgram"),
    quantity.DAILY_DOSE: ("mg/day", "microgram/day", "mg/h", "microgram/h"),
    quantity.CONCENTRATION: ("mg/mL", "microgram/mL"),
    quantity.FLOW: ("mL/day", "mL/h", "µL/h"),
    quantity.VOLUME: ("mL",),
    quantity.TIME: ("min", "h", "days", "weeks"),
    quantity.LENGTH: ("cm", "mm"),
    quantity.VOLUME_PER_LENGTH: ("mL/cm", "µL/cm"),
    quantity.AREA: ("mm2", "cm2"),
    quantity.CURRENT: ("mA", "µA"),
    quantity.VOLTAGE: ("V", "mV"),
    quantity.RESISTANCE: ("ohm", "kohm"),
    quantity.FREQUENCY: ("Hz", "kHz"),
}
LONGEST_TEXT = 300
LONGEST_FILE = 500_000
_OPTION = re.compile(r"--([a-z][a-z-]*[a-z])")
_BARE = re.compile(r"[+-]?[\d.,\s]*")
# A text that begins with an entry of a record is one; a diary begins with the names of its columns.
_RECORD = re.compile(r"\s*(\{|---|#|[a-z_]+\s*:)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """One thing that a form asks for.

    `of`: what an amount is (a constant of `crural.quantity`); `units`: those offered, if others
    than the usual ones. `rows`: how many drugs, or lines. `group`: the folded part of the form that
    holds it. `usual`: what it holds before anybody has written.
    """

    name: str
    label: str
    kind: Kind = "amount"
    of: str = ""
    units: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    help: str = ""
    needed: bool = False
    rows: int = 1
    group: str = ""
    usual: str = ""

    @property
    def offered(self) -> tuple[str, ...]:
        """The units offered beside it."""
        return self.units or UNITS.get(self.of, ())

    def inputs(self) -> Iterator[str]:
        """The names under which the browser sends it."""
        match self.kind:
            case "amount":
                yield from (self.name, f"{self.name}-unit")
            case "drugs":
                for row in range(1, self.rows + 1):
                    yield from (f"{self.name}-{part}-{row}" for part in ("drug", "amount", "unit"))
            case "record" | "diary":
                yield from (f"{self.name}-patient", f"{self.name}-text")
            case _:
                yield self.name


@dataclass(frozen=True, slots=True)
class Source:
    """A record, the text of a diary or its entries, with what it is called.

    `saved`: it is of a saved patient, and nobody can mend it by another file.
    """

    where: str
    record: Record | None = field(default=None, repr=False)
    text: str = field(default="", repr=False)
    rows: tuple[Row, ...] = field(default=(), repr=False)
    saved: bool = False


Value = (
    Quantity
    | Decimal
    | int
    | str
    | bool
    | dt.date
    | dt.datetime
    | dt.time
    | dict[str, Quantity]
    | tuple[str, ...]
    | Source
    | None
)


@dataclass(frozen=True, slots=True)
class Given:
    """What a form gave, read. `checked`: somebody vouches for just these inputs."""

    values: Mapping[str, Value] = field(repr=False)
    checked: bool = False

    def amount(self, name: str) -> Quantity | None:
        """An amount, or None."""
        return cast(Quantity | None, self.values[name])

    def needed(self, name: str) -> Quantity:
        """An amount of a field that cannot be left empty."""
        return cast(Quantity, self.values[name])

    def drugs(self, name: str) -> dict[str, Quantity]:
        """Amounts by drug."""
        return cast(dict[str, Quantity], self.values[name])

    def text(self, name: str) -> str | None:
        """A text or a choice; None when left empty."""
        return cast(str, self.values[name]) or None

    def lines(self, name: str) -> tuple[str, ...]:
        """Several texts."""
        return cast(tuple[str, ...], self.values[name])

    def flag(self, name: str) -> bool:
        """Whether a box is ticked."""
        return cast(bool, self.values[name])

    def whole(self, name: str) -> int | None:
        """A whole number, or None."""
        return cast(int | None, self.values[name])

    def decimal(self, name: str) -> Decimal | None:
        """A plain number, or None."""
        return cast(Decimal | None, self.values[name])

    def date(self, name: str) -> dt.date | None:
        """A date, or None."""
        return cast(dt.date | None, self.values[name])

    def moment(self, name: str) -> dt.datetime:
        """A date, with its hour where one was given."""
        return cast(dt.datetime, self.values[name])

    def hour(self, name: str) -> dt.time | None:
        """A time of the day, or None."""
        return cast(dt.time | None, self.values[name])

    def source(self, name: str) -> Source | None:
        """A record or a diary, or None."""
        return cast(Source | None, self.values[name])


Written = Mapping[str, str]


def written_of(fields: Iterable[Field], form: FormData) -> Written:
    """What was written into a form, by the names of its inputs. A file takes its text field."""
    found: dict[str, str] = {}
    for one in fields:
        for name in one.inputs():
            value = form.get(name)
            found[name] = value.strip() if isinstance(value, str) else ""
        file = form.get(f"{one.name}-file") if one.kind in {"record", "diary"} else None
        if isinstance(file, UploadFile) and file.filename:
            found[f"{one.name}-text"] = _decoded(file.file.read(LONGEST_FILE + 1), one)
            found[f"{one.name}-patient"] = ""
    return found


def usual_of(fields: Iterable[Field]) -> Written:
    """What a form holds before anybody has written."""
    found: dict[str, str] = {}
    for one in fields:
        value, _, unit = one.usual.partition(" ") if one.kind == "amount" else (one.usual, "", "")
        found |= {one.name: value, f"{one.name}-unit": unit}
    return {name: value for name, value in found.items() if value}


def digest_of(written: Written) -> str:
    """Stands for just these inputs: whoever vouches for them vouches for no others."""
    told = "\0".join(f"{name}={value}" for name, value in sorted(written.items()) if value)
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def read(one: Field, written: Written) -> Value:
    """The value of a field (records and diaries apart). Raises CruralError."""
    match one.kind:
        case "amount":
            value: Value = _amount(one, written)
        case "drugs":
            value = _drugs(one, written)
        case "flag":
            return bool(written.get(one.name))
        case "lines":
            value = tuple(
                line.strip() for line in written.get(one.name, "").splitlines() if line.strip()
            )
        case _:
            value = _single(one, written.get(one.name, ""))
    if one.needed and value in (None, "", (), {}):
        raise refused(one, "This is needed", _how(one))
    return value


def refused(one: Field, problem: str, remedy: str) -> CruralError:
    """What to raise when a field cannot be read."""
    return CruralError(file="input", field=one.name, problem=problem, remedy=remedy)


def is_record(text: str) -> bool:
    """Whether a text is a record rather than a diary."""
    return _RECORD.match(text) is not None


def in_words(text: str, fields: Iterable[Field]) -> str:
    """A text of the arithmetic with the names of fields in place of options."""
    labels = {one.name: one.label for one in fields}
    labels["i-have-checked"] = "I have checked"

    def named(match: re.Match[str]) -> str:
        label = labels.get(match[1])
        return f"“{label}”" if label else match[1].replace("-", " ")

    return _OPTION.sub(named, text.replace("give --i-have-checked", "tick --i-have-checked"))


def told(one: Field, value: Value, written: Written) -> str:
    """What was given, in one line; nothing when nothing was."""
    match value:
        case None | "" | () | False:
            said = ""
        case True:
            said = "yes"
        case Source():
            said = value.where
        case dict():
            said = "; ".join(f"{drug} {quantity.show(much)}" for drug, much in value.items())
        case tuple():
            said = "; ".join(value)
        case dt.datetime():
            said = value.isoformat(" ", "minutes") if "T" in written[one.name] else f"{value:%F}"
        case str():
            said = one.choices.get(value, value)
        case int() | Decimal() | dt.date() | dt.time():
            said = str(value)
        case _:
            said = quantity.show(value)
    return said


def sentence(error: CruralError, fields: Iterable[Field], *, within: bool = False) -> str:
    """What is wrong and what to do, in the words of the form.

    `within`: the place that the error names lies inside what was given, and is told.
    """
    parts = (f"line {error.line}" if error.line else "", error.field)
    place = ", ".join(part for part in parts if part) if within else ""
    problem = f"{place}: {error.problem}" if place else error.problem
    if problem.startswith("is "):
        problem = f"this {problem}"
    said = f"{words.sentence(problem)}. {words.remedy(error)}"
    return in_words(said, tuple(fields))


def _amount(one: Field, written: Written) -> Quantity | None:
    text = written.get(one.name, "")
    unit = written.get(f"{one.name}-unit", "")
    if not text:
        return None
    return quantity.parse(_with_unit(one, text, unit), one.of or None, field=one.name)


def _with_unit(one: Field, text: str, unit: str) -> str:
    """The amount as it was meant. A unit that is typed and one that is chosen must be the same."""
    if len(text) > LONGEST_TEXT:
        raise refused(one, "This is too long", _how(one))
    if unit and unit not in one.offered:
        raise refused(one, f"'{unit[:20]}' is not offered here", "choose a unit of the list")
    bare = _BARE.match(text)
    typed = text[bare.end() :].strip() if bare else ""
    if not typed and not unit:
        raise refused(one, f"'{text}' has no unit", f"choose one: {', '.join(one.offered)}")
    if not typed:
        return f"{text} {unit}"
    if unit and quantity.parse_unit(typed) != quantity.parse_unit(unit):
        raise refused(
            one,
            f"'{text}' is written, but {unit} is chosen beside it",
            "let both say the same, or write the number alone",
        )
    return text


def _drugs(one: Field, written: Written) -> dict[str, Quantity]:
    texts: list[str] = []
    for row in range(1, one.rows + 1):
        drug, much, unit = (written.get(f"{one.name}-{p}-{row}", "") for p in _PARTS)
        if not drug and not much:
            continue
        if not drug:
            raise refused(one, f"The drug of '{much}' is not named", "name it")
        if not much:
            raise refused(one, f"The amount of {drug} is not given", _how(one))
        if any(sign.isdigit() for sign in drug) or len(drug) > LONGEST_TEXT:
            raise refused(one, f"'{drug[:40]}' is no name of a drug", "write its name alone")
        texts.append(f"{drug} {_with_unit(one, much, unit)}")
    return read_amounts(texts, one.of, one.name)


_PARTS = ("drug", "amount", "unit")


def _single(one: Field, text: str) -> Value:
    if len(text) > LONGEST_TEXT:
        raise refused(one, "This is too long", _how(one))
    if one.kind in {"text", "choice"}:
        if one.kind == "choice" and text and text not in one.choices:
            raise refused(one, f"'{text}' is not offered here", "choose one of the list")
        return text
    return _READERS[one.kind](one, text) if text else None


def _whole(one: Field, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise refused(one, f"'{text}' is not a whole number", "write digits, such as 4")
    return int(text)


def _share(one: Field, text: str) -> Quantity:
    """A share: '0.145' or '14.5 %'."""
    number = _decimal(one, text.removesuffix("%").strip())
    if text.endswith("%"):
        number /= 100
    if not 0 <= number < 1:
        raise refused(one, f"'{text}' is not a part of the whole", _how(one))
    return quantity.quantity(number, "1")


def _decimal(one: Field, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not re.fullmatch(r"[\d.]+", text):
        raise refused(one, f"'{text}' is not a number", "write digits, such as 0.5")
    return value


def _time(one: Field, text: str) -> dt.date | dt.datetime | dt.time:
    try:
        match one.kind:
            case "date":
                return dt.date.fromisoformat(text)
            case "moment":
                return dt.datetime.fromisoformat(text).replace(tzinfo=None)
            case _:
                return dt.datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise refused(one, f"'{text}' cannot be read", _how(one)) from None


def _decoded(raw: bytes, one: Field) -> str:
    if len(raw) > LONGEST_FILE:
        raise refused(one, "The file is too large", "choose the file of one patient")
    try:
        return raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise refused(one, "The file is not text in UTF-8", "save it as UTF-8 text") from None


_READERS: Mapping[str, Callable[[Field, str], Value]] = {
    "share": _share,
    "decimal": _decimal,
    "whole": _whole,
    "date": _time,
    "moment": _time,
    "hour": _time,
}
_HOW: Mapping[str, str] = {
    "share": "write 0.145 or 14.5 %",
    "date": "write it as 2026-03-02",
    "moment": "write it as 2026-03-02 or 2026-03-02T10:30",
    "hour": "write it as 08:30",
    "choice": "choose one",
}


def _how(one: Field) -> str:
    """How a field is filled in."""
    if one.of:
        return f"write {quantity.words_of(one.of)} with its unit"
    return _HOW.get(one.kind, "write it")
