"""The opioids taken now, added up in milligrams of oral morphine a day (MME).

Factors and thresholds: CDC 2022, in `opioids.yaml`. The total tells how much care is due. It must
never be used to choose a dose when one opioid is changed for another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from crural.history.doses import DailyDose, daily_dose
from crural.knowledge import Knowledge, classes_named, resolve
from crural.knowledge.treatment import Opioid
from crural.record import Record


@dataclass(frozen=True)
class OpioidPart:
    """One opioid of the record; `mme` is None where dose or factor is not known."""

    drug: str
    dose: DailyDose | None
    mme: Decimal | None
    note: str | None


@dataclass(frozen=True)
class OpioidTotal:
    """All opioids of the record.

    least: milligrams of oral morphine a day that are certain; complete: whether no opioid is left
    out of it; say: what is due from the thresholds that are reached on.
    """

    parts: tuple[OpioidPart, ...]
    least: Decimal
    complete: bool
    say: tuple[str, ...] = ()

    @property
    def interval(self) -> tuple[float, float]:
        """Limits between which the total lies."""
        return (float(self.least), float(self.least) if self.complete else float("inf"))


def opioid_total(record: Record, knowledge: Knowledge) -> OpioidTotal | None:
    """The opioid total of the drugs taken now; None when the record lists no drugs at all."""
    if not record.drugs:
        return None
    every = (_part_of(drug.name, drug.dose, knowledge) for drug in record.drugs)
    parts = [part for part in every if part is not None]
    least = sum((part.mme for part in parts if part.mme is not None), Decimal(0))
    reached = tuple(
        threshold.say
        for threshold in knowledge.opioids.thresholds
        if float(least) >= resolve(threshold.at_least, knowledge.evidence, "real").value
    )
    return OpioidTotal(tuple(parts), least, all(part.mme is not None for part in parts), reached)


# A list of drugs is weighed many times over, each time without one of them.
@lru_cache(maxsize=4096)
def _part_of(name: str, dose: str | None, knowledge: Knowledge) -> OpioidPart | None:
    """What a drug adds to the total; None when it is no opioid."""
    text = f"{name} {dose or ''}"
    known = _opioid_named(text, knowledge)
    if known is not None:
        return _part(name, text, known, knowledge)
    if "opioid" in classes_named(name, knowledge):
        return OpioidPart(name, daily_dose(text), None, "no published factor")
    return None


def _opioid_named(text: str, knowledge: Knowledge) -> Opioid | None:
    """The opioid that the words name; with a patch the entry of that route."""
    words = text.casefold()
    dose = daily_dose(text)
    found = [
        opioid
        for opioid in knowledge.opioids.opioids
        if any(re.search(rf"\b{re.escape(w)}\b", words) for w in (*opioid.words, opioid.name))
    ]
    fitting = [o for o in found if dose is not None and o.unit == dose.unit]
    return next(iter(fitting or found), None)


def _part(name: str, text: str, opioid: Opioid, knowledge: Knowledge) -> OpioidPart:
    dose = daily_dose(text)
    if dose is None:
        return OpioidPart(name, None, None, "dose not recorded, or not understood")
    if dose.unit != opioid.unit:
        return OpioidPart(name, dose, None, f"the factor is for {opioid.unit}")
    factor = Decimal(repr(resolve(opioid.factor, knowledge.evidence, "real").value))
    return OpioidPart(name, dose, dose.amount * factor, opioid.note)
