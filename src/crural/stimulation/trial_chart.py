"""The diary of a trial as an SVG chart: scores, phases, and the means with their bands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from crural.stimulation.trial_report import chance
from crural.svg import GRID, INK, PAPER, QUIET, picture, text

_text = partial(text, size=12)
Data = Mapping[str, Any]

WIDTH, HEIGHT = 720, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 150, 66, 52
_MOST = 10.0
# Ground, band and line of each phase: told apart by place and label, not by colour alone.
_COLOURS = {
    "baseline": ("#ffffff", "#d3d9df", "#5b6875"),
    "trial": ("#eef5f9", "#b9d6e4", "#0b5d8a"),
    "after": ("#ffffff", "#ead9b8", "#8a6410"),
}
_NAMES = {"baseline": "before", "trial": "trial", "after": "after"}
# Longer names of settings are cut off.
_LONGEST_NAME = 20


def trial_chart(data: Data) -> str:
    """The chart of the data of `trial_report.as_data`."""
    scores = [e for e in data["diary"]["entries"] if e["nrs"] is not None]
    first = math.floor(min(e["time"] for e in data["diary"]["entries"]))
    last = float(math.floor(max(e["time"] for e in data["diary"]["entries"])) + 1)
    start = math.floor(next(p["first"] for p in data["phases"] if p["phase"] == "trial"))

    def x(time: float) -> float:
        return float(_LEFT + (WIDTH - _LEFT - _RIGHT) * (time - first) / (last - first))

    def y(points: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * points / _MOST

    parts = [*_frame(x, y, first, last, start)]
    for phase in data["phases"]:
        parts += _phase(phase, x, y)
    before = next(p for p in data["phases"] if p["phase"] == "baseline")["mean"]["middle"]
    parts += _limits(before, x(start), y)
    # Entries of a whole day stand in its middle.
    whole = all(float(e["time"]).is_integer() for e in scores)
    shift = 0.5 if whole else 0.0
    for entry in scores:
        _, _, colour = _COLOURS[entry["phase"]]
        parts.append(
            f"<circle class='score' cx='{x(entry['time'] + shift):.1f}' cy='{y(entry['nrs']):.1f}' "
            f"r='3.6' fill='{colour}' stroke='{PAPER}' stroke-width='0.8'/>"
        )
    for i, change in enumerate(data["settings"][1:]):
        at, name = x(math.floor(change["time"])), change["settings"]
        name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
        parts.append(
            f"<path d='M{at:.1f} {_TOP}V{HEIGHT - _BOTTOM}' stroke='{QUIET}' "
            "stroke-dasharray='2 3'/>"
            # Names of settings that change soon after one another stand above each other.
            f"{_text(at + 4, HEIGHT - _BOTTOM - 6 - 14 * (i % 3), name, size=11)}"
        )
    relief = data["relief"]
    share = relief["share"]
    title = (
        f"Relief {100 * share['middle']:.0f} % ({100 * share['low']:.0f} to "
        f"{100 * share['high']:.0f} %); probability of half or more {chance(relief['chance_50'])}"
    )
    return picture(
        WIDTH,
        HEIGHT,
        f"Trial of stimulation: {title}",
        _described(data),
        [_text(16, 40, title), *parts],
        heading="Pain before, in and after the trial",
    )


def _frame(x: Any, y: Any, first: float, last: float, start: float) -> Iterator[str]:
    for points in range(0, 11, 2):
        yield (
            f"<path d='M{_LEFT} {y(points):.1f}H{WIDTH - _RIGHT}' stroke='{GRID}'/>"
            f"{_text(_LEFT - 8, y(points) + 4, str(points), anchor='end', colour=QUIET)}"
        )
    days = last - first
    step = next((s for s in (1, 2, 5, 7, 14, 28) if days / s <= 15), 56)
    for day in range(math.floor(first - start), math.ceil(last - start)):
        # Day 1 is the first day of the trial; there is no day 0.
        number = day + 1 if day >= 0 else day
        if number == 1 or number % step == 0:
            middle = x(start + day + 0.5)
            yield _text(middle, HEIGHT - _BOTTOM + 18, str(number), anchor="middle", colour=QUIET)
    centre = (_LEFT + WIDTH - _RIGHT) / 2
    yield _text(
        centre,
        HEIGHT - 14,
        "day of the trial (before it: negative)",
        anchor="middle",
        colour=QUIET,
    )
    yield (
        f"<text x='14' y='{(HEIGHT - _BOTTOM + _TOP) / 2:.0f}' font-size='12' fill='{QUIET}' "
        f"text-anchor='middle' transform='rotate(-90 14 {(HEIGHT - _BOTTOM + _TOP) / 2:.0f})'>"
        "pain, 0 to 10</text>"
    )


def _phase(phase: Data, x: Any, y: Any) -> Iterator[str]:
    ground, band, line = _COLOURS[phase["phase"]]
    name = _NAMES[phase["phase"]]
    left, right = x(math.floor(phase["first"])), x(math.floor(phase["last"]) + 1.0)
    yield (
        f"<rect x='{left:.1f}' y='{_TOP}' width='{right - left:.1f}' "
        f"height='{HEIGHT - _BOTTOM - _TOP}' fill='{ground}' fill-opacity='0.6'/>"
        f"{_text((left + right) / 2, _TOP - 8, name, anchor='middle', weight=600)}"
    )
    mean = phase["mean"]
    if mean["middle"] is None:
        return
    high, low, middle = y(mean["high"]), y(mean["low"]), y(mean["middle"])
    yield (
        f"<rect class='band' x='{left:.1f}' y='{high:.1f}' width='{right - left:.1f}' "
        f"height='{low - high:.1f}' fill='{band}' fill-opacity='0.75'/>"
        f"<path class='mean' d='M{left:.1f} {middle:.1f}H{right:.1f}' stroke='{line}' "
        "stroke-width='2.5'/>"
    )


def _limits(before: float, left: float, y: Any) -> Iterator[str]:
    """How low the mean must lie for 30 and 50 % of relief."""
    right = WIDTH - _RIGHT
    for share, words in ((0.3, "30 % gone"), (0.5, "half gone")):
        at = y(before * (1.0 - share))
        yield (
            f"<path d='M{left:.1f} {at:.1f}H{right}' stroke='{INK}' stroke-width='1' "
            f"stroke-dasharray='6 4'/>{_text(right + 6, at + 4, words)}"
        )
    yield _text(right + 6, _TOP + 8, "line: mean", colour=QUIET, size=11)
    yield _text(right + 6, _TOP + 23, "band: 90 % interval", colour=QUIET, size=11)


def _described(data: Data) -> str:
    told: Sequence[str] = [
        f"{_NAMES[p['phase']]}: {p['scored']} scores, mean {p['mean']['middle']:.1f}, "
        f"90 % interval {p['mean']['low']:.1f} to {p['mean']['high']:.1f}"
        for p in data["phases"]
        if p["mean"]["middle"] is not None
    ]
    return "; ".join(told) + "."
