"""Units of measured findings: spellings, and the conversions that clinics need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

# A conversion goes through decimals: 4.1 mg/dL are 41 mg/L and not 40.99999999999999, which would
# fall on the wrong side of a limit.
Conversion: TypeAlias = Callable[[Decimal], Decimal]

# UCUM, and how the same unit is written in letters and on laboratory forms (without upper case).
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "1": ("1", "ratio", "{ratio}", "{inr}", "inr", "none"),
    "%": ("%", "percent", "per cent"),
    "{NRS}": ("{nrs}", "nrs", "/10", "points", "nrs 0-10"),
    "{T-score}": ("{t-score}", "t-score", "t score", "sd"),
    "{xULN}": ("{xuln}", "xuln", "x uln", "uln", "times uln", "× uln", "×uln"),
    "mg/L": ("mg/l",),
    "mg/dL": ("mg/dl",),
    "nmol/L": ("nmol/l",),
    "ng/mL": ("ng/ml",),
    "ug/L": ("ug/l", "µg/l", "μg/l", "mcg/l"),
    "mmol/L": ("mmol/l", "meq/l"),
    "mmol/mol": ("mmol/mol",),
    "U/L": ("u/l", "iu/l", "[iu]/l"),
    "10*9/L": (
        *("10*9/l", "10^9/l", "x10^9/l", "x 10^9/l", "10⁹/l", "×10⁹/l", "× 10⁹/l", "g/l"),
        *("10*3/ul", "10^3/ul", "x10^3/ul", "k/ul", "10^3/µl", "k/µl", "10^3/μl", "k/μl"),
        *("x10³/µl", "×10³/µl", "x10³/μl", "×10³/μl", "10³/µl", "10³/μl"),
    ),
    "/uL": (
        *("/ul", "/µl", "/μl", "cells/ul", "cells/µl", "cells/μl", "/cumm"),
        *("/mm3", "/mm³", "/mm^3", "mm3", "mm³", "per mm3", "cells/mm3", "cells/mm³"),
    ),
    "fL": ("fl", "um3", "µm3", "µm³"),
    "mm/h": ("mm/h", "mm/hr", "mm/hour", "mm/1h", "mm/1 h", "mm/1hr", "mm/1st hour"),
    # A filtration rate is understood per 1.73 square metres of body surface, as laboratories report
    # it, and a creatinine clearance is compared with the same limits.
    "mL/min": (
        *("ml/min", "ml/min/1.73m2", "ml/min/1.73 m2", "ml/min/1.73m^2", "ml/min/1.73 m^2"),
        *("ml/min/1.73m²", "ml/min/1.73 m²", "ml/min/{1.73_m2}"),
    ),
    "mL/s": ("ml/s", "ml/s/1.73m2", "ml/s/1.73 m2", "ml/s/1.73m²", "ml/s/{1.73_m2}"),
    "kg/m2": ("kg/m2", "kg/m^2", "kg/m²"),
    "mL": ("ml", "cc"),
    "L": ("l", "litre", "litres", "liter", "liters"),
    "Cel": ("cel", "°c", "c", "degc", "celsius", "º c", "° c"),
    "[degF]": ("[degf]", "°f", "f", "degf", "fahrenheit", "° f"),
    "m": ("m", "metre", "metres", "meter", "meters"),
    "km": ("km",),
    "[mi_i]": ("[mi_i]", "mile", "miles"),
    "[yd_i]": ("[yd_i]", "yard", "yards", "yd"),
    "[ft_i]": ("[ft_i]", "foot", "feet", "ft"),
    "ms": ("ms", "msec", "millisecond", "milliseconds"),
    "s": ("s", "sec", "second", "seconds"),
    "min": ("min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "wk": ("wk", "wks", "week", "weeks"),
    "mo": ("mo", "mos", "mth", "mths", "month", "months"),
    "a": ("a", "year", "years", "yr", "yrs", "y"),
}
_UCUM: Mapping[str, str] = {
    spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings
}

# Plain numbers that can hardly be meant in another unit; everywhere else the unit must be written.
# A temperature in Fahrenheit is outside the range of one in Celsius, so it is refused and not
# misread. A multiple of the upper limit is not among them: a bare 110 is far more likely to be U/L.
_UNDERSTOOD = frozenset({"1", "{NRS}", "{T-score}", "mm/h", "kg/m2", "fL", "Cel"})

# What to call a unit where its UCUM form is not what people write.
_WRITTEN: Mapping[str, str] = {
    "10*9/L": "10^9/L",
    "Cel": "C",
    "[degF]": "F",
    "[mi_i]": "miles",
    "[yd_i]": "yards",
    "[ft_i]": "feet",
    "min": "minutes",
    "h": "hours",
    "d": "days",
    "wk": "weeks",
    "mo": "months",
    "a": "years",
}


def _times(factor: str) -> Conversion:
    return lambda value: value * Decimal(factor)


def _celsius(fahrenheit: Decimal) -> Decimal:
    # To the tenth, as thermometers read: 100.0 F is a temperature of 37.8.
    return round((fahrenheit - 32) * 5 / 9, 1)


def _months(days: Decimal) -> Decimal:
    # To the tenth, so that 365 days, or 52 weeks, are the 12 months that they are meant to be.
    return round(days / Decimal("30.4375"), 1)


def _hba1c_ifcc(percent: Decimal) -> Decimal:
    # The IFCC's master equation for NGSP units (Hoelzel et al., Clin Chem 2004;50:166), inverted
    # with the constants that laboratories use, and rounded as they report it. Unrounded, 6.5 %
    # would be 47.5 mmol/mol and miss the limit of 48 that stands for 6.5 %.
    return round((percent - Decimal("2.15")) * Decimal("10.929"), 0)


_CONVERSIONS: Mapping[tuple[str, str], Conversion] = {
    ("mg/dL", "mg/L"): _times("10"),
    ("%", "1"): _times("0.01"),
    ("/uL", "10*9/L"): _times("0.001"),
    ("L", "mL"): _times("1000"),
    ("[degF]", "Cel"): _celsius,
    ("km", "m"): _times("1000"),
    ("[mi_i]", "m"): _times("1609.344"),
    ("[yd_i]", "m"): _times("0.9144"),
    ("[ft_i]", "m"): _times("0.3048"),
    ("h", "min"): _times("60"),
    ("wk", "d"): _times("7"),
    ("mo", "d"): _times("30.4375"),
    ("a", "d"): _times("365.25"),
    ("a", "mo"): _times("12"),
    ("wk", "mo"): lambda value: _months(7 * value),
    ("d", "mo"): _months,
    ("s", "ms"): _times("1000"),
    ("mL/s", "mL/min"): _times("60"),
}
# From mass to amount of substance the factor depends on the substance. The factor for
# 25-hydroxyvitamin D is the rounded one of the guidelines (20 ng/mL stands for 50 nmol/L).
_CONVERSIONS_OF: Mapping[str, Mapping[tuple[str, str], Conversion]] = {
    "vitamin-d": {
        ("ng/mL", "nmol/L"): _times("2.5"),
        ("ug/L", "nmol/L"): _times("2.5"),
    },
    "hba1c": {("%", "mmol/mol"): _hba1c_ifcc},
}


class UnitError(ValueError):
    """A value cannot be brought to the unit of its finding; `remedy` says what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def ucum(unit: str) -> str:
    """The UCUM form of a unit, or the unit itself when its spelling is not known."""
    return _UCUM.get(unit.strip().casefold(), unit.strip())


