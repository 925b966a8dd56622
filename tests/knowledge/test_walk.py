"""Every number is met once, with its place and scale."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from crural.knowledge.loader import load_from_yaml
from crural.knowledge.walk import numbers_of, numbers_of_condition
from tests.knowledge.tiny import SIGNS, Files, entry, guess, tiny


def test_each_part_of_a_condition_gives_its_numbers(tmp_path: Path) -> None:
    slip = load_from_yaml(tiny(tmp_path)).conditions["slip"]
    parts = Counter(place.part for place in numbers_of_condition(slip))
    assert parts == {
        "prior": 3,
        "side": 1,
        "caused_by": 1,
        "findings": 1 + len(SIGNS),
        "variants": 2,
        "mechanisms": 1,
    }


def test_a_ratio_is_told_from_a_probability(tmp_path: Path) -> None:
    disc = load_from_yaml(tiny(tmp_path)).conditions["disc"]
    scales = {place.about: place.scale for place in numbers_of_condition(disc)}
    assert scales["heavy-work"] == "ratio"
    assert scales["slr-positive"] == "probability"


def test_levels_name_their_state_and_bands_their_age(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        levels = entry(files, "scan")["background"]["levels"]
        levels["bulge"] = {"by_age": {"0-49": guess(0.1), "50+": guess(0.3)}}
        files["conditions/disc.yaml"]["side"]["left"] = guess(0.6)

    places = list(numbers_of(load_from_yaml(tiny(tmp_path, change))))
    about = {place.about for place in places if place.owner == "scan"}
    assert about == {"scan bulge at 0-49", "scan bulge at 50+", "scan large"}
    assert "scan large" in {place.about for place in places if place.owner == "disc"}
    assert "left" in {place.about for place in places if place.part == "side"}


def test_numbers_of_a_variant_name_it(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        variant = files["conditions/slip.yaml"]["variants"][0]
        variant["findings"] = [{"finding": "slr-positive", "probability": guess(0.4)}]

    slip = load_from_yaml(tiny(tmp_path, change)).conditions["slip"]
    owners = {p.about: p.owner for p in numbers_of_condition(slip) if p.part == "findings"}
    assert owners["slr-positive"] == "slip (high)"
    assert owners["pain-deep"] == "slip"


def test_mechanisms_and_findings_are_walked_too(tmp_path: Path) -> None:
    files = Counter(place.file for place in numbers_of(load_from_yaml(tiny(tmp_path))))
    assert files["mechanisms/root.yaml"] == 2 + len(SIGNS)
    assert files["findings (history)"] == 1
