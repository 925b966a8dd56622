"""Sides of the body, and what they mean relative to the painful leg."""

from __future__ import annotations

from typing import Literal, TypeAlias

PainfulSide: TypeAlias = Literal["left", "right", "bilateral"]
BodySide: TypeAlias = Literal["left", "right", "both", "midline"]
Relative: TypeAlias = Literal["ipsilateral", "contralateral", "bilateral", "midline"]


def relative_side(
    side: BodySide | None, painful: PainfulSide | None, *, sided: bool = True
) -> Relative:
    """Where an observation lies, seen from the painful leg.

    `side` is the side of the body, None when it was not said; `painful` the painful leg, None when
    it was not recorded; `sided` whether the finding belongs to one leg at all.

    A sided finding whose side was not said is taken to be on the painful leg: whoever writes
    "straight leg raise positive" means the leg that is complained of. With pain in both legs, or a
    painful leg that was not recorded, there is no other leg, so left and right are ipsilateral.
    """
    if not sided or side == "midline":
        return "midline"
    if side == "both":
        return "bilateral"
    if side is None or painful not in {"left", "right"} or side == painful:
        return "ipsilateral"
    return "contralateral"


def places_covered(side: BodySide | None, painful: PainfulSide | None) -> frozenset[str]:
    """The places of the body an observation speaks of; two observations clash only in a shared one.

    A side that was not said means the painful leg where there is exactly one; otherwise it is a
    place of its own, so that "positive" and "left negative" are not called a contradiction.
    """
    if side == "both":
        return frozenset({"left", "right"})
    if side is not None:
        return frozenset({side})
    return frozenset({painful if painful in {"left", "right"} else "not said"})
