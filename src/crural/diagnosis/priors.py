"""How likely each condition is before any finding: setting, age, sex, risk factors, painful side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from crural.diagnosis.network import OTHER, OTHER_PRIOR, Array, Network
from crural.facts import Facts
from crural.knowledge import Condition, Knowledge, resolve
from crural.knowledge.model import ByAge, Risk

# A condition that cannot be without a fact that is known to be missing.
IMPOSSIBLE = 1e-9
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
    probability, spread, steps = [], [], []
    for name in network.conditions:
        if name == OTHER:
            probability.append(OTHER_PRIOR)
            spread.append(0.5)
            steps.append(())
            continue
        condition = network.knowledge.conditions[name]
        base = resolve(
            condition.prior.in_setting(facts.record.setting),
            network.knowledge.evidence,
            "probability",
        )
        made = tuple(_steps(condition, facts, network.knowledge))
        odds = base.value / (1 - base.value) * float(np.prod([s.factor for s in made] or [1.0]))
        probability.append(max(odds / (1 + odds), IMPOSSIBLE))
        spread.append(base.spread)
        steps.append(made)
    return Priors(np.array(probability), np.array(spread), tuple(steps))


def _steps(condition: Condition, facts: Facts, knowledge: Knowledge) -> list[PriorStep]:
    record = facts.record
    steps = []
    if condition.prior.by_age is not None:
        factors = condition.prior.by_age
        steps.append(
            PriorStep(None, factors.at(record.age), f"age {record.age:g}", factors.evidence)
        )
    if condition.prior.by_sex is not None:
        sexes = condition.prior.by_sex
        steps.append(
            PriorStep(None, cast(float, getattr(sexes, record.sex)), record.sex, sexes.evidence)
        )
    if condition.side.left is not None and record.side in {"left", "right"}:
        left = resolve(condition.side.left, knowledge.evidence, "probability").value
        share = left if record.side == "left" else 1 - left
        steps.append(PriorStep(None, share / EVEN_SIDES, f"pain on the {record.side}"))
    steps += _risk_steps(condition, facts, knowledge)
    return steps


def _risk_steps(condition: Condition, facts: Facts, knowledge: Knowledge) -> list[PriorStep]:
    """Only the most specific known risk of each nested family counts for a condition."""
    listed = {risk.finding: risk for risk in condition.risks}
    steps = []
    for name, risk in listed.items():
        known = facts.risks.get(name)
        if known is None:
            continue
        if known and any(
            facts.risks.get(other) and name in knowledge.nested[other] for other in listed
        ):
            continue
        if not known and any(
            facts.risks.get(general) is not None and general in listed
            for general in knowledge.nested[name]
        ):
            continue
        steps.append(_risk_step(risk, known, facts, knowledge))
    return steps


def _risk_step(risk: Risk, known: bool, facts: Facts, knowledge: Knowledge) -> PriorStep:
    finding = knowledge.findings[risk.finding]
    number = finding.prevalence
    if isinstance(number, ByAge):
        number = number.at(facts.record.age)
    assert number is not None  # the model refuses a risk finding without a prevalence
    prevalence = resolve(number, knowledge.evidence, "probability").value
    if risk.necessary or risk.ratio is None:
        factor = 1 / prevalence if known else IMPOSSIBLE
        return PriorStep(risk.finding, factor, "cannot be without it")
    ratio = resolve(risk.ratio, knowledge.evidence, "ratio")
    average = prevalence * ratio.value + 1 - prevalence
    factor = (ratio.value if known else 1.0) / average
    return PriorStep(risk.finding, factor, f"ratio {ratio.value:g}", ratio.sources)
