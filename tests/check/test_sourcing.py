"""What the numbers rest on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crural.check.sourcing import (
    Tally,
    groundless,
    is_reason,
    misused_evidence,
    sourcing_of,
)
from crural.knowledge.loader import read_all
from crural.knowledge.model import Knowledge
from tests.knowledge.tiny import SIGNS, Files, cited, entry, guess, tiny


def read(root: Path, change: Callable[[Files], None] | None = None) -> Knowledge:
    knowledge, _ = read_all(tiny(root, change))
    assert knowledge is not None
    return knowledge


def test_a_figure_and_what_is_derived_from_one_are_sourced(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        files["conditions/disc.yaml"]["findings"] += [
            {
                "finding": "sign-a",
                "probability": {
                    "derived": "a * b",
                    "where": {"a": cited("scan-shares", "frequency"), "b": guess(0.5)},
                },
            },
            {
                "finding": "sign-b",
                "probability": {"derived": "a / 2", "where": {"a": guess(0.5)}},
            },
        ]

    disc = next(c for c in sourcing_of(read(tmp_path, change)).per_condition if c.id == "disc")
    # Of six: the leg raise, the large scan and the product; not the estimates.
    assert disc.findings == Tally(parameters=6, sourced=3)
    assert disc.findings.share == 0.5
    assert disc.mechanisms == Tally(parameters=2 + len(SIGNS), sourced=0)


def test_a_number_that_cannot_be_resolved_is_not_sourced(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        entry(files, "slr-accuracy")["traced"] = False

    before = sourcing_of(read(tmp_path / "a")).overall
    after = sourcing_of(read(tmp_path / "b", change)).overall
    assert (after.parameters, after.sourced) == (before.parameters, before.sourced - 1)


def test_the_founding_share_is_that_of_the_findings_of_founding_conditions(
    tmp_path: Path,
) -> None:
    def change(files: Files) -> None:
        files["conditions/slip.yaml"]["variants"][0]["findings"] = [
            {"finding": "slr-positive", "probability": cited("slr-second", "sensitivity")}
        ]

    found = sourcing_of(read(tmp_path, change))
    disc, slip = found.per_condition
    assert found.founding == disc.findings == Tally(4, 2)
    assert slip.findings == Tally(2 + len(SIGNS), 1)
    assert not slip.founding


def test_the_parts_add_up_to_the_whole(tmp_path: Path) -> None:
    found = sourcing_of(read(tmp_path))
    assert sum(t.parameters for t in found.by_part.values()) == found.overall.parameters
    assert sum(t.sourced for t in found.by_part.values()) == found.overall.sourced
    assert found.by_part["risks"] == Tally(1, 1)
    assert found.by_part["findings of mechanisms"].parameters == 2 + len(SIGNS)


def test_nothing_has_no_share() -> None:
    assert Tally(0, 0).share == 0.0


@pytest.mark.parametrize(
    ("because", "real"),
    [
        ("", False),
        ("late", False),
        ("   often  ", False),
        ("TODO: look this up", False),
        ("todo later on", False),
        ("late sign", True),
        ("tendons shorten with age", True),
    ],
)
def test_a_reason_is_more_than_a_word_or_a_placeholder(because: str, real: bool) -> None:
    assert is_reason(because) is real


def test_estimates_and_factors_without_a_reason_are_named(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        bare = {"estimate": 0.5, "range": [0.3, 0.6], "because": "TODO"}
        disc, slip = files["conditions/disc.yaml"], files["conditions/slip.yaml"]
        disc["side"]["bilateral"] = bare
        slip["findings"][0]["probability"] = {"derived": "a / 2", "where": {"a": bare}}
        slip["prior"]["by_sex"] = {"female": 1, "male": 1, "because": "same"}

    found = {(p.file, p.field) for p in groundless(read(tmp_path, change))}
    assert found == {
        ("conditions/disc.yaml", "disc.side.bilateral"),
        ("conditions/slip.yaml", "slip.findings.pain-deep"),
        ("conditions/slip.yaml", "prior.by_sex"),
    }


def test_sound_knowledge_has_reasons_and_real_sources(tmp_path: Path) -> None:
    knowledge = read(tmp_path)
    assert list(groundless(knowledge)) == []
    assert list(misused_evidence(knowledge)) == []


def test_entries_named_outside_the_numbers_must_be_traced(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        prior = files["conditions/disc.yaml"]["prior"]
        prior["by_age"] = {"0+": 1, "because": "all ages alike", "evidence": ["hearsay"]}
        prior["by_sex"] = {
            "female": 1,
            "male": 1,
            "because": "both sexes alike",
            "evidence": ["scan-shares", "ghost"],
        }
        files["alerts/big-disc.yaml"]["sources"] = ["hearsay", "slr-accuracy"]
        files["alerts/big-disc.yaml"]["accuracy"] = {"evidence": "not-found"}
        files["alerts/scores.yaml"][0]["sources"] = ["ghost"]

    found = {(p.file, p.field, p.problem) for p in misused_evidence(read(tmp_path, change))}
    untraced = "'hearsay' is not traced to a publication"
    assert found == {
        ("conditions/disc.yaml", "prior.by_age.evidence", untraced),
        ("conditions/disc.yaml", "prior.by_sex.evidence", "'ghost' is not in the evidence tables"),
        ("alerts/big-disc.yaml", "sources", untraced),
        ("alerts/big-disc.yaml", "accuracy", "'not-found' is a named hole, not a figure"),
        ("alerts/scores.yaml", "points.sources", "'ghost' is not in the evidence tables"),
    }


def test_what_was_set_aside_must_exist_but_need_not_be_traced(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        disc = files["conditions/disc.yaml"]
        disc["findings"][1]["also"] = ["hearsay", "ghost"]
        disc["risks"][0]["also"] = ["ghost"]
        files["mechanisms/root.yaml"]["findings"][0]["also"] = ["ghost"]
        files["conditions/slip.yaml"]["variants"][0]["findings"] = [
            {"finding": "slr-positive", "probability": guess(0.4), "also": ["ghost"]}
        ]

    found = [(p.file, p.field) for p in misused_evidence(read(tmp_path, change))]
    assert found == [
        ("mechanisms/root.yaml", "pain-deep.also"),
        ("conditions/disc.yaml", "slr-below-30.also"),
        ("conditions/disc.yaml", "risks heavy-work.also"),
        ("conditions/slip.yaml", "slr-positive.also"),
    ]
