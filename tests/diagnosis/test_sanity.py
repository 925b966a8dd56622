"""What any sane diagnosis does, on random records in the words of the shipped vocabulary."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crural.diagnosis import Case
from crural.diagnosis.explain import likelihood_ratios
from crural.diagnosis.inference import Posterior, posterior, width_of
from crural.knowledge import Condition, Finding, Knowledge, load_knowledge
from crural.record import Record, record_from_data
from tests.patients import case_for

KNOWLEDGE = load_knowledge()
# Sweeps up to this width take a fraction of a second.
NARROW = 14
OTHER_LEG = {"left": "right", "right": "left", "both": "both", "bilateral": "bilateral"}

Data = dict[str, Any]


def _can_be_asked(finding: Finding) -> bool:
    return finding.sex is None and finding.id != "pain-bilateral" and finding.role != "panel"


ASKED = tuple(f.id for f in KNOWLEDGE.findings.values() if _can_be_asked(f))
NODES = tuple(f for f in ASKED if KNOWLEDGE.findings[f].role in {"pain", "effect"})
NESTED = tuple((f, general) for f in ASKED for general in KNOWLEDGE.nested[f])
PANELS = tuple(f.id for f in KNOWLEDGE.findings.values() if f.role == "panel")
HEADS = st.fixed_dictionaries(
    {
        "age": st.integers(16, 90),
        "sex": st.sampled_from(["female", "male"]),
        "side": st.sampled_from(["left", "right", "bilateral"]),
        "setting": st.sampled_from(["primary-care", "specialist", "emergency"]),
    }
)


def said(finding: str, present: bool, side: str | None = None, grade: int = 1) -> Data:
    """An observation; a graded finding is absent in its lowest state, present in another."""
    entry = KNOWLEDGE.findings[finding]
    states = entry.state_ids
    what: Data = {"present": present}
    if entry.graded:
        what = {"state": states[1 + grade % (len(states) - 1)] if present else states[0]}
    return {"finding": finding, **what, **({"side": side} if entry.sided and side else {})}


def _related(finding: str, others: Mapping[str, bool]) -> bool:
    nested = KNOWLEDGE.nested
    return any(finding in nested[other] or other in nested[finding] for other in others)


@st.composite
def records(draw: st.DrawFn, most: int = 6) -> Data:
    """Plain data of a record of unrelated findings, on either leg or with no side said."""
    named = draw(st.lists(st.sampled_from(ASKED), max_size=2 * most, unique=True))
    kept: dict[str, bool] = {}
    for i, finding in enumerate(named):
        if not _related(finding, kept):
            kept[finding] = i % 2 == 0
    sides = draw(
        st.lists(
            st.sampled_from([None, "left", "right", "both"]),
            min_size=len(kept),
            max_size=len(kept),
        )
    )
    grade = draw(st.integers(0, 2))
    observations = [
        said(finding, present, side, grade)
        for (finding, present), side in zip(kept.items(), sides, strict=True)
    ]
    return {**draw(HEADS), "observations": observations}


def read(data: Data) -> Record:
    """The record of plain data."""
    return record_from_data(data, KNOWLEDGE.vocabulary, "test")


def case(data: Data, knowledge: Knowledge = KNOWLEDGE) -> Case:
    """The case of plain data."""
    return case_for(knowledge, read(data))


def exact(one: Case) -> Posterior:
    """The posterior, for cases that are swept quickly."""
    assume(width_of(one.problem) <= NARROW)
    return posterior(one.problem)


def asked_of(one: Case) -> tuple[object, ...]:
    """All that the engine is told of a patient."""
    facts = [(f.finding, f.place, f.state) for f in (*one.bits, *one.lows)]
    return facts, one.priors.probability.tolist(), one.facts.record.age


@given(HEADS, st.sampled_from(NODES), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_a_finding_alone_never_lowers_a_condition_that_it_supports(
    head: Data, finding: str, grade: int
) -> None:
    alone = case({**head, "side": None})
    with_it = case({**head, "side": None, "observations": [said(finding, True, None, grade)]})
    position = [fact.finding for fact in (*with_it.bits, *with_it.lows)].index(finding)
    ratio = likelihood_ratios(with_it)[position]
    before, after = exact(alone).probability, exact(with_it).probability
    # The ratio is off by a few per cent where links between causes form chains.
    supported, opposed = ratio > 1.2, ratio < 1 / 1.2
    assert (after[supported] > before[supported]).all()
    assert (after[opposed] < before[opposed]).all()


@given(records(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_findings_is_irrelevant(data: Data, shuffle: Any) -> None:
    mixed = list(data["observations"])
    shuffle.shuffle(mixed)
    one, other = case(data), case({**data, "observations": mixed})
    assert asked_of(one) == asked_of(other)
    np.testing.assert_array_equal(exact(one).probability, exact(other).probability)


@given(records(), st.sampled_from(PANELS))
@settings(max_examples=25, deadline=None)
def test_what_says_nothing_changes_nothing(data: Data, panel: str) -> None:
    silent = {
        **data,
        "observations": [*data["observations"], {"finding": panel, "present": False}],
        "id": "someone",
        "note": "came with her sister",
        "drugs": ["a drug nobody has heard of"],
        "illnesses": ["an illness nobody has heard of"],
        "allergies": ["penicillin"],
        "treatments": [{"what": "rest", "days": 3}],
        "pain_scores": [{"day": 0, "nrs": 7}],
    }
    assert asked_of(case(data)) == asked_of(case(silent))


@given(records(most=4), st.sampled_from(NODES))
@settings(max_examples=25, deadline=None)
def test_an_unknown_finding_is_the_average_over_all_that_it_could_be(
    data: Data, finding: str
) -> None:
    named = {one["finding"]: True for one in data["observations"]}
    assume(finding not in named and not _related(finding, named))
    one = case(data)
    unknown = exact(one)
    states = range(len(KNOWLEDGE.findings[finding].state_ids))
    known = [
        exact(case({**data, "observations": [*data["observations"], observation]}))
        for observation in (said(finding, state > 0, None, state - 1) for state in states)
    ]
    assume(one.facts.state(finding) is None)
    assert sum(k.evidence for k in known) == pytest.approx(unknown.evidence, rel=1e-9)
    average = sum(k.evidence * k.probability for k in known) / unknown.evidence
    np.testing.assert_allclose(average, unknown.probability, rtol=1e-8, atol=1e-12)


def mirrored(data: Data) -> Data:
    """The same record of a patient seen in a mirror."""
    observations = [
        {**one, "side": OTHER_LEG[one["side"]]} if "side" in one else one
        for one in data["observations"]
    ]
    return {**data, "side": OTHER_LEG[data["side"]], "observations": observations}


def _even(condition: Condition) -> Condition:
    side = condition.side.model_copy(update={"left": None})
    return condition.model_copy(update={"side": side})


EVEN = dataclasses.replace(
    KNOWLEDGE, conditions={name: _even(c) for name, c in KNOWLEDGE.conditions.items()}
)


@given(records())
@settings(max_examples=25, deadline=None)
def test_a_mirror_changes_only_the_priors_of_causes_that_favour_a_side(data: Data) -> None:
    one, other = case(data), case(mirrored(data))
    leaning = [
        name in KNOWLEDGE.conditions and KNOWLEDGE.conditions[name].side.left is not None
        for name in one.network.conditions
    ]
    same = ~np.array(leaning)
    np.testing.assert_array_equal(one.priors.probability[same], other.priors.probability[same])
    for array in ("share", "scalar", "upper", "lower", "background_upper", "background_lower"):
        np.testing.assert_array_equal(getattr(one.problem, array), getattr(other.problem, array))


@given(records())
@settings(max_examples=25, deadline=None)
def test_a_mirror_changes_nothing_when_no_cause_favours_a_side(data: Data) -> None:
    one, other = case(data, EVEN), case(mirrored(data), EVEN)
    np.testing.assert_array_equal(exact(one).probability, exact(other).probability)


DISC = "sciatica-disc-herniation"
DISC_SIGNS = (
    "slr-positive",
    "mri-root-compression-l5",
    "mri-root-compression-s1",
    "slump-positive",
)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("sign", DISC_SIGNS)
def test_a_disc_on_the_other_side_does_not_raise_sciatica_of_this_one(sign: str, side: str) -> None:
    pain = [said("pain-buttock", True), said("pain-posterior-thigh", True)]
    head = {"age": 42, "sex": "male", "side": side}
    without = case({**head, "observations": pain})
    away = case({**head, "observations": [*pain, said(sign, True, OTHER_LEG[side])]})
    disc = without.network.condition_index[DISC]
    before, after = posterior(without.problem), posterior(away.problem)
    assert after.probability[disc] <= 1.01 * before.probability[disc]


@pytest.mark.parametrize("side", ["left", "bilateral"])
@pytest.mark.parametrize("present", [True, False])
def test_nested_findings_are_not_counted_twice(side: str, present: bool) -> None:
    head: Data = {"age": 50, "sex": "female", "side": side}
    for specific, general in NESTED:
        telling, following = (specific, general) if present else (general, specific)
        if KNOWLEDGE.findings[specific].sided != KNOWLEDGE.findings[general].sided and not present:
            continue
        once = case({**head, "observations": [said(telling, present)]})
        twice = case({**head, "observations": [said(telling, present), said(following, present)]})
        assert asked_of(once) == asked_of(twice), (specific, general)


@given(records(most=4), st.sampled_from(NESTED))
@settings(max_examples=25, deadline=None)
def test_stating_what_follows_anyway_leaves_every_probability(
    data: Data, pair: tuple[str, str]
) -> None:
    specific, general = pair
    named = {one["finding"]: True for one in data["observations"]}
    assume(not {specific, general} & set(named))
    assume(not _related(specific, named) and not _related(general, named))
    observations = [*data["observations"], said(specific, True)]
    once = case({**data, "observations": observations})
    twice = case({**data, "observations": [*observations, said(general, True)]})
    # The factors of a prior may be multiplied in another order: the last digit is free.
    np.testing.assert_allclose(exact(once).probability, exact(twice).probability, rtol=1e-12)
