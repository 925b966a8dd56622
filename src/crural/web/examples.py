"""The example patients that come with the program."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import crural
from crural.knowledge import Knowledge
from crural.record import Record, record_from_text
from crural.store import Store

_PACKAGE: Final = Path(crural.__file__).parent
# Beside the source in a checkout; an installed package carries a copy.
_FOLDERS: Final = (_PACKAGE / "examples", _PACKAGE.parents[1] / "examples")


def examples(knowledge: Knowledge) -> dict[str, Record]:
    """The example records by their names in the list. Raises RecordError."""
    folder = next((folder for folder in _FOLDERS if folder.is_dir()), None)
    found = sorted(folder.glob("*.yaml")) if folder else []
    return {
        f"Example: {path.stem.replace('-', ' ')}": record_from_text(
            path.read_text(encoding="utf-8"), knowledge.vocabulary, path.name, is_json=False
        )
        for path in found
    }


def add_examples(store: Store, knowledge: Knowledge, who: str) -> int:
    """Put the example patients into an empty store; how many were added. Raises StoreError."""
    if store.patients(limit=1):
        return 0
    added = examples(knowledge)
    # The list shows the one changed last first.
    for label in sorted(added, reverse=True):
        store.create_patient(label, added[label], who=who)
    return len(added)
