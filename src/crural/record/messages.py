"""From what pydantic found wrong to one fault in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from crural.record.field_error import FieldError, Place, shown
from crural.record.model import Record
from crural.record.shorthand import PARTS
from crural.record.suggest import nearest
from crural.record.writer import flow

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def faults_of(error: ValidationError) -> list[FieldError]:
    """The faults behind a validation error of a Record."""
    return [_fault(detail) for detail in error.errors(include_url=False)]


def _fault(detail: ErrorDetails) -> FieldError:
    place: Place = tuple(detail["loc"])
    context: Mapping[str, Any] = detail.get("ctx", {})
    kind = detail["type"]
    given = detail["input"]
    inner = context.get("error")
    if isinstance(inner, FieldError):
        return inner.within(place)
    remedy = _remedy(place, kind)
    if kind == "missing":
        return FieldError(place, "is missing", remedy)
    if kind == "literal_error":
        near = nearest(given, _choices(place)) if isinstance(given, str) else None
        return FieldError(
            place,
            f"{shown(given)} is not one of the choices",
            f"did you mean {near}? {_capital(remedy)}" if near else remedy,
        )
    say = _PROBLEMS.get(kind, _does_not_fit)
    return FieldError(place, say(given, context), remedy)


def _does_not_fit(value: object, _: Mapping[str, Any]) -> str:
    return f"{shown(value)} does not fit here"


_PROBLEMS: Mapping[str, Callable[[object, Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda value, limit: f"{shown(value)} is below {limit['ge']:g}",
    "less_than_equal": lambda value, limit: f"{shown(value)} is above {limit['le']:g}",
    "finite_number": lambda value, _: f"{shown(value)} is not a finite number",
    "float_type": lambda value, _: f"{shown(value)} is not a number",
    "int_type": lambda value, _: f"{shown(value)} is not a whole number",
    "bool_type": lambda value, _: f"{shown(value)} is neither true nor false",
    "string_type": lambda value, _: f"{shown(value)} is not text (quotes make it text)",
    "string_too_long": lambda _, limit: f"is longer than {limit['max_length']} characters",
    "tuple_type": lambda value, _: f"{shown(value)} is not a list",
    "too_long": lambda _, limit: f"has more than {limit['max_length']} entries",
    "model_type": lambda value, _: f"{shown(value)} is not a group of keys and values",
}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _remedy(place: Place, kind: str) -> str:
    field = _field(place)
    if kind in {"tuple_type", "model_type"} or isinstance(place[-1], int):
        # Where the shape is wrong, an example says more than a description.
        examples = " ".join(f"{place[0]}: {flow(example)}" for example in field.examples or ())
        return f"write it like {examples}"
    return f"give as {place[-1]}: {field.description}"


def _field(place: Place) -> FieldInfo:
    """The field at a place of a record; for an item of a list, the list."""
    outer, inner = str(place[0]), place[-1]
    if outer in PARTS and inner in PARTS[outer].model_fields:
        return PARTS[outer].model_fields[str(inner)]
    return Record.model_fields[outer]


def _choices(place: Place) -> list[str]:
    return [part for part in _parts(_field(place).annotation) if isinstance(part, str)]


def _parts(annotation: object) -> Sequence[object]:
    """The types an annotation is made of, itself first."""
    return [annotation, *(part for inner in get_args(annotation) for part in _parts(inner))]
