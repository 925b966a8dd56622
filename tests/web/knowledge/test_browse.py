"""The knowledge for reading."""

from __future__ import annotations

from html import unescape

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


@pytest.mark.parametrize(
    "path",
    [
        "conditions/sciatica-disc-herniation",
        "findings/slr-positive",
        "mechanisms/radiculopathy-l5",
        "alerts/cauda-equina",
        "treatments/spinal-cord-stimulation",
    ],
)
def test_what_is_part_of_a_network_is_drawn_within_it(visitor: Visitor, path: str) -> None:
    page = visitor.get(f"/knowledge/{path}").text
    picture = page.partition('<svg class="network"')[2].partition("</svg>")[0]
    assert picture.count('class="box own"') == 1
    assert picture.count('class="edge"') > 1


def test_a_ladder_shows_its_steps_their_options_and_rules(
    visitor: Visitor, knowledge: Knowledge
) -> None:
    ladder = knowledge.ladders["arterial-emergency"]
    page = visitor.get(f"/knowledge/ladders/{ladder.id}")
    for rung in ladder.rungs:
        assert rung.title in text_of(page)
        for option in rung.options:
            assert f'href="/knowledge/treatments/{option}"' in page.text


def test_a_course_shows_its_points_and_what_they_rest_on(
    visitor: Visitor, knowledge: Knowledge
) -> None:
    course = knowledge.courses["psps-stimulation"]
    page = visitor.get(f"/knowledge/courses/{course.id}")
    said = text_of(page)
    assert said.count("Number: courses: psps-stimulation") == 2 * len(course.points) + 1
    for source in course.sources:
        assert f'href="/knowledge/evidence/{source}"' in page.text
    assert 'href="/knowledge/treatments/spinal-cord-stimulation"' in page.text


def test_a_list_of_criteria_shows_every_line_with_its_rule_and_source(
    visitor: Visitor, knowledge: Knowledge
) -> None:
    criteria = knowledge.criteria["nice-ta159"]
    page = visitor.get(f"/knowledge/criteria/{criteria.id}")
    assert page.text.count('<ul class="rule">') >= len(criteria.items)
    for source in criteria.sources:
        assert f'href="/knowledge/evidence/{source}"' in page.text


def test_precautions_tell_their_level_reason_and_who_has_them(
    visitor: Visitor, knowledge: Knowledge
) -> None:
    treatment = next(t for t in knowledge.treatments.values() if t.precautions)
    (first, *_) = treatment.precautions
    page = visitor.get(f"/knowledge/precautions/{first}")
    for item in knowledge.precautions[first].items:
        assert item.say in unescape(page.text)
    assert f'href="/knowledge/treatments/{treatment.id}"' in page.text
    assert (
        f'href="/knowledge/precautions/{first}"'
        in visitor.get(f"/knowledge/treatments/{treatment.id}").text
    )


def test_entries_of_the_same_name_keep_their_numbers_apart(
    visitor: Visitor, knowledge: Knowledge
) -> None:
    name = "crystal-arthritis"
    assert name in knowledge.conditions
    assert name in knowledge.ladders
    assert "Number: ladders/" not in visitor.get(f"/knowledge/conditions/{name}").text
    assert "Number: conditions/" not in visitor.get(f"/knowledge/ladders/{name}").text


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_of_the_knowledge_can_be_reported_with_its_version(
    visitor: Visitor, knowledge: Knowledge, kind: str
) -> None:
    name = next(iter(getattr(knowledge, kind)))
    page = visitor.get(f"/knowledge/{kind}/{name}").text
    assert f"Entry: {kind}/{name}" in page
    assert f"version {knowledge.version}, digest {knowledge.digest[:12]}" in page


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("persistent spinal pain", "ladders"),
        ("leg pain after spine surgery under", "courses"),
        ("Wells", "scores"),
        ("contraindications", "criteria"),
        ("radiculopathy", "mechanisms"),
    ],
)
def test_search_reaches_what_treatment_rests_on(visitor: Visitor, words: str, found: str) -> None:
    assert f'href="/knowledge/{found}/' in visitor.get(f"/knowledge?q={words}").text


def test_the_adding_up_of_opioids_shows_each_factor(visitor: Visitor, knowledge: Knowledge) -> None:
    page = text_of(visitor.get("/knowledge/opioids"))
    for opioid in knowledge.opioids.opioids:
        assert f"Number: opioids.yaml: {opioid.name}" in page
    assert "/knowledge/opioids" in visitor.get("/knowledge").text
