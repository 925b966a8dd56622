"""A record held against the network: everything inference needs, and nothing else.

Each finding that is known becomes either a *bit* or a *low*. A finding in its lowest state only
multiplies P(group keeps it there) over all active groups: one number for each group. A finding in
a higher state k needs somebody to bring it up to k and nobody to bring it higher; since
P(state = k) = P(state <= k) - P(state <= k-1) and both are products over the groups, it takes two
numbers for each group, `upper` and `lower`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from crural.diagnosis.network import (
    BILATERAL,
    RECORDING_ERROR,
    Array,
    Flags,
    Network,
)
from crural.diagnosis.priors import Priors, prior_probability, priors_of
from crural.facts import Fact, Facts


@dataclass(frozen=True)
class Together:
    """Parts that all act, independently of each other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Mixture:
    """Parts of which exactly one acts."""

    weights: tuple[float, ...]
    parts: tuple[Part, ...]
    variants: bool


# A leaf is the row of a group in the tables of the problem.
Part = int | Together | Mixture


@dataclass(frozen=True)
class Problem:
    """What inference works on.

    Rows are groups: `share[row]` the probability that it is active when its cause is present,
    `scalar[row]` the probability that it then keeps all low findings low, `upper[row, bit]` and
    `lower[row, bit]` how it acts on the bits. `acts[cause]` says how the rows of a cause combine.
    `links` are (parent, child, probability). The background acts always. `order` is the order in
    which the sweep takes the causes, parents before children. `decided` restricts the whole to
    sets in which given causes are present (True) or absent (False).
    """

    names: tuple[str, ...]
    order: tuple[int, ...]
    prior: Array
    acts: tuple[Part, ...]
    share: Array
    scalar: Array
    upper: Array
    lower: Array
    links: tuple[tuple[int, int, float], ...]
    background_scalar: float
    background_upper: Array
    background_lower: Array
    decided: Mapping[int, bool] = field(default_factory=dict)

    @property
    def n_bits(self) -> int:
        """How many findings are above their lowest state."""
        return int(self.upper.shape[1])

    @cached_property
    def causeless(self) -> float:
        """P(evidence and no cause at all); 0 where some cause is decided to be present."""
        if any(self.decided.values()):
            return 0.0
        explained = self.background_upper - self.background_lower
        return float(self.background_scalar * explained.prod() * (1.0 - self.prior).prod())

    @cached_property
    def touched(self) -> Flags:
        """Which causes act on which bits: [cause, bit]."""
        acting = (self.upper != 1.0) | (self.lower != 1.0)
        return np.stack([acting[rows_of(part)].any(axis=0) for part in self.acts])


def rows_of(part: Part) -> list[int]:
    """The rows of a part, in order; some may come more than once."""
    if isinstance(part, int):
        return [part if part >= 0 else -1 - part]
    return [row for inner in part.parts for row in rows_of(inner)]


@dataclass(frozen=True)
class Case:
    """A problem with the patient and the network it came from."""

    network: Network
    facts: Facts
    priors: Priors
    problem: Problem
    bits: tuple[Fact, ...]
    lows: tuple[Fact, ...]


def case_of(network: Network, facts: Facts) -> Case:
    """The problem that the facts of a record set the network."""
    bits, lows = _known(network, facts)
    priors = priors_of(network, facts)
    problem = _problem(network, facts, priors.probability, bits, lows)
    return Case(network, facts, priors, problem, bits, lows)


def problem_of(network: Network, facts: Facts) -> Problem:
    """The problem of `case_of` alone, without the reasons of the priors."""
    return _problem(network, facts, prior_probability(network, facts), *_known(network, facts))


def _known(network: Network, facts: Facts) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """The facts about findings of the network: above their lowest state, and in it."""
    known = [f for f in facts.evidence if f.finding in network.node_index]
    return tuple(f for f in known if f.state > 0), tuple(f for f in known if f.state == 0)


