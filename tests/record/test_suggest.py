"""What the user may have meant."""

from __future__ import annotations

import pytest

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
