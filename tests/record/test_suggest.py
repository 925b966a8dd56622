"""What the user may have meant."""

from __future__ import annotations

import pytest

from crural.knowledge import load_knowledge
from crural.record import suggest
from crural.record.suggest import nearest
from tests.record.conftest import VOCABULARY, FakeVocabulary


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("slr-positve", "slr-positive"),
        ("slr_positive", "slr-positive"),
        ("Lasegue", "slr-positive"),
        ("straight leg raise", "slr-positive"),
        ("ankle reflex reduced", "reflex-ankle-reduced"),
        ("C-reactive protein", "crp"),
    ],
)
def test_nearest_finding_by_id_name_or_synonym(word: str, first: str) -> None:
    assert suggest(VOCABULARY, word)[0] == first


@pytest.mark.parametrize(
    ("word", "only"),
    [
        ("pain-buttok", ["pain-buttock"]),
        ("numbness-sadle", ["saddle-numbness"]),
        ("weak-big-toe", ["weakness-great-toe"]),
        ("swolen-leg", ["leg-swelling-sign", "leg-swelling-symptom"]),
        ("foot-drop", ["gait-steppage", "weakness-ankle-dorsiflexion"]),
    ],
)
def test_among_all_findings_nothing_is_suggested_for_a_chance_likeness(
    word: str, only: list[str]
) -> None:
    assert sorted(suggest(load_knowledge().vocabulary, word)) == sorted(only)


def test_nothing_near_gives_nothing() -> None:
    assert suggest(VOCABULARY, "zzzzzz") == []
    assert suggest(FakeVocabulary({}), "slr") == []
    assert suggest(VOCABULARY, "") == []


def test_no_more_than_asked_for_and_each_once() -> None:
    found = suggest(VOCABULARY, "known diabetes endometriosis", n=2)
    assert len(found) <= 2
    assert len(set(found)) == len(found)


def test_a_very_long_word_is_cut() -> None:
    assert isinstance(suggest(VOCABULARY, "x" * 1_000_000), list)


def test_nearest_choice() -> None:
    assert nearest("obsevations", ["observations", "drugs"]) == "observations"
    assert nearest("qqq", ["observations", "drugs"]) is None
