"""The published schema and the data agree, and the schema is strict."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from crural import Assessment
from crural.report import as_data, to_json
from crural.report.as_json import SCHEMA_FILE

from .made import assessment_data, cause

SCHEMA = json.loads(SCHEMA_FILE.read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

Path_ = tuple[str | int, ...]


def objects(data: Any, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(data, dict):
        yield path
        for key, value in data.items():
            yield from objects(value, (*path, key))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from objects(value, (*path, i))


THERAPIES = ("stimulation", "intrathecal")


def shape(path: Path_) -> Path_:
    """A path without its positions: entries of one list have one schema, and so have therapies."""
    return tuple("*" if isinstance(s, int) or s in THERAPIES else s for s in path)


def places() -> list[Path_]:
    """One path to every object of the hand-made assessment that the schema describes."""
    first = {shape(path): path for path in reversed(list(objects(assessment_data())))}
    return list(first.values())


def at(data: Any, path: Path_) -> Any:
    for step in path:
        data = data[step]
    return data


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_real_assessment_fits_the_schema(example: Assessment) -> None:
    assert [e.message for e in VALIDATOR.iter_errors(as_data(example))] == []


def test_json_is_the_data(example: Assessment) -> None:
    assert json.loads(to_json(example)) == as_data(example)


def test_the_hand_made_assessment_of_these_tests_fits_the_schema() -> None:
    assert [e.message for e in VALIDATOR.iter_errors(assessment_data())] == []


# A mapping by therapy: knowledge may hold criteria for none, one or both.
BY_THERAPY = ("candidacy",)
# Keys that files written before they were added do not have.
ADDED_LATER = {"caution_table", "shared_cautions"}


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (path, key)
        for path in places()
        for key in at(assessment_data(), path)
        if path != BY_THERAPY and key not in ADDED_LATER
    ],
)
def test_a_missing_key_is_caught(path: Path_, key: str) -> None:
    data = copy.deepcopy(assessment_data())
    del at(data, path)[key]
    assert not VALIDATOR.is_valid(data)


@pytest.mark.parametrize("path", places())
def test_an_unknown_key_is_caught(path: Path_) -> None:
    data = copy.deepcopy(assessment_data())
    at(data, path)["surprise"] = 1
    assert not VALIDATOR.is_valid(data)


@pytest.mark.parametrize("probability", [-0.1, 1.1, "0.5", None])
def test_what_is_no_probability_is_caught(probability: object) -> None:
    assert not VALIDATOR.is_valid(assessment_data(causes=[cause() | {"probability": probability}]))
