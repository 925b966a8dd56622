"""Decides rules. A rule of the knowledge files and what is known of a patient make a verdict.

`verdict` is the three-valued logic, `evaluate` applies it to one record or to a table of records.
"""

from crural.rules.evaluate import (
    RECORD_QUESTIONS,
    DrugTaken,
    Patient,
    Quantity,
    Subject,
    Table,
    evaluate,
    evaluate_table,
    leaves_in_favour,
    table_of,
    truth_column,
)
from crural.rules.verdict import (
    UNKNOWN_INTERVAL,
    Interval,
    Truth,
    Verdict,
    all_of,
    any_of,
    at_least,
    negate,
    weigh,
)

__all__ = [
    "RECORD_QUESTIONS",
    "UNKNOWN_INTERVAL",
    "DrugTaken",
    "Interval",
    "Patient",
    "Quantity",
    "Subject",
    "Table",
    "Truth",
    "Verdict",
    "all_of",
    "any_of",
    "at_least",
    "evaluate",
    "evaluate_table",
    "leaves_in_favour",
    "negate",
    "table_of",
    "truth_column",
    "weigh",
]
