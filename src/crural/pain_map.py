"""Where it hurts: regions of hip, back and legs, and which of them a record's findings fill."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from crural.record import Observation, Record

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
# Pain that belongs to no leg is drawn on both halves whatever the painful leg is.
_BOTH_HALVES = frozenset({"pain-low-back", "pain-below-knees-stocking"})


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


def _sides(observation: Observation, record: Record) -> tuple[Side, ...]:
    if observation.finding in _BOTH_HALVES and observation.side not in SIDES:
        return SIDES
    said = observation.side or record.side
    return tuple(side for side in SIDES if side == said) or SIDES


def _side_unknown(observation: Observation, record: Record) -> bool:
    return (
        observation.side is None and record.side is None and observation.finding not in _BOTH_HALVES
    )
