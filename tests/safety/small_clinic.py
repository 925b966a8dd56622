"""A handful of alerts and what they speak of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crural.facts import facts_of
from crural.knowledge import Condition, Knowledge
from crural.knowledge.model import Alert, Drugs
from crural.record import Drug, Observation, Record
from crural.rules import Patient
from tests.rules.small_world import finding

NUMBER = {"estimate": 0.1, "range": [0.05, 0.2], "because": "chosen for the test"}


def condition(name: str, urgency: str) -> Condition:
    """A condition of the small clinic."""
    return Condition.model_validate(
        {
            "id": name,
            "name": name.replace("-", " "),
            "plain": name,
            "group": "spine",
            "urgency": urgency,
            "description": "for tests",
            "prior": {"primary-care": NUMBER, "specialist": NUMBER, "emergency": NUMBER},
            "side": {"bilateral": NUMBER},
        }
    )


def alert(name: str, when: Any, **more: Any) -> Alert:
    """An alert of the small clinic."""
    raw = {
        "id": name,
        "title": name.capitalize().replace("-", " "),
        "urgency": "emergency",
        "when": when,
        "action": f"act on {name}",
        "because": f"{name} does harm",
    }
    return Alert.model_validate(raw | more)


def clinic(*alerts: Alert) -> Knowledge:
    """The knowledge of a clinic with these alerts."""
    names = ("saddle-numbness", "retention", "fever", "back-pain", "night-pain", "weak-foot")
    return Knowledge(
        version="1",
        digest="clinic",
        evidence={},
        findings={name: finding(name) for name in names},
        mechanisms={},
        conditions={
            name: condition(name, urgency)
            for name, urgency in (
                ("cauda-equina", "emergency"),
                ("infection", "urgent"),
                ("sciatica", "routine"),
            )
        },
        alerts={one.id: one for one in alerts},
        scores={},
        drugs=Drugs.model_validate(
            {
                "classes": {"nsaid": "anti-inflammatory drug", "anticoagulant": "blood thinner"},
                "drugs": [
                    {"name": "ibuprofen", "classes": ["nsaid"]},
                    {"name": "warfarin", "classes": ["anticoagulant"]},
                ],
            }
        ),
    )


def patient(
    knowledge: Knowledge,
    present: tuple[str, ...] = (),
    absent: tuple[str, ...] = (),
    drugs: tuple[str, ...] = (),
    probabilities: Mapping[str, float] | None = None,
    **record: Any,
) -> Patient:
    """A man of 60 with some findings and probabilities."""
    observations = [Observation(finding=name, present=True) for name in present]
    observations += [Observation(finding=name, present=False) for name in absent]
    known = {"age": 60, "sex": "male", "side": "left"} | record
    facts = facts_of(
        Record(observations=tuple(observations), drugs=tuple(Drug(name=n) for n in drugs), **known),
        knowledge,
    )
    return Patient(facts, probabilities or {})
