"""What to find out next: information against brute force, and what is proposed."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.diagnosis import Case
from crural.diagnosis.inference import posterior
from crural.diagnosis.network import BILATERAL, Array, Ints
from crural.diagnosis.next_check import (
    BURDEN,
    NOTHING_TOLD_OF_EMERGENCY,
    Battery,
    Candidates,
    Check,
    _by_kind,
    _entropy_of_two,
    _moved,
    batteries_of,
    candidates_of,
    checks_of,
    information,
)
from crural.diagnosis.prediction import prediction_of
from crural.diagnosis.states import States, leading_states
from crural.knowledge import Knowledge
from crural.knowledge.model import BURDENS
from crural.record import Record
from tests.patients import case_for, case_of_some, patient

# Information ---------------------------------------------------------------------------------


def information_by_hand(present: Array, share: Array, kind: Ints, n_kinds: int) -> float:
    """Mutual information of one finding and the kind, from the whole joint table."""
    joint = np.zeros((n_kinds, 2))
    for p, s, k in zip(present, share, kind, strict=True):
        joint[k] += s * np.array([1 - p, p])
    total = 0.0
    for k in range(n_kinds):
        for outcome in (0, 1):
            if joint[k, outcome] > 0:
                apart = joint[k].sum() * joint[:, outcome].sum()
                total += joint[k, outcome] * np.log2(joint[k, outcome] / apart)
    return total


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_information_equals_that_of_the_joint_table(n: int, n_kinds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    present = np.where(rng.random((n, 5)) < 0.2, rng.integers(0, 2, (n, 5)), rng.random((n, 5)))
    share = rng.dirichlet(np.ones(n))
    kind = rng.integers(0, n_kinds, n)
    found = information(present, share, kind, n_kinds)
    for column in range(5):
        expected = information_by_hand(present[:, column], share, kind, n_kinds)
        assert found[column] == pytest.approx(expected, abs=1e-12)


def test_a_finding_that_decides_tells_all_and_one_that_does_not_tells_nothing() -> None:
    present = np.array([[1.0, 0.5], [0.0, 0.5]])
    gain = information(present, np.array([0.5, 0.5]), np.array([0, 1]), 2)
    np.testing.assert_allclose(gain, [1.0, 0.0], atol=1e-12)


def test_entropy_of_what_is_certain_is_nothing() -> None:
    np.testing.assert_allclose(
        _entropy_of_two(np.array([1.0, 0.0, 0.25, 0.5])), [0.0, 0.0, 0.8112781, 1.0]
    )


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_outcomes_are_added_up_kind_by_kind(n: int, n_kinds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    outcomes, share, kind = rng.random((n, 3)), rng.random(n), rng.integers(0, n_kinds, n)

    mass, joint = _by_kind(outcomes, share, kind, n_kinds)

    belongs = kind == np.arange(n_kinds)[:, None]
    np.testing.assert_allclose(mass, belongs @ share, atol=1e-12)
    np.testing.assert_allclose(joint, belongs @ (share[:, None] * outcomes), atol=1e-12)


# Proposals -----------------------------------------------------------------------------------


class Proposed:
    """Everything proposed for one patient."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.states: States = leading_states(case.problem)
        prediction = prediction_of(case, self.states)
        self.candidates: Candidates = candidates_of(case, self.states, prediction)
        self.checks: tuple[Check, ...] = checks_of(case, self.states, self.candidates)
        self.batteries: tuple[Battery, ...] = batteries_of(case, self.states, self.candidates)


def record_of(knowledge: Knowledge, **more: Any) -> Record:
    present = ("pain-low-back", "pain-buttock", "worse-walking")
    return patient(knowledge, *present, **{"age": 62, **more})


@pytest.fixture(scope="module")
def proposed(knowledge: Knowledge) -> Proposed:
    return Proposed(case_for(knowledge, record_of(knowledge)))


