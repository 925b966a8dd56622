"""How well the answers agree with the truth, on patients whose diagnosis is known.

Case files become known cases, each is assessed as it was at first and after the work-up, and the
answers are measured beside simpler methods; nothing here changes what a patient is told.
"""

from crural.validation.cases import KnownCase, Stage, Truth, read_case, read_cases
from crural.validation.run import StageResult, Validation, validate, validate_files

__all__ = [
    "KnownCase",
    "Stage",
    "StageResult",
    "Truth",
    "Validation",
    "read_case",
    "read_cases",
    "validate",
    "validate_files",
]
