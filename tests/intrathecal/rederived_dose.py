"""Doses worked out again, in fractions and from the words of the sources, without the program.

Nothing of `crural.intrathecal` is imported: what agrees with this agrees by arithmetic alone.
"""

from __future__ import annotations

from fractions import Fraction

# Grams in a unit of mass, days in a unit of time, millilitres in a unit of volume.
MASS = {"g": Fraction(1), "mg": Fraction(1, 1000), "microgram": Fraction(1, 10**6)}
DAYS = {"day": Fraction(1), "h": Fraction(1, 24), "min": Fraction(1, 1440)}


def daily(number: str, unit: str) -> Fraction:
    """A dose per time in grams a day: daily('1', 'microgram/h') is 24 microgram a day."""
    over, under = unit.split("/")
    return Fraction(number) * MASS[over] / DAYS[under]


def converted(total_mg: Fraction, lowest: Fraction, highest: Fraction) -> tuple[Fraction, Fraction]:
    """Milligrams a day into the spinal fluid, from milligrams a day by mouth and the two ratios."""
    ends = (total_mg / highest, total_mg / lowest)
    return min(ends), max(ends)


def after(start: Fraction, share: Fraction, rises: int) -> Fraction:
    """The dose after some rises, each adding the share of what was given before."""
    dose = start
    for _ in range(rises):
        dose += dose * share
    return dose


def after_steps(start: Fraction, step: Fraction, rises: int) -> Fraction:
    """The dose after some rises, each adding the same amount."""
    dose = start
    for _ in range(rises):
        dose += step
    return dose


def flow(dose_mg_per_day: Fraction, mg_per_ml: Fraction) -> Fraction:
    """Millilitres a day that carry the dose: how many times a day's drug holds one millilitre's."""
    return dose_mg_per_day / mg_per_ml
