"""Doses that can hardly be meant: held against the treatment's own published start and most.

A slip of the pen (9 g of gabapentin, micrograms for milligrams) is no proper attempt and no failed
one. Such a dose is said, and counts for nothing until a clinician has confirmed it by the word
'confirmed' beside the dose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from crural.history.doses import DailyDose
from crural.knowledge import Knowledge, resolve
from crural.knowledge.treatment import Treatment

# Above so many times the most, or below such a share of the start, a dose is asked about.
MOST_TIMES = 1.25
LEAST_SHARE = 0.1
# Opioids have no highest dose but thresholds of caution, so that more is said to be much and still
# counts; so many times as much is a slip of the pen.
MOST_TIMES_OPIOID = 10.0

_CONFIRMED = re.compile(r"(?<!not )(?<!never )(?<!not yet )\bconfirmed\b")


@dataclass(frozen=True)
class DoseDoubt:
    """A dose far outside the usual. says: what to tell; counts: is the attempt judged all the same
    (an opioid above its threshold)?"""

    says: str
    counts: bool


@dataclass(frozen=True)
class _Limits:
    unit: str
    least: float
    start: float
    most: float | None
    opioid: bool


def dose_doubt(
    treatments: tuple[str, ...], text: str, dose: DailyDose | None, knowledge: Knowledge
) -> DoseDoubt | None:
    """What is doubtful about a dose; None where it can be meant for one of the treatments, was
    confirmed, or has no published limits to be held against."""
    if dose is None or _CONFIRMED.search(text.casefold()):
        return None
    doubts = []
    for name in treatments:
        limits = _limits_of(name, knowledge)
        if limits is None or limits.unit != dose.unit or not _speaks_of(name, text, knowledge):
            return None
        doubt = _doubt(limits, dose)
        if doubt is None:
            return None
        doubts.append(doubt)
    return min(doubts, key=lambda doubt: not doubt.counts, default=None)


def _doubt(limits: _Limits, dose: DailyDose) -> DoseDoubt | None:
    amount = float(dose.amount)
    if limits.most is not None and amount > limits.most * MOST_TIMES:
        far = MOST_TIMES_OPIOID if limits.opioid else MOST_TIMES
        usual = f"the most is {limits.most:g} {_plain(dose.unit)}"
        slip = _other_unit(limits, amount / 1000, "micrograms")
        return DoseDoubt(_asked(dose, usual, slip), counts=amount <= limits.most * far)
    if amount < limits.least:
        usual = f"the usual start is {limits.start:g} {_plain(dose.unit)}"
        slip = _other_unit(limits, amount * 1000, "mg")
        return DoseDoubt(_asked(dose, usual, slip), counts=False)
    return None


def _asked(dose: DailyDose, usual: str, slip: str) -> str:
    written = f"Dose as written is {_plain(str(dose))}; {usual}: is it meant?{slip}"
    return f"{written} If so, write 'confirmed' beside the dose."


def _plain(words: str) -> str:
    return words.replace("mg/day", "mg a day")


def _other_unit(limits: _Limits, amount: float, unit: str) -> str:
    """Would the same number fit in a unit a thousand times smaller or larger?"""
    fits = limits.least <= amount <= (limits.most or limits.start) * MOST_TIMES
    return f" The number would fit in {unit}." if fits else ""


@lru_cache(maxsize=1024)
def _limits_of(name: str, knowledge: Knowledge) -> _Limits | None:
    treatment = knowledge.treatments[name]
    opioid = "opioid" in treatment.drug_classes
    if treatment.dosing is not None:
        start, most = treatment.dosing.start, treatment.dosing.most
        if start.unit != most.unit:
            return None
        begin = resolve(start.amount, knowledge.evidence, "real").value
        limit = resolve(most.amount, knowledge.evidence, "real").value
        return _Limits(start.unit, begin * LEAST_SHARE, begin, limit, opioid)
    if treatment.adequate is None or treatment.adequate.dose is None:
        return None
    enough = treatment.adequate.dose
    needed = resolve(enough.amount, knowledge.evidence, "real").value
    return _Limits(enough.unit, needed * LEAST_SHARE, needed, None, opioid)


def _speaks_of(name: str, text: str, knowledge: Knowledge) -> bool:
    """Is the dose of the treatment that of the drug that was named?

    Some treatments stand for several drugs (a benzodiazepine, a steroid), whose doses differ.
    """
    treatment = knowledge.treatments[name]
    return len(_drugs_in(name, knowledge)) <= 1 or _holds(text, treatment.name)


@lru_cache(maxsize=1024)
def _drugs_in(name: str, knowledge: Knowledge) -> frozenset[str]:
    """The drugs of the table that the names of a treatment speak of."""
    said = " | ".join(_names(knowledge.treatments[name]))
    return frozenset(
        drug.name
        for drug in knowledge.drugs.drugs
        if any(_holds(said, known) for known in (drug.name, *drug.synonyms))
    )


def _names(treatment: Treatment) -> tuple[str, ...]:
    return (treatment.name, *treatment.words)


def _holds(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name.casefold())}\b", text.casefold()) is not None
