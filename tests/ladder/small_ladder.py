"""A small ladder with a handful of treatments, so that a test shows all that decides it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crural.facts import facts_of
from crural.knowledge import Knowledge
from crural.knowledge.ladder import CriteriaSet, Ladder
from crural.knowledge.model import Condition, Drug, Drugs, Finding
from crural.knowledge.treatment import Family, Opioids, PrecautionSet, Treatment
from crural.record import Record
from crural.rules import Patient

BECAUSE = "chosen for the test"


def number(value: float) -> dict[str, Any]:
    return {
        "estimate": value,
        "range": sorted((value * 0.9, value * 1.1)) if value else [-0.1, 0.1],
        "because": BECAUSE,
    }


def chance(value: float) -> dict[str, Any]:
    return {"estimate": value, "range": [value / 2, min(value * 2, 0.99)], "because": BECAUSE}


def care_finding(name: str, *states: str) -> Finding:
    return Finding.model_validate(
        {
            "id": name,
            "name": name.replace("-", " "),
            "question": f"{name}?",
            "kind": "history",
            "burden": "ask",
            "sided": False,
            "role": "care",
            "states": [{"id": state, "name": state} for state in states],
        }
    )


def treatment(name: str, **more: Any) -> Treatment:
    usual = {
        "id": name,
        "name": name.replace("-", " "),
        "plain": name,
        "kind": "drug",
        "family": "tablets",
        "acts_on": ["cord"],
        "description": name,
    }
    return Treatment.model_validate(usual | more)


def condition(name: str) -> Condition:
    return Condition.model_validate(
        {
            "id": name,
            "name": name.title(),
            "plain": name,
            "group": "spine",
            "urgency": "routine",
            "description": name,
            "prior": {
                "primary-care": chance(0.1),
                "specialist": chance(0.1),
                "emergency": chance(0.1),
            },
            "side": {"bilateral": chance(0.2)},
        }
    )


FAMILIES = (
    Family(id="tablets", name="tablets", words=("pills",)),
    Family(id="exercise", name="exercise", words=("physiotherapy",)),
    Family(id="implants", name="implants"),
    Family(id="operations", name="operations", words=("surgery",)),
    Family(id="everything", name="conservative treatment", covers=("tablets", "exercise")),
)

TREATMENTS = (
    treatment("rest", kind="self-care", family="exercise", acts_on=["leg"], words=["resting"]),
    treatment(
        "red-pill",
        words=["redoxin"],
        drug_classes=["red"],
        adequate={
            "days": number(28),
            "dose": {"amount": number(100), "unit": "mg/day"},
        },
        dosing={
            "start": {"amount": number(50), "unit": "mg/day"},
            "most": {"amount": number(300), "unit": "mg/day"},
            "how": "slowly",
            "renal": [
                {
                    "when": {"finding": "kidney", "state_at_least": "weak"},
                    "most": {"amount": number(100), "unit": "mg/day"},
                    "say": "weak kidneys",
                }
            ],
        },
        precautions=["red"],
        effects=[
            {"in": ["neuropathic-pain"], "measure": "nnt", "value": number(8), "says": "one in 8"}
        ],
    ),
    treatment(
        "blue-pill",
        drug_classes=["blue"],
        effects=[
            {"in": ["neuropathic-pain"], "measure": "nnt", "value": number(4), "says": "one in 4"}
        ],
    ),
    treatment(
        "green-pill",
        positions=[
            {
                "in": ["stenosis"],
                "body": "A body",
                "year": 2016,
                "stance": "against",
                "strength": "do not offer",
                "says": "not this one",
                "source": "none",
            }
        ],
    ),
    treatment("knife", kind="surgery", family="operations", acts_on=["root"]),
    treatment("wire", kind="stimulation", family="implants", words=["wire implant"]),
    treatment("pump", kind="intrathecal", family="implants"),
)

PRECAUTIONS = (
    PrecautionSet.model_validate(
        {
            "id": "red",
            "name": "red pills",
            "items": [
                {
                    "id": "red-and-blue",
                    "level": "barred",
                    "kind": "interaction",
                    "when": {"drug_class": "blue"},
                    "say": "Never together.",
                    "because": BECAUSE,
                },
                {
                    "id": "weak-heart",
                    "level": "caution",
                    "kind": "illness",
                    "when": {"finding": "heart"},
                    "say": "Half the dose.",
                    "because": BECAUSE,
                },
                {
                    "id": "kidneys-known",
                    "level": "caution",
                    "kind": "organ",
                    "when": {"finding": "kidney", "state_at_least": "weak"},
                    "say": "Measure first.",
                    "check": True,
                    "because": BECAUSE,
                },
            ],
        }
    ),
)

LADDER = Ladder.model_validate(
    {
        "id": "stenosis-ladder",
        "name": "Stenosis",
        "conditions": ["stenosis"],
        "pain": ["neuropathic-pain"],
        "why": BECAUSE,
        "rungs": [
            {
                "id": "rest",
                "title": "Rest",
                "stage": "self-care",
                "options": ["rest"],
                "why": BECAUSE,
                "taken_as_done_after": number(90),
            },
            {
                "id": "pills",
                "title": "Two pills",
                "stage": "neuropathic-drug",
                "options": ["red-pill", "blue-pill", "green-pill"],
                "needed": 2,
                "why": BECAUSE,
            },
            {
                "id": "knife",
                "title": "Operation",
                "stage": "surgery",
                "options": ["knife"],
                "why": BECAUSE,
                "when": {"finding": "target"},
                "straight_if": {"finding": "palsy"},
                "straight_because": "the nerve is dying",
            },
            {
                "id": "wire",
                "title": "Stimulation",
                "stage": "stimulation",
                "options": ["wire"],
                "why": BECAUSE,
            },
            {
                "id": "pump",
                "title": "Pump",
                "stage": "intrathecal",
                "options": ["pump"],
                "why": BECAUSE,
            },
        ],
    }
)
GENERAL = Ladder.model_validate(
    {
        "id": "general",
        "name": "General",
        "general": True,
        "why": BECAUSE,
        "rungs": LADDER.model_dump(by_alias=True)["rungs"][:2],
    }
)

OPIOIDS = Opioids.model_validate(
    {
        "opioids": [
            {"name": "morphine", "factor": number(1), "unit": "mg/day"},
            {"name": "oxycodone", "words": ["oxynorm"], "factor": number(1.5), "unit": "mg/day"},
            {
                "name": "fentanyl",
                "route": "transdermal",
                "factor": number(2.4),
                "unit": "ug/h",
            },
        ],
        "thresholds": [
            {"at_least": number(50), "say": "think again"},
            {"at_least": number(90), "say": "justify it"},
        ],
    }
)

KNOWLEDGE = Knowledge(
    version="1",
    digest="small-ladder",
    evidence={},
    findings={
        f.id: f
        for f in (
            care_finding("heart"),
            care_finding("kidney", "good", "weak"),
            care_finding("target"),
            care_finding("palsy"),
            Finding.model_validate(
                {
                    "id": "pain-duration",
                    "name": "duration",
                    "question": "How long?",
                    "kind": "symptom",
                    "burden": "ask",
                    "sided": False,
                    "role": "pain",
                    "unit": "d",
                    "states": [
                        {"id": "short", "name": "short", "min": 0, "max": 42},
                        {"id": "long", "name": "long", "min": 42},
                    ],
                    "background": {"levels": {"long": chance(0.3)}},
                }
            ),
        )
    },
    mechanisms={},
    conditions={name: condition(name) for name in ("stenosis", "sciatica")},
    alerts={},
    scores={},
    drugs=Drugs(
        drugs=(
            Drug(name="red-pill", synonyms=("redoxin",), classes=("red",)),
            Drug(name="blue-pill", classes=("blue",)),
            Drug(name="morphine", classes=("opioid",)),
            Drug(name="oxycodone", classes=("opioid",)),
            Drug(name="fentanyl", classes=("opioid",)),
            Drug(name="odd-opioid", classes=("opioid",)),
        )
    ),
    treatments={t.id: t for t in TREATMENTS},
    families={f.id: f for f in FAMILIES},
    precautions={p.id: p for p in PRECAUTIONS},
    opioids=OPIOIDS,
    ladders={ladder.id: ladder for ladder in (LADDER, GENERAL)},
)


def criteria(kind: str, *items: dict[str, Any], **more: Any) -> CriteriaSet:
    usual = {
        "id": f"{kind}-set",
        "name": f"A list of {kind}",
        "therapy": "stimulation",
        "body": "A body",
        "year": 2020,
        "region": "here",
        "kind": kind,
        "sources": ["none"],
        "items": list(items),
    }
    return CriteriaSet.model_validate(usual | more)


def record(**parts: Any) -> Record:
    usual: dict[str, Any] = {
        "age": 60,
        "sex": "male",
        "side": "left",
        "as_of": dt.date(2026, 3, 1),
    }
    return Record.model_validate(usual | parts)


def patient(**parts: Any) -> Patient:
    """A patient with these parts of a record, whose stenosis is all but certain."""
    known = parts.pop("knowledge", KNOWLEDGE)
    probabilities = parts.pop("probabilities", {"stenosis": 0.95, "sciatica": 0.05})
    return Patient(facts_of(record(**parts), known), probabilities)
