"""The knowledge for reading."""

from __future__ import annotations

import pytest

from crural.knowledge import Knowledge
from crural.web.knowledge.tables import KINDS
from tests.web.conftest import Visitor, text_of


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_listed_and_its_entries_are_shown(
    visitor: Visitor, knowledge: Knowledge, kind: str
) -> None:
    assert visitor.get(f"/knowledge/{kind}").status_code == 200
    names = list(getattr(knowledge, kind))
    for name in names[:: max(1, len(names) // 12)]:
        page = visitor.get(f"/knowledge/{kind}/{name}")
        assert page.status_code == 200, name
        assert name in page.text


def test_a_long_list_is_cut_into_pages(visitor: Visitor) -> None:
    assert 'aria-label="Pages"' in visitor.get("/knowledge/evidence").text
    assert visitor.get("/knowledge/evidence?page=99999").status_code == 200


def test_a_condition_shows_numbers_sources_and_what_the_network_implies(visitor: Visitor) -> None:
    page = visitor.get("/knowledge/conditions/sciatica-disc-herniation")
    told = text_of(page)
    assert "Its numbers" in told
    assert "Implied and published" in told
    assert '<svg class="network"' in page.text


def test_a_number_can_be_reported_with_its_ids(visitor: Visitor) -> None:
    page = visitor.get("/knowledge/conditions/sciatica-disc-herniation").text
    assert "Report a problem" in page
    assert "Number: conditions/sciatica-disc-herniation.yaml: sciatica-disc-herniation:" in page
    assert "digest" in page.split("Number: conditions/")[1][:400]


def test_an_alert_shows_its_rule_in_words(visitor: Visitor) -> None:
    told = text_of(visitor.get("/knowledge/alerts/cauda-equina"))
    assert "When it is raised" in told
    assert "any of" in told


def test_search_reaches_all_kinds(visitor: Visitor) -> None:
    page = visitor.get("/knowledge?q=stenosis").text
    for kind in ("conditions", "findings", "evidence"):
        assert f"/knowledge/{kind}/" in page


def test_figures_that_miss_are_listed(visitor: Visitor) -> None:
    assert "published figures lie inside" in text_of(visitor.get("/knowledge/implied"))


@pytest.mark.parametrize("path", ["no-such", "conditions/no-such", "evidence/no-such"])
def test_what_does_not_exist_is_not_found(visitor: Visitor, path: str) -> None:
    assert visitor.get(f"/knowledge/{path}").status_code == 404
