"""What was tried and what is taken now, as one list: a drug in both is one thing.

The record keeps two lists, one for what was tried and one for the drugs taken now. On the page an
entry of each that means the same drug stands once; where they contradict each other, or leave open
whether it is still taken, that is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Literal

from crural.history import daily_dose, treatments_named
from crural.knowledge import Knowledge
from crural.record import Drug, Treatment
from crural.web.assessment.draft import Draft

Told = Literal["yes", "no", ""]
Answer = Literal[
    "again",
    "going-on",
    "over",
    "taken",
    "not-taken",
    "dose-tried",
    "dose-now",
    "dose-both",
    "dose-beside",
]
# Why something is over, where nobody wrote it down.
NOT_RECORDED: Final = "not recorded"
ANOTHER_DOSE: Final = "the dose was changed"
_DRUGS: Final = frozenset({"drug", "topical"})


@dataclass(frozen=True)
class Entry:
    """One treatment: tried, or a drug taken now, or both."""

    tried: Treatment | None = None
    drug: Drug | None = None

    @property
    def as_tried(self) -> Treatment | None:
        """All that is known of it, with the dose of today."""
        if self.tried is None or self.drug is None or self.drug.dose is None:
            return self.tried
        return self.tried.model_copy(update={"dose": self.drug.dose})


@dataclass(frozen=True)
class Question:
    """What two entries leave open, and the answers that there are."""

    says: str
    entry: Entry
    answers: Mapping[Answer, str]


def entries_of(draft: Draft, knowledge: Knowledge) -> list[Entry]:
    """Everything tried or taken, each once, in the order of the two lists."""
    drugs = list(draft.drugs)
    found: list[Entry] = []
    for tried in draft.treatments:
        same = [d for d in drugs if not is_over(tried) and is_same(tried.what, d.name, knowledge)]
        # One drug may be taken in two forms: the dose tells which is meant.
        drug = min(same, key=lambda one: not _is_one_dose(tried, one), default=None)
        if drug is not None:
            drugs.remove(drug)
        found.append(Entry(tried, drug))
    return [*found, *(Entry(drug=drug) for drug in drugs)]


def questions_of(draft: Draft, knowledge: Knowledge) -> Iterator[Question]:
    """What contradicts itself in the two lists, or cannot be told from them."""
    for entry in entries_of(draft, knowledge):
        tried, drug = entry.tried, entry.drug
        if tried is None and drug is not None:
            over = [t for t in draft.treatments if is_same(t.what, drug.name, knowledge)]
            if over and all(map(is_over, over)):
                yield Question(
                    f"{drug.name} is said to be over ({_end_of(over[-1])}), and to be taken now.",
                    Entry(over[-1], drug),
                    {
                        "again": "It is taken again",
                        "going-on": "It was never stopped",
                        "over": "It is over",
                    },
                )
        elif tried is not None and drug is not None:
            if tried.dose and drug.dose and not _is_one_dose(tried, drug):
                yield Question(
                    f"Two doses of {drug.name} are told: {tried.dose} as tried, {drug.dose} as "
                    "taken now.",
                    entry,
                    {
                        "dose-tried": f"{tried.dose} is right",
                        "dose-now": f"{drug.dose} is right",
                        "dose-both": "Both: the dose was changed",
                        "dose-beside": "Both are taken now",
                    },
                )
        elif tried is not None and _may_be_taken(tried) and _is_known_drug(tried.what, knowledge):
            yield Question(
                f"Is {tried.what} taken now? No end of it is told.",
                entry,
                {"taken": "Yes, it is taken now", "not-taken": "No, it is over"},
            )


def settled(draft: Draft, entry: Entry, answer: Answer) -> Draft:
    """The draft after an answer to a question about this entry."""
    tried, drug = entry.tried, entry.drug
    changed = draft
    match answer:
        case "again" if drug is not None:
            changed = _beginning(draft, drug)
        case "going-on" if tried is not None:
            changed = _with_tried(draft, tried, stop=None, stopped_because=None)
        case "over" if drug is not None:
            changed = replace(draft, drugs=_without(draft.drugs, drug))
        case "taken" | "dose-beside" if tried is not None:
            changed = replace(draft, drugs=(*draft.drugs, Drug(name=tried.what, dose=tried.dose)))
        case "not-taken" if tried is not None:
            changed = _with_tried(draft, tried, stopped_because=NOT_RECORDED)
        case "dose-now" if tried is not None and drug is not None:
            changed = _with_tried(draft, tried, dose=drug.dose)
        case "dose-both" if tried is not None and drug is not None:
            changed = _beginning(_with_tried(draft, tried, stopped_because=ANOTHER_DOSE), drug)
        case "dose-tried" if tried is not None and drug is not None:
            changed = replace(draft, drugs=_with_dose(draft.drugs, drug, tried.dose))
        case _:
            pass
    return changed


def _beginning(draft: Draft, drug: Drug) -> Draft:
    """With a drug that is taken now as an attempt of its own, beside those that are over."""
    again = Treatment(what=drug.name, dose=drug.dose)
    return replace(draft, treatments=(*draft.treatments, again))


def adding(draft: Draft, new: Treatment, taken: Told, knowledge: Knowledge) -> Draft:
    """With something that was tried. If it is taken now, it is among the drugs too, and joins the
    one that is there already under the same name."""
    if taken != "yes" or not _can_be_a_drug(new.what, knowledge):
        kept = _ended(new) if taken == "no" else new
        return replace(draft, treatments=(*draft.treatments, kept))
    drug = _same(new.what, draft.drugs, knowledge)
    if drug is None:
        return taking(draft, new, knowledge)
    joined = replace(draft, drugs=_with_dose(draft.drugs, drug, drug.dose or new.dose))
    # Another dose is kept beside that of the drug, and then asked about.
    return _told_of(joined, new, knowledge, even_if_short=new.dose not in {None, drug.dose})


def taking(draft: Draft, new: Treatment, knowledge: Knowledge) -> Draft:
    """With a drug that is taken now; what is told of its effect joins what was tried of it."""
    if not _can_be_a_drug(new.what, knowledge):
        return replace(draft, treatments=(*draft.treatments, new))
    taken = Drug(name=new.what, dose=new.dose)
    return _told_of(replace(draft, drugs=(*draft.drugs, taken)), new, knowledge)


def _told_of(
    draft: Draft, new: Treatment, knowledge: Knowledge, *, even_if_short: bool = False
) -> Draft:
    """With what is told of a drug beyond its name and dose, which alone count as tried anyway."""
    told = new.model_dump(exclude_none=True, exclude={"what"})
    if told.keys() <= {"dose"} and not even_if_short:
        return draft
    going_on = _same_tried(new.what, draft.treatments, knowledge)
    if going_on is not None:
        return _with_tried(draft, going_on, **told)
    return replace(draft, treatments=(*draft.treatments, new))


def changing(draft: Draft, old: Entry, new: Treatment, taken: Told, knowledge: Knowledge) -> Draft:
    """With an entry changed where it stands, in both lists."""
    is_drug = _can_be_a_drug(new.what, knowledge)
    kept = _ended(new) if taken == "no" else new
    drugs = draft.drugs
    if old.drug is not None:
        changed = Drug(name=new.what, dose=new.dose)
        goes = taken == "no" or not is_drug
        drugs = _without(drugs, old.drug) if goes else _instead(drugs, old.drug, changed)
    elif taken == "yes" and is_drug:
        drugs = (*drugs, Drug(name=new.what, dose=new.dose))
    treatments = draft.treatments
    told = new.model_dump(exclude_none=True, exclude={"what"})
    if old.tried is not None:
        treatments = _instead(treatments, old.tried, kept)
    elif taken == "no" or not told.keys() <= {"dose"}:
        treatments = (*treatments, kept)
    return replace(draft, drugs=drugs, treatments=treatments)


def removing(draft: Draft, entry: Entry) -> Draft:
    """Without an entry, in both lists."""
    return replace(
        draft,
        treatments=_without(draft.treatments, entry.tried),
        drugs=_without(draft.drugs, entry.drug),
    )


def is_over(tried: Treatment) -> bool:
    """Is its end told?"""
    return tried.stop is not None or tried.stopped_because is not None


def is_same(one: str, other: str, knowledge: Knowledge) -> bool:
    """Do two entries in free words mean the same drug or treatment?"""
    if one.casefold().strip() == other.casefold().strip():
        return True
    drugs = _drugs_named(one, knowledge), _drugs_named(other, knowledge)
    if all(drugs):
        # One treatment may stand for several drugs, as anticoagulation does.
        return not drugs[0].isdisjoint(drugs[1])
    ids = treatments_named(one, knowledge)[0], treatments_named(other, knowledge)[0]
    return bool(set(ids[0]).intersection(ids[1]))


@lru_cache(maxsize=4096)
def _drugs_named(text: str, knowledge: Knowledge) -> frozenset[str]:
    words = text.casefold()
    return frozenset(
        drug.name
        for drug in knowledge.drugs.drugs
        for name in (drug.name.casefold(), *(s.casefold() for s in drug.synonyms))
        if name in words and re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", words)
    )


def _is_known_drug(what: str, knowledge: Knowledge) -> bool:
    kinds = {knowledge.treatments[t].kind for t in treatments_named(what, knowledge)[0]}
    return bool(_drugs_named(what, knowledge)) if not kinds else kinds <= _DRUGS


def _can_be_a_drug(what: str, knowledge: Knowledge) -> bool:
    """A drug, or a name that nothing is known of."""
    return _is_known_drug(what, knowledge) or not any(treatments_named(what, knowledge))


def _may_be_taken(tried: Treatment) -> bool:
    """Does it read as if it were going on, though nobody said so?"""
    told = tried.response is not None or tried.relief_percent is not None
    return not is_over(tried) and tried.days is None and (tried.start is not None or not told)


def _ended(tried: Treatment) -> Treatment:
    """The same, not to be read as going on."""
    if not _may_be_taken(tried):
        return tried
    return tried.model_copy(update={"stopped_because": NOT_RECORDED})


def _end_of(tried: Treatment) -> str:
    if tried.stop is not None:
        return f"until {tried.stop}"
    return f"stopped because of {tried.stopped_because}"


def _is_one_dose(tried: Treatment, drug: Drug) -> bool:
    one, other = daily_dose(f"{tried.dose}"), daily_dose(f"{drug.dose}")
    if one is not None and other is not None:
        return (one.amount, one.unit) == (other.amount, other.unit)
    return f"{tried.dose}".casefold() == f"{drug.dose}".casefold()


def _same(what: str, drugs: Sequence[Drug], knowledge: Knowledge) -> Drug | None:
    return next((drug for drug in drugs if is_same(what, drug.name, knowledge)), None)


def _same_tried(
    what: str, treatments: Sequence[Treatment], knowledge: Knowledge
) -> Treatment | None:
    going_on = [t for t in treatments if not is_over(t) and is_same(what, t.what, knowledge)]
    return going_on[-1] if going_on else None


def _with_tried(draft: Draft, tried: Treatment, **changes: Any) -> Draft:
    changed = Treatment.model_validate({**tried.model_dump(), **changes})
    return replace(draft, treatments=_instead(draft.treatments, tried, changed))


def _with_dose(drugs: tuple[Drug, ...], drug: Drug, dose: str | None) -> tuple[Drug, ...]:
    return _instead(drugs, drug, drug.model_copy(update={"dose": dose}))


def _instead(entries: tuple[Any, ...], old: object, new: object) -> tuple[Any, ...]:
    at = entries.index(old)
    return (*entries[:at], new, *entries[at + 1 :])


def _without(entries: tuple[Any, ...], old: object) -> tuple[Any, ...]:
    if old not in entries:
        return entries
    at = entries.index(old)
    return (*entries[:at], *entries[at + 1 :])
