"""Data of which some parts are made when they are first asked for.

A page that is shown at each change shows little of an assessment; the rest is made for whoever
opens it, or takes all of it along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Parts(Mapping[str, Any]):
    """Reads as a dictionary. A function among the parts makes one, when it is first asked for.

    What it is made from must not change.
    """

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self._parts = dict(parts)

    def __getitem__(self, name: str) -> Any:
        part = self._parts[name]
        if callable(part):
            # Two threads may make the same part: they make the same.
            part = self._parts[name] = part()
        return part

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def whole(data: Any) -> Any:
    """The same as dictionaries and lists alone, every part made."""
    if isinstance(data, Mapping):
        return {name: whole(part) for name, part in data.items()}
    return [whole(part) for part in data] if isinstance(data, list) else data
