"""Past and present treatments of a record, held against the treatments of the knowledge."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from crural.history.doses import DailyDose, daily_dose
from crural.history.limits import DoseDoubt, dose_doubt
from crural.knowledge import Knowledge, Quantity, resolve
from crural.knowledge.treatment import Treatment
from crural.record import Record
from crural.record.model import Treatment as Tried

# What came of it. `helps`: enough relief and still going on; `helped`: enough relief, but over;
# `failed`: little or no relief; `not-tolerated`: stopped for its side effects; `going-on`: no
# response recorded yet; `unknown`: over, and nobody wrote what came of it.
Outcome = Literal["helps", "helped", "failed", "not-tolerated", "going-on", "unknown"]
# Does the attempt count? `unknown` where neither dose nor time was recorded.
Adequacy = Literal["adequate", "too-short", "too-little", "unknown"]

# Done on one day, and judged by what follows.
_DONE_ONCE = frozenset({"injection", "surgery"})

# Half the pain gone is the usual definition of success in trials of chronic pain (IMMPACT).
ENOUGH_RELIEF = 50.0

_SIDE_EFFECTS = re.compile(
    r"side.?effect|adverse|not tolerated|intoleran|could not tolerate|couldn't tolerate|"
    r"drows|sedat|sleep(?:y|iness)|dizz|nausea|vomit|rash|allerg|hyponatr|constipat|confus|"
    r"weight gain|swelling|oedema|edema|dry mouth|bleed|ulcer|liver|kidney|hallucinat|suicid"
)


@dataclass(frozen=True)
class Attempt:
    """One treatment of the record, recognised.

    treatments: ids it may be (more than one where the words fit several); families: families it
    counts for; text: the record's words; days: how long, or how long ago where it is `done_once`
    (an operation, an injection), None when not recorded; going_on: still in use; vague: only a
    family or an umbrella word was recognised; dose_doubt: the dose can hardly be meant.
    """

    treatments: tuple[str, ...]
    families: tuple[str, ...]
    text: str
    dose: DailyDose | None
    dose_text: str | None
    days: int | None
    start: dt.date | None
    going_on: bool
    outcome: Outcome
    relief_percent: float | None
    adequacy: Adequacy
    why_not_adequate: str | None
    stopped_because: str | None
    vague: bool
    done_once: bool = False
    dose_doubt: DoseDoubt | None = None

    @property
    def counts_as_failed(self) -> bool:
        """Was it a proper attempt that did not help enough, or that could not be borne?

        Where time and dose were not recorded the clinician's word that it failed is taken. What
        helped for a time has not failed: it can be begun again. A dose that can hardly be meant
        counts for nothing until it is confirmed.
        """
        if self.outcome == "not-tolerated":
            return True
        if self.dose_doubt is not None and not self.dose_doubt.counts:
            return False
        return self.outcome == "failed" and self.adequacy in {"adequate", "unknown"}


def attempts_of(record: Record, knowledge: Knowledge) -> tuple[Attempt, ...]:
    """Everything that was tried or is taken now, in the order of the record.

    What is not recognised keeps its words and names no treatment.
    """
    named = [_attempt_of(tried, record, knowledge) for tried in record.treatments]
    told = {t for attempt in named for t in attempt.treatments}
    for drug in record.drugs:
        ids, families = treatments_named(drug.name, knowledge)
        if not families or told.intersection(ids):
            continue
        words = f"{drug.name} {drug.dose or ''}"
        dose = daily_dose(words)
        doubt = dose_doubt(ids, words, dose, knowledge)
        named.append(
            Attempt(
                treatments=ids,
                families=families,
                text=drug.name,
                dose=dose,
                dose_text=drug.dose,
                days=None,
                start=None,
                going_on=True,
                outcome="going-on",
                relief_percent=None,
                adequacy="unknown",
                why_not_adequate=None if doubt is None else doubt.says,
                stopped_because=None,
                vague=not ids,
                dose_doubt=doubt,
            )
        )
    return tuple(named)


def _attempt_of(tried: Tried, record: Record, knowledge: Knowledge) -> Attempt:
    ids, families = treatments_named(tried.what, knowledge)
    going_on = tried.stop is None and tried.days is None and tried.stopped_because is None
    # A course with a response and no dates is over, unless the drug is still on the list.
    told = tried.response is not None or tried.relief_percent is not None
    if tried.start is None and told:
        taken = [treatments_named(drug.name, knowledge)[0] for drug in record.drugs]
        going_on = any(set(ids).intersection(one) for one in taken)
    once = bool(ids) and all(knowledge.treatments[i].kind in _DONE_ONCE for i in ids)
    days = _days(tried, record, once=once, going_on=going_on)
    dose = daily_dose(f"{tried.dose or ''}") or daily_dose(tried.what)
    doubt = dose_doubt(ids, f"{tried.what} {tried.dose or ''}", dose, knowledge)
    adequacy, why = _adequacy(ids, dose, days, knowledge)
    if doubt is not None:
        why = doubt.says
        adequacy = adequacy if doubt.counts else "unknown"
    return Attempt(
        treatments=ids,
        families=families,
        text=tried.what,
        dose=dose,
        dose_text=tried.dose,
        days=days,
        start=tried.start,
        going_on=going_on,
        outcome=_outcome(tried, going_on=going_on),
        relief_percent=tried.relief_percent,
        adequacy=adequacy,
        why_not_adequate=why,
        stopped_because=tried.stopped_because,
        vague=not ids,
        done_once=once,
        dose_doubt=doubt,
    )


def _days(tried: Tried, record: Record, *, once: bool, going_on: bool) -> int | None:
    """How long it was used; of what is done once, how long ago that was.

    The length of an operation says nothing of whether it can be judged.
    """
    if once or (tried.duration_days is None and going_on):
        known = tried.start is not None and record.as_of is not None
        return (record.as_of - tried.start).days if known else None  # type: ignore[operator]
    return tried.duration_days


def _outcome(tried: Tried, *, going_on: bool) -> Outcome:
    if tried.stopped_because and _SIDE_EFFECTS.search(tried.stopped_because.casefold()):
        return "not-tolerated"
    enough: bool | None = None
    if tried.relief_percent is not None:
        enough = tried.relief_percent >= ENOUGH_RELIEF
    elif tried.response is not None:
        enough = tried.response == "good"
    if enough is None:
        return "going-on" if going_on else "unknown"
    if enough:
        return "helps" if going_on else "helped"
    return "failed"


def _adequacy(
    ids: tuple[str, ...], dose: DailyDose | None, days: int | None, knowledge: Knowledge
) -> tuple[Adequacy, str | None]:
    """Does an attempt of so many days at this dose count, by the most lenient of the readings?"""
    verdicts = [_adequacy_of(knowledge.treatments[i], dose, days, knowledge) for i in ids]
    for wanted in ("adequate", "unknown", "too-little", "too-short"):
        for verdict in verdicts:
            if verdict[0] == wanted:
                return verdict
    return "unknown", None


def _adequacy_of(
    treatment: Treatment, dose: DailyDose | None, days: int | None, knowledge: Knowledge
) -> tuple[Adequacy, str | None]:
    enough = treatment.adequate
    if enough is None:
        return "unknown", None
    needed = resolve(enough.days, knowledge.evidence, "real")
    if days is not None and days < _least(needed):
        return "too-short", f"{days} days; {needed.value:g} are asked for"
    if dose is not None and enough.dose is not None and dose.unit == enough.dose.unit:
        least = resolve(enough.dose.amount, knowledge.evidence, "real")
        if dose.amount < Decimal(repr(_least(least))):
            return "too-little", f"{dose}; {least.value:g} {enough.dose.unit} are asked for"
    return ("unknown", None) if days is None else ("adequate", None)


def _least(asked: Quantity) -> float:
    """What is asked for at least: the low end of a published or judged range, so that a good
    attempt is never called too short; the figure itself where no range was published."""
    return asked.low if asked.interval_from in {"published", "judged"} else asked.value


@lru_cache(maxsize=4096)
def treatments_named(text: str, knowledge: Knowledge) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Treatments and families that free words name: (ids, families).

    The longest name wins where one holds another ('intrathecal morphine' is not oral morphine).
    Words that name only a family ('an anti-inflammatory') give families alone; an umbrella word
    ('conservative treatment') gives all the families that it covers.
    """
    book = _book_of(knowledge)
    words = f" {_plain(text)} "
    ids: list[str] = []
    families: list[str] = []
    for name in book.names:
        at = words.find(f" {name} ")
        if at < 0:
            continue
        entry = book.entries[name]
        ids += entry.treatments
        families += entry.families
        # What is named is taken out, so that a shorter name inside it is not read once more.
        words = words.replace(f" {name} ", " | ")
    families += [knowledge.treatments[i].family for i in ids]
    return tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(families))


