"""From facts to a diagnosis: probabilities, explanations, reasons, next checks, uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial

import numpy as np

from crural.diagnosis.explain import (
    Missing,
    Reason,
    frequency_in,
    likelihood_ratios,
    missing_of,
    reasons_of,
    unknown_of,
)
from crural.diagnosis.inference import Posterior
from crural.diagnosis.network import OTHER, Array, Flags, Network
from crural.diagnosis.next_check import Battery, Check, batteries_of, candidates_of, checks_of
from crural.diagnosis.prediction import prediction_of
from crural.diagnosis.problem import Case, case_of
from crural.diagnosis.relax import posterior_within, width_to_sweep
from crural.diagnosis.states import States, leading_states, likelihood_of
from crural.diagnosis.uncertainty import Pivot, Uncertainty, uncertainty_of
from crural.facts import Facts

# Causes below this probability are listed without reasons: there are many, and none matters.
REASONED = 0.005
EXPLANATIONS = 8
URGENT_CHECKS = 5
# From this probability on an underlying disease is listed before its consequence, when it is
# within a tenth of it.
UNDERLYING = 0.5
AS_PROBABLE = 0.9


@dataclass(frozen=True)
class VariantProbability:
    """A form of a condition and its posterior probability."""

    id: str
    name: str
    probability: float


class Why:
    """Why a cause is as probable as it is. Each part is made when it is first asked for: of most
    causes nobody wants to know."""

    def __init__(
        self,
        reasons: Callable[[], tuple[tuple[Reason, ...], tuple[Reason, ...]]],
        missing: Callable[[], tuple[Missing, ...]],
        pivot: Callable[[], Pivot | None],
    ) -> None:
        self._make_reasons, self._make_missing, self._make_pivot = reasons, missing, pivot

    @cached_property
    def _reasons(self) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
        return self._make_reasons()

    @property
    def for_(self) -> tuple[Reason, ...]:
        """The facts that speak for the cause, the strongest first."""
        return self._reasons[0]

    @property
    def against(self) -> tuple[Reason, ...]:
        """The facts that speak against it, the strongest first."""
        return self._reasons[1]

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """Its typical findings that are not known yet, the most telling first."""
        return self._make_missing()

    @cached_property
    def pivot(self) -> Pivot | None:
        """The number that its probability hangs on most."""
        return self._make_pivot()


@dataclass(frozen=True)
class CauseFound:
    """A cause with its probability, how sure that is, and why."""

    id: str
    name: str
    probability: float
    prior: float
    interval: tuple[float, float]
    variants: tuple[VariantProbability, ...]
    why: Why = field(repr=False, compare=False)


@dataclass(frozen=True)
class Explanation:
    """A set of causes that together account for the record, and its exact probability."""

    causes: tuple[str, ...]
    probability: float


@dataclass(frozen=True)
class Diagnosis:
    """Everything the network says of one record. `causes` are in order of probability, a probable
    underlying disease before its consequence. `covered` is the share of all states that the
    reasons, next checks and intervals rest on; the probabilities rest on all of them."""

    causes: tuple[CauseFound, ...]
    explanations: tuple[Explanation, ...]
    other: float
    error_bound: float
    covered: float
    checks: tuple[Check, ...]
    urgent_checks: tuple[Check, ...]
    batteries: tuple[Battery, ...]
    probability: dict[str, float]


def diagnose(network: Network, facts: Facts, explain: tuple[str, ...] = ()) -> Diagnosis:
    """The diagnosis of a record; `explain` names conditions whose reasons are wanted in any case.

    Probabilities are exact up to the error bound that is stated.
    """
    case = case_of(network, facts)
    width_to_sweep(case.problem)
    states = leading_states(case.problem)
    bounded = posterior_within(case.problem, states)
    exact = bounded.posterior
    candidates = candidates_of(case, states, prediction_of(case, states))
    return Diagnosis(
        causes=_causes(case, exact, states, candidates.elsewhere, explain),
        explanations=_explanations(case, exact, states),
        other=_only(case, exact, states, (network.condition_index[OTHER],)),
        error_bound=bounded.error,
        covered=min(states.total / exact.evidence, 1.0),
        checks=checks_of(case, states, candidates),
        urgent_checks=checks_of(case, states, candidates, most=URGENT_CHECKS, urgent=True),
        batteries=batteries_of(case, states, candidates),
        probability=dict(zip(network.conditions, exact.probability.tolist(), strict=True)),
    )


def _causes(
    case: Case, exact: Posterior, states: States, elsewhere: Array, explain: tuple[str, ...]
) -> tuple[CauseFound, ...]:
    """All causes but the unlisted one, in order. `elsewhere` is the expected frequency of every
    node over all that is possible now."""
    network = case.network
    names, probability = network.conditions, exact.probability.tolist()
    uncertain = uncertainty_of(case, states, exact.probability)
    prior, interval = case.priors.probability.tolist(), uncertain.interval.tolist()
    explained, labels = _Explained(case, elsewhere, uncertain), _labels(network)
    return tuple(
        CauseFound(
            id=names[i],
            name=labels[i],
            probability=probability[i],
            prior=prior[i],
            interval=(interval[i][0], interval[i][1]),
            variants=tuple(
                VariantProbability(v.id, v.name, p)
                for v, p in zip(network.variants[i], exact.variants[i], strict=True)
            ),
            why=explained.why(i, reasoned=probability[i] >= REASONED or names[i] in explain),
        )
        for i in _in_order(network, exact.probability)
        if names[i] != OTHER
    )


class _Explained:
    """The reasons for the causes of one record; what all of them need is made once."""

    def __init__(self, case: Case, elsewhere: Array, uncertain: Uncertainty) -> None:
        self._case = case
        self._elsewhere = elsewhere
        self._uncertain = uncertain

    @cached_property
    def _ratios(self) -> Array:
        return likelihood_ratios(self._case)

    @cached_property
    def _frequency(self) -> Array:
        return frequency_in(self._case)

    @cached_property
    def _unknown(self) -> Flags:
        return unknown_of(self._case)

    def why(self, cause: int, *, reasoned: bool) -> Why:
        """The reasons for one cause; only the number it hangs on unless it is to be `reasoned`."""
        pivot = partial(self._uncertain.pivot, cause)
        if not reasoned:
            return Why(lambda: ((), ()), tuple, pivot)
        return Why(partial(self._reasons, cause), partial(self._missing, cause), pivot)

    def _reasons(self, cause: int) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
        return reasons_of(self._case, self._ratios, cause)

    def _missing(self, cause: int) -> tuple[Missing, ...]:
        network, elsewhere = self._case.network, np.maximum(self._elsewhere, 1e-6)
        return missing_of(network, cause, self._frequency, elsewhere, self._unknown)


def probabilities_given(
    network: Network, facts: Facts, condition: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Posterior of every cause with one cause certainly present, and with it certainly absent."""
    problem = case_of(network, facts).problem
    place = network.condition_index[condition]

    def supposing(present: bool) -> dict[str, float]:
        bounded = posterior_within(replace(problem, decided={place: present}))
        found = bounded.posterior.probability.tolist()
        return dict(zip(network.conditions, found, strict=True))

    return supposing(True), supposing(False)


