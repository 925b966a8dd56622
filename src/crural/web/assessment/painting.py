"""Painted regions of the body, and the findings that they stand for.

A region stands for its own place of pain and for no more. That the painted area as a whole has the
shape of a root or a stocking is asked, not taken: it weighs far more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crural.knowledge import Knowledge
from crural.pain_map import REGION_NAMES, REGIONS_OF, SIDES, Side
from crural.record import Observation
from crural.record.sides import BodySide, PainfulSide
from crural.report.body_map import Shape

# "Outer thigh" alone has no finding of its own: the one that names it means pain there and nowhere
# else.
FINDING_OF: Mapping[str, str] = {
    "low-back": "pain-low-back",
    "buttock": "pain-buttock",
    "lateral-hip": "pain-lateral-hip",
    "groin": "pain-groin",
    "front-thigh": "pain-anterior-thigh",
    "outer-thigh": "pain-thigh",
    "inner-thigh": "pain-medial-thigh",
    "back-thigh": "pain-posterior-thigh",
    "knee": "pain-knee",
    "back-knee": "pain-behind-knee",
    "shin": "pain-shin",
    "inner-shin": "pain-shin",
    "calf": "pain-calf",
    "ankle": "pain-ankle",
    "foot": "pain-foot",
    "sole": "pain-sole",
}
SPOTS: frozenset[str] = frozenset(f"{side}-{region}" for side in SIDES for region in REGION_NAMES)
# Shapes that a painted area may have, the more telling first.
SHAPES: tuple[str, ...] = (
    "pain-in-root-l5",
    "pain-in-root-s1",
    "pain-in-root-l2-l4",
    "pain-anterolateral-thigh",
    "pain-below-knees-stocking",
    "pain-whole-leg",
)
# Bands of skin as the vocabulary describes them, drawn over the figure where wanted.
DERMATOMES: Mapping[str, tuple[str, ...]] = {
    "l2-l4": REGIONS_OF["pain-in-root-l2-l4"],
    "l5": REGIONS_OF["pain-in-root-l5"],
    "s1": REGIONS_OF["pain-in-root-s1"],
}
_LEGS: Mapping[str, tuple[Side, ...]] = {
    "left": ("left",),
    "right": ("right",),
    "both": SIDES,
    "bilateral": SIDES,
}
# How much of the shape must be painted, and how much of the paint on the leg lie in it.
ALIKE = 0.6
# Pain here goes with pain of any shape further down.
_ABOVE = frozenset({"low-back", "buttock"})
_BELOW_KNEE = frozenset({"shin", "inner-shin", "calf", "ankle", "foot", "sole"})
_THIGH = frozenset({"back-thigh", "outer-thigh", "front-thigh", "inner-thigh"})


@dataclass(frozen=True)
class Spot:
    """A region of one side as it is drawn and named."""

    id: str
    region: str
    side: Side
    name: str
    shape: Shape


def spots_of(shapes: Iterable[Shape]) -> tuple[Spot, ...]:
    """The shapes of a body map with the spots that they show."""
    named = {_title(region, side): (region, side) for region in REGION_NAMES for side in SIDES}
    return tuple(
        Spot(f"{side}-{region}", region, side, shape.title, shape)
        for shape in shapes
        for region, side in (named[shape.title],)
    )


def side_of(painted: Iterable[str]) -> PainfulSide | None:
    """The painful leg that painted regions show; the low back belongs to none."""
    sides = {side for side, region in map(_parts, painted) if region != "low-back"}
    if len(sides) == 2:
        return "bilateral"
    return next(iter(sides), None)


def observations_of(
    painted: Iterable[str],
    nowhere_else: bool,
    stated: Sequence[Observation],
    painful: PainfulSide | None,
    knowledge: Knowledge,
) -> list[Observation]:
    """What painted regions say. A finding that was stated in words is left to those words."""
    said = {observation.finding for observation in stated}
    sides: dict[str, set[Side]] = {}
    for side, region in map(_parts, sorted(painted)):
        sides.setdefault(FINDING_OF[region], set()).add(side)
    there = [
        Observation(
            finding=finding, present=True, side=_side(finding, of, painful, knowledge), by="patient"
        )
        for finding, of in sides.items()
        if finding not in said
    ]
    if not nowhere_else or not sides:
        return there
    present = {*sides, *(o.finding for o in stated if o.present)}
    implied = {above for finding in present for above in knowledge.nested.get(finding, ())}
    return there + [
        Observation(finding=finding, present=False, by="patient")
        for finding in dict.fromkeys(FINDING_OF.values())
        if finding not in present | implied | said
    ]


def denied(painted: Iterable[str], stated: Sequence[Observation]) -> str | None:
    """A finding that was stated to be absent everywhere although a region stands for it."""
    absent = {o.finding for o in stated if o.present is False and o.side is None}
    there = {o.finding for o in stated if o.present}
    meant = {FINDING_OF[region] for _, region in map(_parts, painted)}
    return min(meant & absent - there, default=None)


def recovered(
    stated: Sequence[Observation], painful: PainfulSide | None, knowledge: Knowledge
) -> tuple[frozenset[str], bool, tuple[Observation, ...]] | None:
    """Painted regions, whether it hurts nowhere else, and the rest, of which observations were
    made; None when they cannot have been made of painted regions alone.

    Two regions that stand for one finding cannot be told apart: the first is taken.
    """
    region_of = {finding: region for region, finding in reversed([*FINDING_OF.items()])}
    ours = [o for o in stated if o.by == "patient" and o.finding in region_of]
    rest = tuple(o for o in stated if o not in ours)
    painted = frozenset(
        f"{side}-{region_of[o.finding]}"
        for o in ours
        if o.present
        for side in (_LEGS.get(o.side or painful or "", ()))
    )
    nowhere_else = any(o.present is False for o in ours)
    again = observations_of(painted, nowhere_else, rest, painful, knowledge)
    if not ours or sorted(again, key=repr) != sorted(ours, key=repr):
        return None
    return painted, nowhere_else, rest


def _side(
    finding: str, sides: set[Side], painful: PainfulSide | None, knowledge: Knowledge
) -> BodySide | None:
    if not knowledge.findings[finding].sided:
        return None
    if len(sides) == 2:
        return "both"
    (side,) = sides
    # The painful leg is the one that is meant where nothing is said.
    return None if side == painful else side


def shapes_alike(painted: Iterable[str]) -> tuple[str, ...]:
    """Findings whose shape the painted area of a leg resembles, the more telling first."""
    spots = [_parts(spot) for spot in painted]
    alike = []
    for side in SIDES:
        regions = {region for of, region in spots if of == side}
        below = regions - _ABOVE
        for finding in SHAPES:
            wanted = set(REGIONS_OF[finding])
            hit = len(below & wanted)
            if hit and hit >= ALIKE * len(wanted - _ABOVE) and hit >= ALIKE * len(below):
                alike.append(finding)
        if below & _BELOW_KNEE and (regions & _ABOVE or below & _THIGH):
            alike.append("pain-radiating-below-knee")
    both = {side for side, region in spots if region in _BELOW_KNEE}
    return tuple(
        finding
        for finding in dict.fromkeys(alike)
        if finding != "pain-below-knees-stocking" or len(both) == 2
    )


def _parts(spot: str) -> tuple[Side, str]:
    side, _, region = spot.partition("-")
    return ("left" if side == "left" else "right"), region


def _title(region: str, side: Side) -> str:
    name = REGION_NAMES[region]
    return f"{name}, {side} side" if region == "low-back" else f"{side} {name}"
