"""Every way in which the files can be wrong is found, and said with place and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crural.errors import KnowledgeError
from crural.knowledge.loader import (
    DATA,
    Problem,
    data_files,
    digest_of,
    leaves,
    load_from_yaml,
    read_all,
)
from tests.knowledge.tiny import Files, cited, entry, guess, tiny

Change = Callable[[Files], None]


def problems(root: Path, change: Change) -> list[Problem]:
    return read_all(tiny(root, change))[1]


def setting(path: str, **more: Any) -> Change:
    """Change keys of a file that holds one entry."""
    return lambda files: files[path].update(more)


def changing(name: str, **more: Any) -> Change:
    """Change keys of a finding or evidence entry."""
    return lambda files: entry(files, name).update(more)


def lines(path: str, *links: dict[str, Any], key: str = "findings") -> Change:
    """Add lines to a file that holds one entry."""
    return lambda files: files[path].setdefault(key, []).extend(links)


def ruled(*rules: dict[str, Any]) -> Change:
    """Let the alert hang on these rules."""
    return setting("alerts/big-disc.yaml", when={"any": list(rules)})


DISC, SLIP, ROOT = "conditions/disc.yaml", "conditions/slip.yaml", "mechanisms/root.yaml"
PROBABILITY = guess(0.3)

BROKEN: dict[str, tuple[Change, str, str, str]] = {
    "text that is no YAML": (
        lambda files: files.update({DISC: "id: [disc"}),
        "disc.yaml",
        "file",
        "not readable as YAML",
    ),
    "an entry without a part": (
        lambda files: files[DISC].pop("plain"),
        "disc.yaml",
        "disc.plain",
        "Field required",
    ),
    "an entry that is no entry": (
        lambda files: files["findings/signs.yaml"].append("weak"),
        "signs.yaml",
        "?",
        "valid dictionary",
    ),
    "an entry without id": (
        lambda files: files["evidence/all.yaml"].append({"kind": "hole"}),
        "all.yaml",
        "entry 6.id",
        "Field required",
    ),
    "a file named otherwise than its entry": (
        setting(DISC, id="disk"),
        "disc.yaml",
        "id",
        "differs from the file's name",
    ),
    "an id given twice": (
        lambda files: files["findings/signs.yaml"].append(entry(files, "scan")),
        "signs.yaml",
        "scan",
        "is defined twice",
    ),
    "nesting under an unknown finding": (
        changing("slr-positive", nested_under="ghost"),
        "findings",
        "slr-positive",
        "nested under unknown 'ghost'",
    ),
    "nesting in a circle": (
        changing("slr-positive", nested_under="slr-below-30"),
        "findings",
        "slr-positive",
        "nested in a circle",
    ),
    "a panel that denies an unknown finding": (
        changing("legs-normal", implies_absent=["ghost"]),
        "findings",
        "legs-normal",
        "denies unknown 'ghost'",
    ),
    "a background of an unknown state": (
        changing("scan", background={"levels": {"huge": PROBABILITY}}),
        "findings",
        "scan.background",
        "unknown state huge",
    ),
    "a mechanism of an unknown finding": (
        lines(ROOT, {"finding": "ghost", "probability": PROBABILITY}),
        ROOT,
        "ghost",
        "no such finding",
    ),
    "a condition of an unknown finding": (
        lines(DISC, {"finding": "ghost", "probability": PROBABILITY}),
        DISC,
        "ghost",
        "no such finding",
    ),
    "a risk among the findings": (
        lines(DISC, {"finding": "heavy-work", "probability": PROBABILITY}),
        DISC,
        "heavy-work",
        "no cause produces",
    ),
    "levels for a finding without grades": (
        lines(DISC, {"finding": "sign-a", "levels": {"high": PROBABILITY}}),
        DISC,
        "sign-a",
        "graded findings take levels",
    ),
    "a probability for a graded finding": (
        lines(SLIP, {"finding": "scan", "probability": PROBABILITY}),
        SLIP,
        "scan",
        "graded findings take levels",
    ),
    "an unknown state of a graded finding": (
        lines(SLIP, {"finding": "scan", "levels": {"huge": PROBABILITY}}),
        SLIP,
        "scan",
        "unknown state in huge",
    ),
    "a share for the first state, which takes the rest": (
        lines(SLIP, {"finding": "scan", "levels": {"normal": PROBABILITY}}),
        SLIP,
        "scan",
        "unknown state in normal",
    ),
    "an unknown mechanism": (
        lines(DISC, {"mechanism": "ghost", "probability": PROBABILITY}, key="mechanisms"),
        DISC,
        "ghost",
        "no such mechanism",
    ),
    "a finding carried by an unknown mechanism": (
        lines(DISC, {"finding": "sign-a", "probability": PROBABILITY, "via": "ghost"}),
        DISC,
        "sign-a.via",
        "no such mechanism",
    ),
    "an unknown finding in a variant": (
        lambda files: files[SLIP]["variants"][0].update(
            findings=[{"finding": "ghost", "probability": PROBABILITY}]
        ),
        SLIP,
        "ghost",
        "no such finding",
    ),
    "an unknown risk": (
        lines(DISC, {"finding": "ghost", "necessary": True}, key="risks"),
        DISC,
        "risks ghost",
        "no such finding",
    ),
    "a sign as a risk": (
        lines(DISC, {"finding": "slr-positive", "necessary": True}, key="risks"),
        DISC,
        "risks slr-positive",
        "is a effect finding, not a risk",
    ),
    "an unknown cause": (
        lines(DISC, {"condition": "ghost", "probability": PROBABILITY}, key="caused_by"),
        DISC,
        "caused_by ghost",
        "no such condition",
    ),
    "causes in a circle": (
        lines(DISC, {"condition": "slip", "probability": PROBABILITY}, key="caused_by"),
        DISC,
        "caused_by",
        "is a circle",
    ),
    "an unknown entry": (
        lines(DISC, {"finding": "sign-a", "probability": cited("ghost", "frequency")}),
        DISC,
        "disc.findings.sign-a",
        "no evidence entry is called 'ghost'",
    ),
    "a hole cited as a figure": (
        lines(DISC, {"finding": "sign-a", "probability": cited("not-found", "frequency")}),
        DISC,
        "disc.findings.sign-a",
        "is a named hole",
    ),
    "an untraced entry": (
        changing("sign-a", background=cited("hearsay", "frequency")),
        "findings (sign)",
        "sign-a.background.sign-a",
        "not traced",
    ),
    "a probability of one": (
        lines(DISC, {"finding": "sign-a", "probability": {"derived": "1", "where": {}}}),
        DISC,
        "disc.findings.sign-a",
        "must lie inside (0, 1)",
    ),
    "an alert on an unknown finding": (
        ruled({"finding": "ghost"}),
        "alerts/big-disc.yaml",
        "ghost",
        "no such finding",
    ),
    "an alert on a graded finding without its state": (
        ruled({"finding": "scan"}),
        "alerts/big-disc.yaml",
        "scan",
        "needs state_at_least",
    ),
    "an alert on an unknown condition": (
        ruled({"probability": "ghost", "min": 0.2}),
        "alerts/big-disc.yaml",
        "ghost",
        "no such condition",
    ),
    "an alert on an unknown score": (
        ruled({"score": "ghost", "min": 2}),
        "alerts/big-disc.yaml",
        "ghost",
        "no such score",
    ),
    "an alert on an unknown class of drugs": (
        ruled({"drug_class": "ghost"}),
        "alerts/big-disc.yaml",
        "ghost",
        "no drug has this class",
    ),
    "an alert on an unknown pair of classes": (
        ruled({"drug_classes_together": ["nsaid", "ghost"]}),
        "alerts/big-disc.yaml",
        "ghost",
        "no drug has this class",
    ),
    "a rule of no known kind": (
        ruled({"phase_of_moon": "full"}),
        "big-disc.yaml",
        "big-disc.when.any.0",
        "Unable to extract tag",
    ),
    "a score on an unknown finding": (
        lambda files: files["alerts/scores.yaml"][0]["items"].append(
            {"points": 1, "when": {"finding": "ghost"}}
        ),
        "alerts/scores.yaml",
        "ghost",
        "no such finding",
    ),
    "an alert about an unknown condition": (
        setting("alerts/big-disc.yaml", about=["ghost"]),
        "alerts/big-disc.yaml",
        "ghost",
        "no such condition",
    ),
    "an alert that asks for an unknown finding": (
        setting("alerts/big-disc.yaml", ask=["ghost"]),
        "alerts/big-disc.yaml",
        "ghost",
        "no such finding",
    ),
    "an alert with an unknown source": (
        setting("alerts/big-disc.yaml", sources=["ghost"]),
        "alerts/big-disc.yaml",
        "ghost",
        "no such evidence entry",
    ),
    "an alert that absorbs one as urgent": (
        setting("alerts/big-disc.yaml", absorbs=["big-disc"]),
        "alerts/big-disc.yaml",
        "big-disc",
        "is as urgent",
    ),
    "advice on an unknown finding": (
        setting("alerts/big-disc.yaml", also=[{"when": {"finding": "ghost"}, "say": "go"}]),
        "alerts/big-disc.yaml",
        "ghost",
        "no such finding",
    ),
    "a class that stands for an unknown finding": (
        setting("drugs.yaml", findings_by_class={"nsaid": "ghost"}),
        "drugs.yaml",
        "nsaid",
        "no finding 'ghost'",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_named_with_file_field_and_remedy(name: str, tmp_path: Path) -> None:
    change, file, field, words = BROKEN[name]
    found = problems(tmp_path, change)
    fitting = [
        p for p in found if p.file.endswith(file) and p.field == field and words in p.problem
    ]
    assert fitting, f"not among {[str(p) for p in found]}"
    assert all(p.remedy for p in found)


def test_sound_files_have_no_problem(tmp_path: Path) -> None:
    knowledge, found = read_all(tiny(tmp_path))
    assert found == []
    assert knowledge is not None
    assert set(knowledge.conditions) == {"disc", "slip"}
    assert knowledge.nested["slr-below-30"] == ("slr-positive",)


def test_the_first_problem_is_raised_with_the_number_of_the_others(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        lines(DISC, {"finding": "ghost", "probability": PROBABILITY})(files)
        lines(SLIP, {"finding": "ghost", "probability": PROBABILITY})(files)

    with pytest.raises(KnowledgeError) as caught:
        load_from_yaml(tiny(tmp_path, change))
    assert caught.value.file == DISC
    assert "(1 more problems)" in caught.value.remedy


def test_a_problem_reads_as_one_line() -> None:
    problem = Problem("a.yaml", "b", "is wrong", "mend it")
    assert str(problem) == "a.yaml: b: is wrong. Remedy: mend it"


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    root = tiny(tmp_path / "a")
    before = digest_of(root)
    assert digest_of(tiny(tmp_path / "b")) == before
    (root / "drugs.yaml").rename(root / "medicines.yaml")
    renamed = digest_of(root)
    (root / "medicines.yaml").write_text("drugs: []\n", encoding="utf-8")
    assert len({before, renamed, digest_of(root)}) == 3


def test_every_leaf_of_a_rule_is_met(tmp_path: Path) -> None:
    rule = load_from_yaml(tiny(tmp_path)).alerts["big-disc"].when
    assert [type(leaf).__name__ for leaf in leaves(rule)] == [
        "FindingLeaf",
        "FindingLeaf",
        "DrugLeaf",
        "AgeLeaf",
        "ScoreLeaf",
        "SexLeaf",
    ]


def test_the_shipped_files_are_found() -> None:
    names = {path.relative_to(DATA).parts[0] for path in data_files()}
    assert {"conditions", "evidence", "findings", "mechanisms"} <= names
