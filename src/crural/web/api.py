"""The HTTP API: the same shapes as the command line's JSON, described by OpenAPI.

It keeps nothing and needs no session: a record comes in, its assessment goes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, FastAPI, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from crural.errors import RecordError
from crural.knowledge import cite
from crural.record import record_from_data
from crural.record.schema import record_schema
from crural.report.as_json import as_data
from crural.web.browse import NumberShown, Shown
from crural.web.live import Engine

router = APIRouter(prefix="/api/v1")

_ASSESSMENT_SCHEMA: Final = Path(__file__).parent / "schema" / "assessment.json"
Id = Annotated[str, InPath(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=120)]


class Problem(BaseModel):
    """What is wrong, where, and how it is mended."""

    problem: str
    field: str = ""
    remedy: str = ""


class Failed(BaseModel):
    """The answer to a request that cannot be served."""

    error: Problem


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


_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Failed}, 422: {"model": Failed}}
_REFUSED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Assessment"}}}},
    415: {"model": Failed},
    422: {"model": Failed},
}


@router.post(
    "/assess",
    summary="Assess one record",
    responses=_REFUSED,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Record"}}},
        }
    },
)
def assess(request: Request, record: Annotated[dict[str, Any], Body()]) -> Response:
    """The assessment of a record, schema crural/assessment/1. Nothing is kept."""
    # A form of another site can send text, but not this type.
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != "application/json":
        raise HTTPException(415, "Send the record as application/json.")
    engine: Engine = request.app.state.engine
    try:
        read = record_from_data(record, engine.knowledge.vocabulary, "the record")
    except RecordError as error:
        return _refused(error)
    return JSONResponse(as_data(engine.answer(read).assessment))


@router.get("/findings", summary="Search the vocabulary", responses={422: {"model": Failed}})
def findings(
    request: Request,
    q: Annotated[str, Query(max_length=100, description="plain or clinical words")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
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


def describe(app: FastAPI) -> None:
    """Put the schemas of record and assessment, as they are published, into the OpenAPI text."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(
                get_openapi(
                    title=app.title, version=app.version, summary=app.summary, routes=app.routes
                )
            )
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(_components("Record", record_schema()))
            text = _ASSESSMENT_SCHEMA.read_text(encoding="utf-8")
            schemas.update(_components("Assessment", json.loads(text)))
        return made

    app.openapi = openapi  # type: ignore[method-assign]


def _components(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Schema as components of OpenAPI: its definitions become components of their own."""

    def moved(part: Any) -> Any:
        if isinstance(part, dict):
            return {
                key: f"#/components/schemas/{name}_{value.removeprefix('#/$defs/')}"
                if key == "$ref" and isinstance(value, str)
                else moved(value)
                for key, value in part.items()
                if key not in {"$schema", "$id", "$defs"}
            }
        return [moved(p) for p in part] if isinstance(part, list) else part

    parts = {f"{name}_{key}": moved(value) for key, value in schema.get("$defs", {}).items()}
    return {name: moved(schema), **parts}


def _table(request: Request, kind: str) -> Mapping[str, Any]:
    shown: Shown = request.app.state.shown
    return shown.table(kind)


def _entry(request: Request, kind: str, name: str) -> EntryTold:
    shown: Shown = request.app.state.shown
    found = shown.entry(kind, name)
    return EntryTold(
        id=name,
        entry=found.model_dump(mode="json", by_alias=True, exclude_none=True),
        numbers=[_number(n, shown) for n in shown.by_owner.get(name, [])],
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


def _refused(error: RecordError) -> Response:
    told = Failed(error=Problem(problem=error.problem, field=error.field, remedy=error.remedy))
    return JSONResponse(told.model_dump(), status_code=422)
