"""Patients whose diagnosis is known: files of schema crural/case/1.

A case file holds the truth beside the record. The record part is read by the record room, so that
a case is held to the same rules as any patient.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args

from crural.errors import RecordError
from crural.knowledge import ladder as ladders
from crural.knowledge.model import Urgency
from crural.record import Record, Vocabulary, read_text, record_from_data
from crural.record.document import Document, DocumentError, parse
from crural.record.field_error import FieldError, Place, dotted, shown
from crural.record.shapes import is_list, is_mapping
from crural.record.shorthand import CASE_SCHEMA
from crural.record.suggest import nearest

# Where the record stands in the file.
RECORD_PART: Place = ("record",)
WHOLE_FILE: Place = ()

Stage = Literal["presentation", "work-up"]
STAGES: tuple[Stage, ...] = get_args(Stage)

_KEYS = ("schema", "id", "source", "truth", "record", "not_encoded", "ladder")
_LADDER_KEYS = ("did", "stage", "why", "flags")
_FLAG_KEYS = ("what", "any_of")
_RUNG_STAGES: tuple[ladders.Stage, ...] = get_args(ladders.Stage)
_TRUTH_KEYS = ("condition", "also", "urgency")
_URGENCIES: tuple[str, ...] = get_args(Urgency)
_CAUSE = re.compile(r"^(other:)?[a-z0-9]+(-[a-z0-9]+)*$")


@dataclass(frozen=True)
class Truth:
    """What the patient had: the leading cause, what else was there, and how urgent it was.

    A cause that the knowledge does not have is written 'other:its-name'.
    """

    condition: str
    also: tuple[str, ...]
    urgency: Urgency


@dataclass(frozen=True)
class Flag:
    """A contraindication that the publication names, and the ids of what would flag it.

    any_of: items of precautions or criteria, alerts, findings that must be asked for, or a
    treatment with what is said of it ('spinal-cord-stimulation:failed'); () where the knowledge
    has nothing for it.
    """

    what: str
    any_of: tuple[str, ...]


@dataclass(frozen=True)
class NextStep:
    """What the clinicians did next: treatments (any of them), the stage of the ladder, and why."""

    did: tuple[str, ...]
    stage: ladders.Stage
    why: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class KnownCase:
    """A patient with a known diagnosis.

    not_encoded: what the vocabulary has no words for; next_step: what was done next, where the
    publication is about treatment; file: where it was read.
    """

    id: str
    title: str | None
    truth: Truth
    record: Record
    not_encoded: tuple[str, ...]
    next_step: NextStep | None = None
    file: str = field(default="", compare=False)

    def record_at(self, stage: Stage) -> Record:
        """The record as it was at first, or with all that the work-up found."""
        if stage == "work-up":
            return self.record
        first = tuple(o for o in self.record.observations if o.stage == "presentation")
        return self.record.model_copy(update={"observations": first})


def read_cases(
    paths: Iterable[Path], vocabulary: Vocabulary, *, today: dt.date | None = None
) -> tuple[KnownCase, ...]:
    """The cases in files; of a folder, all *.yaml below it, by name. Raises RecordError."""
    seen: dict[str, Path] = {}
    cases = []
    for path in _files(paths):
        case = read_case(path, vocabulary, today=today)
        if case.id in seen:
            raise RecordError(
                file=str(path),
                field="id",
                problem=f"{shown(case.id)} is also the id of {seen[case.id]}",
                remedy="give each case an id of its own, or name each file once",
            )
        seen[case.id] = path
        cases.append(case)
    return tuple(cases)


def read_case(path: Path, vocabulary: Vocabulary, *, today: dt.date | None = None) -> KnownCase:
    """The case in a YAML or JSON file. Raises RecordError."""
    return case_from_text(
        read_text(path),
        vocabulary,
        str(path),
        default_id=path.stem,
        is_json=path.suffix.casefold() == ".json",
        today=today,
    )


def case_from_text(
    text: str,
    vocabulary: Vocabulary,
    where: str,
    *,
    default_id: str,
    is_json: bool = False,
    today: dt.date | None = None,
) -> KnownCase:
    """The case in the text of a file; `where` names it in errors. Raises RecordError.

    Two forms are read: the case file with the record under `record`, and a plain record with
    `truth` (and `not_encoded`, if any) at its top.
    """
    document = Document(None)
    try:
        document = parse(text, is_json=is_json)
        return _case(document, vocabulary, where, default_id, today)
    except DocumentError as error:
        fault, line = FieldError(error.place, error.problem, error.remedy), error.line
    except FieldError as error:
        fault, line = error, document.line_of(error.place)
    raise RecordError(
        file=where,
        line=line,
        field=dotted(fault.place),
        problem=fault.problem,
        remedy=fault.remedy,
    )


def _case(
    document: Document, vocabulary: Vocabulary, where: str, default_id: str, today: dt.date | None
) -> KnownCase:
    data = document.data
    if not is_mapping(data):
        raise FieldError(
            (),
            "is empty" if data is None else f"holds {shown(data)} instead of a case",
            "write at least truth and record; see docs/validation.md",
        )
    if "truth" not in data:
        raise FieldError(
            ("truth",),
            "is missing",
            "write truth: {condition: its-id, also: [], urgency: routine}",
        )
    if "record" in data:
        _check_keys(data, _KEYS, ())
        if data.get("schema", CASE_SCHEMA) != CASE_SCHEMA:
            raise FieldError(
                ("schema",),
                f"{shown(data['schema'])} is not a format this version reads",
                f"write schema: {CASE_SCHEMA}",
            )
        inner, prefix = data["record"], RECORD_PART
    else:
        beside = {"truth", "not_encoded", "ladder"}
        inner = {key: value for key, value in data.items() if key not in beside}
        prefix = WHOLE_FILE
    return KnownCase(
        id=_id(data.get("id"), default_id),
        title=_title(data.get("source")),
        truth=_truth(data["truth"]),
        not_encoded=_not_encoded(data.get("not_encoded")),
        record=_record(inner, prefix, vocabulary, where, today),
        next_step=_next_step(data.get("ladder")),
        file=where,
    )


def _record(
    data: object, prefix: Place, vocabulary: Vocabulary, where: str, today: dt.date | None
) -> Record:
    """The record part; what is wrong with it is placed in the case file."""
    if not is_mapping(data):
        raise FieldError(
            prefix,
            "is empty" if data is None else f"holds {shown(data)} instead of a record",
            "write at least age, sex and side below it; see docs/record.md",
        )
    try:
        return record_from_data(cast(Mapping[str, object], data), vocabulary, where, today=today)
    except RecordError as error:
        inner = tuple(int(step) if step.isdigit() else step for step in error.field.split("."))
        place = (*prefix, *(inner if error.field else ()))
        raise FieldError(place, error.problem, error.remedy) from None


def _truth(raw: object) -> Truth:
    place: Place = ("truth",)
    if not is_mapping(raw):
        raise FieldError(
            place,
            f"{shown(raw)} is not a group of keys and values",
            "write truth: {condition: its-id, also: [], urgency: routine}",
        )
    _check_keys(raw, _TRUTH_KEYS, place)
    for key in ("condition", "urgency"):
        if raw.get(key) is None:
            example = "the id of a condition" if key == "condition" else ", ".join(_URGENCIES)
            raise FieldError((*place, key), "is missing", f"give {key}: {example}")
    urgency = raw["urgency"]
    if urgency not in _URGENCIES:
        raise FieldError(
            (*place, "urgency"),
            f"{shown(urgency)} is not one of the choices",
            f"give urgency: one of {', '.join(_URGENCIES)}",
        )
    also = raw.get("also")
    if also is not None and not is_list(also):
        raise FieldError(
            (*place, "also"), f"{shown(also)} is not a list", "write also: [first-id, second-id]"
        )
    condition = _cause(raw["condition"], (*place, "condition"))
    others = [_cause(one, (*place, "also", i)) for i, one in enumerate(also or ())]
    return Truth(
        condition=condition,
        also=tuple(dict.fromkeys(one for one in others if one != condition)),
        urgency=cast(Urgency, urgency),
    )


def _next_step(raw: object) -> NextStep | None:
    place: Place = ("ladder",)
    if raw is None:
        return None
    if not is_mapping(raw):
        raise FieldError(
            place,
            f"{shown(raw)} is not a group of keys and values",
            "write ladder: {did: [a-treatment], stage: surgery, why: ..., flags: []}",
        )
    _check_keys(raw, _LADDER_KEYS, place)
    for key in ("did", "stage"):
        if not raw.get(key):
            raise FieldError((*place, key), "is missing", f"give {key}; see docs/validation.md")
    stage = raw["stage"]
    if stage not in _RUNG_STAGES:
        raise FieldError(
            (*place, "stage"),
            f"{shown(stage)} is not a stage of a ladder",
            f"give stage: one of {', '.join(_RUNG_STAGES)}",
        )
    flags = raw.get("flags") or []
    if not is_list(flags):
        raise FieldError((*place, "flags"), f"{shown(flags)} is not a list", "begin each with '- '")
    return NextStep(
        did=_words(raw["did"], (*place, "did")),
        stage=stage,
        why=str(raw.get("why") or ""),
        flags=tuple(_flag(flag, (*place, "flags", i)) for i, flag in enumerate(flags)),
    )


def _flag(raw: object, place: Place) -> Flag:
    if not is_mapping(raw) or not raw.get("what"):
        raise FieldError(place, f"{shown(raw)} is no flag", "write {what: words, any_of: [ids]}")
    _check_keys(raw, _FLAG_KEYS, place)
    return Flag(str(raw["what"]), _words(raw.get("any_of") or [], (*place, "any_of")))


def _words(raw: object, place: Place) -> tuple[str, ...]:
    if not is_list(raw) or not all(isinstance(one, str) for one in raw):
        raise FieldError(place, f"{shown(raw)} is not a list of ids", "write [first-id, second-id]")
    return tuple(str(one) for one in raw)


def _cause(raw: object, place: Place) -> str:
    if isinstance(raw, str) and _CAUSE.match(raw):
        return raw
    raise FieldError(
        place,
        f"{shown(raw)} is not the id of a cause",
        "write an id such as hip-osteoarthritis, or other:its-name for what the knowledge lacks",
    )


def _not_encoded(raw: object) -> tuple[str, ...]:
    if raw is None:
        return ()
    if not is_list(raw):
        raise FieldError(
            ("not_encoded",), f"{shown(raw)} is not a list", "write one remark per line after '- '"
        )
    for i, one in enumerate(raw):
        if one is None or is_mapping(one) or is_list(one):
            raise FieldError(
                ("not_encoded", i),
                f"{shown(one)} is not text",
                "write words, and put text that contains ': ' in quotes",
            )
    return tuple(str(one) for one in raw)


def _id(raw: object, default: str) -> str:
    if raw is None:
        return default
    if isinstance(raw, bool | Mapping) or is_list(raw) or not str(raw).strip():
        raise FieldError(("id",), f"{shown(raw)} is not a name", "write a short name")
    return str(raw).strip()


def _title(source: object) -> str | None:
    if source is None:
        return None
    if not is_mapping(source):
        raise FieldError(
            ("source",),
            f"{shown(source)} is not a group of keys and values",
            "write source: {title: ..., year: ..., url: ...}",
        )
    title = source.get("title")
    return None if title is None else str(title)


def _check_keys(data: Mapping[object, object], known: tuple[str, ...], place: Place) -> None:
    for key in data:
        if key in known:
            continue
        near = nearest(str(key), known)
        remedy = f"use one of {', '.join(known)}"
        raise FieldError(
            (*place, str(key)),
            "is not a known key",
            f"did you mean {near}? Otherwise {remedy}" if near else remedy,
        )


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(p for p in path.rglob("*.yaml") if p.is_file())
        if not inside:
            raise RecordError(
                file=str(path),
                problem="is a folder without any .yaml file",
                remedy="name case files, or a folder that holds some",
            )
        yield from inside
