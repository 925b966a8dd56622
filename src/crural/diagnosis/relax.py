"""Records with many findings: some findings give way to bounds that are proved.

The exact sweep doubles with every bit that is alive. When a record has too many, the bits that tell
the leading explanations least apart are *relaxed*: their probability is replaced by an
upper and by a lower bound that are products over the active groups, so that they only change the
scalars of the rows. The same sweep then gives an upper and a lower bound of the weight with and
without each cause, and so an interval that holds its exact posterior. The answer itself is the
estimate of `estimate`, which is much closer than the interval proves; the interval says how far off it
could be at most.

For one bit let theta be the sum over the background and all active groups of log(upper / lower). Its
probability is the product of the uppers times 1 - exp(-theta), and f(theta) = log(1 - exp(-theta)) is
concave. Hence, as in Jaakkola & Jordan 1999 for noisy-OR networks,

- above: the tangent at any point, f(theta) <= xi theta - g(xi), touches at the leading explanation;
- below: Jensen's inequality for any weights q that sum to 1 over the groups,
  f(t0 + sum t_j) >= f(t0) + sum q_j (f(t0 + t_j / q_j) - f(t0)).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from crural.diagnosis.estimate import estimated_posterior
from crural.diagnosis.inference import Posterior, posterior, width_of
from crural.diagnosis.network import Array
from crural.diagnosis.problem import Problem
from crural.diagnosis.states import States

# Bits alive at the widest point that are still swept exactly.
WIDEST = 16
# Groups outside the leading explanations get this share of Jensen's weights together.
OUTSIDERS = 0.02
# An upper equal to the lower acts on nothing; keep the logarithm finite.
_TINY = 1e-12


@dataclass(frozen=True)
class Bounded:
    """A posterior and a bound on the error of each of its probabilities (0: exact)."""

    posterior: Posterior
    error: float
    relaxed: tuple[int, ...]


def posterior_within(problem: Problem, states: States, widest: int = WIDEST) -> Bounded:
    """Posterior of every cause: exact if the problem is narrow enough, else with a proved bound.

    `states` are the leading states; they decide only how tight the bound is, never whether it holds.
    """
    chosen = _to_relax(problem, states, widest)
    if not chosen:
        return Bounded(posterior(problem), 0.0, ())
    above = posterior(_relaxed(problem, chosen, _tangents(problem, states, chosen)))
    below = posterior(_relaxed(problem, chosen, _jensens(problem, states, chosen)))
    high_with = above.evidence * above.probability
    high_without = above.evidence - high_with
    low_with = below.evidence * below.probability
    low_without = below.evidence - low_with
    top = high_with / (high_with + low_without)
    bottom = low_with / (low_with + high_without)
    guess = estimated_posterior(problem, states)
    error = np.maximum(top - guess.probability, guess.probability - bottom)
    return Bounded(guess, float(error.max()), chosen)


def _to_relax(problem: Problem, states: States, widest: int) -> tuple[int, ...]:
    """Bits to relax, those that tell the leading states least apart, until the rest is narrow."""
    if width_of(problem) <= widest:
        return ()
    surprise = -np.log(np.maximum(states.bit_probability, _TINY))
    order = np.argsort(states.share @ np.abs(surprise - surprise[0]) + states.share @ surprise)
    for count in range(1, problem.n_bits + 1):
        chosen = tuple(sorted(int(b) for b in order[:count]))
        if width_of(_without(problem, chosen)) <= widest:
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


def _relaxed(problem: Problem, bits: tuple[int, ...], factors: tuple[Array, float]) -> Problem:
    """The problem without the bits, its scalars multiplied by the factors of a bound."""
    rows, background = factors
    return replace(
        _without(problem, bits),
        scalar=problem.scalar * rows,
        background_scalar=problem.background_scalar * background,
    )


def _strength(problem: Problem, bit: int) -> tuple[Array, float]:
    """theta of every row and of the background for one bit."""
    rows = np.log(problem.upper[:, bit]) - np.log(np.maximum(problem.lower[:, bit], _TINY))
    low = max(float(problem.background_lower[bit]), _TINY)
    return rows, float(np.log(problem.background_upper[bit]) - np.log(low))


def _log_up(theta: Array) -> Array:
    """f(theta) = log(1 - exp(-theta)), accurate for small theta."""
    return np.asarray(np.log(-np.expm1(-np.maximum(theta, _TINY))))


def _leading_rows(states: States) -> Array:
    """Rows that are active in the leading state."""
    members = states.members[0][states.members[0] >= 0]
    rows = states.singles.rows[members].ravel()
    return np.unique(rows[rows >= 0])


def _tangents(problem: Problem, states: States, bits: tuple[int, ...]) -> tuple[Array, float]:
    """Factors of the upper bound: tangents at the leading state."""
    rows = np.ones(len(problem.share))
    background = 1.0
    leading = _leading_rows(states)
    for bit in bits:
        theta, start = _strength(problem, bit)
        point = max(start + float(theta[leading].sum()), 1e-6)
        slope = 1.0 / np.expm1(point)
        offset = float(_log_up(np.array(point))) - slope * point
        rows *= problem.upper[:, bit] * np.exp(slope * theta)
        background *= float(problem.background_upper[bit] * np.exp(slope * start + offset))
    return rows, background


def _jensens(problem: Problem, states: States, bits: tuple[int, ...]) -> tuple[Array, float]:
    """Factors of the lower bound: Jensen's weights on the rows that explain the bit."""
    rows = np.ones(len(problem.share))
    background = 1.0
    responsible = np.zeros(len(problem.share) + 1)
    for members, share in zip(states.members, states.share, strict=True):
        for member in members[members >= 0]:
            responsible[states.singles.rows[member]] += share
    for bit in bits:
        theta, start = _strength(problem, bit)
        start = max(start, 1e-9)
        active = theta > 0
        claim = responsible[:-1] * theta
        total = claim.sum()
        weight = (1 - OUTSIDERS) * claim / total if total > 0 else np.zeros_like(claim)
        weight[active] += (1 - weight.sum()) / active.sum()
        base = _log_up(np.array(start))
        gain = np.zeros_like(theta)
        use = active & (weight > 0)
        gain[use] = weight[use] * (_log_up(start + theta[use] / weight[use]) - base)
        rows *= problem.upper[:, bit] * np.exp(gain)
        background *= float(problem.background_upper[bit] * np.exp(base))
    return rows, background
