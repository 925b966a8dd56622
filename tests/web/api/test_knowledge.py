"""The HTTP API: the same shapes as the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
import yaml

from crural.assessment import assess
from crural.knowledge import Knowledge
from crural.record import record_from_data
from crural.report import as_data
from crural.report.as_json import SCHEMA_FILE
from tests.web.conftest import Visitor

EXAMPLES = sorted(Path("examples").glob("*.yaml"))


def _as_json(path: Path) -> Any:
    return json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.stem)
def test_a_record_is_assessed_as_on_the_command_line(
    visitor: Visitor, knowledge: Knowledge, example: Path
) -> None:
    # One that no other test asked for: an answer that is kept may come from the other engine.
    record = _as_json(example) | {"id": f"{uuid4()}"}
    answer = visitor.client.post("/api/v1/assess", json=record)
    read = record_from_data(record, knowledge.vocabulary, "the example")
    expected = as_data(assess(read, knowledge))
    assert answer.json() == json.loads(json.dumps(expected))
    jsonschema.validate(answer.json(), json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def test_a_record_that_cannot_be_used_is_refused_with_place_and_remedy(visitor: Visitor) -> None:
    answer = visitor.client.post("/api/v1/assess", json={"age": 46, "sex": "male", "side": "top"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["field"] == "side"
    assert error["problem"]
    assert error["remedy"]


@pytest.mark.parametrize("body", ["[]", "nonsense", "null", '"text"', "1e999"])
def test_what_is_no_record_is_refused(visitor: Visitor, body: str) -> None:
    answer = visitor.client.post(
        "/api/v1/assess", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422


def test_a_form_of_another_site_cannot_ask(visitor: Visitor) -> None:
    answer = visitor.client.post(
        "/api/v1/assess", content="{}", headers={"content-type": "text/plain"}
    )
    assert answer.status_code in {415, 422}


def test_findings_are_searched(visitor: Visitor) -> None:
    found = visitor.get("/api/v1/findings?q=lasegue").json()
    assert found[0]["id"] == "slr-positive"
    assert len(visitor.get("/api/v1/findings?limit=3").json()) == 3
    assert visitor.get("/api/v1/findings?limit=0").status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "conditions/hip-osteoarthritis",
        "findings/slr-positive",
        "alerts/cauda-equina",
    ],
)
def test_an_entry_comes_with_its_numbers_and_their_sources(visitor: Visitor, path: str) -> None:
    told = visitor.get(f"/api/v1/{path}").json()
    assert told["id"] == path.partition("/")[2]
    assert told["entry"]
    for number in told["numbers"]:
        assert number["sources"] or number["because"] or number["origin"] == "derived"


def test_every_kind_of_entry_can_be_had(visitor: Visitor, knowledge: Knowledge) -> None:
    for kind in ("conditions", "findings", "treatments", "alerts", "evidence"):
        name = next(iter(getattr(knowledge, kind)))
        assert visitor.get(f"/api/v1/{kind}/{name}").status_code == 200
        assert visitor.get(f"/api/v1/{kind}/no-such").status_code == 404


def test_the_description_refers_to_nothing_that_it_lacks(visitor: Visitor) -> None:
    text = visitor.get("/api/v1/openapi.json").text
    described = json.loads(text)
    schemas = described["components"]["schemas"]
    wanted = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert wanted <= set(schemas)
    assert {"Record", "Assessment"} <= wanted
    assert "$defs" not in text
