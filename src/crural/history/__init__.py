"""What the patient has had: doses in words, past treatments recognised, the opioid total.

The record says 'pregabalin, 150 mg twice daily, no relief'; this room says which treatment of the
knowledge that was, how much a day, for how long, what came of it, and whether it counts.
"""

from crural.history.attempts import Attempt, Outcome, attempts_of, treatments_named
from crural.history.doses import DailyDose, daily_dose
from crural.history.limits import DoseDoubt, dose_doubt
from crural.history.opioids import OpioidTotal, opioid_total
from crural.history.understood import NotUnderstood, not_understood

__all__ = [
    "Attempt",
    "DailyDose",
    "DoseDoubt",
    "NotUnderstood",
    "OpioidTotal",
    "Outcome",
    "attempts_of",
    "daily_dose",
    "dose_doubt",
    "not_understood",
    "opioid_total",
    "treatments_named",
]
