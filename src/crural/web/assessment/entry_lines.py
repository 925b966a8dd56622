"""What was tried, what is taken, illnesses and allergies, as lines that stand on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crural.knowledge import Knowledge
from crural.record import Drug, Illness, Treatment
from crural.web.assessment.draft import PARTS, Draft, Part
from crural.web.assessment.taken import Entry, Question, Told, entries_of, is_over, questions_of


@dataclass(frozen=True)
class EntryLine:
    """An entry as it stands on the page. `sent` names it when it is changed or removed."""

    said: str
    part: Part
    entry: Treatment | Drug | Illness | str
    sent: Mapping[str, str]
    taken: Told = ""


def lines_of(draft: Draft, knowledge: Knowledge) -> Mapping[Part, Sequence[EntryLine]]:
    """What is taken now, what was tried, illnesses and allergies; each thing once."""
    parts: dict[Part, list[EntryLine]] = {part: [] for part in PARTS}
    for entry in entries_of(draft, knowledge):
        parts["treatments" if entry.drug is None else "drugs"].append(_line_of(entry))
    for part in ("illnesses", "allergies"):
        parts[part] = [
            EntryLine(entry_words(one), part, one, {"entry": entry_words(one)})
            for one in getattr(draft, part)
        ]
    return parts


def _line_of(entry: Entry) -> EntryLine:
    told, tried, drug = entry.as_tried, entry.tried, entry.drug
    if told is None or tried is None:
        assert drug is not None
        return EntryLine(entry_words(drug), "drugs", drug, {"entry": entry_words(drug)}, "yes")
    sent = {"entry": entry_words(tried)}
    if drug is None:
        taken: Told = "no" if is_over(tried) else ""
        return EntryLine(entry_words(told), "treatments", told, sent, taken)
    return EntryLine(
        entry_words(told), "treatments", told, {**sent, "drug": entry_words(drug)}, "yes"
    )


def open_entries(draft: Draft, knowledge: Knowledge) -> list[Mapping[str, Any]]:
    """What two entries leave open, with the words that name them."""
    return [_open_entry(question) for question in questions_of(draft, knowledge)]


def _open_entry(question: Question) -> Mapping[str, Any]:
    entry = question.entry
    sent = {"tried": entry.tried, "drug": entry.drug}
    return {
        "says": question.says,
        "answers": question.answers,
        "sent": {name: entry_words(one) for name, one in sent.items() if one is not None},
    }


def entry_words(entry: Treatment | Drug | Illness | str) -> str:
    """What was entered, in one line."""
    if isinstance(entry, str):
        return entry
    said = entry.model_dump(exclude_none=True)
    first, *rest = said.items()
    told = [str(first[1])]
    for key, value in rest:
        match key:
            case "days":
                told.append(f"{value} days")
            case "relief_percent":
                told.append(f"{value:g} % relief")
            case "response":
                told.append(
                    {"none": "no relief", "partial": "some relief", "good": "good relief"}[value]
                )
            case "start" if value == said.get("stop"):
                told.append(f"on {value}")
            case "stop" if value == said.get("start"):
                pass
            case "start" | "since":
                told.append(f"since {value}")
            case "stop":
                told.append(f"until {value}")
            case "stopped_because":
                told.append(f"stopped because of {value}")
            case _:
                told.append(str(value))
    return ", ".join(told)
