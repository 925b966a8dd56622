"""The record of one patient: immutable, and valid by construction.

Nothing downstream checks again. What depends on the vocabulary (does this finding exist, has it
this unit?) is checked by the reader; what holds for any vocabulary is checked here.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from crural.record import consistency
from crural.record.field_error import FieldError, shown
from crural.record.frozen import FrozenMap, freeze, thaw
from crural.record.sides import BodySide, PainfulSide
from crural.record.text import clean

Sex: TypeAlias = Literal["female", "male"]
Setting: TypeAlias = Literal["primary-care", "specialist", "emergency"]
Stage: TypeAlias = Literal["presentation", "work-up"]
Response: TypeAlias = Literal["none", "partial", "good"]

# A record describes one patient. Without limits a file of a million identical lines would be
# "valid" and stall everything that compares observations in pairs.
_MOST_ENTRIES = 1000
# Each drug is held against every other one, and each thing tried against every rung.
_MOST_DRUGS = 100
_MOST_TRIED = 300
# Beyond this no set of causes explains a patient, and weighing them takes minutes.
_MOST_PRESENT = 100
MOST_PAIN_SCORES = 20_000

_CLINICS = {"spine-clinic": "specialist", "pain-clinic": "specialist"}


def _date(raw: object) -> object:
    if isinstance(raw, str):
        try:
            return dt.datetime.strptime(raw.strip(), "%Y-%m-%d").date()
        except ValueError:
            pass
    elif type(raw) is dt.date:
        return raw
    raise FieldError((), f"{shown(raw)} is not a date", "write year-month-day, such as 2026-03-01")


def _since(raw: object) -> object:
    # YAML turns 2015 and 2015-03-01 into a number and a date; both are words here.
    if isinstance(raw, int) and not isinstance(raw, bool) and 1000 <= raw <= 9999:
        return str(raw)
    return raw.isoformat() if type(raw) is dt.date else raw


def _name_alone(raw: object, key: str) -> object:
    return {key: raw} if isinstance(raw, str) else raw


Text: TypeAlias = Annotated[str, Field(strict=True, max_length=300), AfterValidator(clean)]
LongText: TypeAlias = Annotated[str, Field(strict=True, max_length=50_000), AfterValidator(clean)]
Number: TypeAlias = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole: TypeAlias = Annotated[int, Field(strict=True)]
Date: TypeAlias = Annotated[dt.date, BeforeValidator(_date)]
Since: TypeAlias = Annotated[Text, BeforeValidator(_since)]
ClinicSetting: TypeAlias = Annotated[
    Setting, BeforeValidator(lambda raw: _CLINICS.get(raw, raw) if isinstance(raw, str) else raw)
]
Source: TypeAlias = Annotated[
    InstanceOf[FrozenMap],
    BeforeValidator(lambda raw: raw if isinstance(raw, FrozenMap) else freeze(raw)),
    PlainSerializer(thaw),
    WithJsonSchema({"type": "object"}),
]


class Part(BaseModel):
    """Common to all parts of a record: they never change, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Observation(Part):
    """A finding stated present or absent, in a state, or with a measured value.

    What is not mentioned has no observation; that is not the same as absent.
    """

    finding: Annotated[Text, Field(description="the id of a finding, such as slr-positive")]
    present: Annotated[bool, Field(strict=True)] | None = Field(
        default=None,
        description="true when the finding is there, false when it was looked for and is not there",
    )
    state: Text | None = Field(
        default=None, description="the grade of a graded finding, such as sudden for onset-speed"
    )
    value: Number | None = Field(default=None, description="the measured value, a plain number")
    unit: Text | None = Field(default=None, description="the unit of the value, such as mg/L")
    side: BodySide | None = Field(
        default=None,
        description="left, right, both or midline of the body; without it the painful leg is meant",
    )
    onset: Date | None = Field(
        default=None, description="the date on which the finding began, as year-month-day"
    )
    date: Date | None = Field(
        default=None, description="the date on which it was observed, as year-month-day"
    )
    by: Text | None = Field(
        default=None, description="who said so: patient, clinician, laboratory, imaging or words"
    )
    stage: Stage = Field(
        default="presentation",
        description="presentation (known at first) or work-up (found by later tests)",
    )
    note: LongText | None = Field(default=None, description="remarks in free words")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = [k for k in ("present", "state", "value") if getattr(self, k) is not None]
        if not said:
            raise FieldError(
                (),
                f"nothing is said about {shown(self.finding)}",
                "give one of present, state or value; leave the whole line out when it is not "
                "known (what is not mentioned is never taken as absent)",
            )
        if len(said) > 1:
            raise FieldError(
                (said[1],),
                f"{' and '.join(said)} are both given for {shown(self.finding)}",
                "keep one of them",
            )
        if (self.value is None) != (self.unit is None):
            raise FieldError(
                ("unit",),
                "a value has no unit" if self.unit is None else "there is a unit without a value",
                "give value and unit together",
            )
        if self.onset is not None and self.date is not None and self.onset > self.date:
            raise FieldError(
                ("onset",),
                f"it began on {self.onset}, after it was observed on {self.date}",
                "correct one of the two dates",
            )
        return self


