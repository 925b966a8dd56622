"""Where it hurts, on a figure of hip, back and both legs seen from the front and from behind.

One half of each view is drawn; the other is its mirror image. Seen from the front the patient's
left is on the right of the picture, seen from behind it is on the left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from crural.pain_map import REGION_NAMES, SIDES, Mark, Side, marks_of
from crural.record import Record

View = Literal["front", "back"]
# Findings that say where it hurts too loosely to be drawn; they are told in words.
NOT_DRAWN = (
    "pain-radiating-below-knee",
    "pain-radiating-not-below-knee",
    "pain-localised-bone",
    "pain-thigh",
    "pain-lower-leg",
)
MIDLINE = 100
# Outline and regions of the half to the right of the midline.
_BODY: Mapping[View, str] = {
    "front": "M100 14H138C138 36 139 50 142 64L128 80 100 104Z",
    "back": "",
}
_OUTER_THIGH = "M136 119 151 117C151 150 143 184 138 206H131C134 175 136 148 136 119Z"
_KNEE = "M108 206H138C136.5 215 136 225 136 234H107C108 225 108.5 215 108 206Z"
_PATHS: Mapping[View, Mapping[str, str]] = {
    "front": {
        "groin": "M100 104 128 80 134 97 108 122C105 124 102 124.5 100 122Z",
        "lateral-hip": "M128 80 142 64C148 80 152 96 151 117L136 119C136 110 135 104 134 97Z",
        "front-thigh": "M108 122 134 97C135 104 136 110 136 119 136 148 134 175 131 206H115"
        "C114 178 112 148 108 122Z",
        "outer-thigh": _OUTER_THIGH,
        "inner-thigh": "M101 124C104 125 106 124 108 122 112 148 114 178 115 206H108"
        "C107 180 103 150 101 124Z",
        "knee": _KNEE,
        "shin": "M114 234H136C140.5 256 139 284 132 312 130 322 128 330 127 338H115"
        "C115 300 114 265 114 234Z",
        "inner-shin": "M107 234H114C114 265 115 300 115 338H110C110 318 105 292 104 268"
        " 104 255 106 244 107 234Z",
        "ankle": "M110 338H127C126 346 126 352 127 360H108C110 352 110 346 110 338Z",
        "foot": "M108 360H127C132 372 139 382 139 391 139 398 130 401 120 401 109 401 103 398"
        " 103 391 103 382 106 372 108 360Z",
    },
    "back": {
        "low-back": "M100 14H138C138 36 139 50 142 64H100Z",
        "buttock": "M100 64H134C140 85 140 106 136 121 126 130 110 131 101 124L100 118Z",
        "lateral-hip": "M134 64H142C148 80 152 96 151 117L136 121C140 106 140 85 134 64Z",
        "outer-thigh": "M136 121 151 117C151 150 143 184 138 206H131C134 175 136 150 136 121Z",
        "back-thigh": "M108 127.5C118 130 128 128 136 121 136 150 134 175 131 206H115"
        "C114 178 112 150 108 127.5Z",
        "inner-thigh": "M101 124C103 126 105 127 108 127.5 112 150 114 178 115 206H108"
        "C107 180 103 150 101 124Z",
        "back-knee": _KNEE,
        "calf": "M107 234H136C142 256 141 286 132 314H110C104 292 102 262 107 234Z",
        "ankle": "M110 314H132C129 326 127 340 127 352H109C110 340 111 326 110 314Z",
        # The heel from behind and, below it, the print of the sole: one region.
        "sole": "M109 352H127C131 364 130 376 118 377 106 376 105 364 109 352Z"
        "M108 392C118 385 134 390 134 404 134 414 128 418 128 426 128 438 111 438 111 426"
        " 111 416 101 400 108 392Z",
    },
}


@dataclass(frozen=True)
class Shape:
    """A region on one side of one view, as it is drawn."""

    path: str
    view: View
    side: Side
    mirrored: bool
    title: str
    mark: Mark | None


@dataclass(frozen=True)
class BodyMap:
    """The figure: shapes to draw, outlines without meaning, and the same in words."""

    shapes: tuple[Shape, ...]
    outlines: tuple[tuple[View, str], ...]
    description: str


def body_map(record: Record) -> BodyMap:
    """The figure of a record's pain."""
    marks = marks_of(record)
    shapes = tuple(_shape(view, region, side, marks) for view, region, side in _places())
    outlines = tuple((view, path) for view, path in _BODY.items() if path)
    return BodyMap(shapes, outlines, description(marks))


def description(marks: Mapping[tuple[str, Side], Mark]) -> str:
    """The painful regions in words, such as 'Both sides: low back. Left side: calf.'"""
    if not marks:
        return "No place of pain is recorded that could be drawn."
    groups: dict[str, list[str]] = {}
    for region, name in REGION_NAMES.items():
        of = {side: marks[region, side] for side in SIDES if (region, side) in marks}
        if not of:
            continue
        if "pain" not in of.values():
            where = "Side not recorded"
        else:
            where = "Both sides" if len(of) == 2 else f"{next(iter(of))} side".capitalize()
        groups.setdefault(where, []).append(name)
    return " ".join(f"{where}: {', '.join(names)}." for where, names in groups.items())


def _places() -> Iterator[tuple[View, str, Side]]:
    for view, regions in _PATHS.items():
        for region in regions:
            for side in SIDES:
                yield view, region, side


def _shape(view: View, region: str, side: Side, marks: Mapping[tuple[str, Side], Mark]) -> Shape:
    mark = marks.get((region, side))
    both = region == "low-back"
    name = REGION_NAMES[region]
    return Shape(
        path=_PATHS[view][region],
        view=view,
        side=side,
        # The half that is drawn lies on the right of the picture.
        mirrored=side == ("right" if view == "front" else "left"),
        title=f"{name}, {side} side" if both else f"{side} {name}",
        mark=mark,
    )
