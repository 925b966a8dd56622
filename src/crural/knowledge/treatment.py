"""What the knowledge says of treatments: what is enough, what it does, when it must not be given.

Data only. Which treatments a patient has had, and which come next, is the work of `crural.ladder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crural.knowledge.numbers import Number, Scale
from crural.knowledge.rules import Rule

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]

TreatmentKind = Literal[
    "self-care",
    "physical",
    "psychological",
    "device",
    "drug",
    "topical",
    "injection",
    "surgery",
    "cause",
    "referral",
    "stimulation",
    "intrathecal",
]
# Where on the pain's path a treatment acts, from the leg to the brain; `cause` is the disease.
Site = Literal["cause", "leg", "nerve", "root", "cord", "brain"]
DoseUnit = Literal[
    "mg/day",
    "ug/day",
    "g/day",
    "ml/day",
    "IU/day",
    "IU",
    "mg",
    "mg/week",
    "mg/year",
    "sprays/day",
    "patches/day",
    "Gy",
]
Stance = Literal["for", "against", "silent"]
PrecautionLevel = Literal["barred", "caution"]
PrecautionKind = Literal[
    "illness", "interaction", "pregnancy", "age", "organ", "test", "allergy", "diagnosis"
]
# What grows when two drugs act together, the worst first.
Harm = Literal["breathing", "bleeding", "serotonin", "rhythm", "fits", "pressure", "sodium"]
Measure = Literal[
    "nnt",
    "responders",
    "responder-difference",
    "mean-difference-nrs",
    "standardised-difference",
    "no-difference",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Amount(_Frozen):
    """A dose: a number that can be traced, and its unit."""

    amount: Number
    unit: DoseUnit


class Adequate(_Frozen):
    """What counts as a proper attempt: so long, at least so much, so many sessions."""

    days: Number
    dose: Amount | None = None
    sessions: Number | None = None
    because: str | None = None


class RenalDose(_Frozen):
    """The largest dose while the kidneys work no better than `when` says."""

    when: Rule
    most: Amount
    say: str


class Dosing(_Frozen):
    """How a drug is begun, raised and limited."""

    start: Amount
    most: Amount
    how: str
    renal: tuple[RenalDose, ...] = ()


class Effect(_Frozen):
    """What a treatment does for one pain: a published figure, or that none was found.

    `in_`: ids of conditions, or of pain kinds such as neuropathic-pain.
    """

    in_: tuple[Slug, ...] = Field(alias="in", min_length=1)
    measure: Measure
    value: Number | None = None
    at: str | None = None
    versus: str | None = None
    says: str
    sources: tuple[str, ...] = ()

    @property
    def scale(self) -> Scale:
        """The scale of its value: a share of patients is a probability."""
        return "probability" if self.measure == "responders" else "real"

    @model_validator(mode="after")
    def _has_its_figure(self) -> Effect:
        if (self.value is None) != (self.measure == "no-difference"):
            raise ValueError(f"a {self.measure} {'takes no' if self.value else 'needs a'} value")
        return self


class Position(_Frozen):
    """What a body says of a treatment for some pain, since when and how firmly."""

    in_: tuple[Slug, ...] = Field(alias="in", min_length=1)
    body: str
    year: int = Field(ge=1950, le=2100)
    stance: Stance
    strength: str
    says: str
    source: str


class Precaution(_Frozen):
    """A fact that bars a treatment, or asks for care with it.

    `check` marks what must be known before the treatment begins; `harm` what grows when two drugs
    act together: an interaction of one harm is told in one row with the others of it.
    """

    id: Slug
    level: PrecautionLevel
    kind: PrecautionKind
    harm: Harm | None = None
    when: Rule
    say: str
    check: bool = False
    sources: tuple[str, ...] = ()
    because: str | None = None

    @model_validator(mode="after")
    def _has_a_reason(self) -> Precaution:
        if not self.sources and not self.because:
            raise ValueError(f"{self.id}: name a source, or say why in `because`")
        return self

    @model_validator(mode="after")
    def _is_between_drugs(self) -> Precaution:
        if self.harm and self.kind != "interaction":
            raise ValueError(f"{self.id}: only an interaction has a `harm`")
        return self


class PrecautionSet(_Frozen):
    """Precautions that several treatments share."""

    id: Slug
    name: str
    items: tuple[Precaution, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_each_once(self) -> PrecautionSet:
        ids = [item.id for item in self.items]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands more than once")
        return self


class Family(_Frozen):
    """Treatments that stand for each other when a record is vague ('an anti-inflammatory').

    `covers`: families that an even vaguer word stands for ('conservative treatment').
    """

    id: Slug
    name: str
    words: tuple[str, ...] = ()
    covers: tuple[Slug, ...] = ()


class Treatment(_Frozen):
    """One thing that can be done."""

    id: Slug
    name: str
    plain: str
    kind: TreatmentKind
    family: Slug
    acts_on: tuple[Site, ...] = Field(min_length=1)
    description: str
    words: tuple[str, ...] = ()
    drug_classes: tuple[Slug, ...] = ()
    adequate: Adequate | None = None
    dosing: Dosing | None = None
    effects: tuple[Effect, ...] = ()
    positions: tuple[Position, ...] = ()
    precautions: tuple[Slug, ...] = ()
    monitor: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    note: str | None = None


class Opioid(_Frozen):
    """How many milligrams of oral morphine one unit of an opioid equals."""

    name: Slug
    words: tuple[str, ...] = ()
    route: Literal["oral", "transdermal", "sublingual"] = "oral"
    factor: Number
    unit: Literal["mg/day", "ug/h"]
    note: str | None = None


class Opioids(_Frozen):
    """Conversion factors and the daily totals from which more care is due."""

    opioids: tuple[Opioid, ...] = ()
    thresholds: tuple[OpioidThreshold, ...] = ()
    caveats: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class OpioidThreshold(_Frozen):
    """From this many milligrams of morphine equivalents a day on, so much care."""

    at_least: Number
    say: str
