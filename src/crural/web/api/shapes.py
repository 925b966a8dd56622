"""What goes into the HTTP API and comes out of it, apart from record and assessment.

Those two are published as JSON Schemas of their own; `component` stands for them until `describe`
puts them into the OpenAPI text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, LiteralString, Self, TypeAlias

from fastapi import Path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from crural.record import Record
from crural.record.shorthand import SCHEMA
from crural.store import (
    Change,
    Deletion,
    DiaryEntry,
    DiaryValues,
    HistoryEntry,
    Patient,
    Phase,
    Version,
    VersionInfo,
)


def _text_of(forbidden: str) -> str:
    return rf"^[^{forbidden}]*[^{forbidden}\s][^{forbidden}]*$"


COMPONENT: Final = "x-component"
MOST: Final = 2**31 - 1
_MINUTE = "%Y-%m-%dT%H:%M"
# Text without control characters that is not of blanks alone: of one line, or of several.
_LINE: Final = _text_of(r"\u0000-\u001f\u007f-\u009f\ufffe\uffff")
_LINES: Final = _text_of(r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff")


class Problem(BaseModel):
    """What is wrong, where, and how it is mended."""

    problem: str = Field(description="what is wrong, in words")
    field: str = Field(default="", description="dotted path of the field that is wrong")
    remedy: str = Field(default="", description="what to do about it, in words")


class Failed(BaseModel):
    """The answer to a request that cannot be served."""

    error: Problem


_SAID: Final[Mapping[int, str]] = {
    400: "The request cannot be read: its body is no JSON, or the host's name is a foreign one.",
    401: "Nobody is signed in, and this server asks for it.",
    403: "Not allowed: the role does not suffice, the token of the session is missing, or another "
    "site's page sent the request.",
    404: "There is no such entry (any more).",
    409: "It does not fit what is there now; look again, then decide.",
    413: "The body is too large.",
    415: "The body is not sent as application/json.",
    422: "What was sent is not of the right form; field and remedy say what to mend.",
    429: "Too much heavy work of the same person is waiting already. Nothing was changed.",
    503: "The server is busy, or the database is busy, out of reach or damaged. Nothing was "
    "changed.",
    507: "The disk of the database is full. Nothing was changed.",
}


def failing(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for its description."""
    return {status: {"model": Failed, "description": _SAID[status]} for status in statuses}


def component(name: str) -> JsonDict:
    """A published schema, in the place of which `describe` puts a reference."""
    return {COMPONENT: name}


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _is_line(text: str) -> str:
    return _matching(text, _LINE, "Write one line of text without control characters")


def _is_text(text: str) -> str:
    return _matching(text, _LINES, "Write text without control characters")


def _matching(text: str, pattern: str, otherwise: LiteralString) -> str:
    if re.fullmatch(pattern, text) is None:
        raise PydanticCustomError("text", otherwise)
    return text


def _minute(text: str) -> str:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", text):
            dt.datetime.strptime(text, _MINUTE)
            return text
    except ValueError:
        pass
    raise PydanticCustomError("minute", "Write a time such as 2026-03-01T08:30")


def _whole(raw: object) -> object:
    # JSON makes no difference between 3 and 3.0.
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


Id: TypeAlias = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["Rk3V7mZb2sPq0xYt9LwHcA"])
]
InId: TypeAlias = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="a random id")]
Number: TypeAlias = Annotated[int, Field(ge=1, le=MOST), BeforeValidator(_whole)]
InNumber: TypeAlias = Annotated[int, Path(ge=1, le=MOST, description="the number of a version")]
Moment: TypeAlias = Annotated[dt.datetime, AfterValidator(_utc), Field(description="in UTC")]
Minute: TypeAlias = Annotated[
    str,
    AfterValidator(_minute),
    Field(
        description="date and time as the patient's own clock shows them, without a time zone",
        json_schema_extra={
            "pattern": r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
            r"T([01][0-9]|2[0-3]):[0-5][0-9]$",
            "format": "local-minute",
        },
        examples=["2026-03-01T08:30"],
    ),
]
Line: TypeAlias = Annotated[
    str, AfterValidator(_is_line), Field(min_length=1, json_schema_extra={"pattern": _LINE})
]
Lines: TypeAlias = Annotated[
    str, AfterValidator(_is_text), Field(min_length=1, json_schema_extra={"pattern": _LINES})
]
Label: TypeAlias = Annotated[
    Line,
    Field(max_length=200, description="the name in the list: one line", examples=["Bed 4"]),
]
AnyRecord: TypeAlias = Annotated[dict[str, Any], WithJsonSchema(component("Record"))]
Who: TypeAlias = Annotated[str, Field(description="the id of who did it")]


