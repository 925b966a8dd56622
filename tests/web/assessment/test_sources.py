"""Whatever stands on the screen leads to what it rests on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.web.conftest import Visitor, come

EXAMPLE = Path(__file__).parents[3] / "examples" / "after-stimulation.yaml"


@pytest.fixture(scope="module")
def desk(app: FastAPI) -> Visitor:
    """A patient at the end of the ladder, of whom everything is shown."""
    visitor = come(app)
    visitor.upload(EXAMPLE.read_bytes())
    return visitor


def _known(page: str) -> set[str]:
    return set(re.findall(r'href="(/knowledge/[^"#]+)"', page))


def _part(page: str, heading: str) -> str:
    found = re.search(rf'<section[^>]*aria-labelledby="{heading}".*?</section>', page, re.DOTALL)
    assert found is not None, heading
    return found[0]


@pytest.mark.parametrize(
    ("part", "kinds"),
    [
        ("alerts", {"alerts", "evidence"}),
        ("drugs-now", {"treatments", "opioids"}),
        ("treatment", {"ladders", "treatments", "evidence"}),
        ("ask", {"findings"}),
    ],
)
def test_every_part_of_the_desk_leads_to_its_sources(
    desk: Visitor, part: str, kinds: set[str]
) -> None:
    links = _known(_part(desk.page().text, part))
    assert kinds <= {link.split("/")[2] for link in links}


def test_a_cause_leads_to_its_numbers_in_two_clicks(desk: Visitor) -> None:
    for cause in re.findall(r'href="(/assessment/[^"]+/cause/[\w-]+)"', desk.page().text)[:3]:
        name = cause.rpartition("/")[2]
        assert f"/knowledge/conditions/{name}" in _known(desk.get(cause).text)


def test_a_next_check_leads_to_what_is_known_of_it_in_two_clicks(desk: Visitor) -> None:
    checks = re.findall(r'href="(/assessment/[^"]+/check/[\w-]+)"', desk.page().text)
    assert len(checks) > 3
    for check in checks:
        name = check.rpartition("/")[2]
        assert f"/knowledge/findings/{name}" in _known(desk.get(check).text)


def test_an_estimate_leads_to_the_row_of_its_number(desk: Visitor) -> None:
    causes = set(re.findall(r'href="(/assessment/[^"]+/cause/[\w-]+)"', desk.page().text))
    pages = [desk.get(cause).text for cause in sorted(causes)]
    rows = {to for page in pages for to in re.findall(r'href="([^"]+#(?:of-[\w-]+|prior))"', page)}
    assert len(rows) > 2 * len(causes)
    for row in rows:
        address, _, place = row.partition("#")
        assert f'id="{place}"' in desk.get(address).text, row


def test_every_step_leads_to_each_of_its_options(desk: Visitor) -> None:
    for rung in set(re.findall(r'href="(/assessment/[^"]+/rung/[\w-]+)"', desk.page().text)):
        page = desk.get(rung).text
        options = re.findall(r'<details class="option-row"', page)
        known = {link for link in _known(page) if link.startswith("/knowledge/treatments/")}
        assert len(known) >= len(options) > 0, rung


def test_every_line_of_a_list_of_criteria_leads_to_its_rule_and_source(desk: Visitor) -> None:
    for therapy in ("stimulation", "intrathecal"):
        kinds = {link.split("/")[2] for link in _known(desk.get(f"candidacy/{therapy}").text)}
        assert {"criteria", "evidence"} <= kinds


def test_the_course_leads_to_its_numbers(desk: Visitor) -> None:
    desk.upload(EXAMPLE.with_name("before-stimulation.yaml").read_bytes())
    assert re.search(r'href="/knowledge/courses/[\w-]+"', desk.page().text)


def test_no_link_to_the_knowledge_leads_nowhere(desk: Visitor) -> None:
    pages = [desk.page(), desk.get("candidacy/stimulation"), desk.get("candidacy/intrathecal")]
    links = {link for page in pages for link in _known(page.text)}
    assert len(links) > 20
    for link in links:
        assert desk.get(link).status_code == 200, link
