"""The charts of a simulation as SVG text: courses, profile, effect and breathing, with bands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from crural.intrathecal.spread import LABEL, Curve, Spread
from crural.intrathecal.spread_parameters import CISTERNS, LEVELS
from crural.intrathecal.transport import Vector
from crural.svg import GRID, PAPER, QUIET, line, picture, text

COLOURS = ("#0b5d8a", "#b3541e", "#4a7c3a", "#7a4b94", "#8a6d0b")
WIDTH = 760
_LEFT, _RIGHT = 64, 150
# A course on a logarithmic axis shows at most so many tenfold steps below its highest point.
_DECADES = 4


@dataclass(frozen=True)
class Axes:
    """A field of the picture with its scales."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    log: bool = False

    def at_x(self, value: float) -> float:
        """Where a value lies across."""
        return self.left + self.width * (value - self.x[0]) / (self.x[1] - self.x[0])

    def at_y(self, value: float) -> float:
        """Where a value lies upwards; what lies outside is drawn at the edge."""
        low, high = self.y
        value = min(max(value, low), high)
        if self.log:
            share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
        else:
            share = (value - low) / (high - low)
        return self.top + self.height * (1 - share)

    def frame(self, title: str, x_name: str, y_name: str, x_ticks: Iterable[float]) -> list[str]:
        """Grid, ticks and names."""
        bottom = self.top + self.height
        parts = [text(16, self.top - 16, title, weight=600)]
        for value in self.y_ticks():
            y = self.at_y(value)
            parts.append(line(self.left, y, self.left + self.width, y, colour=GRID))
            parts.append(text(self.left - 6, y + 4, number(value), anchor="end", size=11))
        for value in x_ticks:
            x = self.at_x(value)
            parts.append(line(x, bottom, x, bottom + 4, colour=QUIET))
            parts.append(text(x, bottom + 16, number(value), anchor="middle", size=11))
        middle = self.left + self.width / 2
        parts.append(text(middle, bottom + 32, x_name, anchor="middle", size=11, colour=QUIET))
        parts.append(
            f"<text x='16' y='{self.top + self.height / 2:.0f}' font-size='11' fill='{QUIET}' "
            f"text-anchor='middle' transform='rotate(-90 16 {self.top + self.height / 2:.0f})'>"
            f"{escape(y_name)}</text>"
        )
        return parts

    def y_ticks(self) -> list[float]:
        """Round values on the upright axis."""
        if not self.log:
            return ticks(*self.y)
        low, high = (math.log10(v) for v in self.y)
        return [10.0**n for n in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]

    def band(self, x: Vector, low: Vector, high: Vector, colour: str) -> str:
        """The area between two courses."""
        there = [(self.at_x(a), self.at_y(b)) for a, b in zip(x, high, strict=True)]
        back = [(self.at_x(a), self.at_y(b)) for a, b in zip(x, low, strict=True)][::-1]
        return f"<path d='M{_row(there)}L{_row(back)}Z' fill='{colour}' fill-opacity='0.16'/>"

    def course(self, x: Vector, y: Vector, colour: str, dash: str = "") -> str:
        """A line through points, broken where it falls below the axis."""
        dashed = f" stroke-dasharray='{dash}'" if dash else ""
        seen = y >= self.y[0] if self.log else np.ones_like(y, dtype=bool)
        pieces = np.split(np.arange(len(x)), np.flatnonzero(np.diff(seen)) + 1)
        drawn = "".join(
            f"M{_row([(self.at_x(float(x[i])), self.at_y(float(y[i]))) for i in piece])}"
            for piece in pieces
            if seen[piece[0]]
        )
        return (
            f"<path d='{drawn}' fill='none' stroke='{colour}' stroke-width='1.8'{dashed}/>"
            if drawn
            else ""
        )


def svg(spread: Spread) -> str:
    """Three charts, one below the other: the fluid over time, along the spine, and the effects."""
    hours = spread.minutes / 60
    unit, scale = ("days", 24.0) if hours[-1] > 72 else ("hours", 1.0)
    x = hours / scale
    parts = _over_time(spread, x, unit)
    parts += _along(spread)
    parts += _effects(spread, x, unit)
    told = "; ".join(spread.programme.words())
    drawn = f"nine of ten of {spread.draws} draws" if spread.draws else "none drawn"
    about = f"Catheter tip at {spread.tip}: {told}. Lines: best guess; bands: {drawn}."
    parts += [text(16, 40 + 14 * i, row, size=11) for i, row in enumerate(_wrapped(about, 120)[:2])]
    parts += [text(16, 962 + 14 * i, row, size=11) for i, row in enumerate(_wrapped(LABEL, 120))]
    return picture(WIDTH, 990, "Modelled spread of intraspinal morphine", f"{about} {LABEL}", parts)


