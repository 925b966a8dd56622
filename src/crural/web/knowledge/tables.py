"""Tables over the knowledge that pages and API look things up in."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fastapi import HTTPException

from crural.assessment import network_of
from crural.check.implied import Implied, implied_by
from crural.knowledge import Knowledge, resolve
from crural.knowledge.numbers import Quantity
from crural.knowledge.walk import Place, numbers_of
from crural.web.knowledge.rules import ids_in

# What there is, in the order of the index: the name of a table, and what one of its entries is.
SINGULAR: Final[Mapping[str, str]] = {
    "conditions": "condition",
    "findings": "finding",
    "mechanisms": "mechanism",
    "alerts": "alert",
    "scores": "score",
    "treatments": "treatment",
    "precautions": "set of precautions",
    "ladders": "ladder",
    "courses": "expected course",
    "criteria": "list of criteria",
    "evidence": "evidence entry",
}
PLURAL: Final[Mapping[str, str]] = {
    **{kind: kind for kind in SINGULAR},
    "precautions": "sets of precautions",
    "courses": "expected courses",
    "criteria": "lists of criteria",
    "evidence": "evidence entries",
}
KINDS: Final = tuple(SINGULAR)
# In which kinds of entries it is told that an entry of a kind is used, beside its numbers.
_USING: Final[Mapping[str, tuple[str, ...]]] = {
    "conditions": ("ladders", "courses", "treatments"),
    "findings": ("scores", "criteria", "precautions"),
    "treatments": ("ladders", "courses", "criteria"),
    "precautions": ("treatments",),
    "scores": ("alerts",),
    "evidence": (
        *("alerts", "scores", "treatments", "precautions", "ladders", "courses", "criteria"),
    ),
}


@dataclass(frozen=True)
class NumberShown:
    """A number of the knowledge with what it rests on."""

    place: Place
    quantity: Quantity

    @property
    def id(self) -> str:
        """Names the number in a report of a problem."""
        return f"{self.place.file}: {self.place.owner}: {self.place.part}: {self.place.about}"

    @property
    def about(self) -> str:
        """The id of the finding or other entry that the number speaks of."""
        return self.place.about.split(" ")[0]

    @property
    def detail(self) -> str:
        """What comes after that id: a state, an age band."""
        return self.place.about.partition(" ")[2]


class Shown:
    """Tables over the knowledge that the pages look things up in, made when first needed."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._implied: tuple[Implied, ...] | None = None
        self._lock = threading.Lock()

    @cached_property
    def drug_names(self) -> tuple[str, ...]:
        """Drugs that are known by name."""
        return tuple(sorted({drug.name for drug in self.knowledge.drugs.drugs}))

    @cached_property
    def treatment_names(self) -> tuple[str, ...]:
        """What can have been tried."""
        return tuple(sorted({t.name for t in self.knowledge.treatments.values()}))

    @cached_property
    def numbers(self) -> tuple[NumberShown, ...]:
        """Every number, resolved."""
        evidence = self.knowledge.evidence
        return tuple(
            NumberShown(place, resolve(place.number, evidence, place.scale))
            for place in numbers_of(self.knowledge)
        )

    @cached_property
    def by_owner(self) -> Mapping[str, list[NumberShown]]:
        """Numbers by the entry in whose file they stand, as kind/id; ids of two kinds may be the
        same."""
        return _grouped(
            # Several courses share a file.
            (
                f"courses/{n.place.owner}"
                if n.place.file == "courses"
                else n.place.file.removesuffix(".yaml"),
                n,
            )
            for n in self.numbers
        )

    @cached_property
    def by_subject(self) -> Mapping[str, list[NumberShown]]:
        """Numbers by the entry that they speak of."""
        return _grouped((n.about, n) for n in self.numbers)

    @cached_property
    def by_source(self) -> Mapping[str, list[NumberShown]]:
        """Numbers by the evidence entries that they rest on."""
        return _grouped((source, n) for n in self.numbers for source in n.quantity.sources)

    @cached_property
    def _mentions(self) -> Mapping[str, list[tuple[str, str]]]:
        """Entries (kind, id) by every word that stands in them."""
        found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for kind in sorted({kind for using in _USING.values() for kind in using}):
            for name, entry in self.table(kind).items():
                for word in sorted(ids_in(entry)):
                    found[word].append((kind, name))
        return found

    def used_in(self, kind: str, name: str) -> Mapping[str, list[str]]:
        """By kind, the entries that rest on this one beside its numbers."""
        used: dict[str, list[str]] = {}
        for of, using in self._mentions.get(name, ()):
            if of in _USING.get(kind, ()):
                used.setdefault(of, []).append(using)
        return used

    def implied(self) -> tuple[Implied, ...]:
        """What the network implies for each published figure; takes seconds the first time."""
        with self._lock:
            if self._implied is None:
                self._implied = implied_by(network_of(self.knowledge))
            return self._implied

    def table(self, kind: str) -> Mapping[str, Any]:
        """The entries of a kind. Raises 404."""
        if kind not in KINDS:
            raise HTTPException(404, "There is no such page.")
        found: Mapping[str, Any] = getattr(self.knowledge, kind)
        return found

    def entry(self, kind: str, name: str) -> Any:
        """One entry. Raises 404."""
        found = self.table(kind).get(name)
        if found is None:
            raise HTTPException(404, f"There is no {SINGULAR[kind]} of this name.")
        return found


def _grouped(pairs: Iterable[tuple[str, NumberShown]]) -> Mapping[str, list[NumberShown]]:
    groups: defaultdict[str, list[NumberShown]] = defaultdict(list)
    for key, number in pairs:
        groups[key].append(number)
    return groups
