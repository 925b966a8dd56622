"""The knowledge for reading: every entry with its numbers, their sources, and where it is used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from crural.knowledge import Condition, Evidence, Finding, Knowledge, Mechanism, cite
from crural.knowledge.ladder import Course, CriteriaSet, Ladder
from crural.knowledge.model import Alert
from crural.knowledge.rules import Score
from crural.knowledge.treatment import PrecautionSet, Treatment
from crural.web.knowledge.network_picture import network_picture
from crural.web.knowledge.rules import ids_in, named_lines
from crural.web.knowledge.tables import KINDS, PLURAL, SINGULAR, Shown
from crural.web.showing import html_of

router = APIRouter(include_in_schema=False)

Entry = (
    Condition
    | Finding
    | Mechanism
    | Alert
    | Score
    | Treatment
    | PrecautionSet
    | Ladder
    | Course
    | CriteriaSet
    | Evidence
)
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
        plural=PLURAL,
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


@router.get("/knowledge/opioids")
def opioids(request: Request) -> Response:
    """How opioids are added up: the factor of each, and from which total on something is said."""
    shown: Shown = request.app.state.shown
    knowledge = shown.knowledge
    return html_of(
        request,
        "knowledge/opioids.html.jinja",
        opioids=knowledge.opioids,
        numbers=shown.by_owner.get("opioids", []),
        sources=_cited(knowledge.opioids.sources, knowledge),
        knowledge=knowledge,
        address=address_of,
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
        plural=PLURAL[kind],
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
        plural=PLURAL,
        entry=found,
        title=title_of(found),
        titles=lambda of, name: title_of(shown.entry(of, name)),
        shown=shown,
        knowledge=shown.knowledge,
        address=address_of,
        **_details(found, kind, shown),
    )


def _details(found: Entry, kind: str, shown: Shown) -> dict[str, Any]:
    """What a page tells of an entry beside its own words."""
    knowledge = shown.knowledge
    details: dict[str, Any] = {
        "numbers": shown.by_owner.get(f"{kind}/{found.id}", []),
        "used": [],
        "used_in": shown.used_in(kind, found.id),
        "published": [],
        "picture": network_picture(found, knowledge),
        "rule_lines": lambda rule: list(named_lines(rule, knowledge)),
        "sources": [],
        "alerts": [],
        "figures": [],
        "stands_for": {},
    }
    match found:
        case Evidence():
            details["used"] = shown.by_source.get(found.id, [])
            details["figures"] = [(f, found.figure(f)) for f in _FIGURES if found.figure(f)]
            details["published"] = [r for r in shown.implied() if r.entry == found.id]
            details["sources"] = [cite(found)]
        case Alert():
            cited = (*found.sources, *(found.accuracy or {}).values())
            details["sources"] = _cited(cited, knowledge)
        case Finding():
            numbers = shown.by_subject.get(found.id, [])
            details["numbers"] = [n for n in numbers if n.place.owner == found.id]
            details["used"] = sorted(
                (n for n in numbers if n.place.owner != found.id and n.place.part != "effects"),
                key=lambda n: -n.quantity.value,
            )
            owners = {n.place.owner.partition(" ")[0] for n in details["used"]}
            details["stands_for"] = _without_own(owners, knowledge)
            details["published"] = [
                r
                for r in shown.implied()
                if r.finding == found.id and r.role in {"parameter", "beside"}
            ]
            details["alerts"] = [
                a
                for a in knowledge.alerts.values()
                if found.id in ids_in(a.when) or found.id in a.ask
            ]
        case Condition():
            details["published"] = [
                r
                for r in shown.implied()
                if r.condition == found.id and r.role in {"parameter", "beside"}
            ]
            details["alerts"] = [a for a in knowledge.alerts.values() if found.id in a.about]
        case Mechanism():
            details["used"] = [
                n for n in shown.by_subject.get(found.id, []) if n.place.part == "mechanisms"
            ]
        case Course() | CriteriaSet() | Score():
            details["sources"] = _cited(found.sources, knowledge)
        case _:
            pass  # their sources stand beside what rests on them
    return details


def _without_own(owners: Collection[str], knowledge: Knowledge) -> Mapping[str, list[str]]:
    """Causes that state no number of their own for a finding, by what they go by: a mechanism
    through which they act, or its background."""
    found: dict[str, list[str]] = {"background": []}
    for cause in knowledge.conditions.values():
        if cause.id not in owners:
            acts = (share.mechanism for share in cause.mechanisms if share.mechanism in owners)
            found.setdefault(next(acts, "background"), []).append(cause.id)
    return found


def _cited(names: Iterable[str], knowledge: Knowledge) -> list[Mapping[str, Any]]:
    """The sources of evidence entries."""
    return [cite(knowledge.evidence[name]) for name in names if name in knowledge.evidence]


def address_of(name: str, knowledge: Knowledge) -> str | None:
    """Where an entry of this id is shown."""
    for kind in KINDS:
        if name in getattr(knowledge, kind):
            return f"/knowledge/{kind}/{name}"
    return None


def _line(entry: Entry) -> str:
    """One line that tells an entry from its neighbours."""
    said: str | None
    match entry:
        case Condition() | Treatment():
            said = entry.plain
        case Finding():
            said = entry.question
        case Alert():
            said = entry.urgency.replace("-", " ")
        case Evidence():
            about = (entry.condition, entry.treatment, entry.finding)
            said = f"{entry.id}: " + "; ".join(text for text in about if text)
        case Mechanism():
            said = entry.description
        case Ladder():
            said = entry.why
        case Course():
            said = entry.says
        case CriteriaSet():
            said = f"{entry.body}, {entry.year}; {entry.region}"
        case PrecautionSet():
            said = f"{len(entry.items)} to mind"
        case Score():
            said = entry.because
    return said or ""