def _problem(
    network: Network,
    facts: Facts,
    prior: Array,
    bits: tuple[Fact, ...],
    lows: tuple[Fact, ...],
) -> Problem:
    nodes = [network.node_index[f.finding] for f in bits]
    states = np.array([f.state for f in bits], dtype=np.int64)
    low_nodes = [network.node_index[f.finding] for f in lows]
    levels = network.levels
    upper = np.ascontiguousarray(levels[nodes, states].T)
    lower = np.ascontiguousarray(levels[nodes, states - 1].T)
    low = levels[low_nodes, 0].T
    away_bits = np.array([f.place == "other-side" for f in bits], dtype=bool)
    away_lows = np.array([f.place == "other-side" for f in lows], dtype=bool)
    two_sided = bool(away_bits.any() or away_lows.any())
    rows = [(shares_of(network), low.prod(axis=1), upper, lower), _pain_rows(network, bits, lows)]
    if two_sided:
        rows += [
            (
                shares_of(network),
                _less(network, low, away_lows).prod(axis=1),
                _less(network, upper, away_bits),
                _less(network, lower, away_bits),
            )
        ]
    background = network.background(facts.record.age)
    return Problem(
        names=network.conditions,
        order=network.order,
        prior=prior,
        acts=_combinations(network, two_sided),
        share=np.concatenate([r[0] for r in rows]),
        scalar=np.concatenate([r[1] for r in rows]),
        upper=np.concatenate([r[2] for r in rows]),
        lower=np.concatenate([r[3] for r in rows]),
        links=_links_of(network),
        background_scalar=float(background[low_nodes, 0].prod()),
        background_upper=background[nodes, states],
        background_lower=background[nodes, states - 1],
    )


@lru_cache(maxsize=16)
def _links_of(network: Network) -> tuple[tuple[int, int, float], ...]:
    return tuple((link.parent, link.child, link.probability) for link in network.links)


@lru_cache(maxsize=16)
def shares_of(network: Network) -> Array:
    """Share of every group."""
    return np.array([group.share for group in network.groups])


def _less(network: Network, cdf: Array, away: Flags) -> Array:
    """What the groups do while the pain is one-sided: on the other side only the silent share."""
    return np.where(away, 1 - network.silent_share[:, None] * (1 - cdf), cdf)


def _pain_rows(
    network: Network, bits: tuple[Fact, ...], lows: tuple[Fact, ...]
) -> tuple[Array, Array, Array, Array]:
    """One row for each condition: being two-sided makes pain on both sides."""
    size = len(network.conditions)
    upper = np.ones((size, len(bits)))
    lower = np.ones((size, len(bits)))
    scalar = np.ones(size)
    for i, fact in enumerate(bits):
        if fact.finding == BILATERAL:
            lower[:, i] = RECORDING_ERROR
    if any(fact.finding == BILATERAL for fact in lows):
        scalar[:] = RECORDING_ERROR
    return network.bilateral, scalar, upper, lower


@lru_cache(maxsize=32)
def _combinations(network: Network, two_sided: bool) -> tuple[Part, ...]:
    """How the rows of each condition combine.

    When the other leg is known too, being two-sided must go together with its signs; so all rows
    of the condition hang on that, in a one-sided and a two-sided copy.
    """
    n_groups = len(network.groups)
    copies = n_groups + len(network.conditions)

    def form(condition: int, offset: int) -> tuple[Part, ...]:
        of = network.groups_of[condition]
        groups = network.groups
        common: tuple[Part, ...] = tuple(g + offset for g in of if groups[g].variant is None)
        variants = network.variants[condition]
        if not variants:
            return common
        forms = tuple(
            Together(tuple(g + offset for g in of if groups[g].variant == v))
            for v in range(len(variants))
        )
        return (*common, Mixture(tuple(v.share for v in variants), forms, variants=True))

    def combined(condition: int) -> Part:
        pain = n_groups + condition
        if not two_sided:
            return Together((*form(condition, 0), pain))
        bilateral = float(network.bilateral[condition])
        # The pain row is active with the bilateral share; inside the two-sided copy it is certain.
        return Mixture(
            (1 - bilateral, bilateral),
            (
                Together(form(condition, copies)),
                Together((*form(condition, 0), -1 - pain)),
            ),
            variants=False,
        )

    return tuple(combined(c) for c in range(len(network.conditions)))
