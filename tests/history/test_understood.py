"""Entries that no table knows are told; answers such as 'none' and known entries are not."""

from __future__ import annotations

from typing import Any

import pytest

from crural.history import NotUnderstood, not_understood
from crural.knowledge import load_knowledge
from crural.record import record_from_data

KNOWLEDGE = load_knowledge()


def unknown(**parts: Any) -> list[tuple[str, str]]:
    data = {"age": 38, "sex": "male", "side": "left", **parts}
    record = record_from_data(data, KNOWLEDGE.vocabulary, "one")
    return [(entry.kind, entry.text) for entry in not_understood(record, KNOWLEDGE)]


def test_each_list_tells_what_it_does_not_know_once() -> None:
    assert unknown(
        drugs=["xyzzy", "xyzzy", "Lyrica 75 mg"],
        treatments=["leeches", "physiotherapy"],
        illnesses=["foo disease", "CKD 4"],
        allergies=["moonlight", "NSAIDs"],
    ) == [
        ("drug", "xyzzy"),
        ("treatment", "leeches"),
        ("illness", "foo disease"),
        ("allergy", "moonlight"),
    ]


@pytest.mark.parametrize("said", ["none", "None known", "NKDA", "no known allergies", "nil", "-"])
def test_an_answer_of_nothing_is_no_entry(said: str) -> None:
    assert unknown(allergies=[said]) == []


def test_an_illness_that_is_denied_is_understood() -> None:
    assert unknown(illnesses=["no diabetes"]) == []


def test_an_opioid_of_the_table_of_factors_is_understood() -> None:
    assert unknown(drugs=["oxycodone", "warfarin", "metformin"]) == []


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ("kidney failure", "dialysis-or-renal-failure"),
        ("CKD 4", "dialysis-or-renal-failure"),
        ("CKD stage 4", "dialysis-or-renal-failure"),
        ("CKD stage 5", "dialysis-or-renal-failure"),
        ("chronic kidney disease stage 4", "dialysis-or-renal-failure"),
        ("CKD", "kidney-disease-known"),
        ("CKD 3", "kidney-disease-known"),
        ("CKD 3b", "kidney-disease-known"),
        ("chronic kidney disease", "kidney-disease-known"),
        ("chronic kidney disease stage 3a", "kidney-disease-known"),
        ("asthma", "asthma-known"),
        ("severe asthma", "asthma-severe"),
        ("aspirin-induced asthma", "asthma-aspirin-sensitive"),
        ("glaucoma", "glaucoma-known"),
        ("narrow-angle glaucoma", "glaucoma-angle-closure"),
        ("low white cells", "bone-marrow-suppression"),
        ("previous agranulocytosis", "bone-marrow-suppression"),
    ],
)
def test_illnesses_that_bear_on_drugs_are_known_by_their_usual_names(
    said: str, finding: str
) -> None:
    assert KNOWLEDGE.vocabulary.illness(said) == finding


def test_an_entry_is_compared_by_what_it_says() -> None:
    assert NotUnderstood("drug", "xyzzy") == NotUnderstood("drug", "xyzzy")
