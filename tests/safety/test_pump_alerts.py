"""Too much or too little of a drug near the spinal cord is an emergency that a record can tell."""

from __future__ import annotations

from typing import Any

import pytest

from crural.assessment import assess
from crural.knowledge import Knowledge
from crural.record import record_from_data

BASE: dict[str, Any] = {"age": 58, "sex": "female", "side": "bilateral"}
FAILED_TRIAL = {"treatments": [{"what": "intrathecal morphine", "response": "none"}]}


def alerts(knowledge: Knowledge, **more: Any) -> dict[str, str]:
    record = record_from_data({**BASE, **more}, knowledge.vocabulary, "test")
    return {a.id: a.urgency for a in assess(record, knowledge).alerts}


@pytest.mark.parametrize(
    ("present", "alert", "urgency"),
    [
        ("hard-to-wake-or-slow-breathing", "pump-overdose", "emergency"),
        ("itching-or-spasms-new", "pump-withdrawal-baclofen", "emergency"),
        ("withdrawal-signs", "pump-withdrawal", "same-day"),
    ],
)
def test_a_sign_beside_a_pump_raises_its_alert_and_alone_does_not(
    knowledge: Knowledge, present: str, alert: str, urgency: str
) -> None:
    assert alerts(knowledge, present=["pump-in-place", present])[alert] == urgency
    assert alert not in alerts(knowledge, present=[present])
    assert alert not in alerts(knowledge, present=["pump-in-place"], absent=[present])


def test_a_drug_given_into_the_spinal_fluid_without_a_pump_counts_too(
    knowledge: Knowledge,
) -> None:
    found = alerts(knowledge, present=["hard-to-wake-or-slow-breathing"], **FAILED_TRIAL)

    assert found["pump-overdose"] == "emergency"


def test_whoever_takes_an_opioid_and_is_hard_to_wake_is_an_emergency(knowledge: Knowledge) -> None:
    sleepy = ["hard-to-wake-or-slow-breathing"]

    assert alerts(knowledge, present=sleepy, drugs=["oxycodone"])["opioid-overdose"] == "emergency"
    assert "opioid-overdose" not in alerts(knowledge, present=sleepy, drugs=["ibuprofen"])


def test_a_pump_makes_the_program_ask_for_the_signs(knowledge: Knowledge) -> None:
    record = record_from_data({**BASE, "present": ["pump-in-place"]}, knowledge.vocabulary, "test")

    asked = {a.id: a.ask for a in assess(record, knowledge).open_alerts}

    assert "hard-to-wake-or-slow-breathing" in asked["pump-overdose"]
    assert "withdrawal-signs" in asked["pump-withdrawal"]
