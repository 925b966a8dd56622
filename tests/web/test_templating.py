"""How templates find what they show."""

from __future__ import annotations

import pytest
from jinja2 import StrictUndefined, Template, UndefinedError

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
