"""What is known of the world. Data files with a source for every number become one `Knowledge`."""

from crural.knowledge.compiled import load_knowledge
from crural.knowledge.evidence import Evidence, cite
from crural.knowledge.model import Condition, Finding, Knowledge, Mechanism, classes_named
from crural.knowledge.numbers import Quantity, resolve

__all__ = [
    "Condition",
    "Evidence",
    "Finding",
    "Knowledge",
    "Mechanism",
    "Quantity",
    "cite",
    "classes_named",
    "load_knowledge",
    "resolve",
]
