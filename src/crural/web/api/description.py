"""What the API says of itself (OpenAPI), and how it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from crural.record.schema import record_schema
from crural.record.shorthand import SCHEMA
from crural.report.as_json import SCHEMA_FILE
from crural.web.api.shapes import COMPONENT, Failed, Problem
from crural.web.security import SIGNED_IN_COOKIE, TOKEN_HEADER

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
_ABOUT: Final = """\
The same shapes as those of the command line: a record comes in, an assessment goes out. Patients,
the versions of their records and their diaries can be kept. Every refusal has the form of `Failed`:
what is wrong, in which field, and what to do.

Where the server asks people to sign in, send the cookie of a session; to change anything, send its
token as well. Elsewhere neither is needed; a server that was started with a key wants that as a
bearer token."""
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
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "The key of a server that asks nobody to sign in.",
    },
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": TOKEN_HEADER,
        "description": "The token of the session, for everything that changes something.",
    },
}


def describe(app: FastAPI) -> None:
    """Put the schemas of record and assessment, as they are published, into the OpenAPI text."""
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
