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

KINDS: Final = ("conditions", "findings", "treatments", "alerts", "evidence", "mechanisms")
SINGULAR: Final = {
    "conditions": "condition",
    "findings": "finding",
    "treatments": "treatment",
    "alerts": "alert",
    "evidence": "evidence entry",
    "mechanisms": "mechanism",
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
        """Numbers by the entry in whose file they stand."""
        return _grouped(
            (n.place.file.partition("/")[2].removesuffix(".yaml"), n) for n in self.numbers
        )

    @cached_property
    def by_subject(self) -> Mapping[str, list[NumberShown]]:
        """Numbers by the entry that they speak of."""
        return _grouped((n.about, n) for n in self.numbers)

    @cached_property
    def by_source(self) -> Mapping[str, list[NumberShown]]:
        """Numbers by the evidence entries that they rest on."""
        return _grouped((source, n) for n in self.numbers for source in n.quantity.sources)

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