def test_checks_come_in_order_of_information_for_their_burden(proposed: Proposed) -> None:
    worth = [check.worth for check in proposed.checks]
    assert worth == sorted(worth, reverse=True)
    assert len(worth) == 12
    assert all(check.worth == check.gain / BURDEN[check.burden] for check in proposed.checks)


def test_burdens_rise_from_asking_to_cutting() -> None:
    costs = [BURDEN[burden] for burden in BURDENS]
    assert costs == sorted(costs)


def test_what_is_known_is_not_proposed(proposed: Proposed) -> None:
    names = set(proposed.candidates.names)
    assert all(proposed.case.facts.state(name) is None for name in names)
    assert BILATERAL not in names
    assert {"pain-low-back", "pain-buttock", "worse-walking"}.isdisjoint(names)


def test_what_follows_from_something_known_is_not_proposed(knowledge: Knowledge) -> None:
    of = Proposed(case_for(knowledge, record_of(knowledge, absent=["weakness-any-leg"])))
    assert "weakness-great-toe" not in of.candidates.names


@pytest.mark.parametrize(
    ("sex", "asked"), [("male", "psa-high"), ("female", "vaginal-or-pelvic-symptoms")]
)
def test_only_what_the_patient_can_have_is_proposed(
    knowledge: Knowledge, sex: str, asked: str
) -> None:
    names = set(Proposed(case_for(knowledge, record_of(knowledge, sex=sex))).candidates.names)
    assert names & {"psa-high", "vaginal-or-pelvic-symptoms"} == {asked}


def test_risk_factors_are_proposed_too(proposed: Proposed) -> None:
    findings = proposed.case.network.knowledge.findings
    roles = {findings[name].role for name in proposed.candidates.names}
    assert roles == {"pain", "effect", "risk"}


def test_a_necessary_risk_is_certain_where_its_condition_is(proposed: Proposed) -> None:
    network, states = proposed.case.network, proposed.states
    column = proposed.candidates.names.index("lumbar-surgery-previous")
    failed = network.condition_index["persistent-spinal-pain-syndrome-2"]
    condition = network.knowledge.conditions["persistent-spinal-pain-syndrome-2"]
    assert any(r.necessary for r in condition.risks if r.finding == "lumbar-surgery-previous")
    having = states.causes[:, failed]
    assert having.any()
    assert (proposed.candidates.present([column])[having] > 0.999).all()


def test_information_on_urgency_is_never_more_than_on_causes(proposed: Proposed) -> None:
    # The urgency follows from the causes.
    assert (proposed.candidates.urgent_gain <= proposed.candidates.gain + 1e-9).all()
    assert (proposed.candidates.gain >= 0).all()


def test_a_check_foretells_what_the_result_will_do(knowledge: Knowledge) -> None:
    conditions = ("lumbar-spinal-stenosis", "peripheral-artery-disease", "hip-osteoarthritis")
    of = Proposed(case_of_some(knowledge, record_of(knowledge), *conditions))
    findings = of.case.network.knowledge.findings
    check = next(c for c in of.checks if c.if_present and findings[c.finding].role != "risk")
    assert not findings[check.finding].graded
    for state, moves in ((True, check.if_present), (False, check.if_absent)):
        said = [{"finding": check.finding, "present": state}]
        after = case_of_some(knowledge, record_of(knowledge, said=said), *conditions)
        exact = posterior(after.problem).probability
        for cause, now, then in moves:
            at = after.network.condition_index[cause]
            before = posterior(of.case.problem).probability[at]
            assert now == pytest.approx(before, abs=0.01)
            assert then == pytest.approx(exact[at], abs=0.01)


def test_moves_are_at_most_three_and_worth_telling(proposed: Proposed) -> None:
    for check in proposed.checks:
        for moves in (check.if_present, check.if_absent):
            assert len(moves) <= 3
            assert all(abs(then - now) > 0.01 for _, now, then in moves)
        assert 0 < check.probability < 1


def test_a_result_that_cannot_be_moves_nothing(proposed: Proposed) -> None:
    impossible = np.zeros((len(proposed.states.weight), 1))
    assert _moved(proposed.case, proposed.states, impossible) == [()]


