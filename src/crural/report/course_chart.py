"""Pain scores over the course that was to be expected, as an SVG chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from crural.report import words

Part = Mapping[str, Any]

WIDTH, HEIGHT = 380, 238
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 12, 26, 44
_MOST = 10.0
# The chart shows at least so many weeks.
LEAST_WEEKS = 6.0
_INK, _QUIET, _GRID, _BAND, _CURVE = "#16202a", "#4d5a66", "#c9d1d9", "#dbe6ec", "#35789a"


def course_chart(course: Part, prefix: str = "course") -> str:
    """The chart: a band in which eight in ten patients are, the expected mean, and the scores."""
    first = min(0.0, float(course["scores"][0]["week"]))
    last = _last_week(course)
    start = float(course["first"]["mean"])

    def x(week: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (week - first) / (last - first)

    def y(points: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(points, _MOST) / _MOST

    curve = _until(course["curve"], last)
    upper = [(x(p["week"]), y(p["high"] * start)) for p in curve]
    lower = [(x(p["week"]), y(p["low"] * start)) for p in curve]
    scores = [(x(s["week"]), y(s["nrs"])) for s in course["scores"]]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="course-chart" role="img" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" aria-labelledby="{prefix}-title {prefix}-desc" '
        'font-family="system-ui, Libertinus Serif, sans-serif" font-size="11.5">',
        f'<title id="{prefix}-title">Pain scores and the expected course</title>',
        f'<desc id="{prefix}-desc">{escape(_described(course))}</desc>',
        *(_level(points, y(points)) for points in (0, 2, 4, 6, 8, 10)),
        *(_week(week, x(week)) for week in _ticks(first, last)),
        f'<path class="band" d="M{_row(upper)}L{_row(lower[::-1])}Z" fill="{_BAND}"/>',
        f'<path class="expected" d="M{_row([(x(p["week"]), y(p["left"] * start)) for p in curve])}"'
        f' fill="none" stroke="{_CURVE}" stroke-width="2" stroke-dasharray="6 4"/>',
        f'<path class="scores" d="M{_row(scores)}" fill="none" stroke="{_INK}" '
        'stroke-width="1.6"/>',
        *(
            f'<circle class="score" cx="{a:.1f}" cy="{b:.1f}" r="3.6" fill="{_INK}"/>'
            for a, b in scores
        ),
        _legend(),
        f'<text class="label" x="{(_LEFT + WIDTH - _RIGHT) / 2:.0f}" y="{HEIGHT - 6}" '
        f'text-anchor="middle" fill="{_QUIET}">weeks</text>',
        "</svg>",
    ]
    return "".join(parts)


def _last_week(course: Part) -> float:
    """Where the chart ends: with twice the time of the scores, so that these can be seen."""
    scored = float(max(s["week"] for s in course["scores"]))
    known = float(course["curve"][-1]["week"])
    return max(scored, min(known, max(2 * scored, LEAST_WEEKS)))


def _until(curve: Sequence[Part], last: float) -> list[Part]:
    """A curve of straight lines cut off at a week, or drawn out level to it."""
    kept = [point for point in curve if point["week"] < last]
    for before, after in pairwise(curve):
        if before["week"] < last <= after["week"]:
            share = (last - before["week"]) / (after["week"] - before["week"])
            ends = {k: before[k] + share * (after[k] - before[k]) for k in ("left", "low", "high")}
            return [*kept, {"week": last, **ends}]
    return [*kept, {**curve[-1], "week": last}]


def _row(points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{a:.1f} {b:.1f}" for a, b in points)


def _level(points: int, y: float) -> str:
    return (
        f'<path class="gridline" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="{_GRID}" '
        f'stroke-width="1" fill="none"/><text class="label" x="{_LEFT - 6}" y="{y + 4:.1f}" '
        f'text-anchor="end" fill="{_QUIET}">{points}</text>'
    )


def _week(week: int, x: float) -> str:
    return (
        f'<path class="gridline" d="M{x:.1f} {HEIGHT - _BOTTOM}v4" stroke="{_QUIET}" '
        f'stroke-width="1" fill="none"/><text class="label" x="{x:.1f}" '
        f'y="{HEIGHT - _BOTTOM + 17}" text-anchor="middle" fill="{_QUIET}">{week}</text>'
    )


def _ticks(first: float, last: float) -> list[int]:
    """About six round weeks."""
    step = next((s for s in (1, 2, 4, 6, 8, 12, 26, 52, 104) if (last - first) / s <= 7), 208)
    return [w for w in range(int(first // 1), int(last) + 1) if w % step == 0]


def _legend() -> str:
    return (
        f'<circle class="score" cx="{_LEFT + 5}" cy="9" r="3.6" fill="{_INK}"/>'
        f'<text class="label" x="{_LEFT + 13}" y="13" fill="{_QUIET}">score, 0 to 10</text>'
        f'<path class="expected" d="M{_LEFT + 108} 9h22" fill="none" stroke="{_CURVE}" '
        f'stroke-width="2" stroke-dasharray="6 4"/>'
        f'<text class="label" x="{_LEFT + 134}" y="13" fill="{_QUIET}">expected</text>'
        f'<rect class="band" x="{_LEFT + 198}" y="3" width="20" height="12" fill="{_BAND}"/>'
        f'<text class="label" x="{_LEFT + 223}" y="13" fill="{_QUIET}">8 in 10 patients</text>'
    )


def _described(course: Part) -> str:
    told = ", ".join(f"{s['nrs']:g} at week {s['week']:.0f}" for s in course["scores"][-12:])
    left = ", ".join(f"{p['left']:.0%} at week {p['week']:.0f}" for p in course["curve"])
    verdict = words.COURSE[course["verdict"]]
    return f"Scores: {told}. Expected share of the first pain: {left}. {verdict.capitalize()}."
