"""The exact sweep of `inference`, compiled to machine code.

Same weights, same steps, same answers as the reference in `inference`, which is the one to read
first. Here everything is a flat array, and nothing is made anew for a step:

- The weights of a step are one run of numbers. Broad bits are the lowest digits of the index, in
  front of them stand the axes that come and go: narrow bits and waiting children. The axis with
  *stride* 2^k is the k-th digit.
- How the rows of a cause combine is a list of instructions (`Program`), made once for a network.
- A row acts in place on one axis, or on two at once, in loops that the compiler turns into vector
  instructions. What a mixture needs besides lies in a few buffers that are kept between calls.
- The forward sweep keeps the weights before each cause and nothing else. Going back, the worth of
  the weights that enter a cause times these weights is the joint probability with the cause.

All terms are non-negative; sums over many weights are added up in short pieces, so that they add
next to nothing to the rounding error. A wide sweep is the difference of two narrower ones, which
take as long together and run side by side (`swept`).

Functions are compiled at their first call and kept on disk (`python -m crural.diagnosis.kernel`
does so in advance). They stand in one file because numba judges by the file of a function whether
what it kept is stale, not by those of the functions that it calls. They release the interpreter's
lock.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from crural.diagnosis.network import Array, Flags, Ints
from crural.diagnosis.problem import Mixture, Part, Problem, Together

Weights = npt.NDArray[np.float64] | npt.NDArray[np.float32]
# Share and scalar of each row, and what it does, as `_actions` gives it.
Rows = tuple[Array, Array, Ints, Ints, Array, Ints]
# Order, which causes act on which bits, lifetimes of the bits, since when causes wait, axes before
# each step, priors, and what is decided (-1: nothing).
Layout = tuple[Ints, Flags, tuple[Ints, Ints, Ints, int], Ints, Ints, Array, Ints]
# Parents, children and probabilities of the links, sorted by the parents; those of cause c are
# `links[3][c]` to `links[3][c + 1]`.
Links = tuple[Ints, Ints, Array, Ints]
_F = TypeVar("_F", bound=Callable[..., Any])

# Sums may be taken in another order and products fused with sums; both only lessen the error.
_FAST = {"contract", "reassoc", "nsz"}
_compiled = cast(Callable[[_F], _F], numba.njit(nogil=True, fastmath=_FAST))
_UNCOUNTED: dict[str, Any] = {"_nrt": False}
# For loops that make no arrays: without counting the references to views, which takes as long as
# the loops themselves where there are few weights. (The option is numba's own; a version that no
# longer knows it says so when the module is loaded.)
_bare = cast(Callable[[_F], _F], numba.njit(nogil=True, fastmath=_FAST, **_UNCOUNTED))
# For functions that are called from outside: compiled once and for all.
_kept = cast(Callable[[_F], _F], numba.njit(cache=True, nogil=True, fastmath=_FAST))

ROW, MIXTURE, FORM, END_FORM, END_MIXTURE = range(5)
# Terms of a sum that are added up before the piece is added to the whole in double precision.
PIECE = 64
# Weights that are moved at once: what a cause does to them is done in the first caches.
BLOCK = 2048
# Buffers for all weights of a step: their worth, the same on the way to a cause, its successor.
WHOLE = 3
# Weights left free between buffers: at distances of powers of two they would share the same few
# places of a cache.
APART = 136
# Weights in a buffer that is kept between calls.
MOST_KEPT = 2**23
# From this width on the order of the causes is improved for each problem; the number of moves grows
# with the work that they may save.
REORDERED = 14.0
MOVES = 4000
MOST_MOVES = 40000
# From this width on a sweep is done in halves, side by side, and from this on the halves in halves.
HALVED = 13.0
HALVED_AGAIN = 17.0
# How much larger than their difference the halves may be; beyond that the sweep is done whole.
MOST_SPREAD = 20.0
# How much dearer an order may become for a while, log2.
HEAT = 0.25
# Networks and branches of problems whose instructions are kept.
PROGRAMS = 64


@dataclass(frozen=True, eq=False)
class Program:
    """How the rows of each cause combine, as instructions.

    Those of cause c are `first[c]` to `first[c + 1]`. `code[i]` is (instruction, row or -1, is the
    row certain or the variant that a form stands for, or -1). `weight[i]` is the weight of a form
    in its mixture, and times those of the mixtures around it. Cause c has the variants
    `first_variant[c]` to `first_variant[c + 1]`. Mixtures are at most `depth` deep.
    """

    first: Ints
    code: Ints
    weight: Array
    first_variant: Ints
    depth: int

    @cached_property
    def variants_of(self) -> tuple[tuple[int, int], ...]:
        """The first variant of each cause, and that after its last."""
        return tuple(pairwise(self.first_variant.tolist()))


class _Writer:
    """Writes the instructions of one cause after the other."""

    def __init__(self) -> None:
        self.code: list[tuple[int, int, int]] = []
        self.weight: list[tuple[float, float]] = []
        self.depth = 0

    def emit(self, op: int, a: int = -1, b: int = -1, weight: tuple[float, float] = (1, 1)) -> None:
        self.code.append((op, a, b))
        self.weight.append(weight)

    def write(self, part: Part, outer: float, variants: int, depth: int) -> None:
        """`variants` is the number of the first variant in the part, -1 if none counts."""
        if isinstance(part, int):
            self.emit(ROW, part if part >= 0 else -1 - part, int(part < 0))
        elif isinstance(part, Together):
            # Rows commute. The variants come last: then their worth is that of the whole.
            telling = next((p for p in part.parts if _n_variants(p)), None)
            for inner in part.parts:
                if inner is not telling:
                    self.write(inner, outer, -1, depth)
            if telling is not None:
                self.write(telling, outer, variants, depth)
        else:
            self.depth = max(self.depth, depth + 1)
            self.emit(MIXTURE)
            for i, (share, inner) in enumerate(zip(part.weights, part.parts, strict=True)):
                stands_for = variants + i if part.variants and variants >= 0 else -1
                inside = -1 if part.variants else variants
                self.emit(FORM, -1, stands_for, (share, outer * share))
                self.write(inner, outer * share, inside, depth + 1)
                self.emit(END_FORM, -1, stands_for, (share, outer * share))
            self.emit(END_MIXTURE)


def _n_variants(part: Part) -> int:
    """Number of variants that a part tells apart."""
    if isinstance(part, int):
        return 0
    if isinstance(part, Mixture) and part.variants:
        return len(part.parts)
    return max((_n_variants(inner) for inner in part.parts), default=0)


def _written(acts: tuple[Part, ...]) -> Program:
    writer = _Writer()
    first, first_variant = [0], [0]
    for part in acts:
        count = _n_variants(part)
        writer.write(part, 1.0, first_variant[-1] if count else -1, 0)
        first.append(len(writer.code))
        first_variant.append(first_variant[-1] + count)
    return Program(
        np.array(first),
        np.array(writer.code, dtype=np.int64).reshape(-1, 3),
        np.array(writer.weight, dtype=np.float64).reshape(-1, 2),
        np.array(first_variant),
        writer.depth,
    )


# --- loops over the weights ---------------------------------------------------------------------


@_bare
def _on_axis(
    x: Weights, n: int, stride: int, low: float, high: float, cross: float, back: bool
) -> None:
    """[[low, 0], [cross, high]] on one axis of x[:n], in place; going back, its transpose."""
    kind = x.dtype.type
    here, there = (high, low) if back else (low, high)
    a, b, c = kind(here), kind(there), kind(cross)
    if stride == 1:
        if back:
            for q in range(n // 2):
                x[2 * q] = b * x[2 * q] + c * x[2 * q + 1]
                x[2 * q + 1] *= a
        else:
            for q in range(n // 2):
                x[2 * q + 1] = b * x[2 * q + 1] + c * x[2 * q]
                x[2 * q] *= a
        return
    source, target = (stride, 0) if back else (0, stride)
    for start in range(0, n, 2 * stride):
        u = x[start + source : start + source + stride]
        v = x[start + target : start + target + stride]
        for i in range(stride):
            moving = u[i]
            v[i] = b * v[i] + c * moving
            u[i] = a * moving


@_bare
def _on_nearest(x: Weights, n: int, actions: Array, back: bool) -> None:
    """(low, high, cross) on each of the axes with strides 1, 2 and 4, in one pass."""
    kind = x.dtype.type
    a1, b1, c1 = kind(actions[0, 0]), kind(actions[0, 1]), kind(actions[0, 2])
    a2, b2, c2 = kind(actions[1, 0]), kind(actions[1, 1]), kind(actions[1, 2])
    a3, b3, c3 = kind(actions[2, 0]), kind(actions[2, 1]), kind(actions[2, 2])
    for q in range(n // 8):
        i = 8 * q
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        x4, x5, x6, x7 = x[i + 4], x[i + 5], x[i + 6], x[i + 7]
        if back:
            x0, x1, x2, x3 = a1 * x0 + c1 * x1, b1 * x1, a1 * x2 + c1 * x3, b1 * x3
            x4, x5, x6, x7 = a1 * x4 + c1 * x5, b1 * x5, a1 * x6 + c1 * x7, b1 * x7
            x0, x1, x2, x3 = a2 * x0 + c2 * x2, a2 * x1 + c2 * x3, b2 * x2, b2 * x3
            x4, x5, x6, x7 = a2 * x4 + c2 * x6, a2 * x5 + c2 * x7, b2 * x6, b2 * x7
            x0, x1, x2, x3 = (
                a3 * x0 + c3 * x4,
                a3 * x1 + c3 * x5,
                a3 * x2 + c3 * x6,
                a3 * x3 + c3 * x7,
            )
            x4, x5, x6, x7 = b3 * x4, b3 * x5, b3 * x6, b3 * x7
        else:
            x0, x1, x2, x3 = a1 * x0, b1 * x1 + c1 * x0, a1 * x2, b1 * x3 + c1 * x2
            x4, x5, x6, x7 = a1 * x4, b1 * x5 + c1 * x4, a1 * x6, b1 * x7 + c1 * x6
            x0, x1, x2, x3 = a2 * x0, a2 * x1, b2 * x2 + c2 * x0, b2 * x3 + c2 * x1
            x4, x5, x6, x7 = a2 * x4, a2 * x5, b2 * x6 + c2 * x4, b2 * x7 + c2 * x5
            x4, x5, x6, x7 = (
                b3 * x4 + c3 * x0,
                b3 * x5 + c3 * x1,
                b3 * x6 + c3 * x2,
                b3 * x7 + c3 * x3,
            )
            x0, x1, x2, x3 = a3 * x0, a3 * x1, a3 * x2, a3 * x3
        x[i], x[i + 1], x[i + 2], x[i + 3] = x0, x1, x2, x3
        x[i + 4], x[i + 5], x[i + 6], x[i + 7] = x4, x5, x6, x7


@_bare
def _on_two_axes(
    x: Weights,
    n: int,
    strides: tuple[int, int],
    first: tuple[float, float, float],
    second: tuple[float, float, float],
    back: bool,
) -> None:
    """(low, high, cross) on each of two axes, the nearer one first, in one pass."""
    near, far = strides
    kind = x.dtype.type
    offset = (0, near, far, near + far)
    a1, b1, c1 = kind(first[0]), kind(first[1]), kind(first[2])
    a2, b2, c2 = kind(second[0]), kind(second[1]), kind(second[2])
    if back:
        # The same with every set turned into its complement.
        offset = (near + far, far, near, 0)
        a1, b1, a2, b2 = b1, a1, b2, a2
    for outer in range(0, n, 2 * far):
        for start in range(outer, outer + far, 2 * near):
            u0 = x[start + offset[0] : start + offset[0] + near]
            u1 = x[start + offset[1] : start + offset[1] + near]
            u2 = x[start + offset[2] : start + offset[2] + near]
            u3 = x[start + offset[3] : start + offset[3] + near]
            for i in range(near):
                x0, x1, x2, x3 = u0[i], u1[i], u2[i], u3[i]
                x1 = b1 * x1 + c1 * x0
                x3 = b1 * x3 + c1 * x2
                x0 = a1 * x0
                x2 = a1 * x2
                u2[i] = b2 * x2 + c2 * x0
                u3[i] = b2 * x3 + c2 * x1
                u0[i] = a2 * x0
                u1[i] = a2 * x1


@_bare
def _mix(x: Weights, a: float, y: Weights, b: float, n: int) -> None:
    """x = a x + b y."""
    kind = x.dtype.type
    left, right = kind(a), kind(b)
    for i in range(n):
        x[i] = left * x[i] + right * y[i]


@_bare
def _scaled(x: Weights, y: Weights, b: float, n: int) -> None:
    """x = b y."""
    factor = x.dtype.type(b)
    for i in range(n):
        x[i] = factor * y[i]


@_bare
def _mixed(x: Weights, y: Weights, a: float, z: Weights, b: float, n: int) -> None:
    """x = a y + b z."""
    kind = x.dtype.type
    left, right = kind(a), kind(b)
    for i in range(n):
        x[i] = left * y[i] + right * z[i]


@_bare
def _product(x: Weights, y: Weights, n: int) -> float:
    """Sum of x times y, in pieces."""
    total = 0.0
    for start in range(0, n, PIECE):
        end = min(start + PIECE, n)
        u, v = x[start:end], y[start:end]
        piece = x.dtype.type(0.0)
        for i in range(end - start):
            piece += u[i] * v[i]
        total += float(piece)
    return total


# --- what a cause does --------------------------------------------------------------------------


@_bare
def _moved(
    x: Weights, n: int, bits: Ints, actions: Array, stride: Ints, near: Array, back: bool
) -> None:
    """A row that is certain to act, on x[:n] in place, without its scalar.

    `bits` are the bits on which it acts, `actions` (low, high, cross) of each, `stride` the stride
    of every bit; `near` is scratch for three actions.
    """
    k = len(bits)
    at, gathered = 0, 0
    while at < k and n >= 8 and stride[bits[at]] < 8:
        if gathered == 0:
            for i in range(3):
                near[i, 0], near[i, 1], near[i, 2] = 1.0, 1.0, 0.0
        which = stride[bits[at]] // 2
        for i in range(3):
            near[which, i] = actions[at, i]
        gathered += 1 << which
        at += 1
    if gathered == 1:
        _on_axis(x, n, 1, near[0, 0], near[0, 1], near[0, 2], back)
    elif gathered:
        _on_nearest(x, n, near, back)
    while at < k:
        here = stride[bits[at]]
        one = (actions[at, 0], actions[at, 1], actions[at, 2])
        if at + 1 < k and here >= 8 and stride[bits[at + 1]] >= 8:
            there = stride[bits[at + 1]]
            two = (actions[at + 1, 0], actions[at + 1, 1], actions[at + 1, 2])
            if here > there:
                here, there, one, two = there, here, two, one
            _on_two_axes(x, n, (here, there), one, two, back)
            at += 2
        else:
            _on_axis(x, n, here, one[0], one[1], one[2], back)
            at += 1


@_bare
def _gather(gathered: Array, any_: Flags, bit: int, low: float, high: float, cross: float) -> None:
    """Gather a further action on a bit: those on one bit multiply."""
    if any_[bit]:
        gathered[bit, 2] = cross * gathered[bit, 0] + high * gathered[bit, 2]
        gathered[bit, 0] *= low
        gathered[bit, 1] *= high
    else:
        any_[bit] = True
        gathered[bit, 0], gathered[bit, 1], gathered[bit, 2] = low, high, cross


@_bare
def _let_go(
    x: Weights,
    n: int,
    gathered: Array,
    any_: Flags,
    near_first: Ints,
    stride: Ints,
    scratch: tuple[Ints, Array, Array],
    back: bool,
) -> None:
    """All the actions that were gathered, on x[:n] in place."""
    bits, actions, near = scratch
    k = 0
    for bit in near_first:
        if any_[bit]:
            any_[bit] = False
            bits[k] = bit
            for i in range(3):
                actions[k, i] = gathered[bit, i]
            k += 1
    _moved(x, n, bits[:k], actions[:k], stride, near, back)


@_bare
def _acted(
    code: Ints,
    weight: Array,
    forms: Weights,
    spare: Weights,
    n: int,
    rows: Rows,
    stride: Ints,
    scratch: tuple[Ints, Array, Array],
    levels: tuple[Array, Array, Flags, Flags, Flags, Array, Flags],
    back: bool,
    reference: Weights,
    worth: Array,
) -> float:
    """What a part makes of forms[0][:n], in place; the result is still to be multiplied by the
    number that is returned.

    `rows` are share, scalar, and in the manner of sparse matrices the first action of each row, the
    bit of each action, and the actions; last, all bits with the near ones first. Going back,
    `worth[v]` grows by what variant v, by itself, makes of the weights times `reference`.
    """
    share, scalar, first, bit, action, near_first = rows
    # Of each level of forms in forms: the factor that is still to be applied; the weight of forms
    # that do nothing; whether it has been copied (not until something acts on it); whether its
    # mixture has a sum; and the actions that are still to be applied.
    factor, plain, copied, summed, waiting, gathered, any_ = levels
    factor[0], copied[0] = 1.0, True
    level = 0
    for i in range(len(code)):
        op, row, extra = code[i, 0], code[i, 1], code[i, 2]
        if op == ROW:
            s = 1.0 if extra == 1 else share[row]
            act = s * scalar[row]
            begin, end = first[row], first[row + 1]
            if begin == end:
                factor[level] *= 1.0 - s + act
                continue
            if s == 1.0:
                factor[level] *= act
                for k in range(begin, end):
                    low, high, cross = action[k, 0], action[k, 1], action[k, 2]
                    _gather(gathered[level], any_[level], bit[k], low, high, cross)
                waiting[level] = True
                continue
            rest = 1.0 - s
            if end - begin == 1:
                low, high = rest + act * action[begin, 0], rest + act * action[begin, 1]
                cross = act * action[begin, 2]
                _gather(gathered[level], any_[level], bit[begin], low, high, cross)
                waiting[level] = True
                continue
            if not copied[level]:
                _scaled(forms[level], forms[_source(copied, level)], 1.0, n)
                copied[level] = True
            bits, actions = bit[begin:end], action[begin:end]
            _scaled(spare, forms[level], 1.0, n)
            _moved(spare, n, bits, actions, stride, scratch[2], back)
            _mix(forms[level], rest, spare, act, n)
        elif op == FORM:
            level += 2
            factor[level] = 1.0
            copied[level], waiting[level] = False, False
        elif op == END_MIXTURE:
            if not summed[level]:
                factor[level] *= plain[level]
            else:
                source = forms[_source(copied, level)]
                _mixed(forms[level], source, plain[level], forms[level + 1], 1.0, n)
                copied[level] = True
        else:
            if waiting[level]:
                if not copied[level]:
                    _scaled(forms[level], forms[_source(copied, level)], 1.0, n)
                    copied[level] = True
                x = forms[level]
                _let_go(x, n, gathered[level], any_[level], near_first, stride, scratch, back)
                waiting[level] = False
            if op == MIXTURE:
                plain[level], summed[level] = 0.0, False
                continue
            # The end of a form.
            if back and extra >= 0:
                pending = weight[i, 1]
                for outer in range(0, level + 1, 2):
                    pending *= factor[outer]
                worth[extra] += pending * _product(forms[_source(copied, level)], reference, n)
            part = weight[i, 0] * factor[level]
            below = level - 2
            if not copied[level]:
                plain[below] += part
            elif summed[below]:
                _mix(forms[below + 1], 1.0, forms[level], part, n)
            else:
                _scaled(forms[below + 1], forms[level], part, n)
                summed[below] = True
            level = below
    if waiting[0]:
        _let_go(forms[0], n, gathered[0], any_[0], near_first, stride, scratch, back)
        waiting[0] = False
    return float(factor[0])


@_bare
def _source(copied: Flags, level: int) -> int:
    """The level whose weights stand for those of a level that has not been copied yet."""
    while not copied[level]:
        level -= 2
    return level


# --- the plan -----------------------------------------------------------------------------------


@_kept
def _touched(first: Ints, code: Ints, upper: Array, lower: Array) -> Flags:
    """Which causes act on which bits: [cause, bit]."""
    touched = np.zeros((len(first) - 1, upper.shape[1]), dtype=np.bool_)
    for cause in range(len(first) - 1):
        for i in range(first[cause], first[cause + 1]):
            if code[i, 0] == ROW:
                for bit in range(upper.shape[1]):
                    row = code[i, 1]
                    if upper[row, bit] != 1.0 or lower[row, bit] != 1.0:
                        touched[cause, bit] = True
    return touched


@_kept
def _lifetimes(touched: Flags, order: Ints, broad: float) -> tuple[Ints, Ints, Ints, int]:
    """First and last step of each bit, its place among the broad ones, and how many these are.

    The place is -1 for a narrow bit; a bit on which nobody acts has no first step (-1). Broad bits
    on which few act come first, because near axes are the slowest.
    """
    n_bits = touched.shape[1]
    first, last = np.full(n_bits, -1), np.full(n_bits, -1)
    place, count = np.full(n_bits, -1), np.zeros(n_bits, dtype=np.int64)
    for step in range(len(order)):
        for bit in range(n_bits):
            if touched[order[step], bit]:
                count[bit] += 1
                last[bit] = step
                if first[bit] < 0:
                    first[bit] = step
    n_broad = 0
    for bit in range(n_bits):
        if count[bit] > broad * len(order):
            n_broad += 1
            place[bit] = 0
            for other in range(n_bits):
                if count[other] > broad * len(order) and (
                    count[other] < count[bit] or (count[other] == count[bit] and other < bit)
                ):
                    place[bit] += 1
    return first, last, place, n_broad


@_kept
def _alive(
    lifetimes: tuple[Ints, Ints, Ints, int], order: Ints, parent: Ints, child: Ints
) -> tuple[Ints, Ints, Ints]:
    """Axes before and after the cause of each step, broad ones not counted; and the step at which
    each cause begins to wait (-1: never)."""
    first, last, place, _ = lifetimes
    n = len(order)
    at = np.empty(n, dtype=np.int64)
    for step in range(n):
        at[order[step]] = step
    waits = np.full(n, -1)
    for link in range(len(parent)):
        step = at[parent[link]]
        if waits[child[link]] < 0 or step < waits[child[link]]:
            waits[child[link]] = step
    before, after = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
    for bit in range(len(first)):
        if place[bit] < 0 and first[bit] >= 0:
            before[first[bit] : last[bit] + 1] += 1
            after[first[bit] : last[bit] + 1] += 1
    for cause in range(n):
        if waits[cause] >= 0:
            before[waits[cause] + 1 : at[cause] + 1] += 1
            after[waits[cause] : at[cause]] += 1
    return before, after, waits


@_kept
def _actions(
    upper: Array, lower: Array, lifetimes: tuple[Ints, Ints, Ints, int]
) -> tuple[Ints, Ints, Array, Ints]:
    """The actions of the rows in the manner of sparse matrices: the first action of each row, the
    bit of each action, and (low, high, cross); last, all bits. Those on near axes come first."""
    n_rows, n_bits = upper.shape
    near = np.empty(n_bits, dtype=np.int64)
    found = 0
    for place in range(lifetimes[3]):
        for bit in range(n_bits):
            if lifetimes[2][bit] == place:
                near[found] = bit
                found += 1
    for bit in range(n_bits):
        if lifetimes[2][bit] < 0:
            near[found] = bit
            found += 1
    first = np.zeros(n_rows + 1, dtype=np.int64)
    bits = np.empty(n_rows * n_bits, dtype=np.int64)
    actions = np.empty((n_rows * n_bits, 3))
    made = 0
    for row in range(n_rows):
        for place in range(n_bits):
            bit = near[place]
            high, low = upper[row, bit], lower[row, bit]
            if high != 1.0 or low != 1.0:
                bits[made] = bit
                actions[made, 0] = low
                actions[made, 1] = high
                actions[made, 2] = high - low
                made += 1
        first[row + 1] = made
    return first, bits, actions, near


@_kept
def _sizes(n_broad: int, before: Ints, after: Ints) -> tuple[int, int, float]:
    """Weights that are kept in all, those of the largest step, and the width of the sweep."""
    kept, largest, mean = 1 << n_broad, 1 << n_broad, 0.0
    n = len(before) - 1
    for step in range(n):
        kept += (1 << (n_broad + before[step])) + APART
        largest = max(largest, 1 << (n_broad + max(before[step], after[step])))
        mean += 2.0 ** after[step] / n
    return kept, largest, n_broad + np.log2(mean)


# --- a better order -----------------------------------------------------------------------------


@_compiled
def _work(
    order: Ints, owners: tuple[Ints, Ints], links: tuple[Ints, Ints], at: Ints, change: Ints
) -> float:
    """Work of a sweep in this order: the sum over its steps of 2^(axes alive).

    `owners` are, in the manner of sparse matrices, the causes that act on each narrow bit; `at` and
    `change` are scratch.
    """
    begin, of = owners
    parents, children = links
    n = len(order)
    for step in range(n):
        at[order[step]] = step
        change[step] = 0
    change[n] = 0
    for bit in range(len(begin) - 1):
        first, last = n, -1
        for i in range(begin[bit], begin[bit + 1]):
            first, last = min(first, at[of[i]]), max(last, at[of[i]])
        if last >= 0:
            change[first] += 1
            change[last + 1] -= 1
    # Links are sorted by their children.
    link = 0
    while link < len(children):
        child, first = children[link], n
        while link < len(children) and children[link] == child:
            first = min(first, at[parents[link]])
            link += 1
        change[first] += 1
        change[at[child]] -= 1
    alive, work = 0, 0
    for step in range(n):
        alive += change[step]
        work += 1 << alive
    return float(work)


@_kept
def _reordered(
    order: Ints, owners: tuple[Ints, Ints], links: tuple[Ints, Ints], moves: int
) -> Ints:
    """A better order of the causes for one problem, parents still before their children.

    Single causes are moved at random; a move that makes the sweep dearer is kept now and then, ever
    more rarely (annealing). Always the same for the same problem.
    """
    parents, children = links
    n = len(order)
    at, change = np.empty(n, dtype=np.int64), np.empty(n + 1, dtype=np.int64)
    now, tried, best = order.copy(), order.copy(), order.copy()
    work = _work(now, owners, links, at, change)
    least = work
    chance = 1
    for move in range(moves):
        chance = chance * 48271 % 2147483647
        here = chance % n
        cause = now[here]
        low, high = 0, n - 1
        for step in range(n):
            at[now[step]] = step
        for link in range(len(parents)):
            if children[link] == cause:
                low = max(low, at[parents[link]] + 1)
            if parents[link] == cause:
                high = min(high, at[children[link]] - 1)
        chance = chance * 48271 % 2147483647
        there = low + chance % (high - low + 1)
        tried[:] = now
        if there > here:
            tried[here:there] = now[here + 1 : there + 1]
        else:
            tried[there + 1 : here + 1] = now[there:here]
        tried[there] = cause
        dearer = _work(tried, owners, links, at, change)
        chance = chance * 48271 % 2147483647
        heat = HEAT * (1.0 - move / moves)
        if np.log2(dearer / work) <= -heat * np.log(chance / 2147483647.0):
            now[:], work = tried, dearer
            if work < least:
                best[:], least = now, work
    return best


# --- the sweep ----------------------------------------------------------------------------------


@_bare
def _among(axis: Ints, n_axes: int, which: int) -> bool:
    """Is it one of the axes?"""
    found = False
    for k in range(n_axes):
        found = found or axis[k] == which
    return found


@_bare
def _without(axis: Ints, n_axes: int, which: int, stride: Ints) -> int:
    """Take an axis out; those that are farther come nearer. The number that is left."""
    at = 0
    while axis[at] != which:
        at += 1
    for k in range(at, n_axes - 1):
        axis[k] = axis[k + 1]
        stride[axis[k]] //= 2
    return n_axes - 1


@_bare
def _dropped(x: Weights, n: int, stride: int) -> int:
    """Keep of x[:n] the half in which an axis is 1, in place; its size."""
    half = n // 2
    for block in range(half // stride):
        for i in range(stride):
            x[block * stride + i] = x[(2 * block + 1) * stride + i]
    return half


@_bare
def _raised(x: Weights, n: int, stride: int) -> int:
    """The opposite: an axis that is 0 in x[:n] becomes its 1, in place, beside zeros."""
    zero = x.dtype.type(0.0)
    for block in range(n // stride - 1, -1, -1):
        for i in range(stride):
            moving = x[block * stride + i]
            x[(2 * block + 1) * stride + i] = moving
        for i in range(stride):
            x[2 * block * stride + i] = zero
    return 2 * n


@_bare
def _runs(
    axis: Ints,
    n_axes: int,
    broad: int,
    acting: Flags,
    stride: Ints,
    starts: Ints,
    inside: Ints,
) -> tuple[int, int, int]:
    """How the weights that enter a cause are cut into blocks that fit into the first cache.

    A block holds several *runs*, which are contiguous: one for every value of the far axes on which
    the cause acts. `starts` gets the start of each run, the runs of a block one after the other,
    and `inside` the stride of each axis within a block. Gives the number of runs, how many a block
    has, and the length of a run.
    """
    near, run = 0, broad
    while near < n_axes and 2 * run <= BLOCK:
        near, run = near + 1, 2 * run
    starts[0] = 0
    for k in range(len(stride)):
        inside[k] = stride[k]
    size, of_block = 1, 1
    for wanted in (True, False):
        for k in range(near, n_axes):
            acts = axis[k] < len(acting) and acting[axis[k]]
            if acts == wanted:
                for i in range(size):
                    starts[size + i] = starts[i] + (broad << k)
                if acts:
                    inside[axis[k]] = run * size
                    of_block *= 2
                size *= 2
    return size, of_block, run


@_bare
def _before(start: int, waited: int) -> int:
    """Where a run starts when there still is the axis on which the cause waits (0: none)."""
    return start if waited == 0 else start + start // waited * waited


@_bare
def _entering(x: Weights, before: Weights, n: int, waited: int, own: float, caused: float) -> None:
    """x[:n] = own times the weights before a cause, where it waits on an axis only those in which
    nobody has brought it about, and `caused` times the others."""
    kind = x.dtype.type
    a, b = kind(own), kind(caused)
    if waited == 0:
        for i in range(n):
            x[i] = a * before[i]
        return
    step = min(waited, n)
    for at in range(0, n, step):
        u = before[2 * at : 2 * at + step]
        v = before[2 * at + waited : 2 * at + waited + step]
        w = x[at : at + step]
        for i in range(step):
            w[i] = a * u[i] + b * v[i]


@_compiled
def _scratch(
    depth: int, n_bits: int
) -> tuple[tuple[Ints, Array, Array], tuple[Array, Array, Flags, Flags, Flags, Array, Flags]]:
    """What `_acted` needs to write on."""
    return (
        (np.empty(n_bits, dtype=np.int64), np.empty((n_bits, 3)), np.empty((3, 3))),
        (
            np.empty(depth),
            np.empty(depth),
            np.zeros(depth, dtype=np.bool_),
            np.zeros(depth, dtype=np.bool_),
            np.zeros(depth, dtype=np.bool_),
            np.empty((depth, n_bits, 3)),
            np.zeros((depth, n_bits), dtype=np.bool_),
        ),
    )


@_compiled
def _at_first(
    x: Weights, scalar: float, low: Array, cross: Array, born: Ints, place: Ints, n_broad: int
) -> int:
    """Weights of the background alone, before any narrow bit is born; their number."""
    x[0] = scalar
    for bit in range(len(born)):
        if born[bit] < 0:
            x[0] *= cross[bit]
    size = 1
    for at in range(n_broad):
        for bit in range(len(place)):
            if place[bit] == at:
                for i in range(size):
                    x[size + i] = x[i] * cross[bit]
                    x[i] *= low[bit]
                size *= 2
    return size


@_kept
def _forward(
    layout: Layout,
    program: tuple[Ints, Ints, Array, Ints],
    rows: Rows,
    links: Links,
    background: tuple[float, Array, Array],
    kept: Weights,
    starts: Ints,
    axes: Ints,
    forms: Weights,
) -> float:
    """Sweep forward; gives the final weight.

    `kept` gets the weights before each cause, one step after the other, from `starts[step]` on, and
    `axes[step]` the axes that they have then. `forms` are buffers for a block of weights; the last
    two are for a row and for what enters a cause.
    """
    (order, touched, lifetimes, waits, _, prior, decided) = layout
    begin, code, weight, _ = program
    born, dies, place, n_broad = lifetimes
    _, children, chances, brought = links
    n_steps, n_bits = len(order), len(born)
    broad = 1 << n_broad
    low, cross = background[2], background[1] - background[2]
    spare, entered = forms[-2], forms[-1]
    scratch, levels = _scratch(len(forms), n_bits)
    # Axes that come and go: a bit, or n_bits + a cause that waits. The newest is the farthest.
    axis = np.empty(n_bits + n_steps, dtype=np.int64)
    stride = np.zeros(n_bits + n_steps, dtype=np.int64)
    inside = np.empty(n_bits + n_steps, dtype=np.int64)
    runs = np.empty(2 * (len(spare) // BLOCK) + 2, dtype=np.int64)
    for bit in range(n_bits):
        if place[bit] >= 0:
            stride[bit] = 1 << place[bit]
    nothing = np.zeros(1)
    size = _at_first(kept, background[0], low, cross, born, place, n_broad)
    start, n_axes = 0, 0
    for step in range(n_steps):
        cause = order[step]
        for bit in range(n_bits):
            if place[bit] < 0 and born[bit] == step:
                x = kept[start:]
                _scaled(x[size:], x, cross[bit], size)
                _scaled(x, x, low[bit], size)
                axis[n_axes] = bit
                stride[bit] = size
                n_axes += 1
                size *= 2
        axes[step, :n_axes] = axis[:n_axes]
        starts[step] = start
        x = kept[start : start + size]
        y = kept[start + size + APART :]
        waited = stride[n_bits + cause] if waits[cause] >= 0 else 0
        if waited:
            n_axes = _without(axis, n_axes, n_bits + cause, stride)
            size //= 2
        brings = brought[cause] < brought[cause + 1]
        own, caused, absent = prior[cause], 1.0, 1.0 - prior[cause]
        if decided[cause] == 0:
            own, caused = 0.0, 0.0
        elif decided[cause] == 1:
            absent = 0.0
        part = slice(begin[cause], begin[cause + 1])
        n_runs, of_block, run = _runs(axis, n_axes, broad, touched[cause], stride, runs, inside)
        for block in range(0, n_runs, of_block):
            for i in range(of_block):
                x_run = x[_before(runs[block + i], waited) :]
                _entering(forms[0, i * run :], x_run, run, waited, own, caused)
            factor = _acted(
                code[part],
                weight[part],
                forms,
                spare,
                of_block * run,
                rows,
                inside,
                scratch,
                levels,
                False,
                spare,
                nothing,
            )
            for i in range(of_block):
                at = runs[block + i]
                f_run = forms[0, i * run :]
                if brings:
                    _scaled(y[at:], f_run, factor, run)
                elif waited:
                    _entering(y[at:], x[_before(at, waited) :], run, waited, absent, 0.0)
                    _mix(y[at:], 1.0, f_run, factor, run)
                else:
                    _mixed(y[at:], x[at:], absent, f_run, factor, run)
        if brings:
            n = size
            for link in range(brought[cause], brought[cause + 1]):
                child = n_bits + children[link]
                begins = waits[children[link]] == step
                if begins and not _among(axis, n_axes, child):
                    _scaled(y[size:], y, 0.0, size)
                    axis[n_axes] = child
                    stride[child] = size
                    n_axes += 1
                    size *= 2
            for link in range(brought[cause], brought[cause + 1]):
                q = chances[link]
                _on_axis(y, size, stride[n_bits + children[link]], 1.0 - q, 1.0, q, False)
            for at in range(0, n, run):
                _entering(entered, x[_before(at, waited) :], run, waited, absent, 0.0)
                _mix(y[at:], 1.0, entered, 1.0, run)
        start += len(x) + APART
        for bit in range(n_bits):
            if place[bit] < 0 and dies[bit] == step:
                size = _dropped(y, size, stride[bit])
                n_axes = _without(axis, n_axes, bit, stride)
    return float(kept[start + size - 1])


@_kept
def _back(
    layout: Layout,
    program: tuple[Ints, Ints, Array, Ints],
    rows: Rows,
    links: Links,
    background: tuple[float, Array, Array],
    kept: Weights,
    starts: Ints,
    axes: Ints,
    forms: Weights,
    work: Weights,
    joint: Array,
    by_variant: Array,
) -> None:
    """Sweep back: the joint weight of each cause and of each variant.

    `work` are buffers for all weights of a step.
    """
    (order, touched, lifetimes, waits, before, prior, decided) = layout
    begin, code, weight, _ = program
    born, dies, place, n_broad = lifetimes
    _, children, chances, brought = links
    n_steps, n_bits = len(order), len(born)
    broad = 1 << n_broad
    low, cross = background[2], background[1] - background[2]
    spare, entered = forms[-2], forms[-1]
    scratch, levels = _scratch(len(forms), n_bits)
    # Axes that come and go: a bit, or n_bits + a cause that waits. The newest is the farthest.
    axis = np.empty(n_bits + n_steps, dtype=np.int64)
    stride = np.zeros(n_bits + n_steps, dtype=np.int64)
    inside = np.empty(n_bits + n_steps, dtype=np.int64)
    runs = np.empty(2 * (len(spare) // BLOCK) + 2, dtype=np.int64)
    for bit in range(n_bits):
        if place[bit] >= 0:
            stride[bit] = 1 << place[bit]
    size = broad
    worth, bringing, grown = work[0], work[1], work[2]
    worth[:size] = 0.0
    worth[size - 1] = 1.0
    for back in range(n_steps):
        step = n_steps - 1 - back
        cause = order[step]
        # The axes after the cause: those before it, less its own, and the children it brings.
        n_axes = before[step]
        axis[:n_axes] = axes[step, :n_axes]
        for k in range(n_axes):
            stride[axis[k]] = broad << k
        x = kept[starts[step] : starts[step] + (broad << n_axes)]
        waited = stride[n_bits + cause] if waits[cause] >= 0 else 0
        if waited:
            n_axes = _without(axis, n_axes, n_bits + cause, stride)
        own_axes = n_axes
        brings = brought[cause] < brought[cause + 1]
        for link in range(brought[cause], brought[cause + 1]):
            child = n_bits + children[link]
            if waits[children[link]] == step and not _among(axis, n_axes, child):
                axis[n_axes] = child
                stride[child] = broad << n_axes
                n_axes += 1
        # Bits that died, the last first: each at the place that it had when those before it were
        # gone.
        for later in range(n_bits):
            bit = n_bits - 1 - later
            if place[bit] < 0 and dies[bit] == step:
                at = broad
                for k in range(n_axes):
                    if axis[k] == bit:
                        break
                    gone = axis[k] < bit and dies[axis[k]] == step
                    at = at if gone else 2 * at
                size = _raised(worth, size, at)
        present = worth
        if brings:
            present = bringing
            present[:size] = worth[:size]
            for link in range(brought[cause], brought[cause + 1]):
                q = chances[link]
                _on_axis(present, size, stride[n_bits + children[link]], 1.0 - q, 1.0, q, True)
        own, caused, absent = prior[cause], 1.0, 1.0 - prior[cause]
        if decided[cause] == 0:
            own, caused = 0.0, 0.0
        elif decided[cause] == 1:
            absent = 0.0
        part = slice(begin[cause], begin[cause + 1])
        n_runs, of_block, run = _runs(axis, own_axes, broad, touched[cause], stride, runs, inside)
        into = grown if waited else worth
        for block in range(0, n_runs, of_block):
            n = of_block * run
            for i in range(of_block):
                at = runs[block + i]
                _scaled(forms[0, i * run :], present[at:], 1.0, run)
                x_run = x[_before(at, waited) :]
                _entering(entered[i * run :], x_run, run, waited, own, caused)
            factor = _acted(
                code[part],
                weight[part],
                forms,
                spare,
                n,
                rows,
                inside,
                scratch,
                levels,
                True,
                entered,
                by_variant,
            )
            joint[cause] += factor * _product(forms[0], entered, n)
            for i in range(of_block):
                at = runs[block + i]
                f_run = forms[0, i * run :]
                if not waited:
                    _mix(worth[at:], absent, f_run, own * factor, run)
                    continue
                near = min(waited, run)
                for k in range(0, run, near):
                    to = into[_before(at, waited) + 2 * k :]
                    _mixed(to, worth[at + k :], absent, f_run[k:], own * factor, near)
                    _scaled(to[waited:], f_run[k:], caused * factor, near)
        size = broad << own_axes
        if waited:
            size *= 2
            worth, grown = grown, worth
        for later in range(n_bits):
            bit = n_bits - 1 - later
            if place[bit] < 0 and born[bit] == step:
                size //= 2
                _mix(worth, low[bit], worth[size:], cross[bit], size)


# --- from and to the problem --------------------------------------------------------------------


class _Buffers:
    """Memory that is kept between sweeps: fresh memory costs as much as a small sweep."""

    def __init__(self) -> None:
        self.of: dict[tuple[str, type], Weights] = {}

    def __call__(self, name: str, size: int, precision: type) -> Weights:
        found = self.of.get((name, precision))
        if found is None or len(found) < size:
            found = np.empty(size, dtype=precision)
            if size <= MOST_KEPT:
                self.of[name, precision] = found
        return found[:size]


# Buffers that no sweep is using. Threads share them: there are as many as sweeps at once.
_spare: list[_Buffers] = []


@contextmanager
def _buffers() -> Iterator[_Buffers]:
    """Buffers for one sweep."""
    try:
        buffers = _spare.pop()
    except IndexError:
        buffers = _Buffers()
    try:
        yield buffers
    finally:
        _spare.append(buffers)


_programs: dict[int, tuple[tuple[Part, ...], Program]] = {}


def program_of(acts: tuple[Part, ...]) -> Program:
    """The instructions of all causes; kept, since `acts` is the same for every patient."""
    known = _programs.get(id(acts))
    if known is None or known[0] is not acts:
        if len(_programs) >= PROGRAMS:
            _programs.clear()
        known = _programs[id(acts)] = acts, _written(acts)
    return known[1]


@lru_cache(maxsize=16)
def _order(order: tuple[int, ...]) -> Ints:
    return np.array(order, dtype=np.int64)


@lru_cache(maxsize=16)
def _links(links: tuple[tuple[int, int, float], ...], causes: int) -> Links:
    ordered = sorted(links)
    parents = np.array([parent for parent, _, _ in ordered], dtype=np.int64)
    children = np.array([child for _, child, _ in ordered], dtype=np.int64)
    chances = np.array([chance for _, _, chance in ordered], dtype=np.float64)
    return parents, children, chances, np.searchsorted(parents, np.arange(causes + 1))


@dataclass(frozen=True, eq=False)
class Plan:
    """A problem laid out for the sweep: when each bit lives, and how much room it takes."""

    problem: Problem
    broad: float
    program: Program
    order: Ints
    links: Links
    lifetimes: tuple[Ints, Ints, Ints, int]
    before: Ints
    waits: Ints
    touched: Flags
    actions: tuple[Ints, Ints, Array, Ints]
    kept: int
    largest: int
    width: float


class _Latest(threading.local):
    """The last plan of a thread: asked for the width first, then for the sweep."""

    plan: Plan | None = None


_latest = _Latest()


def quick_width(problem: Problem, broad: float) -> float:
    """The width in the order of the problem as it is."""
    program = program_of(problem.acts)
    touched = _touched(program.first, program.code, _plain(problem.upper), _plain(problem.lower))
    return _laid_out(
        _order(problem.order), touched, _links(problem.links, len(problem.names)), broad
    )[5]


def plan_of(problem: Problem, broad: float) -> Plan:
    """The plan; a bit on which more than the share `broad` of the causes act lives throughout."""
    if _latest.plan is not None and _latest.plan.problem is problem:
        return _latest.plan
    program = program_of(problem.acts)
    order, links = _order(problem.order), _links(problem.links, len(problem.names))
    upper, lower = _plain(problem.upper), _plain(problem.lower)
    touched = _touched(program.first, program.code, upper, lower)
    laid = _laid_out(order, touched, links, broad)
    width = laid[5]
    if width > REORDERED:
        moves = int(min(MOST_MOVES, MOVES * 2.0 ** (width - REORDERED)))
        narrow = laid[0][2] < 0
        order = _reordered(order, _owners(touched[:, narrow]), _by_child(problem.links), moves)
        laid = _laid_out(order, touched, links, broad)
    _latest.plan = _plan_in(problem, broad, order, touched, laid)
    return _latest.plan


def _plan_in(problem: Problem, broad: float, order: Ints, touched: Flags, laid: Laid) -> Plan:
    lifetimes, before, waits, kept, largest, width = laid
    return Plan(
        problem=problem,
        broad=broad,
        program=program_of(problem.acts),
        order=order,
        links=_links(problem.links, len(problem.names)),
        lifetimes=lifetimes,
        before=before,
        waits=waits,
        touched=touched,
        actions=_actions(_plain(problem.upper), _plain(problem.lower), lifetimes),
        kept=kept,
        largest=largest,
        width=width,
    )


Laid = tuple[tuple[Ints, Ints, Ints, int], Ints, Ints, int, int, float]


def _laid_out(order: Ints, touched: Flags, links: Links, broad: float) -> Laid:
    """What an order makes of the problem: lifetimes of bits, axes before each step, since when
    causes wait, weights in all and in the largest step, width."""
    lifetimes = _lifetimes(touched, order, broad)
    before, after, waits = _alive(lifetimes, order, links[0], links[1])
    return lifetimes, before, waits, *_sizes(lifetimes[3], before, after)


def _owners(touched: Flags) -> tuple[Ints, Ints]:
    """The causes that act on each bit, in the manner of sparse matrices."""
    bits, causes = np.nonzero(touched.T)
    begin = np.searchsorted(bits, np.arange(touched.shape[1] + 1))
    return begin, np.ascontiguousarray(causes)


@lru_cache(maxsize=16)
def _by_child(links: tuple[tuple[int, int, float], ...]) -> tuple[Ints, Ints]:
    """Parents and children of the links, sorted by the children."""
    pairs = np.array([(p, c) for p, c, _ in sorted(links, key=lambda link: link[1])])
    pairs = pairs.reshape(-1, 2).astype(np.int64)
    return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])


def _plain(array: Array) -> Array:
    """The array as the compiled functions take it: contiguous and writable."""
    if array.flags.carray and array.dtype == np.float64:
        return array
    return np.require(array, np.float64, ["C", "W"])


@dataclass(frozen=True, eq=False)
class Swept:
    """What a sweep gives, all times its scale.

    `total` is P(evidence), `joint` and `by_variant` the joint probability of each cause and of each
    variant with the evidence. `gross` is the sum of what the total was made of by adding and
    subtracting: a relative error of the parts is one of gross / total in the whole.
    """

    total: float
    joint: Array
    by_variant: Array
    gross: float


def swept(plan: Plan, precision: type, scale: float) -> Swept:
    """The sweep of a plan, in halves on two cores where it is wide.

    P(bit explained) is P(nobody brings it higher) - P(nobody brings it up), and in either the bit
    is a factor of each row and no axis any more. A bit that is mostly explained is chosen, so that
    the difference is not much smaller than its terms.
    """
    bit = _best_explained(plan) if plan.width >= HALVED else None
    if bit is not None:
        whole, without = _halves(plan, bit)
        with ThreadPoolExecutor(1) as beside:
            other = beside.submit(_swept, without, precision, scale)
            found = _difference(_swept(whole, precision, scale), other.result())
        if found.gross <= MOST_SPREAD * found.total:
            return found
    return _swept_whole(plan, precision, scale)


def _swept(plan: Plan, precision: type, scale: float) -> Swept:
    """The sweep of a half."""
    bit = _best_explained(plan) if plan.width >= HALVED_AGAIN else None
    if bit is None:
        return _swept_whole(plan, precision, scale)
    whole, without = _halves(plan, bit)
    first = _swept(whole, precision, scale)
    return _difference(first, _swept(without, precision, scale))


def _difference(a: Swept, b: Swept) -> Swept:
    return Swept(
        a.total - b.total,
        np.maximum(a.joint - b.joint, 0.0),
        np.maximum(a.by_variant - b.by_variant, 0.0),
        a.gross + b.gross,
    )


def _best_explained(plan: Plan) -> int | None:
    """The broad bit that the background alone explains best, if there is a broad bit."""
    problem = plan.problem
    broad = np.flatnonzero(plan.lifetimes[2] >= 0)
    if not len(broad):
        return None
    open_ = problem.background_lower[broad] / problem.background_upper[broad]
    return int(broad[np.argmin(open_)])


def _halves(plan: Plan, bit: int) -> tuple[Plan, Plan]:
    """Plans without the bit, of which nothing brings it higher, or up to its state at all."""
    problem = plan.problem
    touched = np.delete(plan.touched, bit, axis=1)
    left = replace(
        problem,
        upper=np.delete(problem.upper, bit, axis=1),
        lower=np.delete(problem.lower, bit, axis=1),
        background_upper=np.delete(problem.background_upper, bit),
        background_lower=np.delete(problem.background_lower, bit),
    )
    whole = replace(
        left,
        scalar=problem.scalar * problem.upper[:, bit],
        background_scalar=problem.background_scalar * float(problem.background_upper[bit]),
    )
    without = replace(
        left,
        scalar=problem.scalar * problem.lower[:, bit],
        background_scalar=problem.background_scalar * float(problem.background_lower[bit]),
    )
    laid = _laid_out(plan.order, touched, plan.links, plan.broad)
    first = _plan_in(whole, plan.broad, plan.order, touched, laid)
    return first, replace(first, problem=without)


def _swept_whole(plan: Plan, precision: type, scale: float) -> Swept:
    with _buffers() as buffers:
        return _swept_in(buffers, plan, precision, scale)


def _swept_in(buffers: _Buffers, plan: Plan, precision: type, scale: float) -> Swept:
    problem, program = plan.problem, plan.program
    decided = np.full(len(problem.names), -1)
    for cause, present in problem.decided.items():
        decided[cause] = int(present)
    # Those of a block need not be larger than those of a step.
    n_forms = 2 * program.depth + 3
    length = plan.largest + APART
    forms = buffers("forms", n_forms * length, precision).reshape(n_forms, length)
    work = buffers("work", WHOLE * length, precision).reshape(WHOLE, length)
    scalar = problem.background_scalar * scale
    layout = (
        plan.order,
        plan.touched,
        plan.lifetimes,
        plan.waits,
        plan.before,
        _plain(problem.prior),
        decided,
    )
    parts = program.first, program.code, program.weight, program.first_variant
    rows = (_plain(problem.share), _plain(problem.scalar), *plan.actions)
    background = scalar, _plain(problem.background_upper), _plain(problem.background_lower)
    kept = buffers("kept", plan.kept + plan.largest, precision)
    n = len(plan.order)
    starts, axes = np.empty(n, dtype=np.int64), np.empty((n, n + problem.n_bits), dtype=np.int64)
    joint, by_variant = np.zeros(n), np.zeros(program.first_variant[-1])
    where = kept, starts, axes, forms
    total = _forward(layout, parts, rows, plan.links, background, *where)
    _back(layout, parts, rows, plan.links, background, *where, work, joint, by_variant)
    return Swept(total, joint, by_variant, total)


def warm_up() -> None:
    """Have everything in memory that a sweep needs, compiled if need be, in both precisions."""
    acts = Together((0, Mixture((0.5, 0.5), (Together((1,)), Together(())), variants=True)))
    plain = Problem(
        names=("a", "b"),
        order=(0, 1),
        prior=np.full(2, 0.5),
        acts=(acts, acts),
        share=np.full(2, 0.5),
        scalar=np.ones(2),
        upper=np.ones((2, 1)),
        lower=np.full((2, 1), 0.5),
        links=((0, 1, 0.5),),
        background_scalar=1.0,
        background_upper=np.ones(1),
        background_lower=np.full(1, 0.5),
    )
    for precision in (np.float64, np.float32):
        swept(plan_of(plain, 0.5), precision, 1.0)
    owners = _owners(np.ones((2, 1), dtype=np.bool_))
    _reordered(_order(plain.order), owners, _by_child(plain.links), 1)


def is_compiled() -> bool:
    """Are the functions on disk already, and those of `loops`, so that none need be compiled?"""
    functions = (_touched, _lifetimes, _alive, _actions, _sizes, _reordered, _forward, _back)
    folder = Path(cast(Any, _forward)._cache.cache_path)
    patterns = [*(f"*.{function.__name__}-*.nbc" for function in functions), "loops.*.nbc"]
    return all(any(folder.glob(pattern)) for pattern in patterns)


if __name__ == "__main__":
    # By its own name, under which the others will look for what was compiled.
    importlib.import_module("crural.diagnosis.kernel").warm_up()
