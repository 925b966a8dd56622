"""The order in which the exact engine takes the causes.

Parents come before the causes that they bring about. Each waiting child and each finding that has
been met by some but not all of its causes may double the work of a step, so causes that share
findings are kept together. The order depends on the network alone and is found once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]

# Moves tried to improve the order; more no longer helps on the network of all conditions.
MOVES = 1000
# Chance that a given narrow finding is present in a record: what it costs to keep it alive.
PRESENT = 0.04


def order_of(
    n_causes: int, links: Sequence[tuple[int, int]], touches: Flags | None = None
) -> tuple[int, ...]:
    """An order of the causes, parents before children.

    `links` are (parent, child); `touches[cause, finding]` tells which causes act on each narrow
    finding. Starts with each child right behind its ancestors and is improved by moving single
    causes, with a fixed seed, so that it is the same everywhere.
    """
    parents: dict[int, list[int]] = {i: [] for i in range(n_causes)}
    for parent, child in links:
        parents[child].append(parent)
    order: list[int] = []

    def place(cause: int) -> None:
        if cause not in order:
            for parent in sorted(parents[cause], key=lambda p: len(parents[p])):
                place(parent)
            order.append(cause)

    for cause in sorted(parents, key=lambda c: (len(parents[c]) == 0, len(parents[c]), c)):
        place(cause)
    table = np.zeros((n_causes, 0), dtype=bool) if touches is None else touches
    return tuple(_improved(order, links, table))


def _improved(order: list[int], links: Sequence[tuple[int, int]], touches: Flags) -> list[int]:
    """The order after a fixed number of moves of one cause that do not make it dearer."""
    choose = random.Random(0)
    best = _cost(order, links, touches)
    for _ in range(MOVES if len(order) > 2 else 0):
        moved = list(order)
        cause = moved.pop(choose.randrange(len(moved)))
        place = {c: i for i, c in enumerate(moved)}
        low = max((place[p] + 1 for p, c in links if c == cause), default=0)
        high = min((place[c] for p, c in links if p == cause), default=len(moved))
        moved.insert(choose.randint(low, high), cause)
        cost = _cost(moved, links, touches)
        if cost <= best:
            order, best = moved, cost
    return order


def _cost(order: list[int], links: Sequence[tuple[int, int]], touches: Flags) -> float:
    """Expected work: 2 to the number of waiting children and of live findings, over all steps."""
    n = len(order)
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    alive = np.zeros(n + 1)
    first: dict[int, int] = {}
    for parent, child in links:
        first[child] = min(first.get(child, n), int(place[parent]))
    for child, start in first.items():
        alive[start + 1] += 1.0
        alive[place[child] + 1] -= 1.0
    if touches.shape[1]:
        ordered = touches[order]
        np.add.at(alive, ordered.argmax(axis=0), PRESENT)
        np.subtract.at(alive, n - ordered[::-1].argmax(axis=0), PRESENT)
    return float(np.exp2(np.cumsum(alive[:-1])).sum())
