"""The page of decisions shows every record with its answers, and the records can be assessed."""

from __future__ import annotations

import re

import pytest
import yaml
from docs.build.decides import page

from crural.knowledge import Knowledge
from crural.record import record_from_data
from tests.claims.decisions import DECISIONS, Ask


@pytest.fixture(scope="module")
def text(knowledge: Knowledge) -> str:
    return page(knowledge)


def test_every_record_stands_there_under_its_statement(text: str) -> None:
    parts = re.split(r"^## (C\d+): ", text, flags=re.MULTILINE)
    under = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert list(under) == [f"C{n}" for n in range(1, 18)]
    for decision in DECISIONS:
        assert f"### {decision.title}\n" in under[decision.claim]


def test_every_answer_that_is_asked_for_stands_there(text: str, knowledge: Knowledge) -> None:
    for decision in DECISIONS:
        section = text.partition(f"### {decision.title}\n")[2].partition("\n### ")[0]
        for question in decision.asks:
            assert f"| **{shown(question, knowledge)}** |" in section


def shown(question: Ask, knowledge: Knowledge) -> str:
    """The expected answer as the page writes it."""
    if question.kind == "cause":
        return knowledge.conditions[question.expected].name
    if question.kind == "next":
        rungs = knowledge.ladders[question.of[0]].rungs
        return next(rung.title for rung in rungs if rung.id == question.expected)
    return question.expected.replace("-", " ")


def test_the_records_that_are_shown_are_the_records_that_were_assessed(
    text: str, knowledge: Knowledge
) -> None:
    shown = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    assert len(shown) == len(DECISIONS)
    made = [record_from_data(yaml.safe_load(one), knowledge.vocabulary, "shown") for one in shown]
    first_to_last = sorted(DECISIONS, key=lambda decision: int(decision.claim[1:]))
    assert made == [
        record_from_data(decision.record, knowledge.vocabulary, "made")
        for decision in first_to_last
    ]


def test_no_row_of_a_table_is_broken(text: str) -> None:
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {4}
