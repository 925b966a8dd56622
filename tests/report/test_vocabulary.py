"""The list of findings for the terminal."""

from __future__ import annotations

import pytest

from crural.knowledge import Knowledge
from crural.report.vocabulary import to_text


def listed(knowledge: Knowledge, search: str, width: int = 100) -> str:
    return to_text(knowledge, search, width, colour=False)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_an_id_is_never_cut_since_it_is_there_to_be_copied(
    knowledge: Knowledge, width: int
) -> None:
    text = listed(knowledge, "", width)
    assert [name for name in knowledge.findings if f"{name} " not in text] == []


def test_a_cause_is_no_finding_and_what_to_write_instead_is_said(knowledge: Knowledge) -> None:
    text = " ".join(listed(knowledge, "cellulitis").split())
    assert "is a cause that is weighed: write what was found of it" in text
    assert "crural knowledge show erythema-nodosum-cellulitis" in text


def test_a_treatment_is_no_finding_and_where_to_write_it_is_said(knowledge: Knowledge) -> None:
    assert "is a treatment: write it under treatments" in listed(knowledge, "gabapentin")


def test_what_nothing_resembles_is_answered_with_a_hint(knowledge: Knowledge) -> None:
    assert "Try one plain word" in listed(knowledge, "zebra")
