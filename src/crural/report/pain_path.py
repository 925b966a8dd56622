"""The pain's path from the leg to the brain: where the causes act, and where treatment acts.

One upright picture, drawn so that it can be read 360 pixels wide and in black-and-white print: a
sketch of the body on the left, stations with their words on the right. Colours and strokes are
attributes, so that the picture stands alone; a style sheet may override them by class.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any, Literal, TypeAlias

from crural.report import words
from crural.report.outline import IN_FULL

Part = Mapping[str, Any]
Mark = Literal["cause", "tried", "now", "next", "therapy"]

WIDTH = 380
_SKETCH_HEIGHT = 610
_LABELS = 156
_COLUMNS_OF_TEXT = 30
_HEADING, _LINE, _BETWEEN = 17, 15, 9
MOST_CAUSES = 3
MOST_TREATMENTS = 3
# Names of treatments in a row; the first is always told.
MOST_LETTERS = 48

# Stations from the brain down, each with its point on the sketch.
_STATIONS: Mapping[str, tuple[int, int]] = {
    "brain": (104, 56),
    "cord": (77, 150),
    "columns": (70, 203),
    "horn": (91, 222),
    "spine": (92, 330),
    "root": (102, 371),
    "nerve": (103, 446),
    "leg": (99, 540),
}
# What is drawn for what can be done where: therapies have stations of their own.
_THERAPY_AT: Mapping[str, str] = {"columns": "stimulation", "horn": "intrathecal"}
_KIND_AT: Mapping[str, str] = {"stimulation": "columns", "intrathecal": "horn"}
_OVER = frozenset({"failed", "helped", "not-tolerated"})
_GOING_ON = frozenset({"helps", "going-on"})
_OPEN = frozenset({"offer", "offer-with-care", "check-first", "too-short"})

_INK, _QUIET, _LINE_COLOUR, _BODY = "#16202a", "#4d5a66", "#8593a0", "#eef1f4"
_COLOUR: Mapping[Mark, str] = {
    "cause": "#a81420",
    "tried": "#4d5a66",
    "now": "#1c6a86",
    "next": "#1c6a86",
    "therapy": "#16202a",
}


@dataclass(frozen=True)
class Item:
    """Something that acts at a station, and the words for it."""

    mark: Mark
    words: str


def pain_path(data: Part, prefix: str = "path") -> str:
    """The picture as SVG, from the data of `as_data`. `prefix` keeps its ids apart from others."""
    stations = stations_of(data)
    blocks, tops, height = _layout(stations)
    down = (height - _SKETCH_HEIGHT) // 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pain-path" role="img" '
        f'viewBox="0 0 {WIDTH} {height}" aria-labelledby="{prefix}-title {prefix}-desc" '
        'font-family="system-ui, Libertinus Serif, sans-serif" font-size="12.5">',
        f'<title id="{prefix}-title">The path of the pain, from the leg to the brain</title>',
        f'<desc id="{prefix}-desc">{escape(description(stations))}</desc>',
        f'<g transform="translate(0 {down})">{_sketch(stations)}</g>',
    ]
    for (name, lines), top in zip(blocks.items(), tops, strict=True):
        x, y = _STATIONS[name]
        parts.append(
            f'<path class="leader" d="M{x} {y + down}L{_LABELS - 22} {top + 8}H{_LABELS - 6}" '
            f'fill="none" stroke="{_LINE_COLOUR}" stroke-width="1"/>'
            f'<circle class="leader-end" cx="{x}" cy="{y + down}" r="2" fill="{_LINE_COLOUR}"/>'
        )
        parts.append(_block(words.SITE[name], lines, top))
    return "".join((*parts, "</svg>"))


def height_of(data: Part) -> int:
    """How tall the picture is, in the units in which it is WIDTH wide."""
    return _layout(stations_of(data))[2]


_Lines: TypeAlias = list[tuple[Mark | None, str]]


def _layout(
    stations: Mapping[str, Sequence[Item]],
) -> tuple[dict[str, _Lines], list[int], int]:
    """Lines of every station, where they begin, and the height of the picture."""
    blocks = {name: _lines(items) for name, items in stations.items()}
    heights = [_HEADING + _LINE * len(lines) for lines in blocks.values()]
    tops = _tops([_STATIONS[name][1] for name in blocks], heights)
    return blocks, tops, max(_SKETCH_HEIGHT, tops[-1] + heights[-1] + 8)


def stations_of(data: Part) -> dict[str, tuple[Item, ...]]:
    """What acts at every station: causes, what was tried, what is next, the two therapies."""
    causes = [c for c in data["causes"] if c["probability"] >= IN_FULL][:MOST_CAUSES]
    causes = causes or list(data["causes"][:1])
    at_cause = causes[0]["acts_at"][0] if causes and causes[0]["acts_at"] else "leg"
    tried = [a for a in data["tried"] if a["outcome"] in _OVER and a["acts_on"]]
    going_on = _options(data["ladder"], ("in-progress", "next"), _GOING_ON)
    steps = _options(data["ladder"], ("next",), _OPEN)
    found: dict[str, tuple[Item, ...]] = {}
    for name in _STATIONS:
        items = [
            Item("cause", f"Cause: {c['name']} ({words.percent(c['probability'])})")
            for c in causes
            if name in c["acts_at"]
        ]
        if name in _THERAPY_AT:
            items.append(_therapy(_THERAPY_AT[name], data))
        over = [a["what"] for a in tried if name in _sites(a["acts_on"], at_cause, None)]
        items += _named("tried", "Tried", over)
        for mark, label, options in (("now", "Going on", going_on), ("next", "Next", steps)):
            here = [o["name"] for o in options if name in _sites(o["acts_on"], at_cause, o["kind"])]
            items += _named("now" if mark == "now" else "next", label, here)
        found[name] = tuple(items)
    return found


def description(stations: Mapping[str, Sequence[Item]]) -> str:
    """The picture in words, from the leg up."""
    told = [
        f"{words.SITE[name]}: {'; '.join(item.words for item in items)}."
        for name, items in reversed(list(stations.items()))
        if items
    ]
    return " ".join(told).replace(words.GAP, " ")


def _therapy(therapy: str, data: Part) -> Item:
    found = data["candidacy"].get(therapy)
    status = words.CANDIDACY_SHORT["unknown" if found is None else found["status"]]
    step = words.on_ladder(data["ladder"], therapy) if status == "due" else ""
    return Item("therapy", f"{words.THERAPY[therapy]}: {status}" + (f" ({step})" if step else ""))


def _options(ladder: Part | None, states: Collection[str], verdicts: Collection[str]) -> list[Part]:
    """The treatments with certain verdicts on the rungs in certain states."""
    rungs = [] if ladder is None else [r for r in ladder["rungs"] if r["state"] in states]
    return [o for rung in rungs for o in rung["options"] if o["verdict"] in verdicts]


def _sites(acts_on: Sequence[str], at_cause: str, kind: str | None) -> set[str]:
    """Stations of a treatment: what treats the cause acts where the leading cause does."""
    if kind is not None and kind in _KIND_AT:
        return {_KIND_AT[kind]}
    return {at_cause if site == "cause" else site for site in acts_on}


def _named(mark: Mark, label: str, told: Sequence[str]) -> list[Item]:
    names = list(dict.fromkeys(told))
    if not names:
        return []
    short = [
        name
        for i, name in enumerate(names[:MOST_TREATMENTS])
        if i == 0 or len(", ".join(names[: i + 1])) <= MOST_LETTERS
    ]
    left = len(names) - len(short)
    more = f", and {left} more" if left else ""
    return [Item(mark, f"{label}: {', '.join(short)}{more}")]


def _lines(items: Sequence[Item]) -> _Lines:
    """Lines of text; the first of each item with its mark."""
    lines: _Lines = []
    for item in items:
        said = item.words.replace(words.GAP, "\u00a0")
        # Blanks that must not break are letters to the wrapping.
        wrapped = textwrap.wrap(said, _COLUMNS_OF_TEXT) or [""]
        lines += [(item.mark if i == 0 else None, line) for i, line in enumerate(wrapped)]
    return lines


def _tops(points: Sequence[int], heights: Sequence[int]) -> list[int]:
    """Where the blocks begin: near their points, never one over another."""
    tops: list[int] = []
    least = 4
    for point, height in zip(points, heights, strict=True):
        tops.append(max(least, point - 10))
        least = tops[-1] + height + _BETWEEN
    # What was pushed below the sketch moves up again as far as there is room.
    most = max(_SKETCH_HEIGHT - 4, sum(heights) + _BETWEEN * len(heights))
    for i in reversed(range(len(tops))):
        tops[i] = max(min(tops[i], most - heights[i]), 4)
        most = tops[i] - _BETWEEN
    return tops


def _block(heading: str, lines: Sequence[tuple[Mark | None, str]], top: int) -> str:
    parts = [
        f'<text class="station" x="{_LABELS}" y="{top + 12}" font-weight="700" '
        f'fill="{_INK}">{escape(heading)}</text>'
    ]
    kept: Mark = "cause"
    for i, (mark, said) in enumerate(lines):
        kept = mark or kept
        y = top + _HEADING + _LINE * i + 11
        if mark:
            parts.append(_sign(mark, _LABELS + 5, y - 4))
        parts.append(
            f'<text class="acts {kept}" x="{_LABELS + 15}" y="{y}" '
            f'fill="{_QUIET if kept == "tried" else _INK}">{escape(said)}</text>'
        )
    return "".join(parts)


def _sign(mark: Mark, x: int, y: int) -> str:
    """A sign that can be told apart without colour: burst, cross, ring, arrow, lozenge."""
    colour = _COLOUR[mark]
    drawn = {
        "cause": "M0 -5.5L1.6 -1.6 5.5 0 1.6 1.6 0 5.5-1.6 1.6-5.5 0-1.6-1.6Z",
        "tried": "M-4 -4L4 4M-4 4L4 -4",
        "now": "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0",
        "next": "M-4 -4.5L5 0-4 4.5Z",
        "therapy": "M0 -5L5 0 0 5-5 0Z",
    }[mark]
    filled = mark in {"cause", "next"}
    return (
        f'<path class="sign {mark}" transform="translate({x} {y})" d="{drawn}" '
        f'fill="{colour if filled else "none"}" stroke="{colour}" stroke-width="1.6"/>'
    )


def _sketch(stations: Mapping[str, Sequence[Item]]) -> str:
    """Body and signal; on it, at every station, the signs of what acts there."""
    signs = []
    for name, items in stations.items():
        x, y = _SIGNS_AT[name]
        marks = list(dict.fromkeys(item.mark for item in items if item.mark != "therapy"))
        signs += [_sign(mark, x - 13 * i, y) for i, mark in enumerate(marks)]
    return "".join((*_body(), *signs))


@cache
def _body() -> tuple[str, ...]:
    """What is the same in every picture."""
    return tuple(
        f'<path class="{kind}" d="{path}" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="{width}" stroke-linejoin="round" stroke-linecap="round"{more}/>'
        for kind, path, fill, stroke, width, more in _DRAWING
    )


_SIGNS_AT: Mapping[str, tuple[int, int]] = {
    "brain": (76, 38),
    "cord": (52, 150),
    "columns": (70, 182),
    "horn": (119, 226),
    "spine": (46, 330),
    "root": (128, 356),
    "nerve": (86, 428),
    "leg": (89, 490),
}
# Class, path, fill, stroke, width of the stroke, more attributes.
_DRAWING: tuple[tuple[str, str, str, str, float, str], ...] = (
    # Leg with the foot, seen from the outer side.
    (
        "body",
        "M56 402C48 440 58 478 64 502 60 526 64 552 68 572 60 580 46 585 39 592 38 599 42 602 50"
        " 602H92C99 602 99 592 97 584 95 560 107 532 104 506 113 472 125 440 121 402 104 394 74 394"
        " 56 402Z",
        _BODY,
        _LINE_COLOUR,
        1.2,
        "",
    ),
    # Vertebrae, with discs between them.
    *(
        (
            "body",
            f"M44 {y}Q70 {y + 5} 96 {y}V{y + 27}Q70 {y + 22} 44 {y + 27}Z",
            _BODY,
            _LINE_COLOUR,
            1.2,
            "",
        )
        for y in (291, 326, 361)
    ),
    # Brain with its stem, and the cord down to the last vertebra.
    (
        "body",
        "M22 64C12 40 30 13 64 12 98 11 121 34 115 60 112 76 98 82 85 79 80 86 70 87 64 83 48 88"
        " 27 81 22 64Z",
        _BODY,
        _LINE_COLOUR,
        1.2,
        "",
    ),
    (
        "fold",
        "M36 60C40 44 50 52 54 40M58 66C62 52 74 60 78 46M88 66C90 54 100 58 102 46M60 28C68 24 78 "
        "26 84 32",
        "none",
        _LINE_COLOUR,
        1,
        "",
    ),
    (
        "body",
        "M63 84V178H77V84M63 282V384L70 392 77 384V282",
        "none",
        _LINE_COLOUR,
        1.2,
        "",
    ),
    # The cord cut across, enlarged: outline, grey matter with its horns, dorsal columns.
    (
        "lens",
        "M63 178L18 222M77 178L122 222M63 284L20 252M77 284L120 252",
        "none",
        _LINE_COLOUR,
        0.8,
        ' stroke-dasharray="3 3"',
    ),
    (
        "white-matter",
        "M70 190C104 188 124 208 124 234 124 264 102 280 70 279 38 280 16 264 16 234 16 208 36 188"
        " 70 190Z",
        "#ffffff",
        _INK,
        1.4,
        "",
    ),
    (
        "columns",
        "M57 191.500C62 190 78 190 83 191.500L73 226H67Z",
        "#d7dde3",
        _LINE_COLOUR,
        0.8,
        "",
    ),
    (
        "grey-matter",
        "M64 228C58 222 52 212 46 203 40 201 37 206 40 212 46 222 50 230 49 238 42 246 36 256 42"
        " 263 50 268 58 258 64 244H76C82 258 90 268 98 263 104 256 98 246 91 238 90 230 94 222 100"
        " 212 103 206 100 201 94 203 88 212 82 222 76 228Z",
        "#b9c3cc",
        _LINE_COLOUR,
        0.8,
        "",
    ),
    # Electrode behind the dorsal columns.
    ("electrode", "M54 185.500H86", "none", _INK, 3.4, ' stroke-dasharray="6 3.500"'),
    # A drop of morphine at the dorsal horn of the other side, where there is room for it.
    (
        "drop",
        "M40 187C44 193 45 195 45 197A5 5 0 1 1 35 197C35 195 36 193 40 187Z",
        "#ffffff",
        _INK,
        1.4,
        "",
    ),
    # The signal: up the nerve, through the root into the dorsal horn, across, and up to the brain.
    (
        "signal",
        "M62 592C80 580 84 560 86 530 87 500 100 470 103 440 106 415 112 396 104 376 98 366 88 364"
        " 80 360",
        "none",
        _INK,
        2.6,
        "",
    ),
    (
        "signal",
        "M80 360C80 330 128 300 132 262 134 230 126 210 104 208L93 214",
        "none",
        _INK,
        2.6,
        "",
    ),
    (
        "signal",
        "M93 214C84 238 60 240 44 250C34 256 30 246 30 236",
        "none",
        _INK,
        1.8,
        ' stroke-dasharray="4 3"',
    ),
    (
        "signal",
        "M30 236C30 206 66 190 67 166V92C67 76 62 66 56 56",
        "none",
        _INK,
        1.8,
        ' stroke-dasharray="4 3"',
    ),
    # Spinal ganglion, and arrow heads along the signal.
    ("ganglion", "M97 366A7 5 30 1 1 109 374A7 5 30 1 1 97 366", _BODY, _INK, 1.4, ""),
    (
        "arrow",
        "M81.500 520L87 510 91.500 520M97 474L103 464 106 476M62 130L67 121 72 130M126 "
        "250L133 242 137 252M52 66L56 56 64 62",
        "none",
        _INK,
        1.8,
        "",
    ),
)
