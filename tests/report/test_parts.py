"""Data of which some parts are made when they are first asked for."""

from __future__ import annotations

import json

from crural import Assessment
from crural.report import as_data
from crural.report.as_json import parts_of
from crural.report.parts import Parts, whole


def test_a_part_is_made_when_it_is_first_asked_for_and_no_more_than_once() -> None:
    made: list[str] = []

    def lines() -> list[str]:
        made.append("lines")
        return ["one"]

    parts = Parts({"title": "A list", "lines": lines})

    assert (list(parts), "lines" in parts, len(parts)) == (["title", "lines"], True, 2)
    assert made == []
    assert [parts["lines"], parts["lines"], parts["title"]] == [["one"], ["one"], "A list"]
    assert made == ["lines"]


def test_the_whole_is_plain_data() -> None:
    inner = Parts({"b": lambda: [Parts({"c": lambda: 1})]})

    assert json.dumps(whole(Parts({"a": lambda: inner}))) == '{"a": {"b": [{"c": 1}]}}'


def test_what_is_read_part_by_part_is_what_is_taken_along(example: Assessment) -> None:
    data, parts = as_data(example), parts_of(example)

    # From the end, so that no part is made by way of another that stands before it.
    assert {name: whole(parts[name]) for name in reversed(list(parts))} == data
    assert list(parts) == list(data)
