"""The HTTP API against its own description: what is described holds, whatever is sent.

CRURAL_LONG_API_TEST=1 sends about fifty times as much, and other things each time.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance
from schemathesis.config import GenerationConfig

from crural.web.api import routes as api
from crural.web.api.description import describe

LONG: Final = bool(os.environ.get("CRURAL_LONG_API_TEST"))
# Of a record alone there are several hundred.
MOST_BORDERS: Final = 120
_MODES: Final = list(GenerationMode)
_RECORD: Final = {"age": 46, "sex": "male", "side": "left", "present": ["slr-positive"]}


# One request that was made up, with what is known about its right form.
Sent: TypeAlias = schemathesis.Case[Any]


class _Running:
    """The application, once it runs: the tests are named after its routes before that."""

    app: FastAPI | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


def _described() -> dict[str, Any]:
    """The description without the application behind it."""
    bare = FastAPI()
    bare.include_router(api.router)
    describe(bare)
    return bare.openapi()


_RUNNING: Final = _Running()
schemathesis.openapi.format("local-minute", st.datetimes().map("{:%Y-%m-%dT%H:%M}".format))
SCHEMA: Final = schemathesis.openapi.from_dict(_described())
SCHEMA.app = _RUNNING
OPERATIONS: Final = {
    operation.label: operation for methods in SCHEMA.values() for operation in methods.values()
}


def _asks(operation: Any) -> bool:
    """Can anything be sent that is wrong?"""
    return bool(operation.definition.raw.get("parameters") or operation.body)


@pytest.fixture
def patient(app: FastAPI) -> Iterator[str]:
    """A patient that is there, so that not all answers are 404."""
    _RUNNING.app = app
    new = {"label": "of the description", "record": _RECORD}
    made = TestClient(app).post("/api/v1/patients", json=new)
    yield made.json()["patient"]
    _RUNNING.app = None


def _keeps(case: Sent) -> int:
    """Send it; the answer must be as described, and what is of the right form be taken."""
    response = case.call()
    _holds(response, case)
    return response.status_code


def _holds(response: Any, case: Sent) -> None:
    # A record of the right form may still name a finding that does not exist, or contradict itself:
    # then place and remedy are told.
    unfit = _sends_a_record(case) and response.status_code == 422
    if unfit:
        assert response.json()["error"]["remedy"]
    case.validate_response(response, excluded_checks=[positive_data_acceptance] if unfit else [])


def _sends_a_record(case: Sent) -> bool:
    return case.operation.definition.raw["operationId"] in {
        "assess",
        "create_patient",
        "save_version",
    }


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_border_case_is_answered_as_described(label: str) -> None:
    # The library's documentation does not name this method; what it names sends all there are.
    cases = SCHEMA.iter_coverage_cases(
        OPERATIONS[label], generation_modes=_MODES, generation_config=GenerationConfig()
    )
    sent = [_keeps(case) for case in islice(cases, None if LONG else MOST_BORDERS)]
    assert sent


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_is_of_the_right_form_is_answered_as_described(label: str, patient: str) -> None:
    _send(OPERATIONS[label], GenerationMode.POSITIVE, None)
    if "{patient}" in label:
        _send(OPERATIONS[label], GenerationMode.POSITIVE, {"patient": patient})


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("label", [name for name, one in OPERATIONS.items() if _asks(one)])
def test_what_is_of_a_wrong_form_is_refused_as_described(label: str) -> None:
    _send(OPERATIONS[label], GenerationMode.NEGATIVE, None)


def _bounded(most: int, **more: Any) -> settings:
    return settings(
        max_examples=most,
        deadline=None,
        derandomize=not LONG,
        database=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )


def _send(operation: Any, mode: GenerationMode, known: dict[str, str] | None) -> None:
    @_bounded(300 if LONG else 6)
    @given(case=operation.as_strategy(mode, path_parameters=known))
    def send(case: Sent) -> None:
        _keeps(case)

    send()


@pytest.mark.usefixtures("patient")
def test_the_links_of_the_description_lead_from_one_answer_to_the_next() -> None:
    reached: Counter[tuple[str, int]] = Counter()

    class Followed(SCHEMA.as_state_machine()):  # type: ignore[misc]
        def validate_response(self, response: Any, case: Sent, **_: Any) -> None:
            reached[case.operation.definition.raw["operationId"], response.status_code] += 1
            # What one answer holds need not be of the form that the next request wants.
            case.validate_response(response, excluded_checks=[positive_data_acceptance])

    Followed.run(settings=_bounded(300 if LONG else 8, stateful_step_count=12))
    kept = {name for name, status in reached if status < 300}
    assert kept >= {"create_patient", "list_patients"}, reached


def test_the_description_tested_here_is_the_one_that_is_served(app: FastAPI) -> None:
    assert _described()["paths"] == app.openapi()["paths"]
    assert _described()["components"] == app.openapi()["components"]


def test_the_page_about_the_api_names_every_route() -> None:
    page = Path("docs/api.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+ /api/[^`]+)` \| (.+) \|$", page, re.MULTILINE))
    described = {
        (label, operation.definition.raw["summary"]) for label, operation in OPERATIONS.items()
    }
    assert told == described


def test_the_page_about_the_api_names_every_status() -> None:
    page = Path("docs/api.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| (\d{3}) \|", page, re.MULTILINE))
    described = {
        status
        for operation in OPERATIONS.values()
        for status in operation.definition.raw["responses"]
        if not status.startswith("2")
    }
    # What is not served at all has no place in a description of what is.
    assert told == described | {"405"}


def test_every_route_says_what_it_is_and_every_parameter_what_it_means() -> None:
    for operation in OPERATIONS.values():
        raw = operation.definition.raw
        assert raw["summary"]
        assert raw["description"]
        for parameter in raw.get("parameters", ()):
            assert parameter["description"], parameter


def test_the_example_of_a_record_can_be_assessed(app: FastAPI) -> None:
    (example,) = _described()["components"]["schemas"]["Record"]["examples"]
    assert TestClient(app).post("/api/v1/assess", json=example).status_code == 200
