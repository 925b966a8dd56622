"""How templates find what they show."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from jinja2 import DictLoader, StrictUndefined, Template, UndefinedError

from crural.report.parts import Parts
from crural.web.templating import DataFirst


def _template(text: str) -> Template:
    return DataFirst(autoescape=True, undefined=StrictUndefined).from_string(text)


@pytest.mark.parametrize("kind", [dict, Parts])
def test_what_stands_in_data_is_found_by_its_name(kind: type) -> None:
    page = _template("{{ data.name }} {{ data['name'] }}")

    assert page.render(data=kind({"name": "<b>"})) == "&lt;b&gt; &lt;b&gt;"


def test_a_method_of_a_dictionary_is_no_entry_of_it() -> None:
    page = _template("{% for k, v in data.items() %}{{ k }}={{ v }}{% endfor %}")

    assert page.render(data={"items": 1}) == "items=1"


def test_what_is_not_there_is_refused() -> None:
    page = _template("{{ data.nothing }}")

    with pytest.raises(UndefinedError):
        page.render(data=Parts({}))


class Shown(dict[str, str]):
    """Data that tells when it is let go."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


TEMPLATES = {
    "parts": "{% macro bold() %}<b>{{ data.name }}</b>{% endmacro %}"
    "{% macro twice() %}{{ bold() }}{{ bold() }}{% endmacro %}",
    "page": '{% from "parts" import twice with context %}'
    "{% macro own() %}{{ twice() }}{% endmacro %}"
    '{{ own() }}{% include "part" %}',
    "part": '{% from "parts" import bold with context %}{{ bold() }}',
}


@pytest.mark.usefixtures("no_collector")
def test_what_was_shown_is_let_go_without_the_collector() -> None:
    pages = DataFirst(loader=DictLoader(TEMPLATES), undefined=StrictUndefined)
    data = Shown(name="x")
    told = weakref.ref(data)
    assert pages.rendered("page", {"data": data}) == "<b>x</b>" * 3
    del data
    assert told() is None


def test_a_template_that_is_kept_for_all_pages_is_not_let_go() -> None:
    templates = {"parts": TEMPLATES["parts"].replace("data.name", "'x'")}
    templates["page"] = '{% import "parts" as parts %}{{ parts.twice() }}'
    pages = DataFirst(loader=DictLoader(templates), undefined=StrictUndefined)
    assert [pages.rendered("page", {}) for _ in range(2)] == ["<b>x</b>" * 2] * 2
