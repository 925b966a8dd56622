"""Records with many findings: an estimate, and a proved bound on its error.

The exact sweep doubles with every bit that is alive. When a record has too many, the space of all
sets of causes is cut into branches: the leading cause is present in one of its states, or it is
absent and the next one is present, and so on; the last branch has none of the leading ones. In a
branch the bits that its state explains best are *relaxed*: their probability is replaced by an
upper and by a lower bound that are products over the active groups and so only change the scalars
of the rows. Two sweeps over the other bits then give an upper and a lower bound of the weight of
the branch with and without each cause. Added up they hold the exact posterior between them.

For one bit let theta be the sum over the background, the state of the branch and all active groups
of log(upper / lower). Its probability is the product of the uppers times 1 - exp(-theta), and
f(theta) = log(1 - exp(-theta)) is concave and rises. Hence

- above: the tangent at the branch's own theta or a larger point p,
  f(theta) <= f(p) + f'(p) (theta - p);
- below: f(theta) >= f(t0), what the branch explains by itself.

Both nearly agree where the state explains the bit well. Jaakkola & Jordan 1999 use the tangent for
noisy-OR networks. The answer itself is the estimate of `estimate`, kept inside the interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from crural.diagnosis.estimate import estimated_posterior
from crural.diagnosis.inference import (
    Posterior,
    Precision,
    posterior,
    rounding_bound,
    use_compiled_if_ready,
    width_of,
)
from crural.diagnosis.network import Array
from crural.diagnosis.problem import Problem, Together
from crural.diagnosis.states import SetWeights, Singles, States, leading_states

# Effective number of bits that is still swept in double precision, and in single precision (about a
# second on one core); beyond that there are bounds. Last, that of the sweeps of a branch.
WIDEST = 15.0
WIDEST_SINGLE = 20.0
BRANCH_WIDEST = 11.0
# From this width on loading the compiled engine takes less time than doing without.
WORTH_LOADING = 15.0
# Causes on which the branches are made, and how small a branch may be to need no second sweep.
LEADING = 2
NEGLIGIBLE = 1e-4
# Tangents are never taken at a smaller theta (here the bit has a probability of 0.86).
LEAST_POINT = 2.0
# An upper equal to the lower acts on nothing; keep the logarithm finite.
_TINY = 1e-12


@dataclass(frozen=True)
class Bounded:
    """A posterior and a bound on the error of each of its probabilities (rounding alone if exact).

    `relaxed` are the bits that were relaxed in the first branch.
    """

    posterior: Posterior
    error: float
    relaxed: tuple[int, ...]


@dataclass(frozen=True)
class _Branch:
    """A part of the space: what is decided, and the background with the decided state in it."""

    problem: Problem
    present: bool


def width_to_sweep(problem: Problem, widest: float = WIDEST_SINGLE) -> float:
    """The width of a problem; brings the compiled engine into use where that is worth it.

    Ask it before anything else about a record: all of an answer should come from one engine, since
    the two differ in the last digits.
    """
    width = width_of(problem)
    if width <= min(WORTH_LOADING, widest):
        return width
    use_compiled_if_ready()
    # The compiled engine looks for a better order.
    return width_of(problem)


def posterior_within(
    problem: Problem, states: States | None = None, widest: float = WIDEST_SINGLE
) -> Bounded:
    """Posterior of every cause: exact if the problem is narrow enough, else with a proved bound.

    `states` are the leading states if they are known already: they serve the estimate. `widest` is
    the largest effective width that is swept exactly; above WIDEST it is in single precision.
    """
    width = width_to_sweep(problem, widest)
    if width <= widest:
        precision: Precision = np.float64 if width <= WIDEST else np.float32
        found = posterior(problem, precision)
        # That there is a cause at all is a difference, as precise as the larger of its two terms.
        error = rounding_bound(problem, precision) * found.spread
        error *= 1.0 + problem.causeless / found.evidence
        return Bounded(found, min(error, 1.0), ())
    states = states or leading_states(problem)
    n = len(problem.names)
    high_with, high_without = np.zeros(n), np.zeros(n)
    low_with, low_without = np.zeros(n), np.zeros(n)
    relaxed: tuple[int, ...] = ()
    for branch in _branches(problem, states.singles):
        chosen = _to_relax(branch.problem, min(BRANCH_WIDEST, widest))
        relaxed = relaxed or chosen
        above = posterior(_relaxed(branch.problem, chosen, tangent=True))
        high_with += above.evidence * above.probability
        high_without += above.evidence * (1.0 - above.probability)
        if not branch.present or above.evidence < NEGLIGIBLE * high_with.max():
            continue
        below = posterior(_relaxed(branch.problem, chosen, tangent=False))
        low_with += below.evidence * below.probability
        low_without += below.evidence * (1.0 - below.probability)
    top = high_with / np.maximum(high_with + low_without, np.finfo(float).tiny)
    bottom = low_with / np.maximum(low_with + high_without, np.finfo(float).tiny)
    guess = estimated_posterior(problem, states)
    probability = np.clip(guess.probability, bottom, top)
    variants = tuple(
        tuple(v * p / g for v in shares) if g > 0 else shares
        for shares, p, g in zip(guess.variants, probability, guess.probability, strict=True)
    )
    error = float(np.maximum(top - probability, probability - bottom).max())
    return Bounded(Posterior(probability, variants, guess.evidence), error, relaxed)


def _branches(problem: Problem, singles: Singles) -> Iterator[_Branch]:
    """The branches; together they hold every set of causes once."""
    alone = SetWeights(problem, singles)(np.arange(len(singles.weight))[:, None])
    strength = np.zeros(len(problem.names))
    np.maximum.at(strength, singles.cause, alone)
    absent: dict[int, bool] = {}
    odds = problem.prior / (1.0 - problem.prior)
    for cause in (int(c) for c in np.argsort(-strength)[:LEADING]):
        for state in np.flatnonzero(singles.cause == cause):
            chance = float(singles.weight[state] / odds[cause])
            acts = list(problem.acts)
            acts[cause] = Together(())
            yield _Branch(
                replace(
                    problem,
                    acts=tuple(acts),
                    decided={**absent, cause: True},
                    background_scalar=problem.background_scalar * chance,
                    background_upper=problem.background_upper * singles.upper[state],
                    background_lower=problem.background_lower * singles.lower[state],
                ),
                present=True,
            )
        absent[cause] = False
    yield _Branch(replace(problem, decided=absent), present=False)


def _to_relax(problem: Problem, widest: float) -> tuple[int, ...]:
    """Bits to relax, those that the branch explains best, until the rest is narrow enough."""
    explained = 1.0 - problem.background_lower / problem.background_upper
    order = np.argsort(-explained)
    for count in range(problem.n_bits + 1):
        chosen = tuple(sorted(int(b) for b in order[:count]))
        if width_of(_without(problem, chosen), improve=False) <= widest:
            return chosen
    return tuple(range(problem.n_bits))


def _without(problem: Problem, bits: tuple[int, ...]) -> Problem:
    kept = np.setdiff1d(np.arange(problem.n_bits), bits)
    return replace(
        problem,
        upper=problem.upper[:, kept],
        lower=problem.lower[:, kept],
        background_upper=problem.background_upper[kept],
        background_lower=problem.background_lower[kept],
    )


def _relaxed(problem: Problem, bits: tuple[int, ...], *, tangent: bool) -> Problem:
    """The problem with the bits replaced by factors of an upper (tangent) or lower bound."""
    rows = np.ones(len(problem.share))
    background = 1.0
    for bit in bits:
        upper = float(problem.background_upper[bit])
        start = float(np.log(upper) - np.log(max(float(problem.background_lower[bit]), _TINY)))
        rows *= problem.upper[:, bit]
        if not tangent:
            background *= upper * -float(np.expm1(-start))
            continue
        # Where the branch explains the bit badly its own tangent is too steep to be of use.
        point = max(start, LEAST_POINT)
        slope = 1.0 / float(np.expm1(point))
        background *= upper * -float(np.expm1(-point)) * float(np.exp(slope * (start - point)))
        rows *= np.exp(slope * _strength(problem, bit))
    return replace(
        _without(problem, bits),
        scalar=problem.scalar * rows,
        background_scalar=problem.background_scalar * background,
    )


def _strength(problem: Problem, bit: int) -> Array:
    """theta of every row for one bit."""
    lower = np.maximum(problem.lower[:, bit], _TINY)
    return np.asarray(np.log(problem.upper[:, bit]) - np.log(lower))
