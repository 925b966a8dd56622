"""The report of all checks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crural.check import CheckReport, check
from tests.knowledge.tiny import Files, cited, entry, finding, guess, tiny

Change = Callable[[Files], None]
DISC, SLIP = "conditions/disc.yaml", "conditions/slip.yaml"


def report(root: Path, change: Change | None = None) -> CheckReport:
    return check(tiny(root, change))


def test_sound_knowledge_has_no_problem_and_no_warning(tmp_path: Path) -> None:
    found = report(tmp_path)
    assert found.problems == ()
    assert found.warnings == ()
    assert (found.conditions, found.findings) == (2, 15)
    assert found.implied_within_interval.share == 1.0


def condition_of(path: str, **more: Any) -> Change:
    return lambda files: files[path].update(more)


def finding_of(name: str, **more: Any) -> Change:
    return lambda files: entry(files, name).update(more)


def few_findings(files: Files) -> None:
    root = files["mechanisms/root.yaml"]
    root["findings"] = root["findings"][:5]


def specific_above_general(files: Files) -> None:
    files[DISC]["findings"][1]["probability"] = guess(0.9)


def shares_of(first: float) -> Change:
    def change(files: Files) -> None:
        files[SLIP]["variants"][0]["share"] = guess(first)

    return change


PROBLEMS: dict[str, tuple[Change, str, str, str]] = {
    "an empty question": (
        finding_of("sign-a", question=" "),
        "findings",
        "sign-a.question",
        "nobody can ask",
    ),
    "a question still to be written": (
        finding_of("sign-a", question="TODO"),
        "findings",
        "sign-a.question",
        "nobody can ask 'TODO'",
    ),
    "no description": (condition_of(DISC, description=""), DISC, "description", "is missing"),
    "no code": (condition_of(DISC, codes={"icd10cm": []}), DISC, "codes", "are missing"),
    "too few findings": (few_findings, DISC, "findings", "only 7, with those of its mechanisms"),
    "shares of variants that do not sum to one": (
        shares_of(0.5),
        SLIP,
        "variants",
        "sum to 1.1",
    ),
    "a specific finding above its general one": (
        specific_above_general,
        DISC,
        "slr-below-30",
        "comes out at 0.90, more often than the general 'slr-positive' at 0.70",
    ),
    "an estimate without a reason": (
        condition_of(
            DISC,
            side={"bilateral": {"estimate": 0.1, "range": [0.05, 0.2], "because": "few"}},
        ),
        DISC,
        "disc.side.bilateral",
        "gives 'few' as its reason",
    ),
    "an alert that rests on hearsay": (
        condition_of("alerts/big-disc.yaml", sources=["hearsay"]),
        "alerts/big-disc.yaml",
        "sources",
        "not traced",
    ),
    "a file that cannot be read": (
        lambda files: files.update({DISC: "id: [disc"}),
        DISC,
        "file",
        "not readable as YAML",
    ),
    "a number that does not resolve": (
        condition_of(DISC, side={"bilateral": cited("ghost", "frequency")}),
        DISC,
        "disc.side.bilateral",
        "no evidence entry is called 'ghost'",
    ),
    "a probability of one": (
        condition_of(DISC, side={"bilateral": {"derived": "2 / 2", "where": {}}}),
        DISC,
        "disc.side.bilateral",
        "must lie inside (0, 1)",
    ),
    "causes in a circle": (
        condition_of(DISC, caused_by=[{"condition": "slip", "probability": guess(0.1)}]),
        DISC,
        "caused_by",
        "is a circle",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_wrong_is_a_problem_with_place_and_remedy(name: str, tmp_path: Path) -> None:
    change, file, field, words = PROBLEMS[name]
    found = report(tmp_path, change).problems
    fitting = [p for p in found if (p.file, p.field) == (file, field) and words in p.problem]
    assert fitting, f"not among {[str(p) for p in found]}"
    assert all(p.remedy for p in found)


def test_shares_may_miss_one_by_rounding(tmp_path: Path) -> None:
    assert report(tmp_path, shares_of(0.415)).problems == ()


def test_findings_and_mechanisms_that_nothing_uses_are_warnings(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        files["findings/signs.yaml"] += [
            finding("lonely"),
            finding("general-sign"),
            finding("specific-sign", nested_under="general-sign"),
            finding("denied"),
        ]
        entry(files, "legs-normal")["implies_absent"].append("denied")
        files["alerts/big-disc.yaml"]["when"]["all"].append({"finding": "specific-sign"})
        files["mechanisms/idle.yaml"] = {
            "id": "idle",
            "name": "Idle",
            "description": "Nothing acts through it.",
            "findings": [{"finding": "sign-a", "probability": guess(0.1)}],
        }

    found = report(tmp_path, change)
    assert found.problems == ()
    # A general finding is in use as soon as a specific one below it is.
    assert [(w.file, w.field) for w in found.warnings] == [
        ("findings", "lonely"),
        ("mechanisms/idle.yaml", "id"),
    ]


def test_with_problems_the_rest_is_still_checked_but_the_network_is_not_compiled(
    tmp_path: Path,
) -> None:
    def change(files: Files) -> None:
        entry(files, "slr-accuracy")["traced"] = False
        entry(files, "sign-a")["question"] = "TODO"

    found = report(tmp_path, change)
    assert {p.field for p in found.problems} >= {"disc.findings.slr-positive", "sign-a.question"}
    assert found.implied == ()
    assert [w.field for w in found.warnings] == ["network"]
    assert found.to_data()["implied_within_interval_share"] is None
    assert "Implied figures: not computed" in found.to_text()


def test_nested_circles_do_not_stop_the_check(tmp_path: Path) -> None:
    found = report(tmp_path, finding_of("slr-positive", nested_under="slr-below-30"))
    assert "is nested in a circle" in {p.problem for p in found.problems}


def test_an_empty_folder_is_reported_not_raised(tmp_path: Path) -> None:
    found = check(tmp_path)
    assert (found.conditions, found.problems) == (0, ())
    assert [w.field for w in found.warnings] == ["network"]


def test_files_are_named_from_the_root_of_the_knowledge(tmp_path: Path) -> None:
    found = report(tmp_path, lambda files: files.update({DISC: "id: [disc"}))
    assert str(tmp_path) not in json.dumps(found.to_data()["problems"][0]["file"])


def test_the_data_say_all_of_it(tmp_path: Path) -> None:
    data = report(tmp_path).to_data()
    assert json.loads(json.dumps(data)) == data
    assert data["schema"] == "crural/knowledge-check/1"
    assert (data["conditions"], data["findings"]) == (2, 15)
    assert data["founding_sourced_share"] == 0.5
    assert data["implied_within_interval_share"] == 1.0
    disc = data["per_condition"][0]
    assert (disc["id"], disc["finding_parameters"], disc["sourced"]) == ("disc", 4, 2)
    row = next(r for r in data["implied"] if r["figure"] == "sensitivity")
    assert (row["entry"], row["condition"], row["finding"]) == (
        "slr-accuracy",
        "disc",
        "slr-positive",
    )
    assert (row["published"], row["interval"], row["implied"]) == (0.7, [0.6, 0.8], 0.7)
    assert (row["inside"], row["reason"]) == (True, None)


def test_the_text_says_what_matters(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        entry(files, "sign-a")["question"] = ""
        entry(files, "slr-accuracy")["specificity"] = {"value": 0.99, "ci": [0.98, 1.0]}

    text = report(tmp_path, change).to_text(width=200)
    assert "2 conditions, 15 findings" in text
    assert "1 problems, 0 warnings" in text
    assert "nobody can ask" in text
    assert "disc *" in text
    assert "50.0% (2 of 4) of the findings of the founding conditions" in text
    # The published specificity is not what the other conditions make of it.
    assert "comparison group differs" in text


def test_misses_stand_in_the_text_with_their_reason(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        entry(files, "slr-positive")["background"] = guess(0.9, 0.8, 0.95)

    text = report(tmp_path, change).to_text(width=200)
    assert "Cited figures the network does not imply" in text
    assert "background at age 50" in text


def test_the_shipped_knowledge_is_checked_as_a_whole() -> None:
    found = check()
    assert found.conditions > 50
    assert found.parameters > 1000