class Treatment(Part):
    """One thing that was tried: what, how much, how long, with what response."""

    what: Annotated[Text, Field(description="the drug, therapy or operation")]
    dose: Text | None = Field(default=None, description="dose and frequency in words")
    start: Date | None = Field(default=None, description="the first day, as year-month-day")
    stop: Date | None = Field(default=None, description="the last day, as year-month-day")
    days: Annotated[Whole, Field(ge=1, le=36_500)] | None = Field(
        default=None, description="how many days it was used, a whole number from 1"
    )
    response: Response | None = Field(default=None, description="none, partial or good")
    relief_percent: Annotated[Number, Field(ge=0, le=100)] | None = Field(
        default=None, description="relief of pain in percent, a number from 0 to 100"
    )
    stopped_because: LongText | None = Field(
        default=None, description="why it was stopped, in free words"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, raw: object) -> object:
        return _name_alone(raw, "what")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.start is None or self.stop is None:
            return self
        if self.stop < self.start:
            raise FieldError(
                ("stop",),
                f"it stops on {self.stop}, before it starts on {self.start}",
                "correct one of the two dates",
            )
        between = (self.stop - self.start).days
        # Both ways of counting the last day are in use, so one day of difference says nothing.
        if self.days is not None and not between <= self.days <= between + 1:
            raise FieldError(
                ("days",),
                f"{self.days} days do not fit {self.start} to {self.stop} ({between + 1} days)",
                "leave days out, or correct the dates",
            )
        return self

    @property
    def duration_days(self) -> int | None:
        """Days of use, first and last counted; None when it cannot be told or goes on."""
        if self.days is not None or self.start is None or self.stop is None:
            return self.days
        return (self.stop - self.start).days + 1


class Drug(Part):
    """A drug the patient takes now."""

    name: Annotated[Text, Field(description="the drug")]
    dose: Text | None = Field(default=None, description="dose and frequency in words")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, raw: object) -> object:
        return _name_alone(raw, "name")


class Illness(Part):
    """A known illness, past or present."""

    name: Annotated[Text, Field(description="the illness")]
    since: Since | None = Field(default=None, description="a year, a date or words")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, raw: object) -> object:
        return _name_alone(raw, "name")


class PainScore(Part):
    """One pain score on the 0 to 10 numeric rating scale."""

    date: Date | None = Field(default=None, description="the date, as year-month-day")
    day: Annotated[Whole, Field(ge=-36_500, le=36_500)] | None = Field(
        default=None,
        description="the number of the day, counted from the start of what is followed up (day 0);"
        " negative before it",
    )
    nrs: Annotated[Number, Field(ge=0, le=10)] = Field(
        description="the pain score, a number from 0 (none) to 10 (worst)"
    )
    place: Text | None = Field(default=None, description="where it hurts, in free words")

    @model_validator(mode="after")
    def _has_one_time(self) -> Self:
        if (self.date is None) == (self.day is None):
            given = "neither date nor day" if self.date is None else "both date and day"
            raise FieldError((), f"{given} is given for this pain score", "give one of the two")
        return self


class Record(Part):
    """What is known of one patient."""

    id: Text | None = Field(
        default=None, description="a name for the record that does not identify the patient"
    )
    as_of: Date | None = Field(
        default=None, description="the date for which the record holds, as year-month-day"
    )
    age: Annotated[Number, Field(ge=0, le=120)] = Field(
        description="the age in years, a number from 0 to 120"
    )
    sex: Sex = Field(description="female or male")
    pregnancy_weeks: Annotated[Whole, Field(ge=0, le=45)] | None = Field(
        default=None, description="completed weeks of a present pregnancy, 0 to 45"
    )
    side: PainfulSide | None = Field(
        description="left, right or bilateral (the painful leg), or null when it was not recorded"
    )
    setting: ClinicSetting = Field(
        default="primary-care",
        description="primary-care, specialist (also spine-clinic, pain-clinic) or emergency",
    )
    observations: tuple[Observation, ...] = Field(
        default=(),
        max_length=_MOST_ENTRIES,
        description="a list of observations, each with finding and present, state or value",
        examples=[[{"finding": "slr-positive", "present": True, "side": "left"}]],
    )
    treatments: tuple[Treatment, ...] = Field(
        default=(),
        max_length=_MOST_TRIED,
        description="a list of what was tried",
        examples=[[{"what": "ibuprofen", "days": 14, "response": "partial"}]],
    )
    drugs: tuple[Drug, ...] = Field(
        default=(),
        max_length=_MOST_DRUGS,
        description="a list of the drugs taken now",
        examples=[["metformin"]],
    )
    allergies: tuple[Text, ...] = Field(
        default=(),
        max_length=_MOST_DRUGS,
        description="a list of allergies",
        examples=[["penicillin"]],
    )
    illnesses: tuple[Illness, ...] = Field(
        default=(),
        max_length=_MOST_DRUGS,
        description="a list of known illnesses",
        examples=[["type 2 diabetes"]],
    )
    pain_scores: tuple[PainScore, ...] = Field(
        default=(),
        max_length=MOST_PAIN_SCORES,
        description="a list of pain scores, each with date (or day) and nrs",
        examples=[[{"day": 0, "nrs": 7}]],
    )
    note: LongText | None = Field(default=None, description="remarks in free words")
    source: Source | None = Field(
        default=None, description="where the record comes from: any keys, such as title and url"
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.pregnancy_weeks is not None and self.sex == "male":
            raise FieldError(
                ("pregnancy_weeks",), "a man is not pregnant", "correct sex, or leave it out"
            )
        if self.as_of is not None:
            consistency.check_dates(self, self.as_of, "as_of")
        present = sum(o.present is not False for o in self.observations)
        if present > _MOST_PRESENT:
            raise FieldError(
                ("observations",),
                f"{present} findings are present; no more than {_MOST_PRESENT} can be weighed",
                "state what was found in this patient, once",
            )
        consistency.check_contradictions(self.observations, self.side)
        return self
