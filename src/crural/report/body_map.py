"""Where it hurts, on a figure of hip, back and both legs seen from the front and from behind.

One half of each view is drawn; the other is its mirror image. Seen from the front the patient's
left is on the right of the picture, seen from behind it is on the left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from crural.record import Observation, Record

View = Literal["front", "back"]
Side = Literal["left", "right"]
Mark = Literal["pain", "pain, side not recorded"]

SIDES: tuple[Side, Side] = ("left", "right")
REGION_NAMES: Mapping[str, str] = {
    "low-back": "low back",
    "buttock": "buttock",
    "lateral-hip": "outer hip",
    "groin": "groin",
    "front-thigh": "front of the thigh",
    "outer-thigh": "outer thigh",
    "inner-thigh": "inner thigh",
    "back-thigh": "back of the thigh",
    "knee": "knee",
    "back-knee": "back of the knee",
    "shin": "shin",
    "inner-shin": "inner shin",
    "calf": "calf",
    "ankle": "ankle",
    "foot": "top of the foot",
    "sole": "sole and heel",
}
_LEG = tuple(region for region in REGION_NAMES if region != "low-back")
_BELOW_KNEE = ("shin", "inner-shin", "calf", "ankle", "foot", "sole")

# Findings that say where it hurts, and the regions they fill.
REGIONS_OF: Mapping[str, tuple[str, ...]] = {
    "pain-low-back": ("low-back",),
    "pain-buttock": ("buttock",),
    "pain-groin": ("groin",),
    "pain-lateral-hip": ("lateral-hip",),
    "pain-hip": ("lateral-hip", "groin"),
    "pain-anterior-thigh": ("front-thigh",),
    "pain-anterolateral-thigh": ("front-thigh", "outer-thigh"),
    "pain-posterior-thigh": ("back-thigh",),
    "pain-medial-thigh": ("inner-thigh",),
    "pain-knee": ("knee",),
    "pain-behind-knee": ("back-knee",),
    "pain-calf": ("calf",),
    "pain-shin": ("shin",),
    "pain-ankle": ("ankle",),
    "pain-foot": ("foot",),
    "pain-sole": ("sole",),
    "pain-in-root-l2-l4": ("groin", "front-thigh", "knee", "inner-shin"),
    "pain-in-root-l5": ("outer-thigh", "shin", "foot"),
    "pain-in-root-s1": ("back-thigh", "back-knee", "calf", "sole"),
    "pain-below-knees-stocking": _BELOW_KNEE,
    "pain-whole-leg": _LEG,
    "claudication-calf": ("calf",),
    "claudication-buttock-thigh": ("buttock", "back-thigh"),
}
# Findings that say where it hurts too loosely to be drawn; they are told in words.
NOT_DRAWN = (
    "pain-radiating-below-knee",
    "pain-radiating-not-below-knee",
    "pain-localised-bone",
    "pain-thigh",
    "pain-lower-leg",
)
# Pain that belongs to no leg is drawn on both halves whatever the painful leg is.
_BOTH_HALVES = frozenset({"pain-low-back", "pain-below-knees-stocking"})

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


def marks_of(record: Record) -> Mapping[tuple[str, Side], Mark]:
    """Painful regions with their side of the body.

    Of several observations of one finding the latest counts. A place whose side was not said is on
    the painful leg; where that was not recorded either, both sides are marked as uncertain.
    """
    latest: dict[tuple[str, Side], Observation] = {}
    for observation in sorted(record.observations, key=lambda o: o.date or dt.date.min):
        for side in _sides(observation, record):
            latest[observation.finding, side] = observation
    marks: dict[tuple[str, Side], Mark] = {}
    for (finding, side), observation in latest.items():
        if not observation.present:
            continue
        unsure = _side_unknown(observation, record)
        for region in REGIONS_OF.get(finding, ()):
            if not unsure:
                marks[region, side] = "pain"
            else:
                marks.setdefault((region, side), "pain, side not recorded")
    return marks


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


def _sides(observation: Observation, record: Record) -> tuple[Side, ...]:
    if observation.finding in _BOTH_HALVES and observation.side not in SIDES:
        return SIDES
    said = observation.side or record.side
    return tuple(side for side in SIDES if side == said) or SIDES


def _side_unknown(observation: Observation, record: Record) -> bool:
    return (
        observation.side is None and record.side is None and observation.finding not in _BOTH_HALVES
    )


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