REFLEXES = ("reflex-knee-reduced", "reflex-ankle-reduced", "reflexes-brisk", "babinski")
PULSES = ("pulses-foot-reduced", "pulse-femoral-reduced")


@pytest.fixture(scope="module")
def examined(knowledge: Knowledge) -> Proposed:
    """What is proposed when some findings are said to come out of one examination."""
    batteries = dict.fromkeys((*REFLEXES, "clonus-or-spasticity"), "reflexes")
    batteries |= dict.fromkeys((*PULSES, "abi"), "vessels")
    findings = {
        name: finding.model_copy(update={"battery": batteries.get(name)})
        for name, finding in knowledge.findings.items()
    }
    grouped = dataclasses.replace(knowledge, findings=findings)
    return Proposed(case_for(grouped, record_of(grouped)))


def test_a_battery_tells_more_than_each_of_its_findings(examined: Proposed) -> None:
    gain = dict(zip(examined.candidates.names, examined.candidates.gain, strict=True))
    findings = examined.case.network.knowledge.findings
    assert {battery.name for battery in examined.batteries} == {"reflexes", "vessels"}
    for battery in examined.batteries:
        alone = [gain[name] for name in battery.findings]
        assert max(alone) <= battery.gain + 1e-12
        assert battery.urgent_gain <= battery.gain + 1e-12
        assert {findings[name].battery for name in battery.findings} == {battery.name}
        costs = [BURDEN[findings[name].burden] for name in battery.findings]
        assert BURDEN[battery.burden] == max(costs)


def test_a_battery_is_judged_by_its_four_most_telling_findings(examined: Proposed) -> None:
    gain = dict(zip(examined.candidates.names, examined.candidates.gain, strict=True))
    reflexes = next(b for b in examined.batteries if b.name == "reflexes")
    ranked = sorted((*REFLEXES, "clonus-or-spasticity"), key=lambda name: -gain[name])
    assert reflexes.findings == tuple(ranked[:4])


def test_batteries_come_in_order_of_information_for_their_burden(examined: Proposed) -> None:
    worth = [battery.gain / BURDEN[battery.burden] for battery in examined.batteries]
    assert worth == sorted(worth, reverse=True)


def test_where_nothing_is_examined_together_there_is_no_battery(knowledge: Knowledge) -> None:
    findings = {
        name: finding.model_copy(update={"battery": None})
        for name, finding in knowledge.findings.items()
    }
    apart = dataclasses.replace(knowledge, findings=findings)
    assert Proposed(case_for(apart, record_of(apart))).batteries == ()


def urgent_of(knowledge: Knowledge, *present: str, **more: Any) -> tuple[Check, ...]:
    of = Proposed(case_for(knowledge, record_of_these(knowledge, *present, **more)))
    return checks_of(of.case, of.states, of.candidates, most=5, urgent=True)


def record_of_these(knowledge: Knowledge, *present: str, **more: Any) -> Record:
    return patient(knowledge, *present, **{"age": 62, **more})


def test_what_tells_of_an_emergency_is_asked_while_it_can_calm(knowledge: Knowledge) -> None:
    asked = urgent_of(knowledge, "pain-radiating-below-knee", "urinary-incontinence")
    assert "saddle-numbness" in {check.finding for check in asked}
    assert all(check.urgent_gain > NOTHING_TOLD_OF_EMERGENCY for check in asked)


def test_nothing_is_asked_to_tell_whether_it_is_an_emergency_that_is_sure(
    knowledge: Knowledge,
) -> None:
    dead_leg = ("pulses-absent-acute", "pallor-or-mottling", "skin-cool", "numbness-leg")
    weak = ("weakness-severe", "weakness-ankle-dorsiflexion", "atrial-fibrillation-known")
    sudden = {"finding": "pain-duration", "value": 1, "unit": "d"}
    assert urgent_of(knowledge, *dead_leg, *weak, said=[sudden]) == ()
