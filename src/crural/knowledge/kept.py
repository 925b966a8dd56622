"""Copies of what was once computed, kept as text beside the data so that the next start is quick.

A copy is a file of lines. The first holds what the copy was made from and a checksum of the rest;
a copy that is out of date or damaged is no copy. The rest was checked when it was made, so reading
it builds the objects without checking them again. Nothing but plain data is kept: reading a file
that somebody else has written can give wrong figures, but can never run code.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

import pydantic
from pydantic import BaseModel

_ROOM = __package__
# Key under which an object holds the name of its kind.
_KIND = ""
_set = object.__setattr__

_Entry = TypeVar("_Entry")


@lru_cache(maxsize=8)
def digest_of_code(*folders: Path) -> str:
    """Digest of the modules that make a copy: one that others made is out of date."""
    digest = hashlib.sha256(pydantic.VERSION.encode())
    for path in sorted(path for folder in folders for path in folder.glob("*.py*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def write(path: Path, made_from: Mapping[str, str], lines: Iterable[str]) -> None:
    """Keep the lines at `path`; whole or not at all. Raises OSError where nothing can be written.

    Whoever may read the folder may read the copy.
    """
    body = "\n".join(lines).encode()
    head = json.dumps({**made_from, "sum": _sum(body)}).encode()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    with os.fdopen(handle, "wb") as out:
        out.write(head + b"\n" + body)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)


def read(path: Path, made_from: Mapping[str, str]) -> list[str] | None:
    """The lines kept at `path`, or None when there are none, or damaged or out-of-date ones."""
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        if json.loads(head) != {**made_from, "sum": _sum(body)}:
            return None
        return body.decode().split("\n")
    except (OSError, ValueError):
        return None


def _sum(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def encoded(value: Any) -> str:
    """One line of JSON for a piece of the knowledge. Raises ValueError for what it cannot hold."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; what JSON has no form for says its kind."""
    if isinstance(value, BaseModel):
        return _plain_entry(value)
    if isinstance(value, Mapping):
        if all(isinstance(name, str) and name != _KIND for name in value):
            return {name: _plain(one) for name, one in value.items()}
        return {_KIND: "dict", "of": [[_plain(k), _plain(v)] for k, v in value.items()]}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, tuple):
        return {_KIND: "tuple", "of": [_plain(one) for one in value]}
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(f"a copy cannot hold a {type(value).__name__}")


def _plain_entry(entry: BaseModel) -> dict[str, Any]:
    """An entry without what it leaves out. Its sequences are tuples; lists are told apart."""
    kind = _kind_of(type(entry))
    shape = _shape(kind)
    values = {name: vars(entry)[name] for name in type(entry).model_fields}
    values |= entry.__pydantic_extra__ or {}
    said = {
        name: value
        for name, value in values.items()
        if name not in shape.defaults or shape.defaults[name] != value
    }
    lists = [name for name, value in said.items() if isinstance(value, list)]
    return {
        _KIND: [kind, *lists] if lists else kind,
        **{
            name: [_plain(one) for one in value] if isinstance(value, tuple) else _plain(value)
            for name, value in said.items()
        },
    }


def _kind_of(model: type[BaseModel]) -> str:
    return f"{model.__module__.removeprefix(f'{_ROOM}.')}.{model.__name__}"


@dataclass(frozen=True)
class _Shape:
    """A kind of entry: its class, all its fields with what they hold when nothing is said, which
    of them need not be said, and whether it may have others."""

    model: type[BaseModel]
    fields: dict[str, Any]
    defaults: dict[str, Any]
    open: bool


@lru_cache(maxsize=256)
def _shape(kind: str) -> _Shape:
    module, _, name = kind.partition(".")
    model = getattr(import_module(f"{_ROOM}.{module}"), name)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ValueError(f"{kind} is no entry of the knowledge")
    fields = {
        name: None if field.is_required() else field.get_default(call_default_factory=True)
        for name, field in model.model_fields.items()
    }
    defaults = {name: fields[name] for name, f in model.model_fields.items() if not f.is_required()}
    return _Shape(model, fields, defaults, model.model_config.get("extra") == "allow")


def _built(raw: dict[str, Any]) -> Any:
    """The object that an object of JSON stands for."""
    kind = raw.pop(_KIND, None)
    if kind is None:
        return raw
    if kind == "tuple":
        return tuple(raw["of"])
    if kind == "dict":
        return dict(raw["of"])
    lists: list[str] = []
    if isinstance(kind, list):
        kind, *lists = kind
    shape = _shape(kind)
    for name, value in raw.items():
        if type(value) is list and name not in lists:
            raw[name] = tuple(value)
    extra = None
    if shape.open:
        extra = {name: value for name, value in raw.items() if name not in shape.fields}
        raw = {name: value for name, value in raw.items() if name in shape.fields}
    made = shape.model.__new__(shape.model)
    fields = shape.fields.copy()
    fields.update(raw)
    _set(made, "__dict__", fields)
    _set(made, "__pydantic_fields_set__", set(raw))
    _set(made, "__pydantic_extra__", extra)
    _set(made, "__pydantic_private__", None)
    return made


_decoder = json.JSONDecoder(object_hook=_built)


def decoded(line: str) -> Any:
    """What `encoded` wrote."""
    return _decoder.decode(line)


class Later(Mapping[str, _Entry], Generic[_Entry]):
    """Entries that are built when they are asked for: of most, nobody asks."""

    def __init__(self, written: dict[str, str]) -> None:
        self._written = written
        self._built: dict[str, _Entry] = {}

    def __getitem__(self, name: str) -> _Entry:
        built = self._built.get(name)
        if built is None:
            built = self._built[name] = decoded(self._written[name])
        return built

    def __contains__(self, name: object) -> bool:
        return name in self._written

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

    def __repr__(self) -> str:
        return repr(dict(self))
