"""The vocabulary as the record room asks for it."""

from __future__ import annotations

import pytest

from crural.knowledge.model import Finding
from crural.knowledge.vocabulary import FindingVocabulary
from tests.knowledge.tiny import finding, guess


def risk(name: str, words: str, *synonyms: str) -> Finding:
    return Finding.model_validate(
        finding(
            name,
            name=words,
            role="risk",
            background=None,
            prevalence=guess(0.1),
            synonyms=list(synonyms),
        )
    )


VOCABULARY = FindingVocabulary(
    {
        f.id: f
        for f in (
            risk("diabetes-known", "known diabetes mellitus", "diabetes"),
            risk("gestational-diabetes", "diabetes in pregnancy", "gestational diabetes"),
            risk("hiv", "HIV infection", "HIV"),
            Finding.model_validate(finding("slr-positive", synonyms=["Lasegue"])),
        )
    }
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Diabetes", "diabetes-known"),
        ("diabetes-known", "diabetes-known"),
        ("type 2 diabetes, on metformin", "diabetes-known"),
        ("old gestational diabetes", "gestational-diabetes"),
        ("HIV", "hiv"),
        ("archive", None),
        ("prediabetes", None),
        ("Lasegue", None),
        ("", None),
    ],
)
def test_an_illness_is_known_by_its_whole_name_or_the_longest_name_inside(
    name: str, expected: str | None
) -> None:
    assert VOCABULARY.illness(name) == expected


def test_findings_are_asked_by_id() -> None:
    assert set(VOCABULARY.finding_ids) == {
        "diabetes-known",
        "gestational-diabetes",
        "hiv",
        "slr-positive",
    }
    found = VOCABULARY.finding("slr-positive")
    assert found is not None
    assert found.role == "effect"
    assert VOCABULARY.finding("unheard-of") is None
