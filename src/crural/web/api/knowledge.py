"""The HTTP API: the same shapes as the command line's JSON, described by OpenAPI.

What stands here keeps nothing: a record comes in, its assessment goes out, and the knowledge can be
read. What is kept is reached through `api_patients`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from crural.knowledge import cite
from crural.record import record_from_data
from crural.report.as_json import as_data
from crural.web.api.guard import own_json
from crural.web.api.shapes import failing
from crural.web.knowledge.tables import NumberShown, Shown
from crural.web.live import Engine

router = APIRouter(
    prefix="/api/v1",
    tags=["knowledge"],
    responses=failing(400, 401, 403),
    generate_unique_id_function=lambda route: route.name,
)

Id = Annotated[
    str,
    InPath(
        pattern=r"^[a-z0-9][a-z0-9.-]*$",
        max_length=120,
        description="the id of the entry",
    ),
]


class FindingFound(BaseModel):
    """An entry of the vocabulary that a search found."""

    id: str
    name: str
    question: str
    kind: str
    burden: str
    sided: bool
    states: list[str]
    unit: str | None
    synonyms: list[str]


class SourceCited(BaseModel):
    """Where a number comes from."""

    id: str
    title: str | None
    year: int | None
    link: str | None
    population: str | None
    n: int | None


class NumberTold(BaseModel):
    """A number of the knowledge with its 90 % range and what it rests on."""

    part: str
    about: str
    value: float
    low: float
    high: float
    origin: str
    because: str | None
    sources: list[SourceCited]


class EntryTold(BaseModel):
    """An entry as it stands in the knowledge files, and its numbers resolved."""

    id: str
    entry: dict[str, Any]
    numbers: list[NumberTold]


class Listed(BaseModel):
    """An entry of a list."""

    id: str
    name: str


_NOT_FOUND: Final = failing(404, 422)
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The assessment, schema crural/assessment/1.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Assessment"}}},
    },
    **failing(413, 415, 422, 429, 503),
}


@router.post(
    "/assess",
    summary="Assess one record",
    responses=_REFUSED,
    dependencies=[Depends(own_json)],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Record"}}},
        }
    },
)
def assess(request: Request, record: Annotated[dict[str, Any], Body()]) -> Response:
    """The assessment of a record, schema crural/assessment/1. Nothing is kept."""
    engine: Engine = request.app.state.engine
    read = record_from_data(record, engine.knowledge.vocabulary, "the record")
    return JSONResponse(as_data(engine.answer(read).assessment))


@router.get("/findings", summary="Search the vocabulary", responses=failing(422))
def findings(
    request: Request,
    q: Annotated[str, Query(max_length=100, description="plain or clinical words")] = "",
    limit: Annotated[int, Query(ge=1, le=1000, description="how many at most")] = 20,
) -> list[FindingFound]:
    """Findings that the words resemble, the closest first; without words all of them."""
    table = request.app.state.engine.knowledge.findings
    names = request.app.state.search.find(q, limit) if q.strip() else tuple(table)[:limit]
    return [
        FindingFound(
            id=f.id,
            name=f.name,
            question=f.question,
            kind=f.kind,
            burden=f.burden,
            sided=f.sided,
            states=list(f.state_ids),
            unit=f.unit,
            synonyms=list(f.synonyms),
        )
        for f in (table[name] for name in names)
    ]


@router.get("/conditions", summary="List the causes")
def conditions(request: Request) -> list[Listed]:
    """Every cause of leg pain that is known here."""
    return [Listed(id=c.id, name=c.name) for c in _table(request, "conditions").values()]


@router.get("/conditions/{name}", summary="One cause", responses=_NOT_FOUND)
def condition(request: Request, name: Id) -> EntryTold:
    """A cause with its numbers and their sources."""
    return _entry(request, "conditions", name)


@router.get("/findings/{name}", summary="One finding", responses=_NOT_FOUND)
def finding(request: Request, name: Id) -> EntryTold:
    """A finding, and every number that speaks of it."""
    shown: Shown = request.app.state.shown
    told = _entry(request, "findings", name)
    return told.model_copy(
        update={"numbers": [_number(n, shown) for n in shown.by_subject.get(name, [])]}
    )


@router.get("/treatments/{name}", summary="One treatment", responses=_NOT_FOUND)
def treatment(request: Request, name: Id) -> EntryTold:
    """A treatment with its doses and effects."""
    return _entry(request, "treatments", name)


@router.get("/alerts/{name}", summary="One alert", responses=_NOT_FOUND)
def alert(request: Request, name: Id) -> EntryTold:
    """An alert with its rule."""
    return _entry(request, "alerts", name)


@router.get("/evidence/{name}", summary="One published figure", responses=_NOT_FOUND)
def evidence(request: Request, name: Id) -> EntryTold:
    """An evidence entry, and every number that rests on it."""
    shown: Shown = request.app.state.shown
    told = _entry(request, "evidence", name)
    return told.model_copy(
        update={"numbers": [_number(n, shown) for n in shown.by_source.get(name, [])]}
    )


def _table(request: Request, kind: str) -> Mapping[str, Any]:
    shown: Shown = request.app.state.shown
    return shown.table(kind)


def _entry(request: Request, kind: str, name: str) -> EntryTold:
    shown: Shown = request.app.state.shown
    found = shown.entry(kind, name)
    return EntryTold(
        id=name,
        entry=found.model_dump(mode="json", by_alias=True, exclude_none=True),
        numbers=[_number(n, shown) for n in shown.by_owner.get(f"{kind}/{name}", [])],
    )


def _number(number: NumberShown, shown: Shown) -> NumberTold:
    quantity = number.quantity
    evidence = shown.knowledge.evidence
    return NumberTold(
        part=f"{number.place.file}: {number.place.part}",
        about=number.place.about,
        value=quantity.value,
        low=quantity.low,
        high=quantity.high,
        origin=quantity.origin,
        because=quantity.because,
        sources=[SourceCited(**cite(evidence[s])) for s in quantity.sources if s in evidence],
    )
