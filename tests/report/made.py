"""Hand-made assessments as `as_data` gives them, small enough to see what is in them."""

from __future__ import annotations

from typing import Any

from crural.record import Observation, Record

Data = dict[str, Any]


def source(entry: str = "some-entry", **changes: Any) -> Data:
    made: Data = {
        "id": entry,
        "title": f"A study of {entry}",
        "year": 2019,
        "link": f"https://doi.org/10.1000/{entry}",
        "population": "adults with leg pain",
        "n": 120,
    }
    return made | changes


def reason(words: str = "weak great toe extension", ratio: float = 7.9, **changes: Any) -> Data:
    made: Data = {
        "finding": "weakness-great-toe",
        "name": words,
        "state": "present",
        "words": words,
        "side": "here",
        "likelihood_ratio": ratio,
        "because": "most sensitive L5 muscle",
        "sources": [source()],
    }
    return made | changes


def unknown(name: str = "saddle numbness") -> Data:
    return {"finding": "saddle-numbness", "name": name, "question": "Are you numb there?"}


def cause(
    name: str = "Sciatica",
    probability: float = 0.62,
    *,
    for_: list[Data] | None = None,
    **changes: Any,
) -> Data:
    made: Data = {
        "id": name.casefold().replace(" ", "-"),
        "name": name,
        "urgency": "routine",
        "probability": probability,
        "prior": 0.05,
        "interval": [probability * 0.6, 1 - (1 - probability) * 0.6],
        "for": [reason()] if for_ is None else for_,
        "against": [reason("fever", 0.4, sources=[])],
        "missing": [unknown() | {"frequency": 0.7, "elsewhere": 0.1}],
        "variants": [{"id": "l5", "name": "L5 root", "probability": probability / 2}],
        "hangs_on": {
            "number": "prior of sciatica",
            "words": "prior of Sciatica",
            "value": 0.05,
            "swing": 0.2,
            "origin": "prior",
            "sources": [source("pivotal-entry")],
        },
    }
    return made | changes


def alert(title: str = "Possible cauda equina syndrome", **changes: Any) -> Data:
    made: Data = {
        "id": "cauda-equina",
        "urgency": "emergency",
        "title": title,
        "because": ["saddle numbness", "urinary retention"],
        "rationale": "Bladder function is lost for good within a day or two.",
        "unknown": [unknown("post-void residual volume")],
        "action": "Send to hospital now for MRI.",
        "about": ["cauda-equina-syndrome"],
        "sources": [source("alert-entry")],
    }
    return made | changes


def open_alert(title: str = "Possible spinal infection", **changes: Any) -> Data:
    made: Data = {
        "id": "spinal-infection",
        "urgency": "emergency",
        "title": title,
        "because": ["injects drugs"],
        "unknown": [unknown("body temperature")],
    }
    return made | changes


def check(question: str = "Does the pain burn?", burden: str = "ask", **changes: Any) -> Data:
    made: Data = {
        "finding": "pain-burning",
        "name": "burning pain",
        "question": question,
        "kind": "symptom",
        "gain_bits": 0.25,
        "urgent_gain_bits": 0.01,
        "burden": burden,
        "probability": 0.3,
        "because": "if yes: Sciatica from 62% to 80%",
        "results": {"present": "yes", "absent": "no"},
        "if_present": [{"cause": "sciatica", "name": "Sciatica", "now": 0.62, "then": 0.8}],
        "if_absent": [],
    }
    return made | changes


def fact(words: str = "burning pain", **changes: Any) -> Data:
    made: Data = {
        "finding": "pain-burning",
        "name": words,
        "kind": "symptom",
        "state": "present",
        "present": True,
        "words": words,
        "side": "here",
        "stated": True,
        "why": "recorded",
        "value": None,
        "unit": None,
    }
    return made | changes


def assessment_data(**changes: Any) -> Data:
    made: Data = {
        "schema": "crural/assessment/1",
        "record": "case-1",
        "knowledge": {"version": "1", "digest": "0123456789abcdef"},
        "alerts": [alert()],
        "ask_now": [open_alert()],
        "causes": [cause(), cause("Hip osteoarthritis", 0.21)],
        "explanations": [
            {"causes": ["sciatica"], "names": ["Sciatica"], "probability": 0.5},
            {
                "causes": ["sciatica", "hip-osteoarthritis"],
                "names": ["Sciatica", "Hip osteoarthritis"],
                "probability": 0.21,
            },
        ],
        "other": 0.02,
        "other_present": 0.11,
        "error_bound": 3e-12,
        "covered": 0.97,
        "next": [check()],
        "next_urgent": [check()],
        "batteries": [
            {
                "id": "power",
                "names": ["weak great toe extension"],
                "burden": "examine",
                "findings": ["weakness-great-toe"],
                "gain_bits": 0.3,
                "urgent_gain_bits": 0.0,
            }
        ],
        "facts": [fact(), fact("fever: absent", state="absent", present=False)],
    }
    return made | changes


def patient(*observations: Observation, **changes: Any) -> Record:
    said: Data = {"id": "case-1", "age": 46, "sex": "male", "side": "left"}
    return Record.model_validate(said | {"observations": observations} | changes)


def pain(finding: str, side: str | None = None, **changes: Any) -> Observation:
    said = {"finding": finding, "present": True, "side": side}
    return Observation.model_validate(said | changes)
