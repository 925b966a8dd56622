"""Pump arithmetic derived a second time, in fractions and from first principles.

Nothing here imports the code under test. Amounts are plain fractions in mL, mg, hours; where the
code has a formula, this has a bookkeeping: drops of fluid that enter and leave a pipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

Concentrations = Mapping[str, Fraction]  # mg/mL of each drug


def flow(dose_mg_per_day: Fraction, mg_per_ml: Fraction) -> Fraction:
    """mL/day: the volume that holds a day's dose."""
    return dose_mg_per_day / mg_per_ml


def dose(ml_per_day: Fraction, mg_per_ml: Fraction) -> Fraction:
    """mg/day: the drug in a day's volume."""
    return ml_per_day * mg_per_ml


def days_until(volume_ml: Fraction, ml_per_day: Fraction) -> Fraction:
    """Days until a volume has gone."""
    return volume_ml / ml_per_day


def earliest_and_latest(
    volume: Fraction, base: Fraction, boluses: Fraction, over: Fraction, under: Fraction
) -> tuple[Fraction, Fraction, Fraction]:
    """Days until a volume has gone: all bolused and too fast, as set, no bolus and too slow."""
    fastest = base + boluses + over * (base + boluses)
    slowest = base - under * base
    return volume / fastest, volume / (base + boluses), volume / slowest


def pipe(
    settings: Sequence[tuple[Fraction, Fraction | None]],
    line_ml: Fraction,
    old: Concentrations,
    new: Concentrations,
    hour: Fraction,
) -> dict[str, Fraction]:
    """mg of each drug that has left the tip after `hour` hours.

    settings: (mL/h, hours or None) one after the other. The volume that has left is found first;
    the first `line_ml` of it was the old solution, the rest the new one.
    """
    volume, clock = Fraction(0), Fraction(0)
    for ml_per_hour, lasts in settings:
        end = hour if lasts is None else min(hour, clock + lasts)
        volume += ml_per_hour * max(end - clock, Fraction(0))
        clock = max(clock, end) if lasts is None else clock + lasts
        if clock >= hour:
            break
    first = min(volume, line_ml)
    rest = volume - first
    drugs = {*old, *new}
    return {
        drug: first * old.get(drug, Fraction(0)) + rest * new.get(drug, Fraction(0))
        for drug in drugs
    }


def bridge(
    line_ml: Fraction, bridge_mg_per_day: Fraction, old_mg_per_ml: Fraction, new_mg_per_ml: Fraction
) -> tuple[Fraction, Fraction, Fraction]:
    """Flow [mL/day], hours, and the bolus [mg of the new drug] of a bridge."""
    ml_per_day = bridge_mg_per_day / old_mg_per_ml
    return ml_per_day, line_ml / ml_per_day * 24, line_ml * new_mg_per_ml


def catheter(full_cm: Fraction, trimmed_cm: Fraction, ml_per_cm: Fraction) -> Fraction:
    """mL in what is left of a catheter."""
    return full_cm * ml_per_cm - trimmed_cm * ml_per_cm


def pushed_in(line_ml: Fraction, drawn_ml: Fraction, mg_per_ml: Fraction) -> Fraction:
    """mg that an injection pushes in: what the line held less what was drawn, never negative."""
    return max(line_ml * mg_per_ml - drawn_ml * mg_per_ml, Fraction(0))


def stock_volumes(
    wanted: Concentrations, stocks: Concentrations, volume_ml: Fraction
) -> tuple[dict[str, Fraction], Fraction]:
    """mL of each stock, by the mass of drug needed, and mL of diluent."""
    masses = {drug: each * volume_ml for drug, each in wanted.items()}
    parts = {drug: mass / stocks[drug] for drug, mass in masses.items()}
    return parts, volume_ml - sum(parts.values(), Fraction(0))


def most_boluses(lockout_h: Fraction, most: int | None, *, clock_day: bool) -> int:
    """The most starts in [t, t + 24 h) over every t, by trying all greedy schedules.

    A patient presses as early as allowed, from every hour of the day on that is a multiple of a
    quarter of an hour; starts are counted by calendar day, or over the last 24 hours.
    """
    best = 0
    for quarter in range(24 * 4):
        starts: list[Fraction] = []
        now = Fraction(quarter, 4)
        while now < 72:
            if most is not None:
                if clock_day:
                    used = [s for s in starts if s // 24 == now // 24]
                    midnight = Fraction((now // 24 + 1) * 24)
                    free = midnight if len(used) >= most else None
                else:
                    used = [s for s in starts if now - s < 24]
                    free = min(used) + 24 if len(used) >= most and used else None
                if most == 0:
                    break
                if free is not None:
                    now = free
                    continue
            starts.append(now)
            now += lockout_h
        for start in starts:
            best = max(best, sum(1 for s in starts if start <= s < start + 24))
    return best


def flow_error(filled: Fraction, expected: Fraction, measured: Fraction) -> Fraction:
    """Share by which more (+) or less (-) was delivered than was to be."""
    was, meant = filled - measured, filled - expected
    return (was - meant) / meant
