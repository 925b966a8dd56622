"""Decides rules. A rule of the knowledge files and what is known of a patient make a verdict.

`verdict` is the three-valued logic; `subject` is what rules see of a patient, `quantities` what
their leaves ask for; `evaluate` applies a rule to one record or to a table of records, `sheet` all
rules of the knowledge to one record.
"""

from crural.rules.evaluate import (
    Compiled,
    InRange,
    Negation,
    Table,
    compile_rule,
    evaluate,
    evaluate_table,
    leaves_in_favour,
    leaves_of,
    table_of,
    truth_column,
    truth_of,
)
from crural.rules.quantities import (
    DrugsOfClass,
    DrugsTogether,
    Grade,
    Likelihood,
    LikelihoodOfAny,
    Outcome,
    PregnancyWeeks,
    Quantity,
)
from crural.rules.sheet import decide_all
from crural.rules.subject import (
    RECORD_QUESTIONS,
    DrugTaken,
    Memo,
    Patient,
    Subject,
    nobody_of,
    question_of,
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
    "Compiled",
    "DrugTaken",
    "DrugsOfClass",
    "DrugsTogether",
    "Grade",
    "InRange",
    "Interval",
    "Likelihood",
    "LikelihoodOfAny",
    "Memo",
    "Negation",
    "Outcome",
    "Patient",
    "PregnancyWeeks",
    "Quantity",
    "Subject",
    "Table",
    "Truth",
    "Verdict",
    "all_of",
    "any_of",
    "at_least",
    "compile_rule",
    "decide_all",
    "evaluate",
    "evaluate_table",
    "leaves_in_favour",
    "leaves_of",
    "negate",
    "nobody_of",
    "question_of",
    "table_of",
    "truth_column",
    "truth_of",
    "weigh",
]
