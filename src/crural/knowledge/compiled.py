"""Quick start: the knowledge read once from YAML and kept as one file beside the data.

Reading the YAML takes longer than a person at a prompt should wait. The first use writes the copy;
it carries the digest of the YAML files and is used only while that digest still fits, so an edited
file can never be shadowed by an old copy.
"""

from __future__ import annotations

import contextlib
import weakref
from functools import lru_cache
from pathlib import Path
from typing import Any, get_origin

from pydantic import TypeAdapter

from crural.knowledge import kept
from crural.knowledge.evidence import Evidence
from crural.knowledge.ladder import Course, CriteriaSet, Ladder
from crural.knowledge.loader import DATA, VERSION, digest_of, load_from_yaml
from crural.knowledge.model import Alert, Condition, Drugs, Finding, Knowledge, Mechanism
from crural.knowledge.rules import Score
from crural.knowledge.treatment import Family, Opioids, PrecautionSet, Treatment

COMPILED = DATA.parent / "compiled-knowledge.jsonl"

_PARTS: dict[str, Any] = {
    "evidence": dict[str, Evidence],
    "findings": dict[str, Finding],
    "mechanisms": dict[str, Mechanism],
    "conditions": dict[str, Condition],
    "alerts": dict[str, Alert],
    "scores": dict[str, Score],
    "drugs": Drugs,
    "other": Condition,
    "treatments": dict[str, Treatment],
    "families": dict[str, Family],
    "precautions": dict[str, PrecautionSet],
    "opioids": Opioids,
    "ladders": dict[str, Ladder],
    "criteria": dict[str, CriteriaSet],
    "courses": dict[str, Course],
}
# Parts of which one record needs few entries: each is read when it is asked for.
_LATER = frozenset({"evidence", "treatments", "precautions", "ladders", "criteria", "courses"})


def load_knowledge(root: Path = DATA) -> Knowledge:
    """The knowledge below `root`. Raises KnowledgeError when a file is wrong.

    The same object is given each time as long as the files do not change.
    """
    return _load(root, digest_of(root))


@lru_cache(maxsize=4)
def _load(root: Path, digest: str) -> Knowledge:
    if root != DATA:
        return load_from_yaml(root)
    knowledge = _read(COMPILED, digest)
    if knowledge is None:
        knowledge = load_from_yaml(root)
        # A read-only installation merely stays slower.
        with contextlib.suppress(OSError, ValueError):
            write(knowledge, COMPILED)
    _shipped.add(knowledge)
    return knowledge


_shipped: weakref.WeakSet[Knowledge] = weakref.WeakSet()


def is_shipped(knowledge: Knowledge) -> bool:
    """Is this the knowledge beside which copies are kept, and nothing that was made from it?"""
    return knowledge in _shipped


def made_from(digest: str, *more: Path) -> dict[str, str]:
    """What copies are made from: files with this digest, and the modules of these folders."""
    return {"digest": digest, "code": kept.digest_of_code(Path(__file__).parent, *more)}


def kept_form(knowledge: Knowledge) -> dict[str, Any]:
    """All of the knowledge as plain data, with its digest."""
    parts = {}
    for name, kind in _PARTS.items():
        part = getattr(knowledge, name)
        parts[name] = TypeAdapter(kind).dump_python(
            dict(part) if _is_table(kind) else part,
            mode="json",
            by_alias=True,
            exclude_defaults=True,
        )
    return {"digest": knowledge.digest, **parts}


def _is_table(kind: Any) -> bool:
    return get_origin(kind) is dict


def write(knowledge: Knowledge, path: Path) -> None:
    """Keep the knowledge at `path`, one entry a line; whole or not at all."""
    entries = [
        (name, entry, value)
        for name, kind in _PARTS.items()
        for entry, value in (
            getattr(knowledge, name).items()
            if _is_table(kind)
            else [("", getattr(knowledge, name))]
        )
    ]
    kept.write(
        path,
        made_from(knowledge.digest),
        [f"{name}\t{entry}\t{kept.encoded(value)}" for name, entry, value in entries],
    )


def _read(path: Path, digest: str) -> Knowledge | None:
    """The kept knowledge, or None when there is none, it is damaged, or it is out of date."""
    lines = kept.read(path, made_from(digest))
    if lines is None:
        return None
    written: dict[str, dict[str, str]] = {name: {} for name in _PARTS}
    for line in lines:
        name, entry, text = line.split("\t", 2)
        written[name][entry] = text
    parts: dict[str, Any] = {}
    for name, kind in _PARTS.items():
        if name in _LATER:
            parts[name] = kept.Later(written[name])
        elif _is_table(kind):
            parts[name] = {entry: kept.decoded(text) for entry, text in written[name].items()}
        else:
            parts[name] = kept.decoded(written[name][""])
    return Knowledge(version=VERSION, digest=digest, **parts)


if __name__ == "__main__":
    load_knowledge()
