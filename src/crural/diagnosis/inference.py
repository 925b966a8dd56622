"""Exact posterior probabilities of all causes.

The patient's findings above their lowest state are *bits*: each is either explained already or not
yet. The engine sweeps over the causes once and carries one weight for every set of explained bits:
the probability that the causes so far explain just that set. A cause that is absent leaves the
weights alone; one that is present moves weight from sets to larger sets. At the end the weight of
the full set is the probability of the evidence. Sweeping back gives, with the same work, the
posterior of every cause.

All weights are sums and products of non-negative terms, so nothing cancels. The usual form by
inclusion and exclusion over the findings subtracts numbers near 1 to reach results near 1e-15 and
loses every digit with a dozen findings, which is why it is not used here. (The compiled engine may
take one or a few well-explained bits apart in that way, and says what it cost: `Posterior.spread`.)

The work doubles with every bit that is alive. A bit is alive only between the first and the last
cause that acts on it; then it must have been explained. Qualities of pain are acted on by every
cause and live throughout (*broad* bits); signs and test results belong to a few causes, which the
order of the sweep keeps together, and live briefly (*narrow* bits). A cause that can be brought
about by others adds one more bit from its first parent to its own turn.

This module is the reference: it says what is computed, with arrays of numpy. `kernel` computes the
same with compiled loops, and is used once `use_compiled` has been called.

References: noisy-OR diagnosis networks and their cost in positive findings: Shwe et al. 1991
(QMR-DT), Heckerman 1989; noisy-MAX: Díez 1993; decomposition of noisy-OR: Heckerman & Breese 1996.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

from crural.diagnosis.network import Array
from crural.diagnosis.problem import Mixture, Part, Problem, Together

Precision = type[np.float64] | type[np.float32]

# Weights are scaled by this in single precision, whose smallest number is 1e-38.
SINGLE_SCALE = 1e20

# Broad bits moved at once by one small dense matrix. 16 x 16 stays in the first cache, and a group
# then costs one matrix product for every four of them instead of a pass over the weights for each.
CHUNK_BITS = 4
# Terms of a sum that may be added up one after the other.
SUMMED = 64
# A bit on which more than this share of the causes act lives throughout.
BROAD = 0.4


@dataclass(frozen=True)
class Posterior:
    """What the evidence says of each cause.

    `probability[i]` is P(cause i | evidence, at least one cause); `variants[i]` its split over the
    variants of cause i (empty when it has none); `evidence` is P(evidence, at least one cause).
    `spread` is how many times a relative error of the sums counts where these were subtracted.
    """

    probability: Array
    variants: tuple[tuple[float, ...], ...]
    evidence: float
    spread: float = 1.0


class _Engine:
    """The compiled engine once it is in use, and whether it must not be."""

    def __init__(self) -> None:
        self.kernel: ModuleType | None = None
        self.refused = False


_engine = _Engine()


def use_compiled(use: bool = True) -> None:
    """From now on sweep by machine code, as `kernel` does: the same answers, many times as fast.

    For programs that answer many records or stay: loading takes longer than the reference in this
    module needs for a few ordinary records. With False, use the reference from now on, even for
    records for which loading would be worth it.
    """
    _engine.refused = not use
    _engine.kernel = importlib.import_module("crural.diagnosis.kernel") if use else None
    if _engine.kernel is not None:
        _engine.kernel.warm_up()


def use_compiled_if_ready() -> None:
    """Use the compiled engine from now on, provided that it need not be compiled first."""
    if _engine.kernel is None and not _engine.refused:
        kernel = importlib.import_module("crural.diagnosis.kernel")
        if kernel.is_compiled():
            use_compiled()


def compiled_in_use() -> bool:
    """Is the compiled engine in use?"""
    return _engine.kernel is not None


def posterior(problem: Problem, precision: Precision = np.float64) -> Posterior:
    """Posterior of every cause, exact up to rounding (see `rounding_bound`).

    Work and memory grow with 2 to the number of bits alive at the widest point; single precision
    (np.float32) halves both.
    """
    if _engine.kernel is not None:
        return _by_kernel(_engine.kernel, problem, precision)
    return _Sweep(problem, precision).posterior()


def rounding_bound(problem: Problem, precision: Precision = np.float64) -> float:
    """Bound on the relative rounding error of `posterior`, for one whose `spread` is 1.

    A probability is a quotient, and each of its two terms a sum of products of non-negative
    numbers. What follows is no less than the number of operations on the longest way through the
    sweep and back, each off by at most half of eps: for every row, for every bit on which it acts,
    for every cause, bit and link, and for the sum at the end. That there is a cause at all is
    a difference; where it is small beside `Problem.causeless`, multiply by one plus their quotient.
    """
    acting = int(((problem.upper != 1.0) | (problem.lower != 1.0)).sum())
    bits, causes = problem.n_bits, len(problem.names)
    operations = 6 * acting + 8 * len(problem.share) + causes * (3 * bits + 8)
    operations += 4 * len(problem.links) + 4 * bits + SUMMED
    return float(operations * np.finfo(precision).eps)


def width_of(problem: Problem, *, improve: bool = True) -> float:
    """Effective number of bits of the sweep: log2 of the mean over its steps of 2^(bits alive).

    A step costs in proportion to 2^(bits alive), waiting children included, so the whole costs in
    proportion to 2^width. The compiled engine may look for a better order first.
    """
    if _engine.kernel is not None and improve:
        return float(_engine.kernel.plan_of(problem, BROAD).width)
    if _engine.kernel is not None:
        return float(_engine.kernel.quick_width(problem, BROAD))
    plan = _plan(problem)
    place = {cause: at for at, cause in enumerate(problem.order)}
    alive = np.zeros(len(problem.order) + 1)
    for at, bits in plan.born.items():
        alive[at] += len(bits)
    for at, bits in plan.dying.items():
        alive[at + 1] -= len(bits)
    first: dict[int, int] = {}
    for parent, child, _ in problem.links:
        first[child] = min(first.get(child, len(alive)), place[parent])
    for child, start in first.items():
        alive[start] += 1
        alive[place[child]] -= 1
    return len(plan.broad) + float(np.log2(np.mean(np.exp2(np.cumsum(alive[:-1])))))


def _scale(precision: Precision) -> float:
    return 1.0 if precision is np.float64 else SINGLE_SCALE


def _by_kernel(kernel: ModuleType, problem: Problem, precision: Precision) -> Posterior:
    """The posterior as the compiled engine gives it."""
    plan = kernel.plan_of(problem, BROAD)
    scale = _scale(precision)
    swept = kernel.swept(plan, precision, scale)
    evidence = max(swept.total / scale - problem.causeless, np.finfo(float).tiny)
    each = (swept.by_variant / (scale * evidence)).tolist()
    variants = tuple(tuple(each[a:b]) if a < b else () for a, b in plan.program.variants_of)
    spread = swept.gross / swept.total if swept.total > 0.0 else 1.0
    return Posterior(swept.joint / (scale * evidence), variants, evidence, spread)


@dataclass(frozen=True)
class _Plan:
    """Which bits are broad, and when each narrow bit is born and dies (steps of the order)."""

    broad: tuple[int, ...]
    narrow: tuple[int, ...]
    untouched: tuple[int, ...]
    born: dict[int, list[int]]
    dying: dict[int, list[int]]


def _plan(problem: Problem) -> _Plan:
    """Lifetimes of the bits under the order of the problem."""
    touched = problem.touched[list(problem.order)]
    causes = len(problem.order)
    count = touched.sum(axis=0)
    broad = tuple(int(b) for b in np.flatnonzero(count > BROAD * causes))
    untouched = tuple(int(b) for b in np.flatnonzero(count == 0))
    narrow = tuple(b for b in range(problem.n_bits) if b not in broad and b not in untouched)
    born: dict[int, list[int]] = {}
    dying: dict[int, list[int]] = {}
    for bit in narrow:
        steps = np.flatnonzero(touched[:, bit])
        born.setdefault(int(steps[0]), []).append(bit)
        dying.setdefault(int(steps[-1]), []).append(bit)
    return _Plan(broad, narrow, untouched, born, dying)


class _Rows:
    """How every row of a problem acts: on broad bits by small matrices, on narrow ones by axes.

    A row acts on one bit by [[lower, 0], [upper - lower, upper]]; on a chunk of broad bits by the
    Kronecker product of these.
    """

    def __init__(self, problem: Problem, plan: _Plan, precision: Precision) -> None:
        self.share = problem.share.tolist()
        self.scalar = problem.scalar.tolist()
        acting = (problem.upper != 1.0) | (problem.lower != 1.0)
        self.narrow: list[list[tuple[int, float, float]]] = [[] for _ in self.share]
        for row, bit in zip(*np.nonzero(acting[:, list(plan.narrow)]), strict=True):
            b = plan.narrow[bit]
            self.narrow[row].append((b, float(problem.upper[row, b]), float(problem.lower[row, b])))
        broad = list(plan.broad)
        n_chunks = -(-len(broad) // CHUNK_BITS)
        self.chunks: list[tuple[list[int], Array, Array]] = []
        for bits in np.array_split(broad, n_chunks) if n_chunks else []:
            works = acting[:, bits].any(axis=1)
            matrices = _kronecker(problem.upper[works][:, bits], problem.lower[works][:, bits])
            matrices = matrices.astype(precision)
            position = np.where(works, np.cumsum(works) - 1, -1).tolist()
            turned = np.ascontiguousarray(matrices.transpose(0, 2, 1))
            self.chunks.append((position, matrices, turned))
        self.silent = (~acting.any(axis=1)).tolist()

    def moved(self, row: int, weights: Array, axes: list[int], *, back: bool) -> Array:
        """The weights after a row that is certain to act, without its scalar (a new array)."""
        shape = weights.shape
        moved = weights
        after = 1
        for position, matrices, turned in reversed(self.chunks):
            size = matrices.shape[1]
            at = position[row]
            if at >= 0:
                forward, transposed = (turned, matrices) if back else (matrices, turned)
                if after == 1:
                    moved = moved.reshape(-1, size) @ transposed[at]
                else:
                    moved = np.matmul(forward[at], moved.reshape(-1, size, after))
            after *= size
        moved = moved.reshape(shape)
        for bit, upper, lower in self.narrow[row]:
            moved = _on_axis(moved, axes.index(bit), upper, lower, back=back)
        return moved


def _on_axis(weights: Array, axis: int, upper: float, lower: float, *, back: bool) -> Array:
    """[[lower, 0], [upper - lower, upper]] on one axis, or its transpose."""
    result = np.empty_like(weights)
    before = (slice(None),) * axis
    zero: tuple[slice | int, ...] = (*before, 0)
    one: tuple[slice | int, ...] = (*before, 1)
    if back:
        result[zero] = lower * weights[zero] + (upper - lower) * weights[one]
        result[one] = upper * weights[one]
    else:
        result[zero] = lower * weights[zero]
        result[one] = upper * weights[one] + (upper - lower) * weights[zero]
    return result


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
    """What the forward sweep keeps of a cause for the way back. Axes are positions in arrays."""

    cause: int
    axes: list[int]
    present: Array
    variants: tuple[Array, ...]
    births: list[int] = field(default_factory=list)
    waited: int | None = None
    children: int = 0
    brings: tuple[tuple[int, float], ...] = ()
    deaths: list[int] = field(default_factory=list)


# Waiting children are axes too; they are told from bits by their sign.
def _child(cause: int) -> int:
    return -1 - cause


class _Sweep:
    def __init__(self, problem: Problem, precision: Precision) -> None:
        self.problem = problem
        self.precision = precision
        self.scale = _scale(precision)
        self.plan = _plan(problem)
        self.rows = _Rows(problem, self.plan, precision)
        self.brings: dict[int, list[tuple[int, float]]] = {}
        for parent, child, probability in problem.links:
            self.brings.setdefault(parent, []).append((child, probability))

    def acted(self, part: Part, weights: Array, axes: list[int], *, back: bool = False) -> Array:
        """The weights after a part has acted (or, going back, what they are worth before it)."""
        rows = self.rows
        if isinstance(part, Mixture):
            total = np.zeros_like(weights)
            for share, inner in zip(part.weights, part.parts, strict=True):
                total += share * self.acted(inner, weights, axes, back=back)
            return total
        factor = 1.0
        for inner in part.parts if isinstance(part, Together) else (part,):
            if not isinstance(inner, int):
                weights = self.acted(inner, weights, axes, back=back)
                continue
            row, share = (inner, rows.share[inner]) if inner >= 0 else (-1 - inner, 1.0)
            act = share * rows.scalar[row]
            if rows.silent[row]:
                factor *= 1.0 - share + act
                continue
            moved = rows.moved(row, weights, axes, back=back)
            if share == 1.0:
                weights = moved
                factor *= act
            else:
                moved *= act
                moved += (1.0 - share) * weights
                weights = moved
        return weights * factor if factor != 1.0 else weights

    def start(self) -> Array:
        """Weights of the background alone, before any narrow bit is born."""
        problem = self.problem
        low, high = problem.background_lower, problem.background_upper
        weights = np.full(1, problem.background_scalar)
        for bit in self.plan.untouched:
            weights = weights * (high[bit] - low[bit])
        for bit in self.plan.broad:
            pair = np.array([low[bit], high[bit] - low[bit]])
            weights = np.multiply.outer(weights, pair).reshape(-1)
        return np.asarray((weights * self.scale).astype(self.precision))

    def forward(self) -> tuple[Array, list[_Step]]:
        """Final weights and what each cause did. Axes: waiting children and narrow bits that are
        alive, then all sets of broad bits."""
        problem = self.problem
        low, high = problem.background_lower.tolist(), problem.background_upper.tolist()
        weights = self.start()
        axes: list[int] = []
        steps: list[_Step] = []
        for at, cause in enumerate(problem.order):
            births = self.plan.born.get(at, [])
            for bit in births:
                axes.insert(0, bit)
                weights = np.stack([low[bit] * weights, (high[bit] - low[bit]) * weights])
            prior = float(problem.prior[cause])
            waited = axes.index(_child(cause)) if _child(cause) in axes else None
            if waited is None:
                absent, entering = (1.0 - prior) * weights, prior * weights
            else:
                uncaused, caused = weights.take(0, waited), weights.take(1, waited)
                absent = np.asarray((1.0 - prior) * uncaused)
                entering = np.asarray(prior * uncaused + caused)
                del axes[waited]
            decided = problem.decided.get(cause)
            if decided is True:
                absent = np.zeros_like(absent)
            elif decided is False:
                entering = np.zeros_like(entering)
            part = problem.acts[cause]
            here = list(axes)
            variants = self.apart(part, entering, here)
            present = np.asarray(sum(variants)) if variants else self.acted(part, entering, here)
            brings = self.brings.get(cause, [])
            children = [child for child, _ in brings if _child(child) not in axes]
            after = present
            for child in children:
                axes.insert(0, _child(child))
                absent = np.stack([absent, np.zeros_like(absent)])
                after = np.stack([after, np.zeros_like(after)])
            places = tuple((axes.index(_child(child)), p) for child, p in brings)
            for axis, probability in places:
                after = _on_axis(after, axis, 1.0, 1.0 - probability, back=False)
            weights = np.asarray(absent + after)
            deaths = []
            for bit in self.plan.dying.get(at, []):
                axis = axes.index(bit)
                weights = np.asarray(weights.take(1, axis))
                deaths.append(axis)
                del axes[axis]
            steps.append(
                _Step(cause, here, present, variants, births, waited, len(children), places, deaths)
            )
        return weights, steps

    def apart(self, part: Part, weights: Array, axes: list[int]) -> tuple[Array, ...]:
        """What `acted` gives, split by the variants inside the part; () when there are none."""
        if isinstance(part, int):
            return ()
        if isinstance(part, Mixture):
            if part.variants:
                forms = zip(part.weights, part.parts, strict=True)
                return tuple(share * self.acted(form, weights, axes) for share, form in forms)
            split = [self.apart(inner, weights, axes) for inner in part.parts]
            return tuple(
                np.asarray(sum(share * form for share, form in zip(part.weights, of, strict=True)))
                for of in zip(*split, strict=True)
            )
        for inner in part.parts:
            if _has_variants(inner):
                common = Together(tuple(p for p in part.parts if p is not inner))
                return self.apart(inner, self.acted(common, weights, axes), axes)
        return ()

    def posterior(self) -> Posterior:
        problem = self.problem
        low, high = problem.background_lower.tolist(), problem.background_upper.tolist()
        weights, steps = self.forward()
        # Nothing is left where every cause is decided to be absent.
        evidence = max(float(weights[-1]) / self.scale - problem.causeless, np.finfo(float).tiny)
        probability = np.zeros(len(problem.names))
        variants: list[tuple[float, ...]] = [()] * len(problem.names)
        worth = np.zeros_like(weights)
        worth[-1] = 1.0
        for step in reversed(steps):
            for axis in reversed(step.deaths):
                worth = np.stack([np.zeros_like(worth), worth], axis=axis)
            prior = float(problem.prior[step.cause])
            present = worth
            for axis, p in reversed(step.brings):
                present = _on_axis(present, axis, 1.0, 1.0 - p, back=True)
            absent = worth
            for _ in range(step.children):
                present, absent = np.asarray(present[0]), np.asarray(absent[0])
            probability[step.cause] = _product(present, step.present) / self.scale / evidence
            variants[step.cause] = tuple(
                _product(present, v) / self.scale / evidence for v in step.variants
            )
            entering = self.acted(problem.acts[step.cause], present, step.axes, back=True)
            decided = problem.decided.get(step.cause)
            if decided is True:
                absent = np.zeros_like(absent)
            elif decided is False:
                entering = np.zeros_like(entering)
            worth = (1.0 - prior) * absent + prior * entering
            if step.waited is not None:
                worth = np.stack([worth, entering], axis=step.waited)
            for bit in reversed(step.births):
                worth = np.asarray(low[bit] * worth[0] + (high[bit] - low[bit]) * worth[1])
        return Posterior(probability, tuple(variants), evidence)


def _product(a: Array, b: Array) -> float:
    """Sum of a times b, added up in double precision."""
    return float((a * b).sum(dtype=np.float64))


def _has_variants(part: Part) -> bool:
    if isinstance(part, int):
        return False
    return (isinstance(part, Mixture) and part.variants) or any(map(_has_variants, part.parts))
