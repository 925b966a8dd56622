"""The main job as a whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from crural import Assessment, assess
from crural.assessment import network_of
from crural.diagnosis import OTHER
from crural.diagnosis.diagnose import _in_order
from crural.knowledge import Knowledge
from crural.record import record_schema
from crural.report.as_json import to_json
from tests.patients import patient, probabilities

SCHEMA = Path(__file__).parents[1] / "docs" / "schema" / "record.json"
DOWN_THE_LEG = ("pain-buttock", "pain-posterior-thigh", "pain-radiating-below-knee", "slr-positive")


@pytest.fixture(scope="module")
def sciatica(knowledge: Knowledge) -> Assessment:
    record = patient(knowledge, *DOWN_THE_LEG, absent=["saddle-numbness"], id="someone")
    return assess(record, knowledge)


def test_an_assessment_holds_what_it_was_made_of(
    sciatica: Assessment, knowledge: Knowledge
) -> None:
    assert sciatica.record.id == "someone"
    assert sciatica.knowledge is knowledge
    assert sciatica.facts.record is sciatica.record
    assert sciatica.facts.state("slr-positive") == 1


def test_the_same_record_gives_the_same_assessment(
    sciatica: Assessment, knowledge: Knowledge
) -> None:
    assert to_json(assess(sciatica.record, knowledge)) == to_json(sciatica)


def test_probabilities_are_those_of_the_exact_engine(
    sciatica: Assessment, knowledge: Knowledge
) -> None:
    exact = probabilities(knowledge, sciatica.record)
    diagnosis = sciatica.diagnosis
    assert diagnosis.error_bound < 1e-9
    assert diagnosis.probability == pytest.approx(exact, rel=1e-9)
    assert {c.id: c.probability for c in diagnosis.causes} == pytest.approx(
        {name: p for name, p in exact.items() if name != OTHER}, rel=1e-9
    )


def test_causes_are_in_order_with_their_interval(sciatica: Assessment) -> None:
    causes = sciatica.diagnosis.causes
    assert causes[0].id == "sciatica-disc-herniation"
    for cause in causes:
        assert cause.interval[0] <= cause.probability <= cause.interval[1]
        assert not cause.variants or sum(v.probability for v in cause.variants) == pytest.approx(
            cause.probability, rel=1e-6
        )
    unlikely = [cause for cause in causes if cause.probability < 0.005]
    assert unlikely
    assert not any(c.why.for_ or c.why.against or c.why.missing for c in unlikely)


@pytest.mark.parametrize(
    ("underlying", "consequence", "first"),
    [(0.6, 0.62, "underlying"), (0.6, 0.9, "consequence"), (0.3, 0.31, "consequence")],
)
def test_an_underlying_disease_as_probable_as_its_consequence_comes_first(
    knowledge: Knowledge, underlying: float, consequence: float, first: str
) -> None:
    network = network_of(knowledge)
    link = network.links[0]
    probability = np.zeros(len(network.conditions))
    probability[link.parent], probability[link.child] = underlying, consequence
    order = _in_order(network, probability)
    assert order[0] == (link.parent if first == "underlying" else link.child)
    assert sorted(order) == list(range(len(network.conditions)))


def test_most_of_what_is_possible_is_covered_by_the_reasons(sciatica: Assessment) -> None:
    assert 0.8 < sciatica.diagnosis.covered <= 1
    assert 0 <= sciatica.diagnosis.other <= sciatica.diagnosis.probability[OTHER]


def test_an_alert_is_raised_by_its_facts(knowledge: Knowledge) -> None:
    signs = ("saddle-numbness", "urinary-retention-symptom", "bilateral-leg-neuro-symptoms")
    raised = {alert.id for alert in assess(patient(knowledge, *signs), knowledge).alerts}
    assert "cauda-equina" in raised


def test_an_alert_that_one_answer_would_raise_is_open(knowledge: Knowledge) -> None:
    done = assess(patient(knowledge, *DOWN_THE_LEG, "urinary-hesitancy-or-urgency"), knowledge)
    assert done.open_alerts
    raised = {alert.id for alert in done.alerts}
    assert all(alert.ask for alert in done.open_alerts)
    assert raised.isdisjoint({alert.id for alert in done.open_alerts})


def test_the_network_is_compiled_once(knowledge: Knowledge) -> None:
    assert network_of(knowledge) is network_of(knowledge)


def test_a_record_without_findings_is_assessed(knowledge: Knowledge) -> None:
    done = assess(patient(knowledge, side=None), knowledge)
    assert done.diagnosis.checks
    assert done.diagnosis.causes[0].probability < 0.5


def test_the_published_schema_of_the_record_is_up_to_date() -> None:
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert published == record_schema(), "write crural.record.record_schema() to this file"
    Draft202012Validator.check_schema(published)


def test_the_published_schema_takes_a_record_and_refuses_a_slip() -> None:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    head = {"age": 46, "sex": "male", "side": "left"}
    assert validator.is_valid({**head, "present": ["slr-positive"]})
    assert not validator.is_valid({**head, "sid": "left"})


def test_a_condition_that_is_asked_for_is_explained_however_improbable(
    knowledge: Knowledge,
) -> None:
    record = patient(knowledge, *DOWN_THE_LEG)
    usual = {c.id: c for c in assess(record, knowledge).diagnosis.causes}
    rare = min(usual, key=lambda name: usual[name].probability)
    asked = {c.id: c for c in assess(record, knowledge, explain=(rare,)).diagnosis.causes}
    assert usual[rare].why.for_ + usual[rare].why.against == ()
    assert asked[rare].why.for_ + asked[rare].why.against != ()
    assert asked[rare].probability == usual[rare].probability
