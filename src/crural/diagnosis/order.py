"""The order in which the exact engine takes the causes.

Parents come before the causes that they bring about. Each waiting child and each finding that has
been met by some but not all of its causes may double the work of a step, so causes that share
findings are kept together. The order depends on the network alone and is found once.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]

# Moves tried for each cause to improve the order, and how often this is begun anew: one search ends
# in an order up to twice as dear as another's.
MOVES = 250
SEARCHES = 3
# How much dearer an order may become for a while, log2.
HEAT = 0.3
# Chance that a given narrow finding is present in a record: what it costs to keep it alive.
PRESENT = 0.04


def order_of(
    n_causes: int, links: Sequence[tuple[int, int]], touches: Flags | None = None
) -> tuple[int, ...]:
    """An order of the causes, parents before children.

    `links` are (parent, child); `touches[cause, finding]` tells which causes act on each narrow
    finding. Starts with each child right behind its ancestors and is improved by moving single
    causes, with fixed seeds, so that it is the same everywhere.
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
    spans = _Spans(links, table)
    found = (_improved(order, links, spans, seed) for seed in range(SEARCHES))
    best: list[int] = min(found, key=spans.cost)
    return tuple(best)


def _improved(
    order: list[int], links: Sequence[tuple[int, int]], spans: _Spans, seed: int
) -> list[int]:
    """The best order met while single causes are moved at random.

    A move that makes the order dearer is kept now and then, ever more rarely (annealing).
    """
    choose = random.Random(seed)
    moves = MOVES * len(order) if len(order) > 2 else 0
    cost = least = spans.cost(order)
    best = order
    for move in range(moves):
        moved = list(order)
        cause = moved.pop(choose.randrange(len(moved)))
        place = {c: i for i, c in enumerate(moved)}
        low = max((place[p] + 1 for p, c in links if c == cause), default=0)
        high = min((place[c] for p, c in links if p == cause), default=len(moved))
        moved.insert(choose.randint(low, high), cause)
        dearer = spans.cost(moved)
        heat = HEAT * (1.0 - move / moves)
        if math.log2(dearer / cost) <= -heat * math.log(1.0 - choose.random()):
            order, cost = moved, dearer
            if cost < least:
                best, least = order, cost
    return best


class _Spans:
    """What is alive from the first to the last of some causes in the order: each narrow finding
    between the causes that act on it, each waiting child from its first parent to its own turn."""

    def __init__(self, links: Sequence[tuple[int, int]], touches: Flags) -> None:
        families: dict[int, list[int]] = {}
        for parent, child in links:
            families.setdefault(child, [child]).append(parent)
        findings = [np.flatnonzero(acting).tolist() for acting in touches.T]
        findings = [acting for acting in findings if acting]
        members = [*findings, *families.values()]
        self.members = np.array([cause for of in members for cause in of], dtype=np.int64)
        self.starts = np.cumsum([0, *map(len, members[:-1])])
        self.weight = np.repeat([PRESENT, 1.0], [len(findings), len(families)])
        # A finding lives in the step of its first cause already, a child after that of its parent.
        self.after = np.repeat([0, 1], [len(findings), len(families)])

    def cost(self, order: list[int]) -> float:
        """Expected work: 2 to the number of waiting children and of live findings, over all steps
        of an order."""
        n = len(order)
        if not len(self.members):
            return float(n)
        place = np.empty(n, dtype=np.int64)
        place[order] = np.arange(n)
        places = place[self.members]
        first = np.minimum.reduceat(places, self.starts) + self.after
        last = np.maximum.reduceat(places, self.starts) + 1
        alive = np.bincount(first, self.weight, n + 1) - np.bincount(last, self.weight, n + 1)
        return float(np.exp2(np.cumsum(alive[:-1])).sum())
