"""The draft of a record: what has been entered so far, before it is whole.

Every change gives a new draft. One that would make a record that contradicts itself is refused, so
that what is on the screen can always be assessed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from crural.errors import RecordError
from crural.knowledge import Knowledge
from crural.pain_map import REGIONS_OF
from crural.record import (
    Drug,
    Illness,
    Observation,
    PainScore,
    Record,
    Treatment,
    record_from_data,
)
from crural.record.model import Setting as Clinic
from crural.record.model import Sex
from crural.record.sides import BodySide, PainfulSide, places_covered
from crural.report.body_map import NOT_DRAWN
from crural.web.assessment import painting

# The painful side is that of the painted regions until somebody says otherwise.
ChosenSide: TypeAlias = PainfulSide | Literal["as-painted"] | None
Part: TypeAlias = Literal["treatments", "drugs", "illnesses", "allergies"]
PARTS: tuple[Part, ...] = ("treatments", "drugs", "illnesses", "allergies")
# Letters of JSON. Far more than a patient needs; a draft beyond it is a mistake or an attack.
LARGEST = 200_000
HERE = "this page"


@dataclass(frozen=True)
class Draft:
    """What has been entered so far. `painted` holds spots such as 'left-calf'; with
    `nowhere_else` the places that are not painted are free of pain, otherwise not known.
    `skipped` are findings to which the answer was "not known": they are not asked again."""

    age: float | None = None
    sex: Sex | None = None
    pregnancy_weeks: int | None = None
    side: ChosenSide = "as-painted"
    setting: Clinic = "primary-care"
    painted: frozenset[str] = frozenset()
    nowhere_else: bool = False
    observations: tuple[Observation, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    drugs: tuple[Drug, ...] = ()
    illnesses: tuple[Illness, ...] = ()
    allergies: tuple[str, ...] = ()
    pain_scores: tuple[PainScore, ...] = ()
    skipped: frozenset[str] = frozenset()
    id: str | None = None
    as_of: dt.date | None = None
    note: str | None = None

    @property
    def painful_side(self) -> PainfulSide | None:
        """The painful leg: as chosen, or as painted."""
        return painting.side_of(self.painted) if self.side == "as-painted" else self.side

    @property
    def ready(self) -> bool:
        """Is enough known to be assessed?"""
        return self.age is not None and self.sex is not None

    @property
    def drawn(self) -> tuple[object, ...]:
        """All of it that shows on the figure: where it is the same, the figure is."""
        placed = {*REGIONS_OF, *NOT_DRAWN}
        where = tuple(o for o in self.observations if o.finding in placed)
        return self.ready, self.painful_side, self.painted, self.nowhere_else, where

    @property
    def empty(self) -> bool:
        """Has nothing been entered?"""
        return self == Draft()

    def observed(self, finding: str) -> tuple[Observation, ...]:
        """What was stated about a finding."""
        return tuple(o for o in self.observations if o.finding == finding)

    def observing(self, observation: Observation) -> Draft:
        """With an observation, in place of what was stated about the same place of the body."""
        return replace(
            self.forgetting(observation.finding, observation.side),
            observations=(
                *self.forgetting(observation.finding, observation.side).observations,
                observation,
            ),
            skipped=self.skipped - {observation.finding},
        )

    def forgetting(self, finding: str, side: BodySide | None) -> Draft:
        """Without what was stated about a finding at a place of the body."""
        places = places_covered(side, self.painful_side)
        kept = tuple(
            o
            for o in self.observations
            if o.finding != finding or places.isdisjoint(places_covered(o.side, self.painful_side))
        )
        return replace(self, observations=kept)

    def skipping(self, finding: str) -> Draft:
        """With the answer "not known": the finding is not asked again."""
        return replace(self, skipped=self.skipped | {finding})


_KEPT: Final = TypeAdapter(Draft)


def to_record(draft: Draft, knowledge: Knowledge) -> Record | None:
    """The record of a draft; None while age or sex is missing. Raises RecordError."""
    if draft.age is None or draft.sex is None:
        return None
    return _record(draft, knowledge, draft.sex, draft.age)


def checked(draft: Draft, knowledge: Knowledge) -> Draft:
    """The draft, when it can become a record. Raises RecordError."""
    if any(knowledge.vocabulary.finding(o.finding) is None for o in draft.observations):
        raise RecordError(
            file=HERE,
            field="finding",
            problem="is not a finding",
            remedy="choose one from the list",
        )
    if len(json.dumps(_data(draft), ensure_ascii=False)) > LARGEST:
        raise RecordError(
            file=HERE,
            problem="this record is too large",
            remedy="keep to what matters for the pain",
        )
    sexes: tuple[Sex, ...] = (draft.sex,) if draft.sex else ("female", "male")
    errors: list[RecordError] = []
    for sex in sexes:
        try:
            _record(draft, knowledge, sex, draft.age if draft.age is not None else 50)
        except RecordError as error:
            errors.append(error)
        else:
            return draft
    raise errors[0]


def draft_of(record: Record) -> Draft:
    """The draft that holds what a record says."""
    kept = {f.name for f in fields(Draft)} & set(Record.model_fields)
    return Draft(**{name: getattr(record, name) for name in kept})


def reopened(record: Record, knowledge: Knowledge) -> Draft:
    """As `draft_of`, with the regions painted again that some of its observations stand for."""
    draft = draft_of(record)
    found = painting.recovered(draft.observations, draft.painful_side, knowledge)
    if found is None:
        return draft
    painted, nowhere_else, rest = found
    again = replace(draft, painted=painted, nowhere_else=nowhere_else, observations=rest)
    as_painted = replace(again, side="as-painted")
    return as_painted if as_painted.painful_side == record.side else again


def to_text(draft: Draft) -> str:
    """A draft as it is kept while it is worked on; the same text for the same draft."""
    return json.dumps(_data(draft), separators=(",", ":"))


def from_text(text: str) -> Draft:
    """The draft of a kept text. Raises ValueError when it does not fit the draft of today."""
    try:
        return _KEPT.validate_json(text)
    except ValidationError:
        # Its text would quote what stands in the draft.
        raise ValueError("does not fit the draft of today") from None


def mark_of(draft: Draft) -> str:
    """What tells drafts apart that would be saved as different records."""
    return text_and_mark(draft)[1]


def text_and_mark(draft: Draft) -> tuple[str, str]:
    """Both at once: mostly the mark is that of the same text."""
    text = to_text(draft)
    saved = to_text(replace(draft, skipped=frozenset())) if draft.skipped else text
    return text, hashlib.sha256(saved.encode()).hexdigest()


# A change is checked by making the record, and then it is shown.
@lru_cache(maxsize=16)
def _record(draft: Draft, knowledge: Knowledge, sex: Sex, age: float) -> Record:
    side = draft.painful_side
    stated = [*draft.observations]
    stated += painting.observations_of(draft.painted, draft.nowhere_else, stated, side, knowledge)
    data: dict[str, Any] = {
        "age": age,
        "sex": sex,
        "side": side,
        "setting": draft.setting,
        "as_of": draft.as_of,
        "id": draft.id,
        "note": draft.note,
        "pregnancy_weeks": draft.pregnancy_weeks if sex == "female" else None,
        "observations": [_plain(o) for o in stated],
        "treatments": [_plain(t) for t in draft.treatments],
        "drugs": [_plain(d) for d in draft.drugs],
        "illnesses": [_plain(i) for i in draft.illnesses],
        "allergies": list(draft.allergies),
        "pain_scores": [_plain(s) for s in draft.pain_scores],
    }
    return record_from_data(data, knowledge.vocabulary, HERE)


def _data(draft: Draft) -> dict[str, object]:
    """All of a draft that was entered, as plain data in one order."""
    data: dict[str, Any] = _KEPT.dump_python(draft, mode="json", exclude_defaults=True)
    for name in ("painted", "skipped"):
        if name in data:
            data[name] = sorted(data[name])
    return data


def _plain(part: Observation | Treatment | Drug | Illness | PainScore) -> Mapping[str, object]:
    return part.model_dump(exclude_none=True)
