"""The published JSON Schema agrees with the reader."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from crural.record import Record, record_from_data, record_schema, write_record
from crural.record.document import parse
from tests.record.conftest import TODAY, VOCABULARY
from tests.record.test_reader import EXAMPLE
from tests.record.test_writer import RECORDS

VALIDATOR = Draft202012Validator(record_schema())
HEAD = {"age": 46, "sex": "male", "side": "left"}


def as_json(value: Any) -> Any:
    """Dates as the text they have in JSON."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(record_schema())
    assert record_schema()["title"] == "Record"


def test_every_key_is_explained() -> None:
    schema = record_schema()
    parts = [schema, *schema["$defs"].values()]
    parts = [inner for part in parts for inner in part.get("anyOf", [part])]
    for part in parts:
        for key, field in part.get("properties", {}).items():
            assert field.get("description"), key


def test_the_example_of_the_documentation_is_valid() -> None:
    VALIDATOR.validate(as_json(parse(EXAMPLE).data))


@settings(max_examples=60, deadline=None)
@given(RECORDS)
def test_what_the_reader_takes_and_the_writer_writes_is_valid(data: dict[str, object]) -> None:
    record = record_from_data(data, VOCABULARY, "form", today=TODAY)
    VALIDATOR.validate(as_json(data))
    VALIDATOR.validate(as_json(parse(write_record(record)).data))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"age": 46, "sex": "male"},
        {**HEAD, "age": "46"},
        {**HEAD, "age": 146},
        {**HEAD, "sex": "x"},
        {**HEAD, "side": "front"},
        {**HEAD, "gender": "male"},
        {**HEAD, "schema": "crural/record/9"},
        {**HEAD, "present": "crp"},
        {**HEAD, "observations": [{"finding": "crp"}]},
        {**HEAD, "observations": [{"finding": "crp", "present": True, "state": "high"}]},
        {**HEAD, "drugs": [5]},
        {**HEAD, "pain_scores": [{"nrs": 11, "day": 1}]},
    ],
)
def test_what_the_reader_refuses_for_its_form_is_invalid(data: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid(data)


def test_the_schema_knows_every_field() -> None:
    assert set(Record.model_fields) | {"schema", "present", "absent"} == set(
        record_schema()["properties"]
    )
