"""The knowledge for reading: every entry with its numbers, their sources, and where it is used."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from crural.knowledge import Condition, Evidence, Finding, Knowledge, Mechanism, cite
from crural.knowledge.model import Alert
from crural.knowledge.treatment import Treatment
from crural.web.knowledge.network_picture import network_picture
from crural.web.knowledge.rules import ids_in, rule_lines
from crural.web.knowledge.tables import KINDS, SINGULAR, Shown
from crural.web.showing import html_of

router = APIRouter(include_in_schema=False)

Entry = Condition | Finding | Treatment | Alert | Evidence | Mechanism
MOST_LISTED = 60
_FIGURES: Final = (
    "sensitivity",
    "specificity",
    "frequency",
    "lr-positive",
    "lr-negative",
    "effect",
    "value",
)


def title_of(entry: Entry) -> str:
    """What an entry is called."""
    if isinstance(entry, Evidence):
        return entry.source.title if entry.source else (entry.wanted or entry.id)
    return entry.title if isinstance(entry, Alert) else entry.name


@router.get("/knowledge")
def index(request: Request, q: str = "") -> Response:
    """The way into the knowledge: what there is, and search."""
    shown: Shown = request.app.state.shown
    found = [
        (kind, name, title_of(shown.entry(kind, name)))
        for entry in request.app.state.search_all.find(q, 40)
        for kind, _, name in (entry.partition("/"),)
    ]
    return html_of(
        request,
        "knowledge/index.html.jinja",
        query=q,
        found=found,
        counts={kind: len(shown.table(kind)) for kind in KINDS},
        singular=SINGULAR,
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
    return html_of(
        request,
        "knowledge/implied.html.jinja",
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
    return html_of(
        request,
        "knowledge/listing.html.jinja",
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
    return html_of(
        request,
        "knowledge/entry.html.jinja",
        kind=kind,
        singular=SINGULAR[kind],
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
                if found.id in ids_in(a.when) or found.id in a.ask
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