def understood(unit: str) -> bool:
    """Is a value in this unit clear without the unit being written?"""
    return unit in _UNDERSTOOD


def written(unit: str) -> str:
    """A UCUM unit as people write it."""
    return _WRITTEN.get(unit, unit.strip("{}"))


def units_of(finding: str, wanted: str) -> str:
    """The units in which a value of this finding may be given, as people write them."""
    others = (
        given for given, to in (*_CONVERSIONS_OF.get(finding, {}), *_CONVERSIONS) if to == wanted
    )
    *first, last = (written(unit) for unit in dict.fromkeys((wanted, *others)))
    return f"{', '.join(first)} or {last}" if first else last


def convert(finding: str, value: float, unit: str, wanted: str) -> float:
    """`value` of a finding, brought from `unit` to the UCUM unit `wanted`. Raises UnitError."""
    given = ucum(unit)
    if given == ucum(wanted):
        return value
    if wanted == "{xULN}":
        raise UnitError(
            f"{unit} cannot be compared without the laboratory's upper limit",
            "divide the result by the upper limit of normal printed beside it, and write "
            "unit: xULN (1.5 means one and a half times the upper limit)",
        )
    conversion = _CONVERSIONS_OF.get(finding, {}).get((given, wanted)) or _CONVERSIONS.get(
        (given, wanted)
    )
    if conversion is None:
        raise UnitError(
            f"{unit} cannot be converted to {wanted}",
            f"give the value in {units_of(finding, wanted)}",
        )
    return float(conversion(Decimal(str(value))))
