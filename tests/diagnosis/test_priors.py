"""How likely each condition is before any finding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crural.assessment import network_of
from crural.diagnosis import OTHER
from crural.diagnosis.network import Array
from crural.diagnosis.priors import (
    IMPOSSIBLE,
    LEAST_OWN_SHARE,
    MEAN_CAUSES,
    Priors,
    _own_shares_in,
    _scale_in,
    _shares_in,
    prevalences_at,
    priors_of,
    risk_ratios,
)
from crural.facts import facts_of
from crural.knowledge import Knowledge, resolve
from crural.knowledge.model import SETTINGS, Setting
from tests.patients import odds, patient

SCIATICA = "sciatica-disc-herniation"


def priors(knowledge: Knowledge, *present: str, **more: Any) -> Priors:
    record = patient(knowledge, *present, **more)
    return priors_of(network_of(knowledge), facts_of(record, knowledge))


def prior(knowledge: Knowledge, condition: str, *present: str, **more: Any) -> float:
    at = network_of(knowledge).condition_index[condition]
    return float(priors(knowledge, *present, **more).probability[at])


def plain_risks(knowledge: Knowledge) -> list[tuple[str, str]]:
    """Risk factors of a ratio that neither imply another of their condition nor follow from it."""
    found = []
    for condition in knowledge.conditions.values():
        named = [risk.finding for risk in condition.risks]
        for risk in condition.risks:
            above = knowledge.nested[risk.finding]
            below = [name for name in named if risk.finding in knowledge.nested[name]]
            sexless = knowledge.findings[risk.finding].sex is None
            if risk.ratio is not None and sexless and not below and not set(above) & set(named):
                found.append((condition.id, risk.finding))
    return found


# Risk factors --------------------------------------------------------------------------------


def test_patients_with_and_without_a_risk_factor_average_back_to_the_prior(
    knowledge: Knowledge,
) -> None:
    pairs = plain_risks(knowledge)
    assert len(pairs) > 50
    prevalences = prevalences_at(knowledge, 50)
    for condition, risk in pairs:
        neither = odds(prior(knowledge, condition))
        having = odds(prior(knowledge, condition, risk))
        lacking = odds(prior(knowledge, condition, absent=[risk]))
        p = prevalences[risk]
        assert p * having + (1 - p) * lacking == pytest.approx(neither, rel=1e-6)
        ratio = risk_ratios(knowledge)[condition, risk].value
        assert having / lacking == pytest.approx(ratio, rel=1e-6)


def test_each_known_risk_factor_is_a_step_with_its_reason_and_source(knowledge: Knowledge) -> None:
    at = network_of(knowledge).condition_index[SCIATICA]
    steps = priors(knowledge, "smoking-current").steps[at]
    step = next(s for s in steps if s.finding == "smoking-current")
    assert step.factor > 1
    assert step.why.startswith("ratio ")
    assert step.sources
    assert all(source in knowledge.evidence for source in step.sources)
    assert [s.why for s in steps if s.finding is None] == ["age 50", "male"]


def test_steps_multiply_to_the_prior(knowledge: Knowledge) -> None:
    with_steps = priors(knowledge, "smoking-current", absent=["obesity"])
    network = network_of(knowledge)
    owns, scale = _own_shares_in(knowledge, "primary-care"), _scale_in(knowledge, "primary-care")
    for at, name in enumerate(network.conditions):
        own = scale * owns[name]
        product = float(np.prod([step.factor for step in with_steps.steps[at]] or [1.0]))
        probability = with_steps.probability[at]
        if probability > IMPOSSIBLE:
            assert odds(float(probability)) == pytest.approx(odds(own) * product, rel=1e-9)


@pytest.mark.parametrize(
    ("condition", "needed"),
    [
        ("stump-or-phantom-limb-pain", "amputation"),
        ("persistent-spinal-pain-syndrome-2", "lumbar-surgery-previous"),
    ],
)
def test_what_cannot_be_without_a_fact_is_all_but_impossible_without_it(
    knowledge: Knowledge, condition: str, needed: str
) -> None:
    neither = prior(knowledge, condition)
    assert prior(knowledge, condition, absent=[needed]) == IMPOSSIBLE
    having = prior(knowledge, condition, needed)
    prevalence = prevalences_at(knowledge, 50)[needed]
    assert odds(having) == pytest.approx(odds(neither) / prevalence, rel=1e-6)


def test_the_absence_of_a_specific_risk_that_follows_from_a_general_one_adds_nothing(
    knowledge: Knowledge,
) -> None:
    for condition in knowledge.conditions.values():
        named = {risk.finding for risk in condition.risks}
        for specific in named:
            for general in set(knowledge.nested[specific]) & named:
                without = prior(knowledge, condition.id, absent=[general])
                both = prior(knowledge, condition.id, absent=[general, specific])
                assert without == both


# Age, sex, side ------------------------------------------------------------------------------


def test_age_and_sex_shift_the_prior(knowledge: Knowledge) -> None:
    stenosis = "lumbar-spinal-stenosis"
    assert prior(knowledge, stenosis, age=75) > 3 * prior(knowledge, stenosis, age=25)
    ms = "multiple-sclerosis"
    woman, man = (prior(knowledge, ms, sex=sex) for sex in ("female", "male"))
    factors = knowledge.conditions[ms].prior.by_sex
    assert factors is not None
    assert odds(woman) / odds(man) == pytest.approx(factors.female / factors.male)


def test_a_cause_that_favours_the_left_is_likelier_there(knowledge: Knowledge) -> None:
    vein = "may-thurner-syndrome"
    left, right, both = (prior(knowledge, vein, side=s) for s in ("left", "right", "bilateral"))
    side = knowledge.conditions[vein].side.left
    assert side is not None
    share = resolve(side, knowledge.evidence, "probability").value
    assert odds(left) / odds(right) == pytest.approx(share / (1 - share))
    assert odds(left) + odds(right) == pytest.approx(2 * odds(both))
    at = network_of(knowledge).condition_index[vein]
    whys = [s.why for s in priors(knowledge, side="left").steps[at]]
    assert "pain on the left" in whys


def test_the_unlisted_cause_is_always_possible(knowledge: Knowledge) -> None:
    for setting in SETTINGS:
        assert prior(knowledge, OTHER, setting=setting) > 0.01


# Scale ---------------------------------------------------------------------------------------


def marginals(own: Array, order: tuple[int, ...], links: tuple[Any, ...]) -> Array:
    """P(cause), however it came about."""
    result = own.copy()
    for cause in order:
        absent = 1 - own[cause]
        for link in links:
            if link.child == cause:
                absent *= 1 - result[link.parent] * link.probability
        result[cause] = 1 - absent
    return result


@pytest.mark.parametrize("setting", SETTINGS)
def test_patients_have_as_many_causes_as_patients_do(
    knowledge: Knowledge, setting: Setting
) -> None:
    shares = _shares_in(knowledge, setting)
    scaled = _scale_in(knowledge, setting) * np.array([q.value for q in shares.values()])
    with_a_cause = 1 - np.prod(1 - scaled)
    assert scaled.sum() / with_a_cause == pytest.approx(MEAN_CAUSES, rel=1e-9)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_share_that_other_causes_bring_about_is_taken_out(
    knowledge: Knowledge, setting: Setting
) -> None:
    network = network_of(knowledge)
    shares, owns = _shares_in(knowledge, setting), _own_shares_in(knowledge, setting)
    for condition in knowledge.conditions.values():
        whole, own = shares[condition.id].value, owns[condition.id]
        spared = 1.0
        for cause in condition.caused_by:
            p = resolve(cause.probability, knowledge.evidence, "probability").value
            spared *= 1 - shares[cause.condition].value * p
        if not condition.caused_by:
            assert own == pytest.approx(whole, rel=1e-12)
        elif own > LEAST_OWN_SHARE * whole:
            assert 1 - (1 - own) * spared == pytest.approx(whole, rel=1e-9)
        assert LEAST_OWN_SHARE * whole * (1 - 1e-12) <= own <= whole * (1 + 1e-12)
    # With the links, the shares come back about as they were stated.
    scale = _scale_in(knowledge, setting)
    back = marginals(
        scale * np.array([owns[name] for name in network.conditions]), network.order, network.links
    )
    for name, value in zip(network.conditions, back, strict=True):
        if owns[name] > LEAST_OWN_SHARE * shares[name].value * (1 + 1e-9):
            assert value == pytest.approx(scale * shares[name].value, rel=0.35)
