"""Entries of a record that no table knows, and which therefore play no part in any warning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from crural.history.attempts import treatments_named
from crural.history.opioids import opioid_total
from crural.knowledge import Knowledge, classes_named
from crural.knowledge.loader import leaves
from crural.knowledge.rules import AllergyLeaf, Rule
from crural.record import Record

EntryKind = Literal["drug", "treatment", "illness", "allergy"]

# 'No known allergies' is an answer, not an entry.
_NOTHING = re.compile(r"^\W*(?:none|nil|nkda|nka|no|not|never|without|unknown|-)\b|^\W*$")


@dataclass(frozen=True)
class NotUnderstood:
    """An entry in the words of the record, and the list in which it stands."""

    kind: EntryKind
    text: str


def not_understood(record: Record, knowledge: Knowledge) -> tuple[NotUnderstood, ...]:
    """The drugs, treatments, illnesses and allergies of a record that no table knows, each once.

    They play no part in any precaution; only a person can see whether they matter.
    """
    return tuple(dict.fromkeys(_unknown(record, knowledge)))


def _unknown(record: Record, knowledge: Knowledge) -> Iterator[NotUnderstood]:
    opioids = opioid_total(record, knowledge)
    converted = {part.drug for part in opioids.parts} if opioids else set()
    for drug in record.drugs:
        if drug.name not in converted and not _is_named(drug.name, knowledge):
            yield NotUnderstood("drug", drug.name)
    for tried in record.treatments:
        if not _is_named(tried.what, knowledge):
            yield NotUnderstood("treatment", tried.what)
    for illness in record.illnesses:
        denied = _NOTHING.search(illness.name.casefold())
        if not denied and knowledge.vocabulary.illness(illness.name) is None:
            yield NotUnderstood("illness", illness.name)
    for allergy in record.allergies:
        denied = _NOTHING.search(allergy.casefold())
        if not denied and not _allergy_is_known(allergy, knowledge):
            yield NotUnderstood("allergy", allergy)


def _is_named(text: str, knowledge: Knowledge) -> bool:
    return bool(classes_named(text, knowledge)) or any(treatments_named(text, knowledge))


def _allergy_is_known(allergy: str, knowledge: Knowledge) -> bool:
    words = allergy.casefold()
    return _is_named(allergy, knowledge) or any(w in words for w in _allergy_words(knowledge))


@lru_cache(maxsize=4)
def _allergy_words(knowledge: Knowledge) -> frozenset[str]:
    """Every word by which a rule asks for an allergy."""
    rules: list[Rule] = [i.when for one in knowledge.precautions.values() for i in one.items]
    rules += [alert.when for alert in knowledge.alerts.values()]
    rules += [item.when for one in knowledge.criteria.values() for item in one.items]
    return frozenset(
        word.casefold()
        for rule in rules
        for leaf in leaves(rule)
        if isinstance(leaf, AllergyLeaf)
        for word in leaf.allergy
    )