def _over_time(spread: Spread, x: Vector, unit: str) -> list[str]:
    curves = {**spread.csf, "plasma": spread.plasma}
    high = _decade_above(max(float(c.high.max()) for c in curves.values()))
    axes = Axes(
        _LEFT, 94, WIDTH - _LEFT - _RIGHT, 220, (0, float(x[-1])), (high / 10**6, high), log=True
    )
    named = {site: f"CSF at {site}" for site in spread.csf}
    named[spread.tip] += " (tip)"
    if CISTERNS in named:
        named[CISTERNS] = "CSF of the cisterns"
    return [
        *axes.frame("Concentration over time", unit, "ng/mL", ticks(*axes.x)),
        *_curves(axes, x, [(named.get(name, name), c) for name, c in curves.items()]),
    ]


def _along(spread: Spread) -> list[str]:
    places = (*LEVELS, CISTERNS)
    high = _decade_above(max(float(c.high.max()) for _, c in spread.profiles))
    axes = Axes(
        _LEFT,
        398,
        WIDTH - _LEFT - _RIGHT,
        200,
        (0, len(places) - 1),
        (high / 10**_DECADES, high),
        log=True,
    )
    x = np.arange(len(places), dtype=np.float64)
    bottom = axes.top + axes.height
    parts = axes.frame("CSF along the spine", "", "ng/mL", ())
    for i, place in enumerate(places):
        if place in {"S2", "L5", "L3", "L1", "T10", "T8", "T6", "T4", "T2", "C7", "C4", "C1"}:
            parts.append(text(axes.at_x(i), bottom + 16, place, anchor="middle", size=11))
    parts.append(text(axes.at_x(len(places) - 1) + 8, bottom + 16, CISTERNS, size=11))
    for name, place in (("tip", spread.tip), ("target", spread.target)):
        across = axes.at_x(places.index(place))
        parts.append(line(across, axes.top, across, bottom, colour=QUIET, dash="3 3"))
        down = 12 if name == "tip" else 26
        parts.append(text(across + 4, axes.top + down, name, size=11, colour=QUIET))
    named = [(_when(hours), curve) for hours, curve in spread.profiles]
    return [*parts, *_curves(axes, x, named, first=2)]


def _when(hours: float) -> str:
    return f"after {number(hours)} h" if hours <= 48 else f"after {number(hours / 24)} days"


def _decade_above(value: float) -> float:
    return float(10.0 ** math.ceil(math.log10(max(value, 1e-6))))


def _effects(spread: Spread, x: Vector, unit: str) -> list[str]:
    width = (WIDTH - 2 * _LEFT - 40) / 2
    ranged = (0.0, float(x[-1]))
    effect = Axes(_LEFT, 690, width, 200, ranged, (0, 1))
    most = max(1.5, float(spread.breathing.high.max()) * 1.05)
    breath = Axes(2 * _LEFT + width + 16, 690, width, 200, ranged, (0, most))
    parts = effect.frame(
        f"Effect at {spread.target}, share of the largest", unit, "", ticks(*ranged)
    )
    parts += _curves(effect, x, [("", spread.effect)])
    framed = breath.frame("", unit, "", ticks(*ranged))
    title = "Brainstem, 1 = most after a single 0.3 mg"
    parts += [part for part in framed if "rotate" not in part]
    parts.append(text(breath.left - 30, breath.top - 16, title, weight=600))
    parts.append(
        line(
            breath.left,
            breath.at_y(1),
            breath.left + width,
            breath.at_y(1),
            colour=COLOURS[1],
            dash="5 4",
        )
    )
    return [*parts, *_curves(breath, x, [("", spread.breathing)], first=1)]


def _curves(
    axes: Axes, x: Vector, curves: Sequence[tuple[str, Curve]], first: int = 0
) -> list[str]:
    """Bands below, lines above, names at the right without overlap."""
    colours = [COLOURS[(first + i) % len(COLOURS)] for i in range(len(curves))]
    parts = [
        axes.band(x, c.low, c.high, colour) for (_, c), colour in zip(curves, colours, strict=True)
    ]
    parts += [
        axes.course(x, c.best, colour) for (_, c), colour in zip(curves, colours, strict=True)
    ]
    ends = sorted((axes.at_y(float(c.best[-1])), i) for i, (_, c) in enumerate(curves))
    last = -math.inf
    for y, i in ends:
        last = max(y + 4, last + 15)
        right = axes.left + axes.width + 6
        parts.append(text(right, last, curves[i][0], size=11, colour=colours[i], weight=600))
    return parts


def ticks(low: float, high: float) -> list[float]:
    """About six round values."""
    raw = (high - low) / 6
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 3, 5, 10) if size * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [step * n for n in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """A number as short as it can be."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def dot(x: float, y: float, colour: str, about: str) -> str:
    """A published point."""
    return (
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4.5' fill='{PAPER}' stroke='{colour}' "
        f"stroke-width='2'><title>{escape(about)}</title></circle>"
    )


def _row(points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{a:.1f} {b:.1f}" for a, b in points)


def _wrapped(words: str, width: int) -> list[str]:
    rows = [""]
    for word in words.split():
        if len(rows[-1]) + len(word) >= width:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return rows
