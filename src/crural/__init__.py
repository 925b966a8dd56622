"""Crural: decision support for leg pain that will not go away.

`assess(record, knowledge)` is the main job; `read_record` and `load_knowledge` give it its input.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crural.assessment import Assessment, assess
    from crural.errors import CruralError, KnowledgeError, RecordError
    from crural.knowledge import Knowledge, load_knowledge
    from crural.record import Record, read_record

__version__ = "0.1.0"

__all__ = [
    "Assessment",
    "CruralError",
    "Knowledge",
    "KnowledgeError",
    "Record",
    "RecordError",
    "assess",
    "load_knowledge",
    "read_record",
]

_HOME = {
    "Assessment": "crural.assessment",
    "CruralError": "crural.errors",
    "Knowledge": "crural.knowledge",
    "KnowledgeError": "crural.errors",
    "Record": "crural.record",
    "RecordError": "crural.errors",
    "assess": "crural.assessment",
    "load_knowledge": "crural.knowledge",
    "read_record": "crural.record",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: `crural findings` need not wait for the numerical library.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'crural' has no attribute '{name}'")
