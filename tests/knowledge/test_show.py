"""One entry with its numbers, sources and uses; all of it exported."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from crural.errors import CruralError
from crural.knowledge.compiled import kept_form
from crural.knowledge.loader import load_from_yaml
from crural.knowledge.model import Knowledge
from crural.knowledge.show import COLUMNS, export, show
from crural.knowledge.walk import numbers_of
from tests.knowledge.tiny import Files, cited, entry, finding, guess, tiny


@pytest.fixture
def knowledge(tmp_path: Path) -> Knowledge:
    return load_from_yaml(tiny(tmp_path))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "disc",
            [
                "condition disc",
                "slr-positive: 0.7 (0.6 to 0.8), sensitivity of slr-accuracy",
                "heavy-work: 2 (1.2 to 3.3), effect of scan-shares",
                "Brings about: slip",
                "Alerts: big-disc",
                "A study of leg raising (2001) https://doi.org/10.1000/slr",
            ],
        ),
        (
            "slr-positive",
            [
                "Question: Is there slr-positive?",
                "Implied by: slr-below-30",
                "Denied by: legs-normal",
                "disc: 0.7 (0.6 to 0.8)",
                "root: 0.6 (0.3 to 0.8), estimate: made up for a test",
                "Alerts: big-disc",
            ],
        ),
        ("scan", ["States: normal below 3, bulge 3 to 6, large 6 or more (mm)", "disc large: 0.4"]),
        ("root", ["Active in:", "disc: 0.9", "slip (high): 0.5"]),
        (
            "slr-accuracy",
            ["lr-positive: 7 (4 to 11)", "conditions/disc.yaml: disc, findings slr-positive"],
        ),
        ("not-found", ["Wanted: how often scans mislead", "Used by nothing."]),
        ("hearsay", ["Not traced to a publication"]),
        (
            "big-disc",
            ["finding scan, state_at_least large", "not", "age below 18", "at least 1 of"],
        ),
        ("points", ["+1", "finding slr-positive", "Alerts: big-disc"]),
        (
            "aleve",
            ["drug Naproxen", "non-steroidal", "stands for the finding heavy-work", "big-disc"],
        ),
    ],
)
def test_an_entry_is_shown_with_numbers_sources_and_uses(
    name: str, told: list[str], knowledge: Knowledge
) -> None:
    text = " ".join(show(name, knowledge).split())
    assert [words for words in told if words not in text] == []


def test_a_full_entry_leaves_nothing_out(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        disc = files["conditions/disc.yaml"]
        disc["synonyms"] = ["slipped disc"]
        disc["prior"]["by_age"] = {
            "0-17": 0.1,
            "18+": 1.2,
            "because": "seldom in children",
            "evidence": ["scan-shares"],
        }
        disc["prior"]["by_sex"] = {"female": 0.9, "male": 1.1, "because": "a few more men"}
        disc["risks"].append({"finding": "surgery", "necessary": True})
        half = {"derived": "a / 2", "where": {"a": cited("scan-shares", "frequency")}}
        disc["findings"].append({"finding": "sign-a", "probability": half})
        files["findings/signs.yaml"].append(
            finding("surgery", role="risk", background=None, prevalence=guess(0.1))
        )
        entry(files, "slr-positive")["synonyms"] = ["Lasegue"]
        entry(files, "scan")["states"] = [
            {"id": "normal", "name": "normal"},
            {"id": "bulge", "name": "bulge"},
            {"id": "large", "name": "large"},
        ]
        entry(files, "slr-accuracy")["note"] = "read in the abstract"
        files["alerts/big-disc.yaml"]["when"]["all"] += [
            {"drug_classes_together": ["nsaid", "opioid"]},
            {"probability": "disc", "min": 0.2},
        ]
        files["drugs.yaml"]["drugs"].append(
            {"name": "codeine", "classes": ["opioid"], "atc": "R05DA04"}
        )

    knowledge = load_from_yaml(tiny(tmp_path, change))
    told = {
        "disc": [
            "Also called: slipped disc",
            "Prior by age: 0-17 x 0.1, 18+ x 1.2: seldom in children [scan-shares]",
            "Prior by sex: female x 0.9, male x 1.1: a few more men",
            "Cannot be without: surgery",
            "derived: a / 2 from scan-shares",
        ],
        "slr-positive": ["Also called: Lasegue"],
        "legs-normal": ["Denies: slr-positive"],
        "slr-below-30": ["Implies: slr-positive"],
        "scan": ["States: normal, bulge, large (mm)"],
        "slr-accuracy": ["Note: read in the abstract"],
        "scan-shares": ["conditions/disc.yaml: prior by_age"],
        "big-disc": ["drug_classes_together nsaid + opioid", "probability disc, min 0.2"],
        "codeine": ["ATC R05DA04", "Alerts: big-disc"],
    }
    for name, every in told.items():
        text = " ".join(show(name, knowledge).split())
        assert [words for words in every if words not in text] == []


def test_two_entries_of_one_id_are_both_shown(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        entry(files, "hearsay")["id"] = "disc"

    text = show("disc", load_from_yaml(tiny(tmp_path, change)))
    assert "condition disc\n" in text
    assert "evidence disc\n" in text


def test_an_unknown_name_is_answered_with_the_nearest(knowledge: Knowledge) -> None:
    with pytest.raises(CruralError) as caught:
        show("slr-positve", knowledge)
    assert "'slr-positve'" in caught.value.problem
    assert "slr-positive" in caught.value.remedy


def test_no_line_is_wider_than_asked(knowledge: Knowledge) -> None:
    assert max(len(line) for line in show("disc", knowledge, width=60).splitlines()) <= 60


def test_json_holds_all_knowledge_as_plain_data(knowledge: Knowledge) -> None:
    assert json.loads(export(knowledge)) == kept_form(knowledge)


def test_csv_holds_every_number(knowledge: Knowledge) -> None:
    rows = list(csv.DictReader(io.StringIO(export(knowledge, "csv"))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(list(numbers_of(knowledge)))
    slr = next(r for r in rows if (r["owner"], r["about"]) == ("disc", "slr-positive"))
    assert (slr["value"], slr["low"], slr["high"]) == ("0.7", "0.6", "0.8")
    assert (slr["origin"], slr["sources"]) == ("evidence", "slr-accuracy")
