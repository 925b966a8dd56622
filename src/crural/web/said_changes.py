"""What changed between versions, in words for people: names of findings, not their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from crural.knowledge import Finding, Knowledge
from crural.report import words
from crural.store import Change, FieldChange, Store
from crural.web.person import LOCAL

_VERB: Final = {"added": "Added", "removed": "Removed", "changed": "Changed"}
_FIELD: Final = {
    "as_of": "known as of",
    "id": "number of the record",
    "pregnancy_weeks": "weeks of pregnancy",
    "side": "painful leg",
    "setting": "seen in",
}
_PART: Final = {
    "treatments": "treatment",
    "drugs": "drug",
    "allergies": "allergy",
    "illnesses": "illness",
    "pain_scores": "pain score",
}
_LEG: Final = {"bilateral": "both"}
_LONGEST: Final = 160


@dataclass(frozen=True)
class Line:
    """One change: what was done, to what, and what it now says."""

    verb: str
    what: str
    said: str


def names_of(store: Store) -> Mapping[str, str]:
    """Whom the ids of people stand for."""
    return {LOCAL.id: LOCAL.name, **{user.id: user.name for user in store.users()}}


def lines_of(changes: Iterable[Change], knowledge: Knowledge) -> list[Line]:
    """Changes in words, one line each."""
    return [_line(change, knowledge) for change in changes]


def _line(change: Change, knowledge: Knowledge) -> Line:
    verb = _VERB[change.kind]
    if change.part == "observations":
        finding = knowledge.findings.get(change.subject)
        name = change.subject if finding is None else words.sentence(finding.name)
        what = f"{name} ({change.place})" if change.place else name
        return Line(verb, what, _observed(change, finding))
    if change.part in _PART:
        what = f"{_PART[change.part]} {change.subject}".strip()
        if change.place:
            what += f" ({change.place})"
        return Line(verb, words.sentence(what), "; ".join(map(_field, change.fields)))
    (field,) = change.fields
    named = {"side": _LEG, "setting": words.SETTING}.get(change.part, {})
    before, after = (
        None if word is None else named.get(word, word) for word in (field.before, field.after)
    )
    what = words.sentence(_FIELD.get(change.part, change.part.replace("_", " ")))
    return Line(verb, what, _moved(before, after))


def _observed(change: Change, finding: Finding | None) -> str:
    """What is observed before and after, as one thing: a value belongs to its unit."""
    before = {f.name: f.before for f in change.fields if f.before is not None}
    after = {f.name: f.after for f in change.fields if f.after is not None}
    told = _moved(_result(before, finding), _result(after, finding))
    rest = [f for f in change.fields if f.name not in {"present", "state", "value", "unit", "by"}]
    return "; ".join(part for part in (told, *map(_field, rest)) if part)


def _result(said: Mapping[str, str], finding: Finding | None) -> str | None:
    if "value" in said:
        # A unit that stayed is not among what changed; values are kept in that of the finding.
        unit = (said.get("unit") or (finding.unit if finding else None) or "").strip("{}")
        if unit == "d":
            return words.duration(float(said["value"]))
        return f"{said['value']} {'of 10' if unit == 'NRS' else unit}".strip()
    if "state" in said:
        names = {} if finding is None else {state.id: state.name for state in finding.states}
        return names.get(said["state"], said["state"])
    if "present" in said:
        return "present" if said["present"] == "yes" else "absent"
    return None


def _field(field: FieldChange) -> str:
    name = {"what": "", "stopped because": "stopped because of"}.get(field.name, field.name)
    return f"{name} {_moved(field.before, field.after)}".strip()


def _moved(before: str | None, after: str | None) -> str:
    if before is None or after is None:
        return _short(after if before is None else before)
    return f"{_short(before)} → {_short(after)}"


def _short(word: str | None) -> str:
    word = word or ""
    return word if len(word) <= _LONGEST else f"{word[: _LONGEST - 1]}…"
