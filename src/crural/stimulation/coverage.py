"""From the place of the pain to the level and side of a lead, and to the ganglia of its roots.

The chance that a contact behind a vertebra reaches an area falls off with the distance from the
area's best level:

    chance(level) = ease * exp(-((level - best) / reach)^2 / 2)

`best`, `ease` and `reach` are estimates with ranges, held against what is published (the shares per
level of the mapping by Barolat 1993 could not be read). The score of a level is the mean chance
over the painful areas, weighted by what leads. The ranges are drawn many times over: each level
gets an interval, and the share of draws in which it comes first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from crural.errors import CruralError
from crural.knowledge import resolve
from crural.knowledge.evidence import Evidence
from crural.knowledge.numbers import Z_90, Number
from crural.knowledge.stimulation import Area, CoverageKnowledge, Ganglion, Saying, StimulationMode
from crural.pain_map import REGION_NAMES, REGIONS_OF, SIDES, Side, marks_of
from crural.record import Record

Array = npt.NDArray[np.float64]
# left or right of the cord's own middle, on it, or not told by the record
LeadSide = Literal["left", "right", "midline", "unknown"]

# Vertebrae at which leads for back and leg lie, from T7 to L1.
LEVELS = tuple(range(7, 14))
DRAWS = 2000
# Pain that is told too loosely for the map, and the areas it may mean.
LOOSE: Mapping[str, tuple[str, ...]] = {
    "pain-radiating-below-knee": ("back-thigh", "calf", "shin", "foot"),
    "pain-radiating-not-below-knee": ("buttock", "back-thigh"),
    "pain-thigh": ("front-thigh", "back-thigh"),
    "pain-lower-leg": ("shin", "calf"),
}


class CoverageError(CruralError):
    """No level can be named from what the record says."""


# Findings that name the root itself: areas told by nothing else have its skin alone.
ROOTS_OF: Mapping[str, tuple[str, ...]] = {
    "pain-in-root-l2-l4": ("L2", "L3", "L4"),
    "pain-in-root-l5": ("L5",),
    "pain-in-root-s1": ("S1",),
}


@dataclass(frozen=True)
class Estimate:
    """A figure with its range of belief (90 %)."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class PainfulArea:
    """An area that hurts: its sides, its weight, and how it is reached."""

    id: str
    name: str
    sides: tuple[Side, ...]
    side_known: bool
    weight: float
    dermatomes: tuple[str, ...]
    knowledge: Area
    best: Estimate
    ease: Estimate


@dataclass(frozen=True)
class Level:
    """A vertebra behind which the working contacts may lie.

    chance: mean chance over the painful areas to be reached from there; first: share of draws of
    the estimates in which this level comes first; areas: chance by area.
    """

    vertebra: int
    chance: Estimate
    first: float
    areas: Mapping[str, float]

    @property
    def name(self) -> str:
        """T10, L1 ..."""
        return vertebra(self.vertebra)


@dataclass(frozen=True)
class Lead:
    """Where a lead should lie: middle contacts behind `target`, tip behind `tip` (both in
    vertebrae counted from T1), beside or on the middle; for which areas."""

    target: Estimate
    tip: Estimate
    side: LeadSide
    areas: tuple[str, ...]


@dataclass(frozen=True)
class Root:
    """A ganglion: share of the painful areas (by weight) with skin of that root, published use."""

    name: str
    share: float
    sides: tuple[Side, ...]
    areas: tuple[str, ...]
    published: tuple[Ganglion, ...]


@dataclass(frozen=True)
class Coverage:
    """All that the place of the pain says about a lead."""

    areas: tuple[PainfulArea, ...]
    loosely: tuple[str, ...]
    dermatomes: tuple[str, ...]
    levels: tuple[Level, ...]
    leads: tuple[Lead, ...]
    roots: tuple[Root, ...]
    modes: tuple[StimulationMode, ...]
    says: tuple[Saying, ...]
    remarks: tuple[str, ...]