class Sent(BaseModel):
    """Common to everything that is sent: unknown keys and other types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewPatient(Sent):
    """A patient to be kept, with the first version of the record."""

    label: Label
    record: AnyRecord


class NewLabel(Sent):
    """Another name in the list."""

    label: Label


class NewVersion(Sent):
    """The next version of a record, and the number of the version that it was made from."""

    record: AnyRecord
    based_on: Number


class OlderVersion(Sent):
    """Which version shall hold again, and the number of the newest one that was seen."""

    number: Number
    based_on: Number


class Undone(Sent):
    """The number of the newest version that was seen."""

    based_on: Number


class Sought(Sent):
    """What to look for among the labels; in the body, since an address would end up in logs."""

    search: str = Field(default="", max_length=200, description="a part of the label")
    limit: Annotated[int, Field(ge=1, le=1000), BeforeValidator(_whole)] = 100
    before: Annotated[Number, Field(description="`next` of the page before this one")] | None = None


class PatientTold(BaseModel):
    """A patient in the list. `newest` is the number of the newest version of the record."""

    id: Id
    label: str
    created_at: Moment
    created_by: Who
    newest: Number
    changed_at: Moment
    changed_by: Who

    @classmethod
    def of(cls, patient: Patient) -> Self:
        return cls(
            id=patient.id,
            label=patient.label,
            created_at=patient.created_at,
            created_by=patient.created_by,
            newest=patient.newest,
            changed_at=patient.changed_at,
            changed_by=patient.changed_by,
        )


class PatientsTold(BaseModel):
    """Patients, the one changed last first; `next` continues the list, null at its end."""

    patients: list[PatientTold]
    next: int | None


class DeletionTold(BaseModel):
    """A patient deleted for good.

    `erased` is false while another program kept the file from being cleared of the remains; that
    is made up for later without asking.
    """

    id: Id
    at: Moment
    erased: bool

    @classmethod
    def of(cls, deletion: Deletion) -> Self:
        return cls(id=deletion.patient_id, at=deletion.at, erased=deletion.erased)


class VersionNamed(BaseModel):
    """Which version, saved when and by whom; `restores` is the older one that it repeats."""

    patient: Id
    number: Number
    at: Moment
    who: Who
    restores: Number | None

    @classmethod
    def named(cls, info: VersionInfo) -> dict[str, Any]:
        return {
            "patient": info.patient_id,
            "number": info.number,
            "at": info.at,
            "who": info.who,
            "restores": info.restores,
        }


class VersionTold(VersionNamed):
    """A version with the record as it was then."""

    record: AnyRecord

    @classmethod
    def of(cls, version: Version) -> Self:
        return cls(**cls.named(version.info), record=plain(version.record))


class FieldChanged(BaseModel):
    """One field before and after, as text; null where it was not there."""

    name: str
    before: str | None
    after: str | None


class Changed(BaseModel):
    """One thing added, removed or changed. `text` says it in one line."""

    kind: str = Field(json_schema_extra={"enum": ["added", "removed", "changed"]})
    part: str = Field(description="the key of the record", examples=["observations"])
    subject: str = Field(description="the id or name of the item of a list")
    place: str = Field(description="what else tells the item from its like", examples=["left"])
    text: str
    fields: list[FieldChanged]

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(
            kind=change.kind,
            part=change.part,
            subject=change.subject,
            place=change.place,
            text=change.text,
            fields=[
                FieldChanged(name=one.name, before=one.before, after=one.after)
                for one in change.fields
            ],
        )


class VersionChanged(VersionNamed):
    """A version and what it changed against the one before it."""

    changes: list[Changed]

    @classmethod
    def of(cls, entry: HistoryEntry) -> Self:
        return cls(**cls.named(entry.info), changes=[Changed.of(one) for one in entry.changes])


class VersionsTold(BaseModel):
    """Versions, the newest first; `next` continues the list, null at its end."""

    versions: list[VersionChanged]
    next: int | None


class Conflicted(Failed):
    """Somebody saved in between: `newest` is what they saved."""

    newest: VersionNamed


def _says_something(schema: JsonDict) -> None:
    values = ("nrs", "settings", "odi", "sleep", "opioid", "note")
    schema["anyOf"] = [
        {"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in values
    ]


def _amount(most: float, description: str) -> Any:
    return Field(default=None, ge=0, le=most, allow_inf_nan=False, description=description)


class DiarySaid(BaseModel):
    """What was written into the diary for one time of the patient's own clock.

    Pain 0 to 10, Oswestry index 0 to 100, hours slept, milligrams of oral morphine in the day. With
    a phase the entry belongs to a trial of stimulation.
    """

    at: Minute
    nrs: float | None = _amount(10, "pain, from 0 (none) to 10 (worst)")
    phase: Phase | None = None
    settings: Annotated[Line, Field(max_length=300)] | None = Field(
        default=None, description="settings of the stimulator in use: one line"
    )
    odi: float | None = _amount(100, "Oswestry disability index in percent")
    sleep: float | None = _amount(24, "hours slept")
    opioid: float | None = _amount(10_000, "opioids of the day in mg of oral morphine")
    note: Annotated[Lines, Field(max_length=5000)] | None = Field(
        default=None, description="remarks in free words"
    )

    def values(self) -> DiaryValues:
        """What the store keeps."""
        return DiaryValues(
            at=dt.datetime.strptime(self.at, _MINUTE),
            nrs=self.nrs,
            phase=self.phase,
            settings=self.settings,
            odi=self.odi,
            sleep=self.sleep,
            opioid=self.opioid,
            note=self.note,
        )


class NewDiaryEntry(Sent, DiarySaid):
    """An entry for the diary. It says something beside its time and phase."""

    model_config = ConfigDict(json_schema_extra=_says_something)


class DiaryCorrection(Sent, DiarySaid):
    """An entry as it should be, and the revision that this correction was made from."""

    model_config = ConfigDict(json_schema_extra=_says_something)
    based_on: Number


class DiaryTold(DiarySaid):
    """An entry as it is kept; `revision` counts its corrections from 1."""

    # What is kept may have come in by another way, with other words than are taken here.
    at: str = Field(description="date and time of the patient's own clock")
    settings: str | None = None
    note: str | None = None
    id: Id
    patient: Id
    revision: Number
    saved_at: Moment
    who: Who

    @classmethod
    def of(cls, entry: DiaryEntry) -> Self:
        said = entry.values
        return cls(
            id=entry.id,
            patient=entry.patient_id,
            revision=entry.revision,
            saved_at=entry.saved_at,
            who=entry.who,
            at=said.at.strftime(_MINUTE),
            nrs=said.nrs,
            phase=said.phase,
            settings=said.settings,
            odi=said.odi,
            sleep=said.sleep,
            opioid=said.opioid,
            note=said.note,
        )


def plain(record: Record) -> dict[str, Any]:
    """A record as it stands in a JSON file of its schema."""
    said = record.model_dump(mode="json", exclude_none=True)
    return {"schema": SCHEMA, "side": None, **said}


def moment_of(minute: str | None) -> dt.datetime | None:
    """The time of the patient's clock that a checked text names."""
    return None if minute is None else dt.datetime.strptime(minute, _MINUTE)
