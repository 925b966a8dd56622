"""Exact posterior probabilities of all causes.

The patient's findings above their lowest state are *bits*: each is either explained already or not
yet. The engine sweeps over the causes once and carries one weight for every set of explained bits:
the probability that the causes so far explain just that set. A cause that is absent leaves the
weights alone; one that is present moves weight from sets to larger sets. At the end the weight of
the full set is the probability of the evidence. Sweeping back gives, with the same work, the
posterior of every cause.

All weights are sums and products of non-negative terms, so nothing cancels. The usual form by
inclusion and exclusion over the findings subtracts numbers near 1 to reach results near 1e-15 and
loses every digit with a dozen findings, which is why it is not used here.

Causes that bring about other causes add one bit for each cause that can be brought about; it lives
from its first parent to its own turn. With n bits the work is proportional to 2^n; `order_of` keeps
the number of such extra bits small.

References: noisy-OR diagnosis networks and their cost in positive findings: Shwe et al. 1991
(QMR-DT), Heckerman 1989; noisy-MAX: Díez 1993; decomposition of noisy-OR: Heckerman & Breese 1996.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from crural.diagnosis.network import Array
from crural.diagnosis.problem import Mixture, Part, Problem, Together

# Bits moved at once by one small dense matrix. 16 x 16 stays in the first cache, and a group then
# costs one matrix product for every four findings instead of a pass over the weights for each.
CHUNK_BITS = 4
# Moves tried to improve the order of the causes; more than this no longer helps on the network of
# all conditions.
ORDER_MOVES = 1500


@dataclass(frozen=True)
class Posterior:
    """What the evidence says of each cause.

    `probability[i]` is P(cause i | evidence, at least one cause); `variants[i]` its split over the
    variants of cause i (empty when it has none); `evidence` is P(evidence, at least one cause).
    """

    probability: Array
    variants: tuple[tuple[float, ...], ...]
    evidence: float


def posterior(problem: Problem) -> Posterior:
    """Posterior of every cause, exact up to rounding.

    Work and memory grow with 2^n_bits; see `bounded` for records with many findings.
    """
    return _Sweep(problem).posterior()


def probability_of_evidence(problem: Problem) -> float:
    """P(evidence, at least one cause)."""
    return _Sweep(problem).evidence()


@lru_cache(maxsize=64)
def order_of(n_causes: int, links: tuple[tuple[int, int, float], ...]) -> tuple[int, ...]:
    """An order of the causes, parents before children, with few children waiting at any time.

    Each waiting child doubles the work of every step, so the cost of an order is the sum of
    2^waiting over its steps. The order starts with each child right behind its ancestors and is
    improved by moving single causes, with a fixed seed. Causes without links come first.
    """
    parents: dict[int, list[int]] = {}
    for parent, child, _ in links:
        parents.setdefault(child, []).append(parent)
        parents.setdefault(parent, [])
    order: list[int] = []

    def place(cause: int) -> None:
        if cause not in order:
            for parent in sorted(parents[cause], key=lambda p: len(parents[p])):
                place(parent)
            order.append(cause)

    for cause in sorted(parents, key=lambda c: (len(parents[c]), c)):
        if parents[cause]:
            place(cause)
    improved = _improved(order, [(parent, child) for parent, child, _ in links])
    return (*(i for i in range(n_causes) if i not in parents), *improved)


def _improved(order: list[int], links: list[tuple[int, int]]) -> list[int]:
    """The order after a fixed number of moves of one cause that do not make it dearer."""
    choose = random.Random(0)  # noqa: S311 - any fixed sequence serves
    best = _cost(order, links)
    for _ in range(ORDER_MOVES if len(order) > 2 else 0):
        moved = list(order)
        cause = moved.pop(choose.randrange(len(moved)))
        place = {c: i for i, c in enumerate(moved)}
        low = max((place[p] + 1 for p, c in links if c == cause), default=0)
        high = min((place[c] for p, c in links if p == cause), default=len(moved))
        moved.insert(choose.randint(low, high), cause)
        cost = _cost(moved, links)
        if cost <= best:
            order, best = moved, cost
    return order


def _cost(order: list[int], links: list[tuple[int, int]]) -> int:
    place = {c: i for i, c in enumerate(order)}
    first: dict[int, int] = {}
    for parent, child in links:
        first[child] = min(first.get(child, len(order)), place[parent])
    change = [0] * (len(order) + 1)
    for child, start in first.items():
        change[start + 1] += 1
        change[place[child] + 1] -= 1
    waiting, cost = 0, 0
    for step in change[:-1]:
        waiting += step
        cost += 1 << waiting
    return cost


class _Moves:
    """How every row of a problem moves weight between sets of explained bits.

    A row acts on the bits by the Kronecker product of [[lower, 0], [upper - lower, upper]]; it is
    kept as one small matrix for each chunk of bits.
    """

    def __init__(self, problem: Problem) -> None:
        n = problem.n_bits
        self.share = problem.share.tolist()
        self.scalar = problem.scalar.tolist()
        silent = np.all((problem.upper == 1.0) & (problem.lower == 1.0), axis=1)
        self.position = np.where(silent, -1, np.cumsum(~silent) - 1).tolist()
        upper, lower = problem.upper[~silent], problem.lower[~silent]
        n_chunks = max(1, -(-n // CHUNK_BITS))
        edges = np.linspace(0, n, n_chunks + 1).astype(int)
        self.matrices = [
            _kronecker(upper[:, a:b], lower[:, a:b])
            for a, b in zip(edges[:-1], edges[1:], strict=True)
        ]
        self.turned = [np.ascontiguousarray(m.transpose(0, 2, 1)) for m in self.matrices]

    def move(self, row: int, weights: Array, matrices: list[Array], turned: list[Array]) -> Array:
        """The weights after a row that is certain to act, without its scalar."""
        at = self.position[row]
        shape = weights.shape
        last = turned[-1][at]
        moved = weights.reshape(-1, len(last)) @ last
        after = len(last)
        for matrix in reversed(matrices[:-1]):
            moved = np.matmul(matrix[at], moved.reshape(-1, matrix.shape[1], after))
            after *= matrix.shape[1]
        return moved.reshape(shape)


def _kronecker(upper: Array, lower: Array) -> Array:
    """Matrices [row, to, from] over the sets of a chunk of bits."""
    rows, bits = upper.shape
    matrix = np.ones((rows, 1, 1))
    for bit in range(bits):
        size = matrix.shape[1]
        low = lower[:, bit, None, None]
        high = upper[:, bit, None, None]
        grown = np.zeros((rows, size, 2, size, 2))
        grown[:, :, 0, :, 0] = matrix * low
        grown[:, :, 1, :, 0] = matrix * (high - low)
        grown[:, :, 1, :, 1] = matrix * high
        matrix = grown.reshape(rows, 2 * size, 2 * size)
    return matrix


@dataclass
class _Step:
    """What the forward sweep keeps of a cause for the way back."""

    cause: int
    present: Array
    variants: tuple[Array, ...]
    waited: int | None
    born: int
    brings: tuple[tuple[int, float], ...]


class _Sweep:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.moves = _Moves(problem)
        self.order = order_of(len(problem.names), problem.links)
        self.brings: dict[int, list[tuple[int, float]]] = {}
        for parent, child, probability in problem.links:
            self.brings.setdefault(parent, []).append((child, probability))

    def acted(self, part: Part, weights: Array, *, back: bool = False) -> Array:
        """The weights after a part has acted (or, going back, what they are worth before it)."""
        moves = self.moves
        if isinstance(part, Together):
            factor = 1.0
            for inner in part.parts:
                if isinstance(inner, int):
                    row, share = (inner, moves.share[inner]) if inner >= 0 else (-1 - inner, 1.0)
                    act = share * moves.scalar[row]
                    if moves.position[row] < 0:
                        factor *= 1.0 - share + act
                        continue
                    pair = (
                        (moves.turned, moves.matrices) if back else (moves.matrices, moves.turned)
                    )
                    moved = moves.move(row, weights, *pair)
                    if share == 1.0:
                        weights = moved
                        factor *= act
                    else:
                        weights = (1.0 - share) * weights + act * moved
                else:
                    weights = self.acted(inner, weights, back=back)
            return weights * factor if factor != 1.0 else weights
        if isinstance(part, Mixture):
            total = np.zeros_like(weights)
            for share, inner in zip(part.weights, part.parts, strict=True):
                total += share * self.acted(inner, weights, back=back)
            return total
        return self.acted(Together((part,)), weights, back=back)

    def start(self) -> Array:
        """Weights of the background alone."""
        problem = self.problem
        weights = np.full(1, problem.background_scalar)
        for low, high in zip(problem.background_lower, problem.background_upper, strict=True):
            weights = np.multiply.outer(weights, np.array([low, high - low])).reshape(-1)
        return weights

    def none(self) -> float:
        """P(evidence and no cause at all)."""
        return float(self.start()[-1] * np.prod(1.0 - self.problem.prior))

    def evidence(self) -> float:
        weights, _ = self.forward()
        return float(weights[-1]) - self.none()

    def forward(self) -> tuple[Array, list[_Step]]:
        """Final weights and what each cause did. Axes: waiting children..., sets of bits."""
        weights = self.start()
        waiting: list[int] = []
        steps: list[_Step] = []
        for cause in self.order:
            prior = float(self.problem.prior[cause])
            waited = waiting.index(cause) if cause in waiting else None
            if waited is None:
                absent, entering = (1.0 - prior) * weights, prior * weights
            else:
                uncaused, caused = weights.take(0, waited), weights.take(1, waited)
                absent, entering = (1.0 - prior) * uncaused, prior * uncaused + caused
                del waiting[waited]
            part = self.problem.acts[cause]
            present = self.acted(part, entering)
            variants = self._variants(part, entering)
            brings = tuple(self.brings.get(cause, ()))
            born = [child for child, _ in brings if child not in waiting]
            after = present
            for child in born:
                waiting.insert(0, child)
                absent = np.stack([absent, np.zeros_like(absent)])
                after = np.stack([after, np.zeros_like(after)])
            for child, probability in brings:
                after = _brought(after, waiting.index(child), probability)
            places = tuple((waiting.index(child), p) for child, p in brings)
            steps.append(_Step(cause, present, variants, waited, len(born), places))
            weights = absent + after
        return weights, steps

    def _variants(self, part: Part, entering: Array) -> tuple[Array, ...]:
        """The entering weights after each variant alone, times its share; () without variants."""
        found = _variant_mixture(part)
        if found is None:
            return ()
        return tuple(
            self.acted(_only(part, found, i), entering) for i in range(len(found.parts))
        )

    def posterior(self) -> Posterior:
        weights, steps = self.forward()
        evidence = float(weights[-1]) - self.none()
        probability = np.zeros(len(self.problem.names))
        variants: list[tuple[float, ...]] = [()] * len(self.problem.names)
        worth = np.zeros_like(weights)
        worth[-1] = 1.0
        for step in reversed(steps):
            prior = float(self.problem.prior[step.cause])
            present = worth
            for axis, p in reversed(step.brings):
                present = _brought_back(present, axis, p)
            absent = worth
            for _ in range(step.born):
                present, absent = present[0], absent[0]
            probability[step.cause] = float(np.vdot(present, step.present)) / evidence
            variants[step.cause] = tuple(
                float(np.vdot(present, v)) / evidence for v in step.variants
            )
            entering = self.acted(self.problem.acts[step.cause], present, back=True)
            uncaused = (1.0 - prior) * absent + prior * entering
            worth = (
                uncaused
                if step.waited is None
                else np.stack([uncaused, entering], axis=step.waited)
            )
        return Posterior(probability, tuple(variants), evidence)


def _brought(weights: Array, axis: int, probability: float) -> Array:
    """A present cause brings about a waiting child with a probability."""
    moved = weights.copy()
    view = np.moveaxis(moved, axis, 0)
    view[1] += probability * view[0]
    view[0] *= 1.0 - probability
    return moved


def _brought_back(worth: Array, axis: int, probability: float) -> Array:
    moved = worth.copy()
    view = np.moveaxis(moved, axis, 0)
    view[0] *= 1.0 - probability
    view[0] += probability * view[1]
    return moved


def _variant_mixture(part: Part) -> Mixture | None:
    """The mixture over variants inside a part."""
    if isinstance(part, Mixture):
        if part.variants:
            return part
        return next((m for m in map(_variant_mixture, part.parts) if m is not None), None)
    if isinstance(part, Together):
        return next((m for m in map(_variant_mixture, part.parts) if m is not None), None)
    return None


def _only(part: Part, found: Mixture, index: int) -> Part:
    """The part with every mixture over variants cut down to one of them (its share kept)."""
    if isinstance(part, Mixture):
        if part.variants:
            return Mixture((part.weights[index],), (part.parts[index],), variants=True)
        inner = tuple(_only(p, found, index) for p in part.parts)
        return Mixture(part.weights, inner, variants=False)
    if isinstance(part, Together):
        return Together(tuple(_only(p, found, index) for p in part.parts))
    return part


Weights = npt.NDArray[np.float64]