def vertebra(number: float) -> str:
    """7 is T7, 12 is T12, 13 is L1; between two vertebrae both are named."""
    whole = round(number)
    if abs(number - whole) < 0.26:
        return f"T{whole}" if whole <= 12 else f"L{whole - 12}"
    low = int(number // 1)
    return f"{vertebra(low)}/{vertebra(low + 1)}"


def coverage_of(
    record: Record, knowledge: CoverageKnowledge, evidence: Mapping[str, Evidence], where: str
) -> Coverage:
    """Levels, side and ganglia for the pain of a record. Raises CoverageError without any place."""
    hurts, loosely = _hurting(record)
    if not hurts:
        raise CoverageError(
            file=where,
            field="observations",
            problem="no place of pain is recorded that a lead could be aimed at",
            remedy="add where it hurts, such as pain-calf or pain-in-root-l5 "
            "(`crural findings pain` lists them)",
        )
    areas = _painful(record, hurts, knowledge, evidence)
    reach = _estimate(knowledge.reach, evidence)
    drawn = _Drawn(areas, reach)
    return Coverage(
        areas=areas,
        loosely=loosely,
        dermatomes=_in_order(root for a in areas for root in a.dermatomes),
        levels=_levels(areas, drawn),
        leads=_leads(areas, drawn, knowledge, evidence),
        roots=_roots(areas, knowledge),
        modes=knowledge.modes,
        says=tuple(said for said in knowledge.says if _fits(said, areas)),
        remarks=tuple(_remarks(areas, loosely)),
    )


def _hurting(record: Record) -> tuple[Mapping[str, Mapping[Side, bool]], tuple[str, ...]]:
    """Areas with their sides (and whether the side is known), and findings told too loosely.

    What is told loosely is used only when nothing is told exactly.
    """
    found: dict[str, dict[Side, bool]] = {}
    for (region, side), mark in marks_of(record).items():
        found.setdefault(region, {})[side] = mark == "pain"
    present = {o.finding: o for o in record.observations if o.present}
    loose = tuple(f for f in LOOSE if f in present)
    exact = any(region != "low-back" for region in found)
    if loose and not exact:
        for finding in loose:
            said = present[finding].side or record.side
            for region in LOOSE[finding]:
                for side in (s for s in SIDES if said in {s, "both", "bilateral", None}):
                    found.setdefault(region, {}).setdefault(side, said is not None)
        return found, loose
    return found, ()


def _painful(
    record: Record,
    hurts: Mapping[str, Mapping[Side, bool]],
    knowledge: CoverageKnowledge,
    evidence: Mapping[str, Evidence],
) -> tuple[PainfulArea, ...]:
    said = {o.finding for o in record.observations if o.present}
    leading = _estimate(knowledge.leading, evidence).middle
    areas = []
    for region, name in REGION_NAMES.items():
        if region not in hurts:
            continue
        of = knowledge.areas[region]
        back = region == "low-back"
        leads = ("pain-back-dominant" if back else "pain-leg-dominant") in said
        sides = hurts[region]
        areas.append(
            PainfulArea(
                id=region,
                name=name,
                sides=tuple(side for side in SIDES if side in sides),
                side_known=all(sides.values()),
                weight=leading if leads else 1.0,
                dermatomes=_roots_told(region, said) or of.dermatomes,
                knowledge=of,
                best=_estimate(of.best, evidence),
                ease=_estimate(of.ease, evidence),
            )
        )
    # The back is one area against several of the leg: it counts as much as all of them together.
    legs = sum(area.id != "low-back" for area in areas)
    return tuple(
        replace(area, weight=area.weight * legs) if area.id == "low-back" and legs else area
        for area in areas
    )


def _roots_told(region: str, said: Collection[str]) -> tuple[str, ...]:
    """Roots that the record names for a region of which nothing else speaks; else none."""
    telling = [finding for finding in said if region in REGIONS_OF.get(finding, ())]
    if any(finding not in ROOTS_OF for finding in telling):
        return ()
    return _in_order(root for finding in telling for root in ROOTS_OF[finding])


def _estimate(number: Number, evidence: Mapping[str, Evidence]) -> Estimate:
    found = resolve(number, evidence, "real")
    return Estimate(found.value, found.low, found.high)


class _Drawn:
    """Draws of all estimates; the same for the same areas, whatever the order they came in."""

    def __init__(self, areas: Sequence[PainfulArea], reach: Estimate) -> None:
        self.areas = {area.id: i for i, area in enumerate(areas)}
        self.weights = np.array([area.weight for area in areas])
        rng = np.random.default_rng(20240101)
        levels = np.array(LEVELS, dtype=float)
        width = _draws(rng, reach, 0.3, 5.0)
        chances = []
        for area in areas:
            best = _draws(rng, area.best, LEVELS[0] - 1.0, LEVELS[-1] + 1.0)
            ease = _draws(rng, area.ease, 0.01, 0.99)
            apart = (levels[None, :] - best[:, None]) / width[:, None]
            chances.append(ease[:, None] * np.exp(-0.5 * apart**2))
        # (area, draw, level)
        self.chances = np.array(chances)

    def score(self, ids: Iterable[str]) -> Array:
        """Mean chance over some areas, by draw and level."""
        picked = [self.areas[one] for one in ids]
        weights = self.weights[picked] / self.weights[picked].sum()
        scored: Array = np.einsum("a,adl->dl", weights, self.chances[picked])
        return scored


def _draws(rng: np.random.Generator, of: Estimate, low: float, high: float) -> Array:
    """Draws of an estimate: a normal distribution on each side of it, its range holding 90 %."""
    z = rng.standard_normal(DRAWS)
    spread = np.where(z < 0, of.middle - of.low, of.high - of.middle) / Z_90
    drawn: Array = np.clip(of.middle + z * spread, low, high)
    return drawn


def _levels(areas: Sequence[PainfulArea], drawn: _Drawn) -> tuple[Level, ...]:
    scores = drawn.score(area.id for area in areas)
    first = np.bincount(scores.argmax(axis=1), minlength=len(LEVELS)) / DRAWS
    low, middle, high = np.quantile(scores, [0.05, 0.5, 0.95], axis=0)
    by_area = np.median(drawn.chances, axis=1)
    levels = [
        Level(
            vertebra=number,
            chance=Estimate(float(middle[i]), float(low[i]), float(high[i])),
            first=float(first[i]),
            areas={area.id: float(by_area[drawn.areas[area.id], i]) for area in areas},
        )
        for i, number in enumerate(LEVELS)
    ]
    return tuple(sorted(levels, key=lambda level: (-level.chance.middle, level.vertebra)))


def _leads(
    areas: Sequence[PainfulArea],
    drawn: _Drawn,
    knowledge: CoverageKnowledge,
    evidence: Mapping[str, Evidence],
) -> tuple[Lead, ...]:
    """One lead, or two where back (with buttock) and leg ask for levels too far apart."""
    tip_above = _estimate(knowledge.tip_above, evidence)
    apart = _estimate(knowledge.two_leads_from, evidence).middle
    upper = [area for area in areas if area.id in {"low-back", "buttock"}]
    lower = [area for area in areas if area.id not in {"low-back", "buttock"}]
    if upper and lower:
        targets = [_target(group, drawn) for group in (upper, lower)]
        if abs(targets[0].middle - targets[1].middle) >= apart:
            return tuple(
                _lead(group, target, tip_above)
                for group, target in zip((upper, lower), targets, strict=True)
            )
    return (_lead(areas, _target(areas, drawn), tip_above),)


def _target(areas: Sequence[PainfulArea], drawn: _Drawn) -> Estimate:
    """The level that reaches most, between the vertebrae too: the peak of each draw, smoothed by a
    parabola through the best level and its neighbours."""
    scores = np.log(np.maximum(drawn.score(area.id for area in areas), 1e-9))
    at = np.clip(scores.argmax(axis=1), 1, len(LEVELS) - 2)
    rows = np.arange(DRAWS)
    above, peak, below = scores[rows, at - 1], scores[rows, at], scores[rows, at + 1]
    bend = above - 2.0 * peak + below
    shift = np.where(bend < -1e-9, 0.5 * (above - below) / np.minimum(bend, -1e-9), 0.0)
    found = LEVELS[0] + at + np.clip(shift, -1.0, 1.0)
    low, middle, high = np.quantile(found, [0.05, 0.5, 0.95])
    return Estimate(float(middle), float(low), float(high))


def _lead(areas: Sequence[PainfulArea], target: Estimate, above: Estimate) -> Lead:
    tip = Estimate(target.middle - above.middle, target.low - above.high, target.high - above.low)
    return Lead(target, tip, _side(areas), tuple(area.id for area in areas))


def _side(areas: Sequence[PainfulArea]) -> LeadSide:
    legs = [area for area in areas if area.id != "low-back"]
    if not legs:
        return "midline"
    if not all(area.side_known for area in legs):
        return "unknown"
    sides = {side for area in legs for side in area.sides}
    if any(area.id == "low-back" for area in areas) or len(sides) == 2:
        return "midline"
    return sides.pop()


def _roots(areas: Sequence[PainfulArea], knowledge: CoverageKnowledge) -> tuple[Root, ...]:
    """Roots of the painful skin, the one with the largest share first; of the leg alone where it
    hurts too, for ganglia are stimulated for one small area."""
    areas = [area for area in areas if area.id != "low-back"] or areas
    total = sum(area.weight for area in areas)
    roots = []
    for name in _in_order(root for area in areas for root in area.dermatomes):
        of = [area for area in areas if name in area.dermatomes]
        ids = {area.id for area in of}
        roots.append(
            Root(
                name=name,
                share=sum(area.weight for area in of) / total,
                sides=tuple(s for s in SIDES if any(s in area.sides for area in of)),
                areas=tuple(area.id for area in of),
                published=tuple(g for g in knowledge.ganglia if g.area in ids and name in g.roots),
            )
        )
    return tuple(sorted(roots, key=lambda root: -root.share))


def _in_order(roots: Iterable[str]) -> tuple[str, ...]:
    """Roots from above downwards, each once."""
    order = {"T": 0, "L": 1, "S": 2}
    return tuple(sorted(set(roots), key=lambda root: (order[root[0]], int(root[1:]))))


def _fits(said: Saying, areas: Sequence[PainfulArea]) -> bool:
    if said.when == "always":
        return True
    one_sided = _side(areas) in {"left", "right"}
    return one_sided == (said.when == "one-sided")


def _remarks(areas: Sequence[PainfulArea], loosely: Sequence[str]) -> Iterable[str]:
    if loosely:
        yield (
            "where it hurts is told loosely; the areas are a guess: have the patient draw the "
            "pain, and record it area by area"
        )
    if not all(area.side_known for area in areas):
        yield "the side of the pain is not recorded, so no side of the lead can be named"
    if len(areas) >= 6:
        yield (
            "the pain is widespread: no single level reaches all of it; say beforehand which area "
            "matters most to the patient"
        )
    if any(area.id == "low-back" for area in areas):
        yield (
            "the low back is hard to reach with tingling, and pain of joints and discs is no "
            "target of stimulation"
        )
