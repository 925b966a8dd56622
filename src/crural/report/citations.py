"""Numbering the sources of a report in the order in which they are first mentioned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Source:
    """A publication with the evidence entries that a report takes from it."""

    number: int
    title: str
    year: int | None
    link: str | None
    entries: dict[str, str] = field(default_factory=dict)


class Citations:
    """The sources mentioned so far. Entries of one publication share a number."""

    def __init__(self) -> None:
        self._by_publication: dict[str, Source] = {}

    def numbers(self, sources: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
        """Numbers of sources as `as_data` gives them; new ones get the next number."""
        return tuple(dict.fromkeys(self._number(source) for source in sources))

    def listed(self) -> tuple[Source, ...]:
        """All sources mentioned so far, in the order of their numbers."""
        return tuple(self._by_publication.values())

    def _number(self, cited: Mapping[str, Any]) -> int:
        title = cited["title"] or cited["id"]
        link = _web_address(cited["link"])
        source = self._by_publication.setdefault(
            link or title,
            Source(len(self._by_publication) + 1, title, cited["year"], link),
        )
        source.entries[cited["id"]] = _about(cited)
        return source.number


def _web_address(link: str | None) -> str | None:
    # Anything else in the place of a link (javascript:, file:) would be run or opened on a click.
    return link if link and link.startswith(("https://", "http://")) else None


def _about(cited: Mapping[str, Any]) -> str:
    size = f"n = {cited['n']}" if cited["n"] else ""
    return ", ".join(part for part in (cited["population"], size) if part)
