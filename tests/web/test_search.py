"""Search by plain, clinical and misspelt words."""

from __future__ import annotations

import pytest

from crural.knowledge import Knowledge
from crural.web.search import LONGEST_QUERY, Search, search_of_findings


@pytest.fixture(scope="module")
def search(knowledge: Knowledge) -> Search:
    return search_of_findings(knowledge)


def test_every_finding_is_found_by_its_own_name(search: Search, knowledge: Knowledge) -> None:
    missed = [f.id for f in knowledge.findings.values() if f.id not in search.find(f.name, 5)]
    # A query is cut at a length that a few names exceed; their beginning finds them too.
    assert missed == []


def test_a_misspelt_word_is_forgiven(search: Search) -> None:
    assert "slr-positive" in search.find("lasseque") + search.find("straigt leg raise")


@pytest.mark.parametrize("query", ["", "  ", "?!", "x" * (LONGEST_QUERY * 50)])
def test_what_says_nothing_finds_nothing(search: Search, query: str) -> None:
    assert search.find(query) == ()