@dataclass(frozen=True)
class _Entry:
    treatments: tuple[str, ...]
    families: tuple[str, ...]


@dataclass(frozen=True)
class _Book:
    """Names to look for, the longest first."""

    names: tuple[str, ...]
    entries: Mapping[str, _Entry]


@lru_cache(maxsize=4)
def _book_of(knowledge: Knowledge) -> _Book:
    treatments: dict[str, list[str]] = {}
    families: dict[str, list[str]] = {}
    for treatment in knowledge.treatments.values():
        for name in _names(treatment.id.replace("-", " "), treatment.name, *treatment.words):
            treatments.setdefault(name, []).append(treatment.id)
    for family in knowledge.families.values():
        for name in _names(family.id.replace("-", " "), family.name, *family.words):
            families.setdefault(name, []).extend(_covered(family.id, knowledge))
    names = sorted({*treatments, *families}, key=lambda name: (-len(name), name))
    entries = {
        name: _Entry(tuple(treatments.get(name, ())), tuple(families.get(name, ())))
        for name in names
    }
    return _Book(tuple(names), entries)


def _covered(family: str, knowledge: Knowledge) -> Iterator[str]:
    yield family
    for inner in knowledge.families[family].covers:
        yield from _covered(inner, knowledge)


def _names(*words: str) -> Iterable[str]:
    """Every way to write a name: as it stands, and in the plural."""
    for word in words:
        plain = _plain(word)
        if plain:
            yield plain
            yield plain + "s"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()
