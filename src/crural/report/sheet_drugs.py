"""What the classes of a drug mean for a patient who takes it: whether stopping it at once is
dangerous, and whether it is taken for pain at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from crural.knowledge import Knowledge
from crural.knowledge.model import classes_named

Part = Mapping[str, Any]

# Stopping one of these at once can bring a clot, a stroke, fits, a crisis or withdrawal.
NEVER_AT_ONCE = frozenset(
    {
        "anticoagulant",
        "antiplatelet",
        "corticosteroid",
        "benzodiazepine",
        "z-drug",
        "opioid",
        "gabapentinoid",
        "antispasmodic",
        "antidepressant",
        "anticonvulsant",
    }
)
# A drug of one of these classes may be taken for pain; others are taken for something else.
_FOR_PAIN = frozenset(
    {
        "opioid",
        "gabapentinoid",
        "nsaid",
        "paracetamol",
        "other-analgesic",
        "tca",
        "snri",
        "anticonvulsant",
        "antispasmodic",
        "benzodiazepine",
        "corticosteroid",
        "topical-analgesic",
        "spinal-analgesic",
        "cannabinoid",
        "nmda-antagonist",
        "dopamine-agonist",
        "triptan",
        "colchicine",
        "vasodilator-claudication",
    }
)
_ILLNESS = "It may not go well with an illness you have"
_BY_KIND: Mapping[str, str] = {
    "interaction": "It may not go well with another of your medicines.",
    "illness": f"{_ILLNESS}.",
    "diagnosis": f"{_ILLNESS}.",
    "organ": "It may not suit your kidneys or your liver.",
    "allergy": "You told us of an allergy.",
    "pregnancy": "It may harm a baby in the womb.",
    "age": "It asks for more care at your age.",
    "test": "One of your tests asks for care with it.",
    "dose": "Its dose must be looked at.",
}


def drugs_of(caution: Part) -> tuple[str, ...]:
    """The drug of a caution, and those that the caution is about with it."""
    return (caution["drug"], *caution.get("beside", ()))


def never_at_once(drug: str, treatment: str, knowledge: Knowledge) -> bool:
    """Whether a drug must never be stopped at once; a name that is not known goes by what it is a
    treatment of."""
    classes = set(classes_named(drug, knowledge))
    if not classes and treatment in knowledge.treatments:
        classes.update(knowledge.treatments[treatment].drug_classes)
    return bool(NEVER_AT_ONCE & classes)


def is_for_pain(attempt: Part, knowledge: Knowledge) -> bool:
    """Whether something that was tried or is taken can be a treatment of pain.

    A blood thinner is none, though it treats the cause of a pain; what is not a known drug may be.
    """
    classes = set(classes_named(attempt["what"], knowledge))
    named = [knowledge.treatments[t] for t in attempt["treatments"] if t in knowledge.treatments]
    return not classes or bool(_FOR_PAIN & classes) or any(t.kind not in {"cause"} for t in named)


def plain_reasons(drug: str, cautions: Iterable[Part]) -> list[str]:
    """Why a drug asks for care, in plain sentences; empty where nothing can be said plainly."""
    told: list[str] = []
    partners: dict[str, None] = {}
    illnesses: dict[str, None] = {}
    for caution in cautions:
        facts = [re.sub(r" \(.*\)$", "", fact) for fact in caution["because"]]
        if caution["kind"] == "interaction" and all(f.startswith("takes ") for f in facts):
            for fact in facts:
                partners.update(dict.fromkeys(_drugs_in(fact)))
            partners.update(dict.fromkeys(drugs_of(caution)) if caution.get("beside") else {})
        elif caution["kind"] == "illness":
            illnesses.update(dict.fromkeys(facts))
        else:
            told.append(_BY_KIND.get(caution["kind"], "It asks for care."))
    partners.pop(drug, None)
    if illnesses:
        told.insert(0, f"{_ILLNESS}: {_row(illnesses)}.")
    if partners:
        told.insert(0, f"It may not go well with {_row(partners)}.")
    return list(dict.fromkeys(told))


def _drugs_in(fact: str) -> list[str]:
    return re.split(r"; takes | and ", fact.removeprefix("takes "))


def _row(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
