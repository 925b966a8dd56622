"""The knowledge for reading: every entry with its numbers, their sources, and where it is used."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from crural.assessment import network_of
from crural.check.implied import Implied, implied_by
from crural.knowledge import Condition, Evidence, Finding, Knowledge, Mechanism, cite, resolve
from crural.knowledge.model import Alert
from crural.knowledge.numbers import Quantity
from crural.knowledge.treatment import Treatment
from crural.knowledge.walk import Place, numbers_of
from crural.web.network_picture import network_picture

router = APIRouter(include_in_schema=False)

Entry = Condition | Finding | Treatment | Alert | Evidence | Mechanism
KINDS: Final = ("conditions", "findings", "treatments", "alerts", "evidence", "mechanisms")
_SINGULAR: Final = {
    "conditions": "condition",
    "findings": "finding",
    "treatments": "treatment",
    "alerts": "alert",
    "evidence": "evidence entry",
    "mechanisms": "mechanism",
}
MOST_LISTED = 60
MOST_SHOWN_LINKS = 14
_FIGURES: Final = (
    "sensitivity",
    "specificity",
    "frequency",
    "lr-positive",
    "lr-negative",
    "effect",
    "value",
)


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
            raise HTTPException(404, f"There is no {_SINGULAR[kind]} of this name.")
        return found


def title_of(entry: Entry) -> str:
    """What an entry is called."""
    if isinstance(entry, Evidence):
        return entry.source.title if entry.source else (entry.wanted or entry.id)
    return entry.title if isinstance(entry, Alert) else entry.name


def rule_lines(rule: BaseModel, knowledge: Knowledge, depth: int = 0) -> Iterator[tuple[int, str]]:
    """A rule as lines with their depth: all of, any of, not, at least n of, and what they hold."""
    raw = rule.model_dump(mode="json", by_alias=True, exclude_none=True)
    for word in ("all", "any"):
        if word in raw:
            yield depth, f"{word} of"
            for part in getattr(rule, word):
                yield from rule_lines(part, knowledge, depth + 1)
            return
    if "not" in raw:
        yield depth, "not"
        yield from rule_lines(rule.not_, knowledge, depth + 1)  # type: ignore[attr-defined]
        return
    if "at_least" in raw:
        several = rule.at_least  # type: ignore[attr-defined]
        yield depth, f"at least {several.n} of"
        for part in several.of:
            yield from rule_lines(part, knowledge, depth + 1)
        return
    yield (
        depth,
        ", ".join(
            f"{key.replace('_', ' ')} {_told(value, knowledge)}" for key, value in raw.items()
        ),
    )


def _told(value: Any, knowledge: Knowledge) -> str:
    if isinstance(value, Mapping):
        said = {"min": "at least", "max": "below"}
        return " and ".join(f"{said.get(k, k)} {_told(v, knowledge)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_told(v, knowledge) for v in value)
    for room in (knowledge.findings, knowledge.conditions, knowledge.treatments):
        if isinstance(value, str) and value in room:
            return f"“{room[value].name}”"
    return f"{value:g}" if isinstance(value, float) else str(value)


@router.get("/knowledge")
def index(request: Request, q: str = "") -> Response:
    """The way into the knowledge: what there is, and search."""
    shown: Shown = request.app.state.shown
    found = [
        (kind, name, title_of(shown.entry(kind, name)))
        for entry in request.app.state.search_all.find(q, 40)
        for kind, _, name in (entry.partition("/"),)
    ]
    return _html(
        request,
        "knowledge.html.jinja",
        query=q,
        found=found,
        counts={kind: len(shown.table(kind)) for kind in KINDS},
        singular=_SINGULAR,
        knowledge=shown.knowledge,
    )


@router.get("/knowledge/implied")
def implied(request: Request) -> Response:
    """What the network implies beside what was published, the misses first."""
    shown: Shown = request.app.state.shown
    rows = sorted(
        (r for r in shown.implied() if r.role in {"parameter", "beside"}),
        key=lambda r: (r.inside, r.condition, r.finding),
    )
    return _html(
        request,
        "implied.html.jinja",
        rows=[r for r in rows if not r.inside],
        inside=sum(r.inside for r in rows),
        total=len(rows),
        knowledge=shown.knowledge,
    )


@router.get("/knowledge/{kind}")
def listing(request: Request, kind: str, page: int = 1) -> Response:
    """All entries of a kind."""
    shown: Shown = request.app.state.shown
    entries = sorted(
        ((name, title_of(entry), _line(entry)) for name, entry in shown.table(kind).items()),
        key=lambda e: e[1].casefold(),
    )
    pages = max(1, -(-len(entries) // MOST_LISTED))
    page = min(max(page, 1), pages)
    return _html(
        request,
        "listing.html.jinja",
        kind=kind,
        kinds=KINDS,
        entries=entries[(page - 1) * MOST_LISTED : page * MOST_LISTED],
        page=page,
        pages=pages,
        total=len(entries),
    )


@router.get("/knowledge/{kind}/{name}")
def entry(request: Request, kind: str, name: str) -> Response:
    """One entry: its numbers with their sources, and where it is used."""
    shown: Shown = request.app.state.shown
    found: Entry = shown.entry(kind, name)
    return _html(
        request,
        "entry.html.jinja",
        kind=kind,
        singular=_SINGULAR[kind],
        entry=found,
        title=title_of(found),
        shown=shown,
        knowledge=shown.knowledge,
        address=address_of,
        **_details(found, kind, shown),
    )


def _details(found: Entry, kind: str, shown: Shown) -> dict[str, Any]:
    """What a page tells of an entry beside its own words."""
    knowledge = shown.knowledge
    details: dict[str, Any] = {
        "numbers": [],
        "used": [],
        "published": [],
        "picture": "",
        "rule": [],
        "sources": [],
        "alerts": [],
        "figures": [],
    }
    match found:
        case Evidence():
            details["used"] = shown.by_source.get(found.id, [])
            details["figures"] = [(f, found.figure(f)) for f in _FIGURES if found.figure(f)]
            details["published"] = [r for r in shown.implied() if r.entry == found.id]
            details["sources"] = [cite(found)]
        case Alert():
            details["rule"] = list(rule_lines(found.when, knowledge))
            cited = (*found.sources, *(found.accuracy or {}).values())
            details["sources"] = [
                cite(knowledge.evidence[s]) for s in cited if s in knowledge.evidence
            ]
        case Finding():
            numbers = shown.by_subject.get(found.id, [])
            details["numbers"] = [n for n in numbers if n.place.owner == found.id]
            details["used"] = sorted(
                (n for n in numbers if n.place.owner != found.id),
                key=lambda n: -n.quantity.value,
            )
            details["alerts"] = [
                a
                for a in knowledge.alerts.values()
                if found.id in _ids_in(a.when) or found.id in a.ask
            ]
        case Condition():
            details["numbers"] = shown.by_owner.get(found.id, [])
            details["published"] = [
                r
                for r in shown.implied()
                if r.condition == found.id and r.role in {"parameter", "beside"}
            ]
            details["alerts"] = [a for a in knowledge.alerts.values() if found.id in a.about]
            details["picture"] = network_picture(found, knowledge)
        case Mechanism():
            details["numbers"] = shown.by_owner.get(found.id, [])
            details["used"] = shown.by_subject.get(found.id, [])
        case Treatment():
            details["numbers"] = shown.by_owner.get(found.id, [])
    del kind
    return details


def address_of(name: str, knowledge: Knowledge) -> str | None:
    """Where an entry of this id is shown."""
    for kind in KINDS:
        if name in getattr(knowledge, kind):
            return f"/knowledge/{kind}/{name}"
    return None


def _ids_in(rule: BaseModel) -> frozenset[str]:
    """Every text that stands in a rule."""

    def texts(raw: Any) -> Iterator[str]:
        if isinstance(raw, str):
            yield raw
        elif isinstance(raw, Mapping):
            for value in raw.values():
                yield from texts(value)
        elif isinstance(raw, list):
            for value in raw:
                yield from texts(value)

    return frozenset(texts(rule.model_dump(mode="json", by_alias=True, exclude_none=True)))


def _line(entry: Entry) -> str:
    """One line that tells an entry from its neighbours."""
    match entry:
        case Condition() | Treatment():
            return entry.plain
        case Finding():
            return entry.question
        case Alert():
            return entry.urgency.replace("-", " ")
        case Evidence():
            about = (entry.condition, entry.treatment, entry.finding)
            return f"{entry.id}: " + "; ".join(text for text in about if text)
        case Mechanism():
            return entry.description


def _grouped(pairs: Iterable[tuple[str, NumberShown]]) -> Mapping[str, list[NumberShown]]:
    groups: defaultdict[str, list[NumberShown]] = defaultdict(list)
    for key, number in pairs:
        groups[key].append(number)
    return groups


def _html(request: Request, template: str, **values: Any) -> Response:
    return HTMLResponse(request.app.state.pages.render(template, request, **values))
