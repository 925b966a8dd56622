"""Which causes explain the record: network, exact inference, reasons, next checks, uncertainty."""

from crural.diagnosis.diagnose import (
    CauseFound,
    Diagnosis,
    Explanation,
    Why,
    diagnose,
    probabilities_given,
)
from crural.diagnosis.network import OTHER, Network, compile_network
from crural.diagnosis.problem import Case, case_of

__all__ = [
    "OTHER",
    "Case",
    "CauseFound",
    "Diagnosis",
    "Explanation",
    "Network",
    "Why",
    "case_of",
    "compile_network",
    "diagnose",
    "probabilities_given",
]
