"""Quick start: the knowledge read once from YAML and kept as one JSON file beside the data.

Reading the YAML takes longer than a person at a prompt should wait. The set-up
(`python -m crural.knowledge.compiled`) writes the JSON; it carries the digest of the YAML files and
is used only while that digest still fits, so an edited file can never be shadowed by an old copy.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crural.knowledge.evidence import Evidence
from crural.knowledge.loader import DATA, VERSION, digest_of, load_from_yaml
from crural.knowledge.model import Alert, Condition, Drugs, Finding, Knowledge, Mechanism
from crural.knowledge.rules import Score

COMPILED = DATA.parent / "compiled.json"

_PARTS: dict[str, Any] = {
    "evidence": dict[str, Evidence],
    "findings": dict[str, Finding],
    "mechanisms": dict[str, Mechanism],
    "conditions": dict[str, Condition],
    "alerts": dict[str, Alert],
    "scores": dict[str, Score],
    "drugs": Drugs,
    "other": Condition,
}


def load_knowledge(root: Path = DATA) -> Knowledge:
    """The knowledge below `root`. Raises KnowledgeError when a file is wrong.

    The same object is given each time as long as the files do not change.
    """
    return _load(root, digest_of(root))


@lru_cache(maxsize=4)
def _load(root: Path, digest: str) -> Knowledge:
    quick = COMPILED if root == DATA else None
    if quick is not None:
        kept = _read(quick, digest)
        if kept is not None:
            return kept
    knowledge = load_from_yaml(root)
    if quick is not None:
        # A read-only installation merely stays slower.
        with contextlib.suppress(OSError):
            write(knowledge, quick)
    return knowledge


def kept_form(knowledge: Knowledge) -> dict[str, Any]:
    """All of the knowledge as plain data, with its digest: what the copy holds."""
    parts = {
        name: TypeAdapter(kind).dump_python(
            getattr(knowledge, name), mode="json", by_alias=True, exclude_defaults=True
        )
        for name, kind in _PARTS.items()
    }
    return {"digest": knowledge.digest, **parts}


def write(knowledge: Knowledge, path: Path) -> None:
    """Keep the knowledge as JSON at `path`; whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".json")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(kept_form(knowledge), out, ensure_ascii=False)
    Path(temporary).replace(path)


def _read(path: Path, digest: str) -> Knowledge | None:
    """The kept knowledge, or None when there is none, it is damaged, or it is out of date."""
    try:
        raw = json.loads(path.read_bytes())
        if raw.pop("digest", None) != digest:
            return None
        parts = {
            name: TypeAdapter(kind).validate_python(raw[name]) for name, kind in _PARTS.items()
        }
    except (OSError, ValueError, KeyError, AttributeError, TypeError, ValidationError):
        return None
    return Knowledge(version=VERSION, digest=digest, **parts)


if __name__ == "__main__":
    load_knowledge()
