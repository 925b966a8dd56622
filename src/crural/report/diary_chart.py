"""The pain scores of a diary over time, as an SVG chart."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from statistics import fmean
from typing import Final

WIDTH, HEIGHT = 380, 214
_LEFT, _RIGHT, _TOP, _BOTTOM = 30, 14, 24, 42
_MOST = 10.0
_INK, _QUIET, _GRID, _BAND = "#16202a", "#4d5a66", "#c9d1d9", "#dbe6ec"
# More scores than this are drawn as the mean of each day, so that the chart stays small.
MOST_DRAWN: Final = 400
_MANY = 60
_DAY = dt.timedelta(days=1)
# At most so many dates are written beneath the chart.
_MOST_DATES = 6
_STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1820, 3640, 7280, 14560)


@dataclass(frozen=True)
class Score:
    """A pain score with its time, and whether it was given during a trial of stimulation."""

    at: dt.datetime
    nrs: float
    in_trial: bool = False


def diary_chart(scores: Sequence[Score], prefix: str = "diary") -> str:
    """The chart of scores in the order of their times; empty without any."""
    if not scores:
        return ""
    begin = _midnight(scores[0].at)
    end = _midnight(scores[-1].at) + _DAY

    def x(at: dt.datetime) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * ((at - begin) / (end - begin))

    def y(points: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * points / _MOST

    drawn = scores if len(scores) <= MOST_DRAWN else _daily(scores)
    at = [(x(_shown_at(score.at)), y(score.nrs)) for score in drawn]
    size = 3.4 if len(drawn) <= _MANY else 1.7
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="course-chart diary-chart" role="img" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" aria-labelledby="{prefix}-title {prefix}-desc" '
        'font-family="system-ui, Libertinus Serif, sans-serif" font-size="11.5">',
        f'<title id="{prefix}-title">Pain scores of the diary</title>',
        f'<desc id="{prefix}-desc">{escape(_described(scores))}</desc>',
    ]
    for first, last in _trials(scores):
        left, right = x(first), x(last + _DAY)
        parts.append(
            f'<rect class="band" x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" '
            f'height="{HEIGHT - _TOP - _BOTTOM}" fill="{_BAND}"/>'
            f'<text class="label" x="{(left + right) / 2:.1f}" y="{_TOP - 8}" '
            f'text-anchor="middle" fill="{_QUIET}">trial</text>'
        )
    parts += [_level(points, y(points)) for points in (0, 2, 4, 6, 8, 10)]
    parts += [_date(day, x(day)) for day in _dates(begin, end)]
    parts.append(
        f'<path class="scores" d="M{"L".join(f"{a:.1f} {b:.1f}" for a, b in at)}" fill="none" '
        f'stroke="{_INK}" stroke-width="1.4"/>'
    )
    parts += [
        f'<circle class="score" cx="{a:.1f}" cy="{b:.1f}" r="{size}" fill="{_INK}"/>' for a, b in at
    ]
    shown = "pain, 0 to 10" if drawn is scores else "pain, mean of each day, 0 to 10"
    parts.append(f'<text class="label" x="2" y="12" fill="{_QUIET}">{shown}</text></svg>')
    return "".join(parts)


def _midnight(at: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(at.date(), dt.time())


def _shown_at(at: dt.datetime) -> dt.datetime:
    """A score of a whole day stands in the middle of it."""
    return at + _DAY / 2 if at.time() == dt.time() else at


def _daily(scores: Sequence[Score]) -> list[Score]:
    return [
        Score(dt.datetime.combine(day, dt.time()), fmean(score.nrs for score in of))
        for day, of in groupby(scores, key=lambda score: score.at.date())
    ]


def _trials(scores: Sequence[Score]) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """First and last day of each stretch of scores of a trial."""
    for in_trial, of in groupby(scores, key=lambda score: score.in_trial):
        if in_trial:
            days = [_midnight(score.at) for score in of]
            yield days[0], days[-1]


def _dates(begin: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    days = (end - begin).days
    step = next((s for s in _STEPS if days / s <= _MOST_DATES), _STEPS[-1])
    # A date at the very end has no room to be written.
    last = begin + _DAY * math.floor(days * 0.93)
    return [d for i in range(0, days, step) if (d := begin + _DAY * i) <= last]


def _date(day: dt.datetime, x: float) -> str:
    return (
        f'<path class="gridline" d="M{x:.1f} {HEIGHT - _BOTTOM}v4" stroke="{_QUIET}" '
        f'stroke-width="1" fill="none"/><text class="label" x="{max(x, 18):.1f}" '
        f'y="{HEIGHT - _BOTTOM + 17}" text-anchor="middle" fill="{_QUIET}">{day.day} {day:%b}'
        f'</text><text class="label" x="{max(x, 18):.1f}" y="{HEIGHT - _BOTTOM + 31}" '
        f'text-anchor="middle" fill="{_QUIET}">{day.year}</text>'
    )


def _level(points: int, y: float) -> str:
    return (
        f'<path class="gridline" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="{_GRID}" '
        f'stroke-width="1" fill="none"/><text class="label" x="{_LEFT - 6}" y="{y + 4:.1f}" '
        f'text-anchor="end" fill="{_QUIET}">{points}</text>'
    )


def _described(scores: Sequence[Score]) -> str:
    first, last = scores[0], scores[-1]
    worst, least = max(s.nrs for s in scores), min(s.nrs for s in scores)
    if len(scores) == 1:
        return f"One score: {first.nrs:g} on {first.at:%Y-%m-%d}."
    return (
        f"{len(scores)} scores from {first.at:%Y-%m-%d} to {last.at:%Y-%m-%d}: first "
        f"{first.nrs:g}, last {last.nrs:g}, between {least:g} and {worst:g}."
    )
