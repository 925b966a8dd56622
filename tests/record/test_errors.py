"""Errors name place and remedy, and survive the way back from a worker process."""

from __future__ import annotations

import pickle

import pytest

from crural.errors import CruralError, KnowledgeError, RecordError


def test_error_names_file_line_field_problem_and_remedy() -> None:
    error = RecordError(
        file="a.yaml", line=4, field="age", problem="300 is above 120", remedy="correct it"
    )
    assert str(error) == "a.yaml:4: age: 300 is above 120. Remedy: correct it."


def test_error_without_line_or_field_leaves_them_out() -> None:
    error = KnowledgeError(file="a.yaml", problem="there is no such file.", remedy="check it.")
    assert str(error) == "a.yaml: there is no such file. Remedy: check it."


def test_a_remedy_that_asks_ends_with_its_own_mark() -> None:
    error = CruralError(file="a.yaml", problem="no such name", remedy="did you mean knee?")
    assert str(error) == "a.yaml: no such name. Remedy: did you mean knee?"


@pytest.mark.parametrize("kind", [RecordError, KnowledgeError])
def test_error_is_the_same_after_pickling(kind: type[CruralError]) -> None:
    error = kind(file="a.yaml", line=4, field="age", problem="too high", remedy="correct it")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.line == 4
