"""A knowledge of two conditions, small enough to read, written to a folder; tests then break it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

Files = dict[str, Any]


def guess(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    """An estimate with a range and a reason."""
    low = value / 2 if low is None else low
    high = (1 + value) / 2 if high is None else high
    return {"estimate": value, "range": [low, high], "because": "made up for a test"}


def cited(entry: str, of: str) -> dict[str, Any]:
    """A figure of an entry."""
    return {"evidence": entry, "of": of}


def finding(finding_id: str, **more: Any) -> dict[str, Any]:
    """A sign of one leg with a background; `more` changes it."""
    entry = {
        "id": finding_id,
        "name": finding_id.replace("-", " "),
        "question": f"Is there {finding_id}?",
        "kind": "sign",
        "burden": "examine",
        "sided": True,
        "role": "effect",
        "background": guess(0.02),
    }
    return {key: value for key, value in {**entry, **more}.items() if value is not None}


def condition(condition_id: str, **more: Any) -> dict[str, Any]:
    """A condition with everything but findings; `more` adds and changes."""
    return {
        "id": condition_id,
        "name": condition_id.capitalize(),
        "plain": f"what {condition_id} is",
        "group": "spine",
        "urgency": "routine",
        "description": f"{condition_id} hurts the leg.",
        "codes": {"icd10cm": ["M54.1"]},
        "prior": {
            "primary-care": guess(0.2),
            "specialist": guess(0.3),
            "emergency": guess(0.1),
        },
        "side": {"bilateral": guess(0.1)},
        **more,
    }


SIGNS = tuple(f"sign-{letter}" for letter in "abcdefgh")

_EVIDENCE = [
    {
        "id": "slr-accuracy",
        "kind": "accuracy",
        "condition": "disc",
        "finding": "straight leg raise",
        "population": "leg pain in a spine clinic",
        "n": 200,
        "sensitivity": {"value": 0.7, "ci": [0.6, 0.8]},
        "specificity": {"value": 0.9, "ci": [0.85, 0.94]},
        "lr_positive": {"value": 7.0, "ci": [4.0, 11.0]},
        "source": {"title": "A study of leg raising", "year": 2001, "doi": "10.1000/slr"},
    },
    {
        "id": "slr-second",
        "kind": "accuracy",
        "condition": "disc",
        "finding": "Straight  leg raise",
        "sensitivity": {"value": 0.5},
        "source": {"title": "Another study", "year": 2003, "pmcid": "PMC1"},
    },
    {
        "id": "scan-shares",
        "kind": "prevalence",
        "n": 50,
        "frequency": {"value": 0.4},
        "effect": {"measure": "odds ratio", "value": 2.0, "ci": [1.2, 3.3]},
        "source": {"title": "A study of scans", "year": 2004, "pmid": "7"},
    },
    {"id": "not-found", "kind": "hole", "wanted": "how often scans mislead"},
    {
        "id": "hearsay",
        "kind": "prevalence",
        "frequency": {"value": 0.5},
        "source": {"title": "Said somewhere", "year": 1990},
        "traced": False,
    },
]

_FILES: Files = {
    "evidence/all.yaml": _EVIDENCE,
    "findings/signs.yaml": [
        finding("pain-bilateral", role="pain", sided=False, background=None),
        finding("pain-deep", role="pain", background=None, otherwise=guess(0.3)),
        finding("slr-positive"),
        finding("slr-below-30", nested_under="slr-positive", background=guess(0.005)),
        finding(
            "scan",
            kind="test",
            burden="mri",
            sided=False,
            unit="mm",
            states=[
                {"id": "normal", "name": "normal", "max": 3},
                {"id": "bulge", "name": "bulge", "min": 3, "max": 6},
                {"id": "large", "name": "large", "min": 6},
            ],
            background={"levels": {"bulge": guess(0.2), "large": guess(0.02)}},
        ),
        finding("heavy-work", kind="history", role="risk", background=None, prevalence=guess(0.3)),
        finding("legs-normal", role="panel", background=None, implies_absent=["slr-positive"]),
        *(finding(name) for name in SIGNS),
    ],
    "mechanisms/root.yaml": {
        "id": "root",
        "name": "Root pain",
        "description": "A root is squeezed.",
        "findings": [
            {"finding": "pain-deep", "probability": guess(0.8)},
            {"finding": "slr-positive", "probability": guess(0.6)},
            *({"finding": name, "probability": guess(0.3)} for name in SIGNS),
        ],
    },
    "conditions/disc.yaml": condition(
        "disc",
        founding=True,
        risks=[{"finding": "heavy-work", "ratio": cited("scan-shares", "effect")}],
        mechanisms=[{"mechanism": "root", "probability": guess(0.9)}],
        findings=[
            {
                "finding": "slr-positive",
                "probability": {**cited("slr-accuracy", "sensitivity"), "also": ["slr-second"]},
            },
            {"finding": "slr-below-30", "probability": guess(0.2)},
            {
                "finding": "scan",
                "levels": {"bulge": guess(0.3), "large": cited("scan-shares", "frequency")},
            },
        ],
    ),
    "conditions/slip.yaml": condition(
        "slip",
        caused_by=[{"condition": "disc", "probability": guess(0.1)}],
        findings=[
            {"finding": "pain-deep", "probability": guess(0.5)},
            *({"finding": name, "probability": guess(0.2)} for name in SIGNS),
        ],
        variants=[
            {
                "id": "high",
                "name": "high slip",
                "share": guess(0.4),
                "mechanisms": [{"mechanism": "root", "probability": guess(0.5)}],
            },
            {"id": "low", "name": "low slip", "share": guess(0.6)},
        ],
    ),
    "alerts/big-disc.yaml": {
        "id": "big-disc",
        "title": "Large herniation",
        "urgency": "same-day",
        "about": ["disc"],
        "when": {
            "all": [
                {"finding": "scan", "state_at_least": "large"},
                {"any": [{"finding": "slr-positive"}, {"drug_class": "nsaid"}]},
                {"not": {"age": {"max": 18}}},
                {"at_least": {"n": 1, "of": [{"score": "points", "min": 1}, {"sex": "male"}]}},
            ]
        },
        "ask": ["slr-positive"],
        "action": "Refer today.",
        "because": "The root may be lost.",
        "sources": ["slr-accuracy"],
    },
    "alerts/scores.yaml": [
        {
            "id": "points",
            "name": "A score",
            "items": [{"points": 1, "when": {"finding": "slr-positive"}}],
            "sources": ["slr-accuracy"],
        }
    ],
    "drugs.yaml": {
        "classes": {"nsaid": "non-steroidal anti-inflammatory drug"},
        "findings_by_class": {"nsaid": "heavy-work"},
        "drugs": [{"name": "Naproxen", "synonyms": ["Aleve"], "classes": ["nsaid"]}],
    },
}


def tiny(root: Path, change: Callable[[Files], None] | None = None) -> Path:
    """Write the tiny knowledge below `root`, after `change` has altered its files."""
    files = copy.deepcopy(_FILES)
    if change is not None:
        change(files)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        path.write_text(text, encoding="utf-8")
    return root


def entry(files: Files, name: str) -> dict[str, Any]:
    """The finding or evidence entry called `name`, to be changed."""
    every = [*files["findings/signs.yaml"], *files["evidence/all.yaml"]]
    return next(one for one in every if one["id"] == name)
