from __future__ import annotations

import pytest

from crural.report.citations import Citations

from .made import source


def test_sources_are_numbered_in_the_order_of_their_first_mention() -> None:
    citations = Citations()
    assert citations.numbers([source("b"), source("a")]) == (1, 2)
    assert citations.numbers([source("a"), source("c")]) == (2, 3)
    assert [s.number for s in citations.listed()] == [1, 2, 3]


def test_entries_of_one_publication_share_a_number() -> None:
    citations = Citations()
    one, other = source("a"), source("b", link=source("a")["link"])
    assert citations.numbers([one, other]) == (1,)
    assert list(citations.listed()[0].entries) == ["a", "b"]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "", None])
def test_only_web_addresses_become_links(link: str | None) -> None:
    citations = Citations()
    citations.numbers([source(link=link)])
    assert citations.listed()[0].link is None


def test_a_source_without_a_title_is_named_by_its_entry() -> None:
    citations = Citations()
    citations.numbers([source("hole", title=None, link=None, n=None, population=None)])
    assert citations.listed()[0].title == "hole"
    assert citations.listed()[0].entries == {"hole": ""}
