"""What a pump gives over days: rates, daily windows, boluses; and how it is written.

Time begins with the first midnight. In text:

    rate     "1.5 mg/day"
    change   "2 mg/day from 3 days"            the base rate, from then on
    window   "22:00-06:00 2 mg/day"            instead of the base rate, every day
    bolus    "0.3 mg", "0.3 mg at 6 h"         once
             "0.1 mg daily at 08:00"           every day
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crural import quantity as q
from crural.errors import CruralError
from crural.intrathecal.transport import Dosing

_DAY = 1440.0
_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
_WINDOW = re.compile(rf"{_CLOCK}\s*[-–]\s*{_CLOCK}\s+(.+)")
_CHANGE = re.compile(r"(.+?)\s+from\s+(.+)")
_ONCE = re.compile(r"(.+?)\s+at\s+(.+)")
_DAILY = re.compile(rf"(.+?)\s+daily\s+at\s+{_CLOCK}")


class ProgrammeError(CruralError):
    """A programme that cannot be run as it is written."""


@dataclass(frozen=True)
class Window:
    """A rate every day from one clock time to another [minutes after midnight], past it or not."""

    start: int
    end: int
    rate: q.Quantity

    def holds(self, clock: float) -> bool:
        """Whether a minute of the day lies in the window."""
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True)
class Bolus:
    """A dose at a time after the first midnight, once or from then on every day."""

    dose: q.Quantity
    at: q.Quantity
    daily: bool = False


@dataclass(frozen=True)
class Programme:
    """What is given: base rates (from a time on), windows of the day, boluses.

    Raises ProgrammeError when windows overlap, when two base rates begin at once, or when nothing
    is given at all.
    """

    rates: tuple[tuple[q.Quantity, q.Quantity], ...] = ()
    windows: tuple[Window, ...] = ()
    boluses: tuple[Bolus, ...] = ()

    def __post_init__(self) -> None:
        starts = [_minutes(start) for start, _ in self.rates]
        if len(set(starts)) < len(starts):
            raise _refused("change", "two rates begin at the same time", "keep one of them")
        for minute in range(int(_DAY)):
            if sum(window.holds(minute) for window in self.windows) > 1:
                clock = f"{minute // 60:02d}:{minute % 60:02d}"
                raise _refused(
                    "window", f"two windows overlap at {clock}", "end one where the other begins"
                )
        doses = [bolus.dose for bolus in self.boluses]
        if not any(value.magnitude > 0 for value in (*self.all_rates(), *doses)):
            raise _refused("rate", "nothing is given", "give a rate, a window or a bolus")

    def all_rates(self) -> tuple[q.Quantity, ...]:
        """Every rate that is named."""
        return (*(rate for _, rate in self.rates), *(window.rate for window in self.windows))

    def dosing(self, minutes: float) -> Dosing:
        """The same in minutes and ng, as far as a time [min]."""
        base = sorted((_minutes(start), _per_minute(rate)) for start, rate in self.rates)
        edges = {start for start, _ in base if start < minutes}
        days = int(minutes // _DAY) + 1
        for window in self.windows:
            edges |= {
                day * _DAY + edge for day in range(days) for edge in (window.start, window.end)
            }
        edges |= {0.0} if self.windows else set()
        rates: list[tuple[float, float]] = []
        for edge in sorted(edge for edge in edges if edge < minutes):
            rate = next((much for start, much in reversed(base) if start <= edge), 0.0)
            for window in self.windows:
                if window.holds(edge % _DAY):
                    rate = _per_minute(window.rate)
            if not rates or rates[-1][1] != rate:
                rates.append((edge, rate))
        boluses = []
        for bolus in self.boluses:
            first, much = _minutes(bolus.at), _nanograms(bolus.dose)
            times = range(days if bolus.daily else 1)
            boluses += [(first + day * _DAY, much) for day in times if first + day * _DAY < minutes]
        return Dosing(tuple(sorted(boluses)), tuple(rates))

    def words(self) -> tuple[str, ...]:
        """The programme in words, one line each."""
        told = [
            f"{q.show(rate, 'mg/day')}" + (f" from {q.show(start)}" if start.magnitude else "")
            for start, rate in self.rates
        ]
        told += [
            f"{q.show(w.rate, 'mg/day')} daily from {_clock(w.start)} to {_clock(w.end)}"
            for w in self.windows
        ]
        told += [
            f"bolus of {q.show(b.dose, 'mg')} "
            + (f"daily at {_clock(_minutes(b.at))}" if b.daily else f"at {q.show(b.at, 'h')}")
            for b in self.boluses
        ]
        return tuple(told)


def read_programme(
    rate: str | None = None,
    changes: Iterable[str] = (),
    windows: Iterable[str] = (),
    boluses: Iterable[str] = (),
) -> Programme:
    """The programme that is written in texts (see above). Raises CruralError with the remedy."""
    start = q.quantity(0, "day")
    rates = [] if rate is None else [(start, q.parse(rate, q.DAILY_DOSE, field="rate"))]
    return Programme(
        rates=(*rates, *(_read_change(text) for text in changes)),
        windows=tuple(_read_window(text) for text in windows),
        boluses=tuple(_read_bolus(text) for text in boluses),
    )


def _read_change(text: str) -> tuple[q.Quantity, q.Quantity]:
    match = _CHANGE.fullmatch(text.strip())
    if match is None:
        raise _refused("change", f"'{text}' is not read", "write it as '2 mg/day from 3 days'")
    rate = q.parse(match[1], q.DAILY_DOSE, field="change")
    return q.parse(match[2], q.TIME, field="change"), rate


def _read_window(text: str) -> Window:
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise _refused("window", f"'{text}' is not read", "write it as '22:00-06:00 2 mg/day'")
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if start == end:
        raise _refused("window", f"'{text}' begins when it ends", "give the whole day as the rate")
    return Window(start, end, q.parse(match[5], q.DAILY_DOSE, field="window"))


def _read_bolus(text: str) -> Bolus:
    written = text.strip()
    if daily := _DAILY.fullmatch(written):
        minutes = int(daily[2]) * 60 + int(daily[3])
        return Bolus(q.parse(daily[1], q.DOSE, field="bolus"), q.quantity(minutes, "min"), True)
    if once := _ONCE.fullmatch(written):
        at = q.parse(once[2], q.TIME, field="bolus")
        return Bolus(q.parse(once[1], q.DOSE, field="bolus"), at)
    return Bolus(q.parse(written, q.DOSE, field="bolus"), q.quantity(0, "h"))


def _refused(field: str, problem: str, remedy: str) -> ProgrammeError:
    return ProgrammeError(file="command line", field=field, problem=problem, remedy=remedy)


def _minutes(time: q.Quantity) -> float:
    return float(q.amount(time, "min"))


def _nanograms(dose: q.Quantity) -> float:
    return float(q.amount(dose, "ng"))


def _per_minute(rate: q.Quantity) -> float:
    return float(q.amount(rate, "ng/min"))


def _clock(minutes: float) -> str:
    return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"
