"""What the patient has had: doses in words, past treatments recognised, the opioid total.

The record says 'pregabalin, 150 mg twice daily, no relief'; this room says which treatment of the
knowledge that was, how much a day, for how long, what came of it, and whether it counts.
"""

from crural.history.attempts import Attempt, Outcome, attempts_of, treatments_named
from crural.history.doses import DailyDose, daily_dose
from crural.history.opioids import OpioidTotal, opioid_total

__all__ = [
    "Attempt",
    "DailyDose",
    "OpioidTotal",
    "Outcome",
    "attempts_of",
    "daily_dose",
    "opioid_total",
    "treatments_named",
]
