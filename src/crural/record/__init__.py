"""What is known of one patient.

Files and plain data come in, are checked against the vocabulary, and leave as an immutable Record;
whatever is wrong leaves as one RecordError that names the place and the remedy.
"""

from crural.record.model import (
    Drug,
    Illness,
    Observation,
    PainScore,
    Record,
    Treatment,
)
from crural.record.reader import read_record, read_text, record_from_data, record_from_text
from crural.record.schema import record_schema
from crural.record.sides import BodySide, PainfulSide, Relative, relative_side
from crural.record.suggest import suggest
from crural.record.vocabulary import FindingInfo, StateInfo, Vocabulary, state_of
from crural.record.writer import write_record

__all__ = [
    "BodySide",
    "Drug",
    "FindingInfo",
    "Illness",
    "Observation",
    "PainScore",
    "PainfulSide",
    "Record",
    "Relative",
    "StateInfo",
    "Treatment",
    "Vocabulary",
    "read_record",
    "read_text",
    "record_from_data",
    "record_from_text",
    "record_schema",
    "relative_side",
    "state_of",
    "suggest",
    "write_record",
]