@lru_cache(maxsize=16)
def _labels(network: Network) -> tuple[str, ...]:
    """Names of the causes for people."""
    return tuple(network.name_of(i) for i in range(len(network.conditions)))


def _in_order(network: Network, probability: Array) -> list[int]:
    """Positions of the causes, the most probable first; an underlying disease that is practically
    as probable as what it has brought about comes before it, being what there is to treat."""
    order: list[int] = np.argsort(-probability).tolist()
    of = probability.tolist()
    for link in network.links:
        if of[link.parent] >= max(UNDERLYING, AS_PROBABLE * of[link.child]):
            parent, child = order.index(link.parent), order.index(link.child)
            if child < parent:
                order.insert(child, order.pop(parent))
    return order


def _explanations(case: Case, exact: Posterior, states: States) -> tuple[Explanation, ...]:
    """The most probable sets of causes. Their order comes from the leading states, their
    probability from a sweep over just the causes of the set."""
    sets, which = states.sets
    mass = np.zeros(len(sets))
    np.add.at(mass, which, states.weight)
    found = []
    for i in np.argsort(-mass)[: EXPLANATIONS + 2]:
        members = tuple(np.flatnonzero(sets[i]).tolist())
        names = tuple(case.network.conditions[c] for c in members)
        found.append(Explanation(names, _only(case, exact, states, members)))
    found.sort(key=lambda e: -e.probability)
    return tuple(found[:EXPLANATIONS])


def _only(case: Case, exact: Posterior, states: States, members: tuple[int, ...]) -> float:
    """P(exactly these causes | evidence): every way in which they can act, added up."""
    problem = case.problem
    absent = 1.0 - problem.prior
    for parent, child, probability in problem.links:
        if parent in members:
            absent[child] *= 1.0 - probability
    there = np.zeros(len(absent), dtype=bool)
    there[list(members)] = True
    chance = float(np.where(there, 1.0 - absent, absent).prod())
    likelihood = likelihood_of(problem, members, states.singles)
    return chance * problem.background_scalar / exact.evidence * likelihood
