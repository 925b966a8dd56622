"""How likely each condition is before any finding: setting, age, sex, risks, painful side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np

from crural.diagnosis.network import Array, Network
from crural.facts import Facts
from crural.knowledge import Condition, Knowledge, Quantity, resolve
from crural.knowledge.model import ByAge, Setting

# A condition that cannot be without a fact that is known to be missing.
IMPOSSIBLE = 1e-9
# When the stated causes of a condition would by themselves make it as common as it is, this part of
# it is still taken to come without them: no list of causes is complete.
LEAST_OWN_SHARE = 0.2
# Mean number of causes that contribute to the leg pain of one patient. Estimate (range 1.1 to
# 1.4): a second cause is found in about one patient in five, as in the overlap of hip and spine
# disease or of stenosis and arterial disease.
MEAN_CAUSES = 1.2
# The share of a one-sided condition that lies on the left when nothing is stated.
EVEN_SIDES = 0.5


@dataclass(frozen=True)
class PriorStep:
    """One factor on the prior odds of a condition, with its reason."""

    finding: str | None
    factor: float
    why: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Priors:
    """Prior probability of each condition of the network, how uncertain it is, and why.

    `probability` and `spread` (standard deviation on the logit scale) have one entry per condition.
    """

    probability: Array
    spread: Array
    steps: tuple[tuple[PriorStep, ...], ...]


def priors_of(network: Network, facts: Facts) -> Priors:
    """Priors for one patient.

    A risk factor that is known multiplies the prior odds by R / (pR + 1 - p) when present and by
    1 / (pR + 1 - p) when absent, with R its ratio and p its prevalence: the prior is the average
    over patients with and without it, so that not knowing it changes nothing.
    """
    record = facts.record
    steps = list(_all_steps_without_risks(network, record.age, record.sex, record.side))
    concerned = {index for name in facts.risks for index, _, _ in _with_risk(network).get(name, ())}
    for index in concerned:
        steps[index] += tuple(_risk_steps(network.condition(index), facts, network.knowledge))
    return Priors(
        prior_probability(network, facts), _spread_in(network, record.setting), tuple(steps)
    )


@lru_cache(maxsize=16)
def _spread_in(network: Network, setting: Setting) -> Array:
    shares = _shares_in(network.knowledge, setting)
    return np.array([shares[name].spread for name in network.conditions])


# Some 20 kB each; whoever is assessed again and again keeps age, sex and side.
@lru_cache(maxsize=64)
def _all_steps_without_risks(
    network: Network, age: float, sex: str, side: str | None
) -> tuple[tuple[PriorStep, ...], ...]:
    """The factors of age, sex and painful side on each condition."""
    conditions = map(network.condition, range(len(network.conditions)))
    knowledge = network.knowledge
    return tuple(
        tuple(_steps_without_risks(condition, age, sex, side, knowledge))
        for condition in conditions
    )


def prior_probability(network: Network, facts: Facts) -> Array:
    """What `priors_of` gives as the probability of each condition, without the reasons."""
    record = facts.record
    odds = _odds_without_risks(network, record.setting, record.age, record.sex, record.side)
    factors: dict[int, float] = {}
    prevalences = prevalences_at(network.knowledge, int(record.age))
    for name, known in facts.risks.items():
        for index, ratio, generals in _with_risk(network).get(name, ()):
            if known or not any(facts.risks.get(general) is False for general in generals):
                step = _risk_factor(known, ratio, prevalences[name])
                factors[index] = factors.get(index, 1.0) * step
    if factors:
        odds = odds.copy()
        odds[list(factors)] *= list(factors.values())
    return np.asarray(np.maximum(odds / (1.0 + odds), IMPOSSIBLE))


@lru_cache(maxsize=2048)
def _odds_without_risks(
    network: Network, setting: Setting, age: float, sex: str, side: str | None
) -> Array:
    """Prior odds of each condition, with the factors of age, sex and painful side."""
    owns = _own_shares_in(network.knowledge, setting)
    scale = _scale_in(network.knowledge, setting)
    odds = []
    for index, name in enumerate(network.conditions):
        own = scale * owns[name]
        steps = _steps_without_risks(network.condition(index), age, sex, side, network.knowledge)
        odds.append(own / (1.0 - own) * math.prod(step.factor for step in steps))
    return np.array(odds)


@lru_cache(maxsize=16)
def _with_risk(
    network: Network,
) -> Mapping[str, tuple[tuple[int, float | None, tuple[str, ...]], ...]]:
    """For each risk factor the conditions that have it: position, ratio (None: cannot be without
    it), and the more general risk factors of that condition."""
    ratios = risk_ratios(network.knowledge)
    found: dict[str, list[tuple[int, float | None, tuple[str, ...]]]] = {}
    for index in range(len(network.conditions)):
        condition = network.condition(index)
        listed = {risk.finding for risk in condition.risks}
        for risk in condition.risks:
            ratio = ratios.get((condition.id, risk.finding))
            generals = tuple(g for g in network.knowledge.nested[risk.finding] if g in listed)
            entry = index, None if ratio is None else ratio.value, generals
            found.setdefault(risk.finding, []).append(entry)
    return {name: tuple(of) for name, of in found.items()}


@lru_cache(maxsize=16)
def _shares_in(knowledge: Knowledge, setting: Setting) -> Mapping[str, Quantity]:
    """Stated share of each condition in a setting."""
    return {
        one.id: resolve(one.prior.in_setting(setting), knowledge.evidence, "probability")
        for one in (*knowledge.conditions.values(), knowledge.other)
    }


@lru_cache(maxsize=16)
def _scale_in(knowledge: Knowledge, setting: Setting) -> float:
    """What turns a share among patients with leg pain into a prior of the network.

    Everybody in the clinic has at least one cause, while the network draws causes independently and
    then is told that there is at least one. With priors p_i = s * share_i the shares come out right
    among those with at least one cause when s = P(at least one) = 1 - product(1 - p_i). The shares
    are first brought to add up to the mean number of causes of a patient.
    """
    shares = [q.value for q in _shares_in(knowledge, setting).values()]
    normed = np.array(shares) * (MEAN_CAUSES / sum(shares))
    s = 0.5
    for _ in range(200):
        s = 1.0 - float(np.prod(1.0 - s * normed))
    return s * MEAN_CAUSES / sum(shares)


@lru_cache(maxsize=16)
def _own_shares_in(knowledge: Knowledge, setting: Setting) -> Mapping[str, float]:
    """Share of each condition that no other condition brought about.

    The stated share is the whole: share = 1 - (1 - own) * product(1 - parent * probability).
    """
    shares = _shares_in(knowledge, setting)
    own = {}
    for condition in (*knowledge.conditions.values(), knowledge.other):
        spared = 1.0
        for cause in condition.caused_by:
            probability = resolve(cause.probability, knowledge.evidence, "probability").value
            spared *= 1.0 - shares[cause.condition].value * probability
        whole = shares[condition.id].value
        own[condition.id] = max(1.0 - (1.0 - whole) / spared, LEAST_OWN_SHARE * whole)
    return own


@lru_cache(maxsize=128)
def prevalences_at(knowledge: Knowledge, age: int) -> Mapping[str, float]:
    """How common each risk factor is at an age in whole years; the bands are no finer."""
    prevalences = {}
    for finding in knowledge.findings.values():
        number = finding.prevalence
        if number is not None:
            plain = number.at(age) if isinstance(number, ByAge) else number
            prevalences[finding.id] = resolve(plain, knowledge.evidence, "probability").value
    return prevalences


@lru_cache(maxsize=16)
def risk_ratios(knowledge: Knowledge) -> Mapping[tuple[str, str], Quantity]:
    """The ratio of each risk factor of each condition: (condition, risk factor) -> ratio.

    A condition that cannot be without the factor has none.
    """
    return {
        (condition.id, risk.finding): resolve(risk.ratio, knowledge.evidence, "ratio")
        for condition in (*knowledge.conditions.values(), knowledge.other)
        for risk in condition.risks
        if risk.ratio is not None
    }


def _steps_without_risks(
    condition: Condition, age: float, sex: str, side: str | None, knowledge: Knowledge
) -> list[PriorStep]:
    steps = []
    if condition.prior.by_age is not None:
        factor = _age_factors(knowledge, age)[condition.id]
        sources = condition.prior.by_age.evidence
        steps.append(PriorStep(None, factor, f"age {age:g}", sources))
    if condition.prior.by_sex is not None:
        sexes = condition.prior.by_sex
        steps.append(PriorStep(None, cast(float, getattr(sexes, sex)), sex, sexes.evidence))
    if condition.side.left is not None and side in {"left", "right"}:
        left = _left_shares(knowledge)[condition.id]
        share = left if side == "left" else 1 - left
        steps.append(PriorStep(None, share / EVEN_SIDES, f"pain on the {side}"))
    return steps


@lru_cache(maxsize=128)
def _age_factors(knowledge: Knowledge, age: float) -> Mapping[str, float]:
    """Factor of an age in years on each condition that depends on it."""
    return {
        condition.id: condition.prior.by_age.at(age)
        for condition in (*knowledge.conditions.values(), knowledge.other)
        if condition.prior.by_age is not None
    }


@lru_cache(maxsize=16)
def _left_shares(knowledge: Knowledge) -> Mapping[str, float]:
    """Share on the left of each condition that prefers a side."""
    return {
        condition.id: resolve(condition.side.left, knowledge.evidence, "probability").value
        for condition in (*knowledge.conditions.values(), knowledge.other)
        if condition.side.left is not None
    }


def _risk_steps(condition: Condition, facts: Facts, knowledge: Knowledge) -> list[PriorStep]:
    """One factor for each known risk. Ratios of nested risks are increments and multiply; the
    absence of a specific one that follows from the absence of a general one adds nothing."""
    listed = [risk.finding for risk in condition.risks]
    steps = []
    for name in listed:
        known = facts.risks.get(name)
        follows = any(
            facts.risks.get(general) is False and general in listed
            for general in knowledge.nested[name]
        )
        if known is not None and (known or not follows):
            ratio = risk_ratios(knowledge).get((condition.id, name))
            prevalence = prevalences_at(knowledge, int(facts.record.age))[name]
            steps.append(_risk_step(name, known, ratio, prevalence))
    return steps


def _risk_step(name: str, known: bool, ratio: Quantity | None, prevalence: float) -> PriorStep:
    factor = _risk_factor(known, None if ratio is None else ratio.value, prevalence)
    if ratio is None:
        return PriorStep(name, factor, "cannot be without it")
    return PriorStep(name, factor, f"ratio {ratio.value:g}", ratio.sources)


def _risk_factor(known: bool, ratio: float | None, prevalence: float) -> float:
    """Factor on the prior odds of a risk that is known to be there or not to be."""
    if ratio is None:
        return 1 / prevalence if known else IMPOSSIBLE
    return (ratio if known else 1.0) / (prevalence * ratio + 1 - prevalence)
