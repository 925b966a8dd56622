"""What leaves the tip of the catheter hour by hour when one solution follows another.

The solutions move through the tubing and the catheter like two rods through a pipe (plug flow):
the new one reaches the tip when the volume of the line has been pumped. So the dose per hour is a
step function, and it is computed in fractions: what goes in comes out to the last digit. In truth
the solutions mix where they meet, and the step is a slope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from crural import quantity
from crural.intrathecal.arithmetic import Solution, above_nought
from crural.quantity import Quantity


@dataclass(frozen=True)
class Run:
    """A setting of the pump: its flow, and how long it lasts (None: for good)."""

    flow: Quantity
    lasts: Quantity | None = None


@dataclass(frozen=True)
class Phase:
    """A stretch of constant delivery: hours from start to end (None: for good), mg/h by drug."""

    start: Fraction
    end: Fraction | None
    rates: Mapping[str, Fraction]

    def rate(self, drug: str, unit: str = "mg/h") -> Quantity:
        """Dose per time of a drug, nought when it is not delivered."""
        in_one = quantity.fraction(quantity.quantity(1, "mg/h"), unit)
        return quantity.of_fraction(self.rates.get(drug, Fraction(0)) * in_one, unit)


def deliver(runs: Sequence[Run], line: Quantity, old: Solution, new: Solution) -> tuple[Phase, ...]:
    """The dose per hour of each drug from the moment when the line is full of `old`.

    line: volume between reservoir and tip of the catheter; then `new` follows. Stretches with the
    same rates are one. The last run must have no end. Raises ArithmeticRefusedError for a flow, or
    a time, that is not above nought.
    """
    if not runs or runs[-1].lasts is not None:
        raise ValueError("the last setting of the pump must have no end")
    left = quantity.fraction(line, "mL")
    first, second = _per_ml(old), _per_ml(new)
    now = Fraction(0)
    phases: list[Phase] = []

    def add(until: Fraction | None, flow: Fraction, solution: Mapping[str, Fraction]) -> None:
        rates = {drug: flow * each for drug, each in solution.items()}
        if phases and phases[-1].rates == rates:
            phases[-1] = Phase(phases[-1].start, until, rates)
        else:
            phases.append(Phase(now, until, rates))

    for run in runs:
        above_nought(flow=run.flow)
        flow = quantity.fraction(run.flow, "mL/h")
        end = None
        if run.lasts is not None:
            above_nought(duration=run.lasts)
            end = now + quantity.fraction(run.lasts, "h")
        if left > 0:
            arrives = now + left / flow
            if end is not None and end < arrives:
                add(end, flow, first)
                left -= flow * (end - now)
                now = end
                continue
            add(arrives, flow, first)
            left, now = Fraction(0), arrives
            if end == arrives:
                continue
        add(end, flow, second)
        now = end if end is not None else now
    return tuple(phases)


def delivered(phases: Sequence[Phase], drug: str, until: Fraction) -> Fraction:
    """Drug [mg] that has left the tip after so many hours."""
    total = Fraction(0)
    for phase in phases:
        end = until if phase.end is None else min(phase.end, until)
        if end > phase.start:
            total += phase.rates.get(drug, Fraction(0)) * (end - phase.start)
    return total


def rate_at(phases: Sequence[Phase], drug: str, hour: Fraction) -> Fraction:
    """Dose per hour [mg/h] of a drug at an hour; at a step, that after it."""
    for phase in phases:
        if phase.start <= hour and (phase.end is None or hour < phase.end):
            return phase.rates.get(drug, Fraction(0))
    return Fraction(0)


def _per_ml(solution: Solution) -> dict[str, Fraction]:
    return {drug: quantity.fraction(each, "mg/mL") for drug, each in solution.items()}
