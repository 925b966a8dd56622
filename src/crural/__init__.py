"""Crural: decision support for leg pain that will not go away.

`assess(record, knowledge)` is the main job; `read_record` and `load_knowledge` give it its input.
"""

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
