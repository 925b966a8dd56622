"""What the patient receives per hour when the solution is changed, as an SVG chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from html import escape

from crural.intrathecal.bridge import WAYS, Change
from crural.intrathecal.chosen import shown
from crural.quantity import of_fraction, plain

WIDTH, PANEL = 640, 210
_LEFT, _RIGHT, _TOP, _GAP, _FOOT = 64, 18, 56, 44, 44
_INK, _QUIET, _GRID = "#16202a", "#4d5a66", "#c9d1d9"
# Way, colour, dashes and width of its line; drawn in this order, so that the bridge lies on top.
_LINES = (
    ("unchanged", "#b5541c", "2 4", 2.2),
    ("without", "#8a3ffc", "8 5", 2.2),
    ("with", "#35789a", "", 3.0),
)


def bridge_chart(change: Change) -> str:
    """One panel for each drug: dose per hour before, during and after, for each way."""
    ends = [p.start for phases in change.phases.values() for p in phases]
    last = max(*ends, Fraction(1)) * Fraction(5, 4)
    first = -last / 6
    drugs = change.drugs
    height = _TOP + len(drugs) * (PANEL + _GAP) + _FOOT - _GAP

    def x(hour: Fraction) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * float((hour - first) / (last - first))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" aria-labelledby="bridge-title bridge-desc" '
        'font-family="system-ui, sans-serif" font-size="13">',
        '<title id="bridge-title">Dose per hour when the solution is changed</title>',
        f'<desc id="bridge-desc">{escape(_described(change))}</desc>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_legend(),
    ]
    for place, drug in enumerate(drugs):
        parts += _panel(change, drug, _TOP + place * (PANEL + _GAP), x, (first, last))
    parts.append(
        f'<text x="{(_LEFT + WIDTH - _RIGHT) / 2:.0f}" y="{height - 8}" text-anchor="middle" '
        f'fill="{_QUIET}">hours after the change</text>'
    )
    return "".join((*parts, "</svg>"))


def _panel(
    change: Change,
    drug: str,
    top: float,
    x: Callable[[Fraction], float],
    span: tuple[Fraction, Fraction],
) -> Iterator[str]:
    first, last = span
    rates = [change.before(drug), change.after(drug)]
    rates += [p.rates.get(drug, Fraction(0)) for ps in change.phases.values() for p in ps]
    ceiling = _ceiling(max(*rates, Fraction(1, 10**6)))
    bottom = top + PANEL

    def y(rate: Fraction) -> float:
        return bottom - (PANEL - 26) * float(rate / ceiling)

    yield f'<text x="{_LEFT}" y="{top + 10:.0f}" font-weight="600" fill="{_INK}">'
    yield f"{escape(drug)}, {_unit(ceiling)}</text>"
    for part in range(5):
        rate = ceiling * part / 4
        yield f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(rate):.1f}" y2="{y(rate):.1f}" '
        yield f'stroke="{_GRID}"/><text x="{_LEFT - 6}" y="{y(rate) + 4:.1f}" text-anchor="end" '
        yield f'fill="{_QUIET}">{_number(rate, ceiling)}</text>'
    for hour in _ticks(first, last):
        yield f'<text x="{x(hour):.1f}" y="{bottom + 16:.0f}" text-anchor="middle" '
        yield f'fill="{_QUIET}">{_plain(hour)}</text>'
        yield f'<line x1="{x(hour):.1f}" x2="{x(hour):.1f}" y1="{bottom}" y2="{bottom + 4}" '
        yield f'stroke="{_QUIET}"/>'
    yield f'<line x1="{x(Fraction(0)):.1f}" x2="{x(Fraction(0)):.1f}" y1="{top + 18:.0f}" '
    yield f'y2="{bottom}" stroke="{_QUIET}" stroke-width="1"/>'
    for way, colour, dashes, width in _LINES:
        steps = [f"M{x(first):.2f} {y(change.before(drug)):.2f}"]
        steps += [
            f"H{x(phase.start):.2f}V{y(phase.rates.get(drug, Fraction(0))):.2f}"
            for phase in change.phases[way]
        ]
        yield f'<path class="{way}" d="{"".join(steps)}H{x(last):.2f}" fill="none" '
        yield f'stroke="{colour}" stroke-width="{width}"'
        yield f' stroke-dasharray="{dashes}"/>' if dashes else "/>"


def _legend() -> Iterator[str]:
    left = _LEFT
    for way, colour, dashes, width in reversed(_LINES):
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        yield f'<line x1="{left}" x2="{left + 34}" y1="22" y2="22" stroke="{colour}" '
        yield f'stroke-width="{width}"{dash}/>'
        yield f'<text x="{left + 41}" y="26" fill="{_INK}">{WAYS[way]}</text>'
        left += 60 + 8 * len(WAYS[way])


def _ceiling(rate: Fraction) -> Fraction:
    """The next round number above a rate: 1, 2, 2.5, 4, 5 or 8 times a power of ten."""
    step = Fraction(1)
    while step * 10 <= rate:
        step *= 10
    while step > rate:
        step /= 10
    return next(
        step * each
        for each in (1, 2, Fraction(5, 2), 4, 5, 8, 10, 20)
        if step * each >= rate * Fraction(21, 20)
    )


def _ticks(first: Fraction, last: Fraction) -> Iterator[Fraction]:
    step = next(s for s in (1, 2, 3, 6, 12, 24, 48, 72, 120, 240, 480, 2400) if last / s <= 8)
    hour = -(int(-first) // step) * step
    while hour <= last:
        yield Fraction(hour)
        hour += step


def _micro(ceiling: Fraction) -> bool:
    return ceiling < Fraction(1, 20)


def _unit(ceiling: Fraction) -> str:
    return "microgram/h" if _micro(ceiling) else "mg/h"


def _number(rate: Fraction, ceiling: Fraction) -> str:
    return _plain(rate * 1000 if _micro(ceiling) else rate)


def _plain(number: Fraction) -> str:
    return plain(of_fraction(number, "1").magnitude, 4)


def _described(change: Change) -> str:
    parts = []
    for way, words in WAYS.items():
        for drug in change.drugs:
            steps = ", ".join(
                f"{shown(drug, p.rate(drug, 'mg/day'))} from hour {_plain(p.start)[:6]}"
                for p in change.phases[way]
            )
            parts.append(f"{drug} {words}: {steps}")
    return ". ".join(parts) + "."
