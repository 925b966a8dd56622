"""The HTTP API: the same shapes as the command line's JSON, described by OpenAPI.

What stands here keeps nothing: a record comes in, its assessment goes out, and the knowledge can be
read. What is kept is reached through `api_patients`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, FastAPI, Query, Request
from fastapi import Path as InPath
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from crural.errors import RecordError
from crural.knowledge import cite
from crural.record import record_from_data
from crural.record.schema import record_schema
from crural.record.shorthand import SCHEMA
from crural.report.as_json import SCHEMA_FILE, as_data
from crural.web.api_guard import own_json
from crural.web.api_shapes import COMPONENT, Failed, Problem, failing
from crural.web.browse import NumberShown, Shown
from crural.web.live import Engine
from crural.web.security import SIGNED_IN_COOKIE, TOKEN_HEADER

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
_EXAMPLE: Final = {
    "schema": SCHEMA,
    "as_of": "2026-03-01",
    "age": 46,
    "sex": "male",
    "side": "left",
    "present": ["pain-buttock"],
    "observations": [
        {"finding": "slr-positive", "present": True, "side": "left"},
        {"finding": "pain-duration", "value": 9, "unit": "weeks"},
    ],
    "treatments": [{"what": "ibuprofen", "days": 14, "response": "partial"}],
    "drugs": ["metformin"],
}


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


_ABOUT: Final = """\
The same shapes as those of the command line: a record comes in, an assessment goes out. Patients,
the versions of their records and their diaries can be kept. Every refusal has the form of `Failed`:
what is wrong, in which field, and what to do.

Where the server asks people to sign in, send the cookie of a session; to change anything, send its
token as well. On the machine's own address neither is needed."""
_TAGS: Final = [
    {"name": "patients", "description": "What is kept: patients, versions, diaries."},
    {"name": "knowledge", "description": "Assessing without keeping, and the knowledge behind it."},
]
_SECURITY: Final = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SIGNED_IN_COOKIE,
        "description": "The cookie that signing in sets, named __Host-... behind https.",
    },
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": TOKEN_HEADER,
        "description": "The token of the session, for everything that changes something.",
    },
}
_NOT_FOUND: Final = failing(404, 422)
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The assessment, schema crural/assessment/1.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Assessment"}}},
    },
    **failing(413, 415, 422),
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


def describe(app: FastAPI) -> None:
    """Put the schemas of record and assessment, as they are published, into the OpenAPI text."""
    app.add_exception_handler(RecordError, _refused)
    app.add_exception_handler(405, _no_such_method)
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    summary=app.summary,
                    description=_ABOUT,
                    routes=app.routes,
                    tags=_TAGS,
                )
            )
            made["paths"] = _referring(made["paths"])
            parts = made.setdefault("components", {})
            parts["securitySchemes"] = _SECURITY
            schemas = {name: _referring(part) for name, part in parts["schemas"].items()}
            # What is wrong with a request is told in our own words.
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schemas |= _components("Record", record_schema() | {"examples": [_EXAMPLE]})
            schemas |= _components(
                "Assessment", json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
            )
            parts["schemas"] = dict(sorted(schemas.items()))
        return made

    app.openapi = openapi  # type: ignore[method-assign]


def _referring(part: Any) -> Any:
    """A part of the description, with references in the place of the published schemas."""
    if isinstance(part, dict):
        if COMPONENT in part:
            return {"$ref": f"#/components/schemas/{part[COMPONENT]}"}
        return {key: _referring(value) for key, value in part.items()}
    return [_referring(one) for one in part] if isinstance(part, list) else part


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


async def _no_such_method(request: Request, error: Exception) -> Response:
    """What can be done at this address. The framework would name one of its methods only."""
    path = request.url.path
    if not path.startswith("/api/"):
        answer: Response = await request.app.exception_handlers[HTTPException](request, error)
        return answer
    allowed = {
        method.upper()
        for template, item in request.app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        for method in item
    }
    told = Failed(
        error=Problem(
            problem=f"{request.method} is not understood here",
            remedy=f"use {' or '.join(sorted(allowed))}",
        )
    )
    headers = {"allow": ", ".join(sorted(allowed))}
    return JSONResponse(told.model_dump(), status_code=405, headers=headers)


async def _refused(request: Request, error: Exception) -> Response:
    """A record that cannot be used. Pages see to that themselves: elsewhere it is a fault."""
    if not isinstance(error, RecordError) or not request.url.path.startswith("/api/"):
        raise error
    told = Failed(error=Problem(problem=error.problem, field=error.field, remedy=error.remedy))
    return JSONResponse(told.model_dump(), status_code=422)
