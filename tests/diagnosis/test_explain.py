"""Reasons: likelihood ratios against enumeration, predictions against the exact engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crural.assessment import assess
from crural.diagnosis import OTHER, Case
from crural.diagnosis.diagnose import Diagnosis, _only
from crural.diagnosis.explain import (
    NO_REASON,
    TELLING,
    TYPICAL,
    frequency_in,
    likelihood_ratios,
    missing_of,
    reasons_of,
    sources_of,
    unknown_of,
)
from crural.diagnosis.inference import posterior
from crural.diagnosis.network import BILATERAL, RECORDING_ERROR, Array
from crural.diagnosis.prediction import prediction_of
from crural.diagnosis.states import leading_states
from crural.facts import Fact
from crural.knowledge import Knowledge, load_knowledge
from crural.record import Record
from tests.patients import case_for, case_of_some, patient

KNOWLEDGE = load_knowledge()
# Without links between them, and of different kinds: variants, mechanisms, both or one leg.
UNLINKED = (
    "sciatica-disc-herniation",
    "hip-osteoarthritis",
    "multiple-sclerosis",
    "diabetic-polyneuropathy",
    "meralgia-paraesthetica",
    "greater-trochanteric-pain-syndrome",
    "deep-vein-thrombosis",
    "polymyalgia-rheumatica",
)
NODES = tuple(
    f.id
    for f in KNOWLEDGE.findings.values()
    if f.role in {"pain", "effect"} and f.sex is None and f.id != BILATERAL
)


def observation(finding: str, state: int, side: str | None = None) -> dict[str, Any]:
    entry = KNOWLEDGE.findings[finding]
    state = min(state, len(entry.state_ids) - 1)
    what = {"state": entry.state_ids[state]} if entry.graded else {"present": state > 0}
    return {"finding": finding, **what, **({"side": side} if entry.sided and side else {})}


def related(finding: str, others: Iterable[str]) -> bool:
    """Does one of the findings imply this one, or this one it?"""
    nested = KNOWLEDGE.nested
    return any(finding in nested[o] or o in nested[finding] or o == finding for o in others)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """A few findings that do not imply each other, on either leg."""
    kept: list[str] = []
    for finding in draw(st.lists(st.sampled_from(NODES), max_size=6, unique=True)):
        if not related(finding, kept):
            kept.append(finding)
    said = [
        observation(name, draw(st.integers(0, 3)), draw(st.sampled_from([None, "left", "right"])))
        for name in kept
    ]
    return patient(
        KNOWLEDGE,
        said=said,
        age=draw(st.integers(20, 85)),
        side=draw(st.sampled_from(["left", "bilateral", None])),
    )


# Two layers by enumeration -------------------------------------------------------------------


def at_most_of(case: Case, cause: int, fact: Fact, state: int) -> float:
    """P(one cause alone brings the finding to a state or lower), over all ways it can act."""
    network = case.network
    bilateral = float(network.bilateral[cause])
    if fact.finding == BILATERAL:
        return 1.0 - bilateral * (1.0 - RECORDING_ERROR) if state == 0 else 1.0
    node = network.node_index[fact.finding]
    variants: list[tuple[int | None, float]] = [
        (i, v.share) for i, v in enumerate(network.variants[cause])
    ] or [(None, 1.0)]
    total = 0.0
    for two_sided, side_share in ((True, bilateral), (False, 1.0 - bilateral)):
        for variant, form_share in variants:
            groups = [
                g for g in network.groups_of[cause] if network.groups[g].variant in {None, variant}
            ]
            for active in itertools.product((True, False), repeat=len(groups)):
                chance = side_share * form_share
                kept = 1.0
                for group, on in zip(groups, active, strict=True):
                    share = network.groups[group].share
                    chance *= share if on else 1.0 - share
                    if on:
                        up = 1.0 - float(network.cdf[group, node, state])
                        away = fact.place == "other-side" and not two_sided
                        kept *= 1.0 - (float(network.silent_share[group]) * up if away else up)
                total += chance * kept
    return total


def ratio_by_enumeration(case: Case, fact: Fact, cause: int) -> float:
    """P(fact | cause) / P(fact | not the cause, at least one other), over all sets of causes."""
    network, prior = case.network, case.problem.prior
    n = len(network.conditions)
    background = network.background(case.facts.record.age)[network.node_index[fact.finding]]

    def probability(present: tuple[int, ...]) -> float:
        def at_most(state: int) -> float:
            if state < 0:
                return 0.0
            each = [at_most_of(case, c, fact, state) for c in present]
            return float(background[state]) * float(np.prod(each))

        return at_most(fact.state) - at_most(fact.state - 1)

    weight = {True: 0.0, False: 0.0}
    hit = {True: 0.0, False: 0.0}
    for there in itertools.product((False, True), repeat=n):
        if not any(there):
            continue
        present = tuple(i for i in range(n) if there[i])
        chance = float(np.prod(np.where(there, prior, 1.0 - prior)))
        weight[there[cause]] += chance
        hit[there[cause]] += chance * probability(present)
    return (hit[True] / weight[True]) / (hit[False] / weight[False])


@given(records(), st.lists(st.sampled_from(UNLINKED), min_size=3, max_size=3, unique=True))
@settings(max_examples=15, deadline=None)
def test_likelihood_ratios_equal_those_of_two_layers_by_enumeration(
    record: Record, conditions: list[str]
) -> None:
    case = case_of_some(KNOWLEDGE, record, *sorted(conditions))
    ratios = likelihood_ratios(case)
    assert not case.problem.links
    for row, fact in zip(ratios, (*case.bits, *case.lows), strict=True):
        for cause, ratio in enumerate(row):
            assert ratio == pytest.approx(ratio_by_enumeration(case, fact, cause), rel=1e-6)


@pytest.mark.parametrize(
    ("finding", "condition"),
    [
        ("saddle-numbness", "cauda-equina-syndrome"),
        ("us-dvt", "deep-vein-thrombosis"),
        ("xray-knee-oa", "baker-cyst"),
        ("urinary-retention-symptom", "psoas-abscess"),
    ],
)
def test_with_links_the_ratio_stays_near_what_the_exact_engine_does(
    knowledge: Knowledge, finding: str, condition: str
) -> None:
    alone = case_for(knowledge, patient(knowledge, side=None))
    case = case_for(knowledge, patient(knowledge, finding, side=None))
    at = case.network.condition_index[condition]
    before, after = posterior(alone.problem), posterior(case.problem)
    moved = after.probability[at] / (1 - after.probability[at])
    moved /= before.probability[at] / (1 - before.probability[at])
    ratio = likelihood_ratios(case)[[f.finding for f in case.bits].index(finding), at]
    assert 0.7 < ratio / moved < 1.4


# Predictions ---------------------------------------------------------------------------------


@given(records(), st.sampled_from(NODES))
@settings(max_examples=20, deadline=None)
def test_predictions_equal_those_of_the_exact_engine(record: Record, asked: str) -> None:
    assume(not related(asked, [one.finding for one in record.observations]))
    conditions = ("hip-osteoarthritis", "sciatica-disc-herniation")
    case = case_of_some(KNOWLEDGE, record, *conditions)
    states = leading_states(case.problem)
    total = posterior(case.problem).evidence
    assume(states.total > 0.999 * total)
    columns = np.array([case.network.node_index[asked]])
    predicted = 1.0 - states.share @ prediction_of(case, states).present(columns)[:, 0]
    said = [one.model_dump(exclude_none=True) for one in record.observations]
    told = patient(KNOWLEDGE, said=[*said, observation(asked, 0)], age=record.age, side=record.side)
    evidence = posterior(case_of_some(KNOWLEDGE, told, *conditions).problem).evidence
    assert float(predicted) == pytest.approx(evidence / total, abs=0.01)


def test_frequencies_are_those_that_the_knowledge_states(knowledge: Knowledge) -> None:
    case = case_for(knowledge, patient(knowledge))
    table = frequency_in(case)
    assert ((table >= 0) & (table <= 1)).all()
    network = case.network
    slr = table[:, network.node_index["slr-positive"]]
    assert slr[network.condition_index["sciatica-disc-herniation"]] > 0.4
    assert slr[network.condition_index["knee-osteoarthritis"]] < 0.2


# Reasons -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sciatica(knowledge: Knowledge) -> Case:
    record = patient(
        knowledge,
        "pain-buttock",
        "pain-radiating-below-knee",
        "slr-positive",
        "heavy-lifting-work",
        absent=["worse-cough-sneeze", "smoking-ever"],
    )
    return case_for(knowledge, record)


@pytest.fixture(scope="module")
def ratios(sciatica: Case) -> Array:
    return likelihood_ratios(sciatica)


def test_reasons_are_strong_enough_and_the_strongest_comes_first(
    sciatica: Case, ratios: Array
) -> None:
    for cause in range(len(sciatica.network.conditions)):
        for_, against = reasons_of(sciatica, ratios, cause)
        up = [r.likelihood_ratio for r in for_]
        down = [r.likelihood_ratio for r in against]
        assert up == sorted(up, reverse=True)
        assert down == sorted(down)
        assert all(r >= NO_REASON for r in up)
        assert all(0 < r <= 1 / NO_REASON for r in down)


def test_findings_and_risk_factors_are_reasons_alike(sciatica: Case, ratios: Array) -> None:
    cause = sciatica.network.condition_index["sciatica-disc-herniation"]
    for_, against = reasons_of(sciatica, ratios, cause)
    named = {r.finding: r for r in for_}
    assert {"slr-positive", "pain-radiating-below-knee", "heavy-lifting-work"} <= set(named)
    assert named["slr-positive"].sources
    assert all(s in sciatica.network.knowledge.evidence for s in named["slr-positive"].sources)
    assert named["slr-positive"].state == 1
    missing = {r.finding: r for r in against}
    assert missing["worse-cough-sneeze"].state == 0


def test_every_reason_says_why(sciatica: Case, ratios: Array) -> None:
    for cause in range(len(sciatica.network.conditions)):
        for reason in itertools.chain(*reasons_of(sciatica, ratios, cause)):
            assert reason.because


def test_a_finding_outside_the_network_has_no_sources(sciatica: Case) -> None:
    assert sources_of(sciatica, "smoking-ever", 0) == ((), None)


def test_missing_findings_are_typical_telling_and_unknown(sciatica: Case) -> None:
    network = sciatica.network
    states = leading_states(sciatica.problem)
    nodes = np.arange(len(network.nodes))
    elsewhere = np.maximum(states.share @ prediction_of(sciatica, states).present(nodes), 1e-6)
    frequency = frequency_in(sciatica)
    found = 0
    for cause in range(len(network.conditions)):
        missing = missing_of(network, cause, frequency, elsewhere, unknown_of(sciatica))
        assert len(missing) <= 6
        gains = [m.frequency * np.log(m.frequency / m.elsewhere) for m in missing]
        assert gains == sorted(gains, reverse=True)
        for one in missing:
            assert one.frequency >= TYPICAL
            assert one.frequency >= TELLING * one.elsewhere
            assert sciatica.facts.state(one.finding) is None
        found += len(missing)
    assert found > 20


def test_nothing_is_missing_of_the_unlisted_cause(sciatica: Case) -> None:
    network = sciatica.network
    everything = np.ones((len(network.conditions), len(network.nodes)))
    rarely = everything[0] / 10
    none = [
        cause
        for cause in range(len(network.conditions))
        if not missing_of(network, cause, everything, rarely, unknown_of(sciatica))
    ]
    assert none == [network.condition_index[OTHER]]


# Explanations --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def diagnosed(knowledge: Knowledge) -> Diagnosis:
    record = patient(
        knowledge, "pain-groin", "worse-weight-bearing", "hip-rotation-painful", "pain-low-back"
    )
    return assess(record, knowledge).diagnosis


def test_explanations_are_distinct_and_ordered(diagnosed: Diagnosis) -> None:
    chances = [e.probability for e in diagnosed.explanations]
    assert chances == sorted(chances, reverse=True)
    assert len({e.causes for e in diagnosed.explanations}) == len(chances)
    assert sum(chances) <= 1.0
    assert ("hip-osteoarthritis",) in {e.causes for e in diagnosed.explanations}


def test_explanations_of_all_sets_add_up_to_one(knowledge: Knowledge) -> None:
    record = patient(knowledge, "pain-groin", "pain-low-back", "worse-sitting")
    conditions = ("hip-osteoarthritis", "sciatica-disc-herniation")
    case = case_of_some(knowledge, record, *conditions)
    exact = posterior(case.problem)
    states = leading_states(case.problem)
    n = len(case.network.conditions)
    chances = {
        members: _only(case, exact, states, members)
        for size in range(1, n + 1)
        for members in itertools.combinations(range(n), size)
    }
    assert sum(chances.values()) == pytest.approx(1.0, rel=1e-9)
    for cause in range(n):
        having = sum(p for members, p in chances.items() if cause in members)
        assert having == pytest.approx(exact.probability[cause], rel=1e-9)
