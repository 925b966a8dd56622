"""A mapping that cannot change, for the free-form `source` of a record."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from crural.record.field_error import FieldError, Place, shown
from crural.record.shapes import is_list, is_mapping

Plain: TypeAlias = "str | bool | int | float | dt.date | tuple[Plain, ...] | FrozenMap | None"

_DEEPEST = 5


class FrozenMap(Mapping[str, Plain]):
    """An immutable, hashable mapping.

    Not a MappingProxyType: that one cannot be pickled, and records travel to worker processes.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Plain]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> Plain:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"FrozenMap({self._items!r})"


def freeze(raw: object) -> FrozenMap:
    """`raw` as a FrozenMap of text, numbers, dates, lists and mappings. Raises FieldError."""
    frozen = _freeze(raw, ())
    if not isinstance(frozen, FrozenMap):
        raise FieldError(
            (), f"{shown(raw)} is not a group of keys", "write source: {title: ..., url: ...}"
        )
    return frozen


def thaw(value: Plain) -> object:
    """The plain lists and dicts that a FrozenMap was made of."""
    if isinstance(value, FrozenMap):
        return {key: thaw(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [thaw(inner) for inner in value]
    return value


def _freeze(raw: object, place: Place) -> Plain:
    if len(place) > _DEEPEST:
        raise FieldError(place[:1], "nested too deeply", f"use at most {_DEEPEST} levels")
    if is_mapping(raw):
        return _freeze_mapping(raw, place)
    if is_list(raw):
        return tuple(_freeze(inner, (*place, i)) for i, inner in enumerate(raw))
    if isinstance(raw, float) and not math.isfinite(raw):
        raise FieldError(place, f"{shown(raw)} is not a number", "write a number, or leave it out")
    if raw is None or isinstance(raw, str | bool | int | float) or type(raw) is dt.date:
        return raw
    raise FieldError(
        place, f"{shown(raw)} cannot be kept here", "write text, numbers, dates or lists"
    )


def _freeze_mapping(raw: Mapping[object, object], place: Place) -> FrozenMap:
    items: dict[str, Plain] = {}
    for key, inner in raw.items():
        if not isinstance(key, str):
            raise FieldError(place, f"the key {shown(key)} is not text", "put the key in quotes")
        items[key] = _freeze(inner, (*place, key))
    return FrozenMap(items)
