"""How well the answers agree with the truth, on patients whose diagnosis is known.

Case files become known cases, each is assessed as it was at first and after the work-up, and the
answers are measured beside simpler methods; `ladder` does the same for the next step of treatment.
Nothing here changes what a patient is told.
"""

from crural.validation.cases import Flag, KnownCase, NextStep, Stage, Truth, read_case, read_cases
from crural.validation.ladder import validate_ladder
from crural.validation.run import StageResult, Validation, validate, validate_files

__all__ = [
    "Flag",
    "KnownCase",
    "NextStep",
    "Stage",
    "StageResult",
    "Truth",
    "Validation",
    "read_case",
    "read_cases",
    "validate",
    "validate_files",
    "validate_ladder",
]
