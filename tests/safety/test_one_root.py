"""One root that fails is urgent; the whole cauda equina needs signs of its own."""

from __future__ import annotations

from typing import Any

from crural.assessment import Assessment, assess
from crural.knowledge import Knowledge
from crural.record import record_from_data

ONE_ROOT: dict[str, Any] = {
    "age": 38,
    "sex": "male",
    "side": "left",
    "present": [
        "pain-radiating-below-knee",
        "slr-positive",
        "reflex-ankle-reduced",
        "weakness-plantar-flexion",
        "sensory-loss-s1",
        "weakness-severe",
        "progressive-weakness-symptom",
    ],
    "observations": [{"finding": "pain-duration", "value": 6, "unit": "weeks"}],
}


def assessed(knowledge: Knowledge, *present: str, absent: tuple[str, ...] = ()) -> Assessment:
    record = {**ONE_ROOT, "present": [*ONE_ROOT["present"], *present], "absent": list(absent)}
    return assess(record_from_data(record, knowledge.vocabulary, "test"), knowledge)


def test_severe_and_growing_weakness_of_one_root_is_urgent_but_no_cauda_equina(
    knowledge: Knowledge,
) -> None:
    found = assessed(knowledge)

    assert found.diagnosis.causes[0].id == "sciatica-disc-herniation"
    assert found.diagnosis.probability["cauda-equina-syndrome"] < 0.25
    assert "emergency" not in {a.urgency for a in found.alerts}
    assert "same-day" in {a.urgency for a in found.alerts}


def test_with_a_numb_saddle_it_is_an_emergency(knowledge: Knowledge) -> None:
    found = assessed(knowledge, "saddle-numbness")

    assert found.diagnosis.probability["cauda-equina-syndrome"] > 0.5
    assert "emergency" in {a.urgency for a in found.alerts}


def test_a_buttock_free_of_pain_does_not_overturn_a_herniation_with_all_its_signs(
    knowledge: Knowledge,
) -> None:
    found = assessed(knowledge, absent=("pain-buttock",))

    assert found.diagnosis.probability["sciatica-disc-herniation"] > 0.8


def test_one_weakness_is_one_alert_that_names_its_power_and_its_growth(
    knowledge: Knowledge,
) -> None:
    (weakness,) = [a for a in assessed(knowledge).alerts if "motor-deficit" in a.id]

    assert weakness.id == "severe-motor-deficit"
    facts = "; ".join(weakness.because)
    assert all(fact in facts for fact in ("power 3/5", "weakness growing", "weak plantar flexion"))


def test_a_splint_is_for_the_foot_that_drops(knowledge: Knowledge) -> None:
    calf = assessed(knowledge)
    dropping = assessed(knowledge, "weakness-ankle-dorsiflexion")

    assert not any("splint" in alert.action for alert in calf.alerts)
    assert any("splint" in alert.action for alert in dropping.alerts)
