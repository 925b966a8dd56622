"""A programme reckoned a second time, in fractions of SI units and without the code under test."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Again:
    """Results in coulombs, metres, amperes, volts, watts and joules, exact."""

    charge: Fraction
    density: Fraction
    mean_current: Fraction
    voltage: Fraction
    power: Fraction
    energy_a_day: Fraction

    def shannon_product(self) -> Fraction:
        """10^k: charge in uC times charge density in uC/cm2."""
        return self.charge * 10**6 * self.density * 10**6 / 10**4

    def reaches(self, hundredths: int) -> bool:
        """Whether k is at or above hundredths / 100, without any logarithm."""
        return self.shannon_product() ** 100 >= Fraction(10) ** hundredths


def again(
    milliampere: Fraction,
    microsecond: Fraction,
    hertz: Fraction,
    ohm: Fraction,
    square_mm: Fraction,
    *,
    contacts: int = 1,
    pulses: int = 1,
    on: Fraction = Fraction(1),
    off: Fraction = Fraction(0),
    hours: Fraction = Fraction(24),
    phases: int = 1,
) -> Again:
    """Count the pulses of a day, and add up what each carries."""
    current, width, area = milliampere / 1000, microsecond / 10**6, square_mm / 10**6
    seconds_on = hours * 3600 * on / (on + off)
    pulses_a_day = hertz * pulses * seconds_on
    energy = pulses_a_day * phases * current**2 * ohm * width
    return Again(
        charge=current * width / contacts,
        density=current * width / contacts / area,
        mean_current=pulses_a_day * current * width / 86400,
        voltage=current * ohm,
        power=energy / 86400,
        energy_a_day=energy,
    )
