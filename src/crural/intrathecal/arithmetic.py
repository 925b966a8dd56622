"""The formulas of pump arithmetic, each in one place, on amounts with units.

Nothing is rounded but what no decimal of 28 digits can hold. `tests/intrathecal/rederived.py`
derives every one of them again, in fractions and from first principles.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from crural import quantity
from crural.errors import CruralError
from crural.quantity import Quantity

# A solution: the concentration of each of its drugs.
Solution = Mapping[str, Quantity]


class ArithmeticRefusedError(CruralError):
    """Amounts that cannot be put together: a flow of nought, more drug than fits, and the like."""


def refuse(field: str, problem: str, remedy: str) -> ArithmeticRefusedError:
    """The error to raise, with the option it is about."""
    return ArithmeticRefusedError(file="input", field=field, problem=problem, remedy=remedy)


def above_nought(**amounts: Quantity) -> None:
    """Raises ArithmeticRefusedError when one of the amounts is nought or less."""
    for name, value in amounts.items():
        if value.magnitude <= 0:
            option = "--" + name.replace("_", "-")
            raise refuse(option, f"{quantity.show(value)} is not above nought", "correct it")


def flow_for(dose: Quantity, concentration: Quantity) -> Quantity:
    """Flow [mL/day] = daily dose / concentration."""
    above_nought(concentration=concentration)
    return quantity.in_unit(dose / concentration, "mL/day")


def dose_of(flow: Quantity, concentration: Quantity, unit: str = "mg/day") -> Quantity:
    """Daily dose = flow x concentration."""
    return quantity.in_unit(flow * concentration, unit)


def concentration_for(dose: Quantity, flow: Quantity, unit: str = "mg/mL") -> Quantity:
    """Concentration = daily dose / flow."""
    above_nought(flow=flow)
    return quantity.in_unit(dose / flow, unit)


def running_time(volume: Quantity, flow: Quantity) -> Quantity:
    """Time [days] = volume / flow."""
    above_nought(flow=flow)
    return quantity.in_unit(volume / flow, "day")


def implanted_length(full: Quantity, trimmed: Quantity) -> Quantity:
    """Length left in the body [cm] = length of the catheter - what was cut off."""
    if trimmed > full:
        raise refuse(
            "--trimmed",
            f"{quantity.show(trimmed)} is more than the whole catheter ({quantity.show(full)})",
            "give the length that was cut off",
        )
    return quantity.in_unit(full - trimmed, "cm")


def catheter_volume(length: Quantity, per_length: Quantity) -> Quantity:
    """Volume inside a catheter [mL] = length x volume per length."""
    return quantity.in_unit(length * per_length, "mL")


def dose_in(volume: Quantity, concentration: Quantity, unit: str = "mg") -> Quantity:
    """Drug in a volume = volume x concentration."""
    return quantity.in_unit(volume * concentration, unit)


class Recipe(NamedTuple):
    """How to make a filling: volume of each stock solution [mL], and of diluent [mL]."""

    stocks: Mapping[str, Quantity]
    diluent: Quantity


def recipe(wanted: Solution, stocks: Solution, volume: Quantity) -> Recipe:
    """Volumes of stock and diluent for a filling.

    Stock volume = wanted concentration x volume / stock concentration; diluent = the rest. Raises
    ArithmeticRefusedError when a stock is missing or too weak, or the stocks do not fit in.
    """
    parts: dict[str, Quantity] = {}
    rest = quantity.in_unit(volume, "mL")
    for drug, concentration in wanted.items():
        if drug not in stocks:
            raise refuse("--stock", f"no stock of {drug}", f"give --stock '{drug} AMOUNT/mL'")
        above_nought(stock=stocks[drug])
        parts[drug] = quantity.in_unit(concentration * volume / stocks[drug], "mL")
        rest = rest - parts[drug]
    if rest.magnitude < 0:
        over = quantity.show(quantity.in_unit(rest * -1, "mL"))
        raise refuse(
            "--stock",
            f"the stock solutions do not fit into {quantity.show(volume)}: {over} too much",
            "use stronger stocks, or lower the concentrations and raise the flow",
        )
    return Recipe(parts, rest)


def error_of_flow(filled: Quantity, expected: Quantity, measured: Quantity) -> Decimal:
    """Share by which the delivered volume differs from the programmed: + too much, - too little.

    (filled - measured) / (filled - expected) - 1. Raises ArithmeticRefusedError when nothing was
    to be delivered.
    """
    programmed = filled - expected
    if programmed.magnitude <= 0:
        raise refuse("--expected", "is not less than what was filled in", "correct it")
    ratio = quantity.fraction(filled - measured, "mL") / quantity.fraction(programmed, "mL") - 1
    return Decimal(ratio.numerator) / Decimal(ratio.denominator)


def boluses_in_a_day(lockout: Quantity, most: int | None, *, clock_day: bool) -> int:
    """The most patient-activated boluses whose starts fall into any 24 hours.

    The lockout runs from start to start, so ceil(24 h / lockout) fit into a window of 24 h that
    holds one of its two ends. A counter of `most` in any 24 h caps them; one that starts anew at
    midnight caps them at twice `most`, half before and half after. No cap: None.
    """
    above_nought(lockout=lockout)
    by_lockout = ceil(Fraction(24) / quantity.fraction(lockout, "h"))
    if most is None:
        return by_lockout
    return min(by_lockout, 2 * most if clock_day else most)
