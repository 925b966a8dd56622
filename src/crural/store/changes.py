"""What changed between two states of a record, in words."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crural.record.shapes import is_list, is_mapping

Kind: TypeAlias = Literal["added", "removed", "changed"]
Data: TypeAlias = Mapping[str, object]

# Parts of a record that are lists, the word for one of them, and what tells one from another.
_LISTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "observations": ("observation", ("finding", "side", "stage")),
    "treatments": ("treatment", ("what", "start")),
    "drugs": ("drug", ("name",)),
    "allergies": ("allergy", ("",)),
    "illnesses": ("illness", ("name",)),
    "pain_scores": ("pain score", ("date", "day", "place")),
}
# What is true of nearly every observation goes without saying.
_UNSAID = ("presentation",)
_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field before and after, as text; None where it was not there."""

    name: str
    before: str | None
    after: str | None

    @property
    def text(self) -> str:
        """Such as 'dose: 300 mg → 600 mg'."""
        return f"{self.name}: {_shown(self.before)} → {_shown(self.after)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing added, removed or changed.

    `part` is the key of the record ('observations', 'age'), `subject` the id or name of the item in
    a list ('slr-positive'), `place` what else tells it from its like ('left').
    """

    kind: Kind
    part: str
    subject: str
    place: str
    fields: tuple[FieldChange, ...]

    @property
    def text(self) -> str:
        """One line that can be read out, such as 'observation slr-positive, left: now absent'."""
        if self.part not in _LISTS:
            return self.fields[0].text
        word = _LISTS[self.part][0]
        name = ", ".join(part for part in (f"{word} {self.subject}".rstrip(), self.place) if part)
        if self.kind == "changed":
            return f"{name}: " + "; ".join(one.text for one in self.fields)
        said = [
            f"{one.name} {_shown(one.after if self.kind == 'added' else one.before)}"
            for one in self.fields
        ]
        return f"{name} {self.kind}" + (f" ({'; '.join(said)})" if said else "")


def changes(before: Data, after: Data) -> tuple[Change, ...]:
    """What leads from one record to the other, both as plain data of their canonical JSON.

    Plain data rather than records, so that a history stays readable when the model of a record has
    become stricter than it was. The order of a list is no change; a list with the same item twice
    is matched in order.
    """
    found: list[Change] = []
    for part in sorted({*before, *after} - {"schema"}, key=_order):
        if part in _LISTS:
            found.extend(_in_list(part, before.get(part), after.get(part)))
        elif _word(before.get(part)) != _word(after.get(part)):
            found.append(_single(part, before.get(part), after.get(part)))
    return tuple(found)


def _order(part: str) -> tuple[int, str]:
    return (1 + list(_LISTS).index(part) if part in _LISTS else 0, part)


def _single(part: str, before: object, after: object) -> Change:
    words = FieldChange(name=part.replace("_", " "), before=_word(before), after=_word(after))
    kind: Kind = "added" if before is None else "removed" if after is None else "changed"
    return Change(kind=kind, part=part, subject="", place="", fields=(words,))


def _in_list(part: str, before: object, after: object) -> Iterator[Change]:
    keys = _LISTS[part][1]
    old, new = _by_key(before, keys), _by_key(after, keys)
    for key in dict.fromkeys([*old, *new]):
        ours, theirs = list(old.get(key, ())), list(new.get(key, ()))
        for same in [item for item in ours if item in theirs]:
            if same in theirs:
                ours.remove(same)
                theirs.remove(same)
        while ours or theirs:
            was = ours.pop(0) if ours else None
            now = theirs.pop(0) if theirs else None
            yield _item(part, key, was, now)


def _item(part: str, key: tuple[str, ...], was: Data | None, now: Data | None) -> Change:
    kind: Kind = "added" if was is None else "removed" if now is None else "changed"
    keys = _LISTS[part][1]
    fields: list[FieldChange] = []
    for name in dict.fromkeys([*(was or {}), *(now or {})]):
        before, after = _word((was or {}).get(name)), _word((now or {}).get(name))
        if name not in keys and before != after:
            fields.append(FieldChange(name=name.replace("_", " "), before=before, after=after))
    if part == "pain_scores":
        subject, place = next((word for word in key[:2] if word), ""), key[2]
    else:
        subject = key[0]
        place = ", ".join(word for word in key[1:] if word and word not in _UNSAID)
    return Change(kind=kind, part=part, subject=subject, place=place, fields=tuple(fields))


def _by_key(items: object, keys: tuple[str, ...]) -> dict[tuple[str, ...], list[Data]]:
    found: dict[tuple[str, ...], list[Data]] = defaultdict(list)
    for item in items if is_list(items) else ():
        data = {str(k): v for k, v in item.items()} if is_mapping(item) else {"": item}
        found[tuple(_word(data.get(key)) or "" for key in keys)].append(data)
    return found


def _word(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _shown(word: str | None) -> str:
    if word is None:
        return "nothing"
    return word if len(word) <= _LONGEST else f"{word[: _LONGEST - 1]}…"
