"""Units that are offered beside a measured finding; the record room converts them."""

from __future__ import annotations

from collections.abc import Mapping

from crural.knowledge import Finding
from crural.record.vocabulary import measured_in

# UCUM units as people read them: (what is sent, what is shown), the usual one first.
_OFFERED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "d": (("days", "days"), ("weeks", "weeks"), ("months", "months"), ("years", "years")),
    "mo": (("months", "months"), ("years", "years"), ("weeks", "weeks")),
    "min": (("minutes", "minutes"), ("hours", "hours")),
    "m": (("m", "metres"), ("km", "km"), ("yards", "yards"), ("miles", "miles")),
    "Cel": (("Cel", "°C"), ("[degF]", "°F")),
    "mg/L": (("mg/L", "mg/L"), ("mg/dL", "mg/dL")),
    "10*9/L": (("10*9/L", "10⁹/L"), ("/uL", "per µL")),
    "mmol/mol": (("mmol/mol", "mmol/mol"), ("%", "%")),
    "mL/min": (("mL/min", "mL/min"), ("mL/s", "mL/s")),
    "ms": (("ms", "ms"), ("s", "s")),
    "{NRS}": (("{NRS}", "of 10"),),
    "{T-score}": (("{T-score}", "T-score"),),
    "{xULN}": (("{xULN}", "times the upper limit"),),
    "1": (("1", "(a ratio)"),),
}
_OF_FINDING: Mapping[str, tuple[tuple[str, str], ...]] = {
    "vitamin-d": (("nmol/L", "nmol/L"), ("ng/mL", "ng/mL")),
}

# Days in the longer units, the longest first.
_LONGER: Mapping[str, float] = {"years": 365.25, "months": 30.4375, "weeks": 7.0}


def duration_of(value: float, unit: str) -> tuple[float, str]:
    """A duration as it was most likely said: 730.5 days are 2 years."""
    if unit != "d":
        return value, unit
    for longer, days in _LONGER.items():
        # Years are said in halves too: 4.5 years, and not 54 months.
        parts = 2 if longer == "years" else 1
        number = round(parts * value / days) / parts
        if value >= days and abs(value / days - number) < 0.001:
            return number, longer
    return value, "days"


def units_of(finding: Finding) -> tuple[tuple[str, str], ...]:
    """Units in which a value may be given; empty for what is not measured."""
    unit = measured_in(finding)
    if unit is None:
        return ()
    return _OF_FINDING.get(finding.id) or _OFFERED.get(unit) or ((unit, unit.strip("{}")),)
