"""Hand-made assessments as `as_data` gives them, small enough to see what is in them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import typst

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


def unknown(name: str = "saddle numbness", **changes: Any) -> Data:
    made: Data = {
        "finding": "saddle-numbness",
        "name": name,
        "question": "Are you numb there?",
        "kind": "symptom",
        "burden": "ask",
    }
    return made | changes


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
        "plain": f"{name.casefold()} in plain words",
        "acts_at": ["root", "spine"],
        "urgency": "routine",
        "probability": probability,
        "prior": 0.05,
        "interval": [probability * 0.6, 1 - (1 - probability) * 0.6],
        "estimates_only": False,
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
        "plain": ["nerves at the base of the spine squeezed at once"],
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


def ask(name: str = "kidney function", **changes: Any) -> Data:
    return {"finding": "egfr", "name": name, "question": "Do your kidneys work well?"} | changes


def warned(level: str = "caution", **changes: Any) -> Data:
    made: Data = {
        "id": "sedation",
        "level": level,
        "kind": "illness",
        "say": "Sleep apnoea: begin low and watch the breathing.",
        "because": ["sleep apnoea"],
        "reason": None,
        "ask": [ask()],
        "sources": [source("caution-entry")],
    }
    return made | changes


def caution(drug: str = "naproxen", level: str = "barred", **changes: Any) -> Data:
    said = {"drug": drug, "treatment": "naproxen"}
    return said | warned(level, say="Stop it: a bleeding ulcer is recorded.") | changes


def advice(drug: str = "naproxen", *beside: str, **changes: Any) -> Data:
    made: Data = {
        "level": "barred",
        "say": "Stop it: a bleeding ulcer is recorded.",
        "drugs": [{"drug": drug, "treatment": "naproxen", "beside": list(beside)}],
        "sources": [source("caution-entry")],
    }
    return made | changes


def caution_row(*told: Data, **changes: Any) -> Data:
    made: Data = {
        "level": "barred",
        "harm": None,
        "because": ["peptic ulcer"],
        "drugs": ["naproxen"],
        "advice": list(told or (advice(),)),
    }
    return made | changes


def option(name: str = "duloxetine", verdict: str = "offer", **changes: Any) -> Data:
    made: Data = {
        "treatment": name.casefold().replace(" ", "-"),
        "name": name,
        "plain": f"{name} in plain words",
        "kind": "drug",
        "acts_on": ["cord", "brain"],
        "verdict": verdict,
        "effect": {
            "measure": "nnt",
            "value": 6.4,
            "interval": [5.0, 8.4],
            "origin": "evidence",
            "benefit": 0.16,
            "versus": "placebo",
            "at": "8 weeks",
            "says": "one in six gains half of the pain",
        },
        "for": ["not tried so far"],
        "against": [],
        "cautions": [warned(), warned("check", say="Know it before the first dose.")],
        "positions": [
            {
                "body": "NICE CG173",
                "year": 2013,
                "stance": "for",
                "strength": "offer",
                "says": "one of four first choices",
                "source": [source("position-entry")],
            }
        ],
        "dosing": {
            "start": "30 mg/day",
            "most": "120 mg/day",
            "how": "Raise it after one week.",
            "adjusted_because": None,
            "sources": [source("dose-entry")],
        },
        "monitor": ["blood pressure"],
        "sources": [source("effect-entry")],
    }
    return made | changes


def rung(title: str = "Drugs for nerve pain", state: str = "next", **changes: Any) -> Data:
    made: Data = {
        "id": title.casefold().replace(" ", "-"),
        "title": title,
        "stage": "neuropathic-drug",
        "state": state,
        "because": [] if state == "later" else ["not tried so far"],
        "ask": [ask("what was tried")],
        "why": "They calm the nerves that signal pain.",
        "beside": False,
        "judge_on": None,
        "options": [option(), option("pregabalin", "advised-against")],
        "shared_cautions": [],
        "disputes": [
            {
                "claim": "C2",
                "then": "Rest comes first.",
                "now": "Guidelines advise to stay active.",
                "sources": [source("dispute-entry")],
            }
        ],
    }
    return made | changes


def ladder(*rungs: Data, **changes: Any) -> Data:
    of = rungs or (
        rung("Rest", "passed", stage="self-care", because=["rest: not enough relief (30 days)"]),
        rung(),
        rung("Stimulation", "later", stage="stimulation"),
        rung("Intraspinal morphine", "later", stage="intrathecal"),
    )
    made: Data = {
        "id": "sciatica",
        "name": "Sciatica",
        "why": "Most of it settles.",
        "condition": "sciatica",
        "condition_name": "Sciatica",
        "next": next((r["id"] for r in of if r["state"] == "next"), None),
        "rungs": list(of),
    }
    return made | changes


def attempt(what: str = "ibuprofen", outcome: str = "failed", **changes: Any) -> Data:
    made: Data = {
        "what": what,
        "treatments": ["ibuprofen"],
        "families": ["nsaid"],
        "plain": "a tablet against pain and inflammation",
        "acts_on": ["leg", "root"],
        "start": "2026-01-20",
        "stop": "2026-02-03",
        "dose": "1200 mg/day",
        "days": 15,
        "going_on": False,
        "outcome": outcome,
        "relief_percent": 30.0,
        "adequacy": "adequate",
        "why_not_adequate": None,
        "stopped_because": "heartburn",
    }
    return made | changes


def criteria_set(name: str = "nice-ta159", kind: str = "criteria", **changes: Any) -> Data:
    made: Data = {
        "set": name,
        "name": f"The list {name}",
        "body": "NICE",
        "year": 2008,
        "region": "UK",
        "kind": kind,
        "stage": "trial",
        "verdict": "unknown",
        "limits": "A summary of the list.",
        "sources": [source("list-entry")],
    }
    return made | changes


def criterion(text: str = "pain for six months", verdict: str = "met", **changes: Any) -> Data:
    made: Data = {
        "set": "nice-ta159",
        "item": text.replace(" ", "-"),
        "text": text,
        "essential": True,
        "verdict": verdict,
        "because": [] if verdict == "unknown" else ["pain for 400 days"],
        "ask": [ask("trial of stimulation")] if verdict == "unknown" else [],
        "note": "Counted from its onset.",
        "sources": [source("line-entry")],
    }
    return made | changes


def candidacy(status: str = "unknown", **changes: Any) -> Data:
    made: Data = {
        "status": status,
        "because": ["The list nice-ta159: not met: pain of 50 mm or more (4 of 10)"],
        "missing": [ask("psychological assessment")],
        "criteria": [
            criterion(),
            criterion("pain of 50 mm or more", "not met"),
            criterion("psychological assessment", "unknown"),
            criterion("infection", "not met", set="bars", essential=False, note=None),
        ],
        "sets": [criteria_set(), criteria_set("bars", "contraindications")],
    }
    return made | changes


def course(verdict: str = "off-course", **changes: Any) -> Data:
    made: Data = {
        "id": "sciatica-natural",
        "name": "Sciatica without an operation",
        "condition": "sciatica",
        "condition_name": "Sciatica",
        "treatment": None,
        "treatment_name": None,
        "verdict": verdict,
        "because": ["pain 8.0 at the start, 7.5 now, after 8 weeks"],
        "says": "Half of the pain is gone after six weeks.",
        "if_not": "Look at the diagnosis again.",
        "chance_off": 0.94,
        "first": {"mean": 8.0, "sd": 1.0},
        "now": {"mean": 7.5, "sd": 0.9},
        "expected": {"week": 8.0, "left": 0.4, "spread": 0.25},
        "scores": [{"week": 0.0, "nrs": 8.0}, {"week": 4.0, "nrs": 8.0}, {"week": 8.0, "nrs": 7.0}],
        "curve": [
            {"week": 0.0, "left": 1.0, "low": 0.68, "high": 1.0},
            {"week": 6.0, "left": 0.5, "low": 0.18, "high": 0.82},
            {"week": 12.0, "left": 0.3, "low": 0.0, "high": 0.62},
        ],
        "revised": [{"cause": "sciatica", "name": "Sciatica", "before": 0.62, "after": 0.41}],
        "sources": [source("course-entry")],
    }
    return made | changes


def treatment_part(**changes: Any) -> Data:
    made: Data = {
        "ladder": ladder(),
        "other_ladders": [ladder(id="hip", name="Hip", condition_name="Hip osteoarthritis")],
        "shared_steps": [{"treatment": "exercise", "name": "exercise", "plain": "exercise"}],
        "waiting": [
            {
                "treatment": "discectomy",
                "name": "disc operation",
                "plain": "an operation on the disc",
                "condition": "sciatica",
                "condition_name": "Sciatica",
                "probability": 0.62,
                "checks": [ask("MRI of the spine")],
            }
        ],
        "tried": [attempt(), attempt("physiotherapy", "unknown", start=None, stop=None)],
        "candidacy": {
            "stimulation": candidacy("due"),
            "intrathecal": candidacy("not-due", missing=[]),
        },
        "course": course(),
        "cautions": [caution()],
        "caution_table": [caution_row()],
        "opioids": {
            "mme_at_least": 60.0,
            "complete": False,
            "say": ["Look again at benefit and harm."],
            "parts": [{"drug": "oxycodone", "dose": "40 mg/day", "mme": 60.0, "note": None}],
        },
    }
    return made | changes


WITHOUT_TREATMENT: Data = {
    "ladder": None,
    "other_ladders": [],
    "shared_steps": [],
    "waiting": [],
    "tried": [],
    "candidacy": {},
    "course": None,
    "cautions": [],
    "caution_table": [],
    "opioids": None,
}


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
        **treatment_part(),
        "facts": [fact(), fact("fever: absent", state="absent", present=False)],
    }
    return made | changes


def patient(*observations: Observation, **changes: Any) -> Record:
    said: Data = {"id": "case-1", "age": 46, "sex": "male", "side": "left"}
    return Record.model_validate(said | {"observations": observations} | changes)


def pain(finding: str, side: str | None = None, **changes: Any) -> Observation:
    said = {"finding": finding, "present": True, "side": side}
    return Observation.model_validate(said | changes)


def pages(template: str, content: Data) -> int:
    """How many pages a letter or sheet has when it is set."""
    made = typst.compile(
        b"".join(
            (files("crural.report") / "templates" / name).read_bytes()
            for name in ("blocks.typ", f"{template}.typ")
        ),
        format="png",
        ppi=10.0,
        ignore_system_fonts=True,
        sys_inputs={"content": json.dumps(content)},
    )
    return len(made) if isinstance(made, list) else 1
