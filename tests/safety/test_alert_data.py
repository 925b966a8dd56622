"""Every alert of the knowledge files can be raised, and none is raised by nothing."""

from __future__ import annotations

import itertools

import pytest

from crural.facts import facts_of
from crural.knowledge import Knowledge, load_knowledge
from crural.knowledge.loader import DATA
from crural.record import Record
from crural.rules import Patient, Truth, truth_of
from crural.safety import alerts_of
from tests.safety.satisfying import records_that_meet

ALERTS = sorted(p.stem for p in (DATA / "alerts").glob("*.yaml") if p.name != "scores.yaml")

# A contradiction in a rule shows in its first ways already; some rules have thousands.
WAYS_TO_TRY = 200


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.mark.parametrize("alert_id", ALERTS)
def test_age_sex_and_side_alone_raise_no_alert(alert_id: str, knowledge: Knowledge) -> None:
    rule = knowledge.alerts[alert_id].when

    for age, sex in itertools.product((8, 30, 60, 85), ("female", "male")):
        facts = facts_of(Record(age=age, sex=sex, side="left"), knowledge)
        assert truth_of(rule, Patient(facts)) is not Truth.MET


@pytest.mark.parametrize("alert_id", ALERTS)
def test_a_record_made_from_the_rule_raises_the_alert(alert_id: str, knowledge: Knowledge) -> None:
    rule = knowledge.alerts[alert_id].when
    candidates = itertools.islice(records_that_meet(rule, knowledge), WAYS_TO_TRY)

    raised = (
        alert
        for record, probability in candidates
        for alert in alerts_of(Patient(facts_of(record, knowledge), probability))
        if alert.id == alert_id
    )

    first = next(raised, None)
    assert first is not None
    assert first.because
