"""Is spinal cord stimulation, or after it intraspinal morphine, due and safe? Line by line."""

from crural.candidacy.candidacy import (
    Candidacy,
    CandidacyStatus,
    Criterion,
    SetResult,
    candidacy_for,
)

__all__ = ["Candidacy", "CandidacyStatus", "Criterion", "SetResult", "candidacy_for"]
