"""From what a clinician types to the full form: checks the keys and spells short forms out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel

from crural.record.field_error import FieldError, Place, shown
from crural.record.model import Drug, Illness, Observation, PainScore, Record, Treatment
from crural.record.shapes import is_list, is_mapping
from crural.record.suggest import nearest
from crural.record.units import UnitError, convert, ucum

SCHEMA: Final = "crural/record/1"
# Cases hold a record; `crural.validation` reads them.
CASE_SCHEMA: Final = "crural/case/1"

PARTS: Mapping[str, type[BaseModel]] = {
    "observations": Observation,
    "treatments": Treatment,
    "drugs": Drug,
    "illnesses": Illness,
    "pain_scores": PainScore,
}
_SHORT_FORMS: Mapping[str, bool] = {"present": True, "absent": False}
_RECORD_KEYS = ("schema", *Record.model_fields, *_SHORT_FORMS)

# Words that are natural to write but too far from the right key for likeness to find it. Of several
# keys the one is meant that belongs where the word stands.
_MEANT: Mapping[str, tuple[str, ...]] = {
    "gender": ("sex",),
    "date": ("as_of",),
    "pregnant": ("pregnancy_weeks",),
    "pregnancy": ("pregnancy_weeks",),
    **dict.fromkeys(("medication", "medications", "medicines"), ("drugs",)),
    **dict.fromkeys(("diagnoses", "comorbidities", "history", "pmh"), ("illnesses",)),
    **dict.fromkeys(
        ("findings", "symptoms", "signs", "tests", "investigations"), ("observations",)
    ),
    **dict.fromkeys(("tried", "treatment", "therapy", "therapies"), ("treatments",)),
    "examination": ("observations",),
    "duration": ("days", "observations"),
    **dict.fromkeys(("weight", "height", "occupation", "comment"), ("note",)),
    "who": ("by",),
    "pain": ("pain_scores",),
    "name": ("finding", "what", "id"),
    "drug": ("what", "name", "drugs"),
    "result": ("value", "response"),
    **dict.fromkeys(("effect", "outcome"), ("response",)),
    **dict.fromkeys(("vas", "score"), ("nrs",)),
}

# Other words for a choice that can mean nothing else. 'Hospital' and 'clinic' are not among the
# settings: they may be an emergency department, a ward or a general practice.
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "sex": {
        **dict.fromkeys(("female", "f", "woman", "girl"), "female"),
        **dict.fromkeys(("male", "m", "man", "boy"), "male"),
    },
    "side": {
        **dict.fromkeys(("left", "l", "left leg"), "left"),
        **dict.fromkeys(("right", "r", "right leg"), "right"),
        **dict.fromkeys(("bilateral", "both", "both legs", "both sides"), "bilateral"),
    },
    "setting": {
        **dict.fromkeys(
            ("primary care", "gp", "general practice", "family practice", "family medicine"),
            "primary-care",
        ),
        **dict.fromkeys(
            (
                *("specialist", "specialist clinic", "secondary care", "pain clinic"),
                *("spine clinic", "orthopaedics", "orthopedics", "orthopaedic clinic"),
                *("orthopedic clinic", "neurology", "neurology clinic", "neurosurgery"),
                *("rheumatology", "rheumatology clinic", "vascular clinic", "vascular surgery"),
            ),
            "specialist",
        ),
        **dict.fromkeys(
            ("emergency", "emergency department", "emergency room", "ed", "er", "a&e", "casualty"),
            "emergency",
        ),
    },
}
_RESPONSES: Mapping[str, str] = {
    **dict.fromkeys(("none", "no effect", "no relief", "no help", "ineffective", "nil"), "none"),
    **dict.fromkeys(("partial", "some", "some relief", "partial relief", "slight"), "partial"),
    **dict.fromkeys(("good", "good relief", "complete", "complete relief", "excellent"), "good"),
}
_ANSWERS: Mapping[str, bool] = {
    **dict.fromkeys(("positive", "present", "yes", "y"), True),
    **dict.fromkeys(("negative", "absent", "no", "n"), False),
}
_BODY_SIDES: Mapping[str, str] = {**_CHOICES["side"], "bilateral": "both", "both": "both"}
# A number with its unit in one text: '5 months', '38.1°C', '7/10'. Commas and ranges are left to be
# refused, since '14,000' is fourteen in half of Europe.
_MEASURE = re.compile(r"^([-+]?[0-9]+(?:\.[0-9]+)?) *([^\s0-9.,–-].{0,40})$")
_OUT_OF_TEN = re.compile(r"^([0-9]+(?:\.[0-9]+)?) */ *10$")


@dataclass
class Expanded:
    """The full form of a record, and where in the input each of its observations stands."""

    data: dict[str, object]
    origins: list[Place] = field(default_factory=list[Place])

    def origin(self, place: Place) -> Place:
        """The place in the input of a place in the full form."""
        match place:
            case ("observations", int(i), *inner) if i < len(self.origins):
                origin = self.origins[i]
                # An item of a short form has no inner fields to point at.
                return (*origin, *inner) if origin[0] == "observations" else origin
            case _:
                return place


def expand(data: object) -> Expanded:
    """The full form of `data`, with `present` and `absent` lists turned into observations.

    Raises FieldError for anything but a mapping, for unknown keys and for another schema.
    """
    if data is None:
        raise FieldError((), "is empty", "write at least age, sex and side; see docs/record.md")
    if not is_mapping(data):
        raise FieldError(
            (),
            f"holds {shown(data)} instead of a record",
            "write keys with values, such as age: 46; see docs/record.md",
        )
    _check_schema(data)
    _check_keys(data, _RECORD_KEYS, ())
    for name, model in PARTS.items():
        for i, item in enumerate(_items(data.get(name))):
            if is_mapping(item):
                _check_keys(item, model.model_fields, (name, i))
    full = {
        str(key): value
        for key, value in data.items()
        if key not in _SHORT_FORMS and key != "schema"
    }
    for name in (*PARTS, "allergies"):
        # An empty "drugs:" left in a template means the same as no line at all.
        if name in full and full[name] is None:
            del full[name]
    _spell_out(full)
    expanded = Expanded(full)
    if "observations" not in full or is_list(full["observations"]):
        _add_short_forms(data, expanded)
    return expanded


def _spell_out(full: dict[str, object]) -> None:
    """Put the words that are asked for in the place of those that mean the same."""
    for name, words in _CHOICES.items():
        if name in full:
            full[name] = _chosen(full[name], words)
    age = full.get("age")
    if isinstance(age, str):
        full["age"] = _years(age)
    for name, spelt_out in (
        ("observations", _observation),
        ("treatments", _treatment),
        ("pain_scores", _pain_score),
    ):
        if is_list(full.get(name)):
            full[name] = [spelt_out(item) for item in _items(full[name])]


def _chosen(value: object, words: Mapping[str, str]) -> object:
    """The choice that a word stands for, or the word itself."""
    if not isinstance(value, str):
        return value
    plain = " ".join(value.replace("-", " ").replace("_", " ").casefold().split())
    return words.get(plain, value)


def _years(age: str) -> object:
    found = _MEASURE.match(age.strip())
    return float(found[1]) if found and ucum(found[2]) == "a" else age


def _observation(item: object) -> object:
    if not is_mapping(item):
        return item
    full = dict(item)
    if "side" in full:
        full["side"] = _chosen(full["side"], _BODY_SIDES)
    present = full.get("present")
    if isinstance(present, str):
        full["present"] = _ANSWERS.get(present.strip().casefold(), present)
    value = full.get("value")
    if (
        isinstance(value, str)
        and full.get("unit") is None
        and (found := _MEASURE.match(value.strip()))
    ):
        full["value"], full["unit"] = float(found[1]), found[2]
    return full


def _treatment(item: object) -> object:
    if not is_mapping(item):
        return item
    full = dict(item)
    # YAML reads "no" as false.
    response = "none" if full.get("response") is False else full.get("response")
    if response is not None:
        full["response"] = _chosen(response, _RESPONSES)
    days = full.get("days")
    if isinstance(days, str) and (found := _MEASURE.match(days.strip())):
        with suppress(UnitError):
            full["days"] = round(convert("days", float(found[1]), found[2], "d"))
    return full


def _pain_score(item: object) -> object:
    score = item.get("nrs") if is_mapping(item) else None
    if is_mapping(item) and isinstance(score, str) and (found := _OUT_OF_TEN.match(score.strip())):
        return {**item, "nrs": float(found[1])}
    return item


def _items(value: object) -> Iterable[object]:
    return value if is_list(value) else ()


def _check_keys(data: Mapping[object, object], known: Iterable[str], place: Place) -> None:
    known = tuple(known)
    for key in data:
        if not isinstance(key, str):
            raise FieldError(place, f"the key {shown(key)} is not text", "write the key as text")
        if key in known:
            continue
        near = (meant for meant in _MEANT.get(key.casefold(), ()) if meant in known)
        meant = next(near, None) or nearest(key, known)
        remedy = f"use one of {', '.join(known)}"
        if meant is not None:
            remedy = f"did you mean {meant}? Otherwise {remedy}"
        raise FieldError((*place, key), "is not a known key", remedy)


def _check_schema(data: Mapping[object, object]) -> None:
    if data.get("schema") == CASE_SCHEMA:
        raise FieldError(
            ("schema",),
            "this is a patient with a known diagnosis, not a record",
            "use crural validate, or save what stands under record: as a file of its own",
        )
    if data.get("schema", SCHEMA) != SCHEMA:
        raise FieldError(
            ("schema",),
            f"{shown(data['schema'])} is not a format this version reads",
            f"write schema: {SCHEMA}",
        )


def _add_short_forms(data: Mapping[object, object], expanded: Expanded) -> None:
    observations = list(_items(expanded.data.get("observations")))
    expanded.origins = [("observations", i) for i in range(len(observations))]
    for name, present in _SHORT_FORMS.items():
        listed = data.get(name)
        if listed is None:
            continue
        if not is_list(listed):
            raise FieldError(
                (name,), f"{shown(listed)} is not a list", f"write {name}: [first-id, second-id]"
            )
        for i, finding in enumerate(listed):
            if not isinstance(finding, str):
                raise FieldError(
                    (name, i),
                    f"{shown(finding)} is not the id of a finding",
                    "list ids only; what has a side, a value or a date goes under observations",
                )
            observations.append({"finding": finding, "present": present})
            expanded.origins.append((name, i))
    if observations:
        expanded.data["observations"] = observations
