"""The lead and the ganglia on the spine, seen from behind, as an SVG picture.

Left half: vertebrae T7 to S2 with the cord, the lead and the ganglia of the painful skin (the
patient's left is on the left). Right half: the chance to reach the painful area from each level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from crural.stimulation.coverage import LEVELS
from crural.svg import GRID, INK, PAPER, QUIET, picture, text

_text = partial(text, size=12)
Data = Mapping[str, Any]

WIDTH, HEIGHT = 820, 560
_MIDDLE, _TOP, _ROW = 190.0, 74.0, 34.0
_ROWS = ("T7", "T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2")
_BAR, _BAR_WIDTH = 400.0, 250.0
_BONE, _BONE_EDGE, _CORD, _CORD_EDGE = "#f3efe6", "#b9ad94", "#f2dfa6", "#c7a94e"
_LEAD, _OURS, _SOFT, _GANGLION = "#0b5d8a", "#35789a", "#b9d6e4", "#a4452f"
_BESIDE = 9.0
# Half of a lead of eight contacts, in vertebrae.
_HALF_LEAD = 1.0


def coverage_chart(data: Data) -> str:
    """The picture of the data of `coverage_report.as_data`."""
    areas = ", ".join(area["name"] for area in data["areas"])
    title = f"For pain of: {areas}"
    parts = [
        *_spine(),
        *_cord(),
        *_ganglia(data),
        *(part for i, lead in enumerate(data["leads"]) for part in _lead(lead, i, data)),
        *_bars(data),
        *_legend(data),
    ]
    return picture(
        WIDTH,
        HEIGHT,
        f"Level of a lead. {title}",
        _described(data),
        [_wrapped(title), *parts],
        heading="Where a lead would begin",
    )


def _y(level: float) -> float:
    """Middle of a vertebra; 7 is T7, 13 is L1."""
    return _TOP + _ROW * (level - 7.0 + 0.5)


def _spine() -> Iterator[str]:
    yield _text(_MIDDLE - 78, _TOP - 8, "left", colour=QUIET, anchor="middle")
    yield _text(_MIDDLE + 78, _TOP - 8, "right", colour=QUIET, anchor="middle")
    for i, name in enumerate(_ROWS):
        y = _y(7 + i)
        # Thoracic vertebrae are narrower than lumbar ones, the sacrum narrows again.
        half = {"T": 40.0, "L": 48.0, "S": 44.0 if name == "S1" else 34.0}[name[0]]
        yield (
            f"<rect x='{_MIDDLE - half:.1f}' y='{y - 13:.1f}' width='{2 * half:.1f}' height='26' "
            f"rx='7' fill='{_BONE}' stroke='{_BONE_EDGE}'/>"
            f"{_text(20, y + 4, name, weight=600, colour=QUIET)}"
        )


def _cord() -> Iterator[str]:
    top, end = _TOP - 2, _y(13) + 12
    bottom = _y(19) + 12
    yield (
        f"<path d='M{_MIDDLE - 13} {top}V{_y(11):.1f}C{_MIDDLE - 13} {_y(12):.1f} {_MIDDLE - 5} "
        f"{end - 14:.1f} {_MIDDLE} {end:.1f}C{_MIDDLE + 5} {end - 14:.1f} {_MIDDLE + 13} "
        f"{_y(12):.1f} {_MIDDLE + 13} {_y(11):.1f}V{top}Z' fill='{_CORD}' stroke='{_CORD_EDGE}'/>"
    )
    for shift in (-6, -2, 2, 6):
        yield (
            f"<path d='M{_MIDDLE + shift / 2:.1f} {end - 6:.1f}L{_MIDDLE + 1.4 * shift:.1f} "
            f"{bottom:.1f}' stroke='{_CORD_EDGE}' fill='none'/>"
        )


def _lead(lead: Data, i: int, data: Data) -> Iterator[str]:
    beside = {"left": -_BESIDE, "right": _BESIDE}.get(lead["side"], 0.0)
    if len(data["leads"]) > 1 and beside == 0.0:
        beside = -3.0 + 6.0 * i
    x, middle = _MIDDLE + beside, lead["target"]["middle"]
    top, bottom = _y(middle - _HALF_LEAD), _y(middle + _HALF_LEAD)
    colour = _LEAD
    low, high = _y(lead["target"]["low"]), _y(lead["target"]["high"])
    yield (
        f"<path d='M{x:.1f} {bottom:.1f}V{_y(13.6):.1f}l{26.0 * (1 if beside >= 0 else -1):.1f} "
        f"{1.2 * _ROW:.1f}' stroke='{colour}' stroke-width='1.6' fill='none' "
        "stroke-dasharray='5 3'/>"
        f"<rect class='lead' x='{x - 3:.1f}' y='{top:.1f}' width='6' "
        f"height='{bottom - top:.1f}' rx='3' fill='{PAPER}' stroke='{colour}'/>"
    )
    for contact in range(8):
        at = top + (bottom - top) * (contact + 0.5) / 8.0
        yield f"<rect x='{x - 3:.1f}' y='{at - 2.6:.1f}' width='6' height='5.2' fill='{colour}'/>"
    side = -1.0 if beside < 0 or (len(data["leads"]) > 1 and i == 0) else 1.0
    bracket = _MIDDLE + side * 58.0
    yield (
        f"<path class='target' d='M{bracket - 4:.1f} {low:.1f}h8M{bracket:.1f} {low:.1f}"
        f"V{high:.1f}M{bracket - 4:.1f} {high:.1f}h8' stroke='{colour}' stroke-width='1.6' "
        "fill='none'/>"
        f"<circle cx='{bracket:.1f}' cy='{_y(middle):.1f}' r='4' fill='{colour}'/>"
    )
    name = f"{lead['target']['vertebra']}"
    yield _text(
        bracket + side * 8,
        _y(middle) + 4,
        name,
        colour=colour,
        weight=600,
        anchor="end" if side < 0 else "start",
    )


def _ganglia(data: Data) -> Iterator[str]:
    for root in data["ganglia"]:
        # A root leaves below its own vertebra.
        y = _TOP + _ROW * (_ROWS.index(root["root"]) + 1.0)
        for side in root["sides"]:
            x = _MIDDLE + (-1.0 if side == "left" else 1.0) * 62.0
            yield (
                f"<circle class='ganglion' cx='{x:.1f}' cy='{y:.1f}' "
                f"r='{3.0 + 5.0 * root['share']:.1f}' fill='{_GANGLION}'>"
                f"<title>{root['root']} {side}: {100 * root['share']:.0f} %</title></circle>"
            )
        outer = _MIDDLE + (76.0 if "right" in root["sides"] else -76.0)
        yield _text(
            outer,
            y + 4,
            root["root"],
            size=11,
            colour=_GANGLION,
            anchor="start" if "right" in root["sides"] else "end",
        )


def _bars(data: Data) -> Iterator[str]:
    yield _text(_BAR, _TOP - 8, "painful area that can be reached from there", weight=600)
    for tick in range(0, 101, 25):
        x = _BAR + _BAR_WIDTH * tick / 100
        yield (
            f"<path d='M{x:.1f} {_TOP:.1f}V{_y(LEVELS[-1]) + 16:.1f}' stroke='{GRID}'/>"
            f"{_text(x, _y(LEVELS[-1]) + 32, f'{tick} %', anchor='middle', colour=QUIET, size=11)}"
        )
    best = data["levels"][0]["number"]
    for level in data["levels"]:
        y = _y(level["number"])
        reached = level["chance"]
        colour = _OURS if level["number"] == best else _SOFT
        low, high = (_BAR + _BAR_WIDTH * reached[end] for end in ("low", "high"))
        yield (
            f"<rect class='bar' x='{_BAR:.1f}' y='{y - 8:.1f}' "
            f"width='{max(_BAR_WIDTH * reached['middle'], 1):.1f}' height='16' fill='{colour}'/>"
            f"<path d='M{low:.1f} {y:.1f}H{high:.1f}' stroke='{INK}'/>"
            f"{_text(_BAR - 10, y + 4, level['vertebra'], anchor='end', weight=600)}"
            f"{_text(_BAR + _BAR_WIDTH + 14, y + 4, _first(level['first']), colour=QUIET)}"
        )


def _first(share: float) -> str:
    return f"first in {100 * share:.0f} %" if share >= 0.005 else "–"


def _legend(data: Data) -> Iterator[str]:
    lines = [
        "Bars: with tingling; lines: 90 % belief; first in: share of draws.",
        "Blue: lead, tip up; bracket: where its middle contacts may have to lie.",
        "Red: ganglia of the painful skin; larger: more of it.",
        "10 kHz without tingling: T8 to T10, whatever hurts.",
    ]
    y = _y(LEVELS[-1]) + 62
    for i, line in enumerate(lines):
        yield _text(_BAR - 32, y + 18 * i, line, colour=QUIET, size=11)
    for i, lead in enumerate(data["leads"]):
        target = lead["target"]
        yield _text(
            _BAR - 32,
            y + 18 * len(lines) + 12 + 18 * i,
            f"Lead{f' {i + 1}' if len(data['leads']) > 1 else ''}: {target['vertebra']} "
            f"({target['from']} to {target['to']}), tip about {lead['tip']['vertebra']}, "
            f"{_SIDE[lead['side']]}",
            weight=600,
        )


_SIDE = {
    "left": "left of the middle",
    "right": "right of the middle",
    "midline": "on the middle",
    "unknown": "side not recorded",
}


def _described(data: Data) -> str:
    levels = ", ".join(
        f"{level['vertebra']} {100 * level['chance']['middle']:.0f} %" for level in data["levels"]
    )
    roots = ", ".join(f"{r['root']} {100 * r['share']:.0f} %" for r in data["ganglia"])
    return f"Chance to reach the painful area: {levels}. Skin by root: {roots}."


def _wrapped(title: str) -> str:
    if len(title) > 105:
        title = title[:102].rsplit(" ", 1)[0] + " …"
    return _text(16, 40, title)
