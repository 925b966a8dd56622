"""Tiny worlds for the validation: known cases without a file, and a program that says what it is
told to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from crural.diagnosis.network import OTHER
from crural.knowledge import Knowledge
from crural.knowledge.model import Urgency
from crural.record import Observation, Record
from crural.validation.baselines import SingleCauses
from crural.validation.cases import KnownCase, Truth
from crural.validation.run import AlertSaid, Answer, Engine

CAUSES = ("disc", "stenosis", "fracture", OTHER)
PRIOR = (0.3, 0.2, 0.01, 0.05)


def knowledge() -> Knowledge:
    """Knowledge of three conditions of which nothing else is known."""
    parts: dict[str, Any] = {part.name: {} for part in fields(Knowledge)}
    parts.update(version="tiny", digest="0", conditions=dict.fromkeys(CAUSES[:3]))
    return Knowledge(**parts)


def known(
    name: str,
    condition: str,
    *,
    also: tuple[str, ...] = (),
    urgency: Urgency = "routine",
    age: int = 50,
    work_up: bool = False,
) -> KnownCase:
    """A case; the fake program recognises it by its age."""
    seen = [Observation(finding="slr-positive", present=True)]
    if work_up:
        seen.append(Observation(finding="mri-disc", present=True, stage="work-up"))
    record = Record(age=age, sex="female", side="left", observations=tuple(seen))
    return KnownCase(name, None, Truth(condition, also, urgency), record, ())


def single(
    facts: Mapping[str, tuple[float, ...]], prior: tuple[float, ...] = PRIOR
) -> SingleCauses:
    """Causes taken alone; `facts` gives the likelihood of each fact in the order of CAUSES."""
    table = np.array(list(facts.values())).reshape(len(facts), len(CAUSES))
    return SingleCauses(CAUSES, np.array(prior), tuple(facts), table.T)


# The first favours the disc, the others nobody.
FACTS = {
    "slr-positive present": (0.8, 0.1, 0.1, 0.1),
    "pain-hip absent": (0.9, 0.9, 0.9, 0.9),
    "pain-knee absent": (0.9, 0.9, 0.9, 0.9),
    "fever absent": (0.9, 0.9, 0.9, 0.9),
}


def answer(
    *probability: float,
    alerts: tuple[AlertSaid, ...] = (),
    open_alerts: tuple[AlertSaid, ...] = (),
    facts: Mapping[str, tuple[float, ...]] = FACTS,
    prior: tuple[float, ...] = PRIOR,
    findings: int = 4,
    error_bound: float = 0.0,
) -> Answer:
    """An answer with these probabilities of CAUSES; the baselines know nothing but their order."""
    return Answer(
        probability=dict(zip(CAUSES, probability, strict=True)),
        alerts=alerts,
        open_alerts=open_alerts,
        baselines={
            "prior": dict(zip(CAUSES, PRIOR, strict=True)),
            "naive-bayes": dict(zip(CAUSES, (0.25, 0.25, 0.25, 0.25), strict=True)),
        },
        single=single(facts, prior),
        findings=findings,
        error_bound=error_bound,
    )


def engine(answers: Mapping[int, Answer]) -> Engine:
    """A program that answers by the age of the patient."""
    return lambda record: answers[int(record.age)]
