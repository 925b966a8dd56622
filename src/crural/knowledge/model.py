"""What is known of the world: findings, mechanisms, conditions, alerts, drugs.

Every class is immutable and checked when it is built. What one entry alone can get wrong is
refused here; what only shows between entries (an unknown id, a circle) is found by the loader.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from crural.knowledge.evidence import Evidence
from crural.knowledge.ladder import Course, CriteriaSet, Ladder
from crural.knowledge.numbers import Number
from crural.knowledge.rules import Rule, Score
from crural.knowledge.treatment import Family, Opioids, PrecautionSet, Treatment

FindingKind = Literal["history", "symptom", "sign", "test"]
Burden = Literal[
    "ask", "examine", "blood", "xray", "ultrasound", "nerve-conduction", "mri", "invasive"
]
# `care`: matters for treatment alone; it is neither a risk nor an effect of any cause.
Role = Literal["risk", "pain", "effect", "panel", "care"]
Sex = Literal["female", "male"]
Setting = Literal["primary-care", "specialist", "emergency"]
# Where on the pain's way to the brain a cause acts; `spine` are its bones, discs and joints.
PainSite = Literal["leg", "nerve", "spine", "root", "cord", "brain"]
Urgency = Literal["routine", "urgent", "emergency"]
AlertUrgency = Literal["emergency", "same-day", "two-weeks"]

SETTINGS: tuple[Setting, ...] = ("primary-care", "specialist", "emergency")
BURDENS: tuple[Burden, ...] = (
    "ask",
    "examine",
    "blood",
    "xray",
    "ultrasound",
    "nerve-conduction",
    "mri",
    "invasive",
)
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


if TYPE_CHECKING:
    from crural.knowledge.vocabulary import FindingVocabulary


class _Frozen(BaseModel):
    # Checks are built when first needed: entries that come from the copy are never checked again.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


# A factor of 0 is taken as this: rare is never impossible.
LEAST_AGE_FACTOR = 1e-3

_BAND = re.compile(r"^(\d+)(?:-(\d+)|\+)$")


def band_holds(band: str, age: float) -> bool:
    """Does an age band such as '40-59' or '60+' hold this age in years?"""
    match = _BAND.match(band)
    if match is None:
        raise ValueError(f"'{band}' is no age band; write 40-59 or 60+")
    low, high = int(match[1]), match[2]
    return age >= low and (high is None or age < int(high) + 1)


def _middle(band: str) -> float:
    """Middle age of a band; an open band is taken to end 15 years on."""
    match = _BAND.match(band)
    assert match is not None  # every band was checked when it was read
    low = int(match[1])
    return (low + (int(match[2]) + 1 if match[2] else low + 15)) / 2


def _bands_cover_all_ages(bands: Mapping[str, Any]) -> None:
    for age in range(0, 121):
        holding = [band for band in bands if band_holds(band, age)]
        if len(holding) != 1:
            raise ValueError(f"age {age} is in {len(holding)} of the bands {list(bands)}, not in 1")


class ByAge(_Frozen):
    """A number for each age band."""

    by_age: Mapping[str, Number]

    @field_validator("by_age")
    @classmethod
    def _covers(cls, bands: Mapping[str, Number]) -> Mapping[str, Number]:
        _bands_cover_all_ages(bands)
        return bands

    def at(self, age: float) -> Number:
        """The number for an age in years."""
        return next(number for band, number in self.by_age.items() if band_holds(band, age))


def _aged_or_plain(raw: Any) -> str:
    if isinstance(raw, ByAge) or (isinstance(raw, Mapping) and "by_age" in raw):
        return "ByAge"
    return "Number"


AgedNumber = Annotated[
    Annotated[ByAge, Tag("ByAge")] | Annotated[Number, Tag("Number")],
    Discriminator(_aged_or_plain),
]


class Levels(_Frozen):
    """The share in each state of a graded finding; the first state takes the rest."""

    levels: Mapping[str, AgedNumber]


def _levels_or_number(raw: Any) -> str:
    if isinstance(raw, Levels) or (isinstance(raw, Mapping) and "levels" in raw):
        return "Levels"
    return _aged_or_plain(raw)


Frequency = Annotated[
    Annotated[Levels, Tag("Levels")]
    | Annotated[ByAge, Tag("ByAge")]
    | Annotated[Number, Tag("Number")],
    Discriminator(_levels_or_number),
]


class State(_Frozen):
    """One grade of a graded finding; `min` is included, `max` is not."""

    id: Slug
    name: str
    min: float | None = None
    max: float | None = None


class Finding(_Frozen):
    """An entry of the vocabulary: something that can be known of a patient."""

    id: Slug
    name: str
    question: str
    kind: FindingKind
    burden: Burden
    sided: bool
    role: Role
    nested_under: Slug | None = None
    battery: Slug | None = None
    sex: Sex | None = None
    unit: str | None = None
    states: tuple[State, ...] = ()
    background: Frequency | None = None
    otherwise: Frequency | None = None
    prevalence: AgedNumber | None = None
    implies_absent: tuple[Slug, ...] = ()
    synonyms: tuple[str, ...] = ()
    codes: Mapping[str, Any] = Field(default_factory=dict)
    note: str | None = None

    @model_validator(mode="after")
    def _role_has_its_numbers(self) -> Finding:
        if self.role == "risk" and self.prevalence is None:
            raise ValueError(f"{self.id}: a risk finding needs a prevalence")
        if self.role == "panel" and not self.implies_absent:
            raise ValueError(f"{self.id}: a panel needs implies_absent")
        if self.role != "panel" and self.implies_absent:
            raise ValueError(f"{self.id}: only a panel has implies_absent")
        if self.role == "care" and (self.background or self.otherwise or self.prevalence):
            raise ValueError(f"{self.id}: a care finding has no frequencies")
        if self.states and self.role in {"risk", "panel"}:
            raise ValueError(f"{self.id}: a {self.role} finding is present or absent, not graded")
        if len(self.states) == 1:
            raise ValueError(f"{self.id}: a graded finding needs two states or more")
        for frequency in (self.background, self.otherwise):
            if frequency is not None and isinstance(frequency, Levels) != bool(self.states):
                raise ValueError(f"{self.id}: graded findings take levels, others a number")
        return self

    @property
    def graded(self) -> bool:
        """Does the finding have grades, instead of being present or absent?"""
        return bool(self.states)

    @property
    def state_ids(self) -> tuple[str, ...]:
        """From normal to severe; ('absent', 'present') for a finding without grades."""
        return tuple(state.id for state in self.states) or ("absent", "present")

    def state_of(self, value: float) -> str | None:
        """The state that holds a measured value, or None when no state does."""
        for state in self.states:
            if (state.min is None or value >= state.min) and (
                state.max is None or value < state.max
            ):
                return state.id
        return None


class Link(_Frozen):
    """How often a cause shows a finding: a probability, or the share in each state."""

    finding: Slug
    probability: Number | None = None
    levels: Mapping[str, Number] | None = None
    via: Slug | None = None
    because: str | None = None
    also: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_one_thing(self) -> Link:
        if (self.probability is None) == (self.levels is None):
            raise ValueError(f"{self.finding}: give either probability or levels")
        return self


class Mechanism(_Frozen):
    """How a cause makes pain or a cluster of signs."""

    id: Slug
    name: str
    description: str
    acts_at: PainSite | None = None
    plain: str | None = None
    claims: tuple[str, ...] = ()
    findings: tuple[Link, ...] = Field(min_length=1)


class MechanismShare(_Frozen):
    """A mechanism of a condition and the share of its patients in whom it is active."""

    mechanism: Slug
    probability: Number
    because: str | None = None


class Risk(_Frozen):
    """A fact that shifts how likely a condition is."""

    finding: Slug
    ratio: Number | None = None
    necessary: bool = False
    because: str | None = None
    also: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_one_thing(self) -> Risk:
        if (self.ratio is None) != self.necessary:
            raise ValueError(f"{self.finding}: give either a ratio or necessary: true")
        return self


class Cause(_Frozen):
    """Another condition that can bring this one about."""

    condition: Slug
    probability: Number
    because: str | None = None


class AgeFactors(BaseModel):
    """Multipliers of the prior by age band, with their reason."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)
    because: str = Field(min_length=3)
    evidence: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _covers(self) -> AgeFactors:
        bands = self.__pydantic_extra__ or {}
        _bands_cover_all_ages(bands)
        for band, factor in bands.items():
            if not isinstance(factor, int | float) or factor < 0:
                raise ValueError(f"the factor of {band} must be a number, 0 or more")
        return self

    def at(self, age: float) -> float:
        """The multiplier for an age in years.

        A band's factor holds at its middle; between two middles the logarithm of the factor is
        interpolated. Steps at the edges would make a man of 40 ten times the patient of 39.
        """
        points = sorted(
            (_middle(band), math.log(max(float(factor), LEAST_AGE_FACTOR)))
            for band, factor in (self.__pydantic_extra__ or {}).items()
        )
        for (young, low), (old, high) in itertools.pairwise(points):
            if young <= age <= old:
                return math.exp(low + (high - low) * (age - young) / (old - young))
        return math.exp(points[0][1] if age < points[0][0] else points[-1][1])


class SexFactors(_Frozen):
    """Multipliers of the prior by sex, with their reason."""

    female: float = Field(ge=0)
    male: float = Field(ge=0)
    because: str = Field(min_length=3)
    evidence: tuple[str, ...] = ()


class Prior(BaseModel):
    """How often the condition is a cause of leg pain, by setting; multiplied by age and sex."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)
    primary_care: Number = Field(alias="primary-care")
    specialist: Number
    emergency: Number
    by_age: AgeFactors | None = None
    by_sex: SexFactors | None = None

    def in_setting(self, setting: Setting) -> Number:
        """The number for a setting."""
        if setting == "primary-care":
            return self.primary_care
        return self.specialist if setting == "specialist" else self.emergency


class Side(_Frozen):
    """Share of patients with pain in both legs; share on the left of those with one."""

    bilateral: Number
    left: Number | None = None


class Variant(_Frozen):
    """One of several mutually exclusive forms of a condition."""

    id: Slug
    name: str
    share: Number
    mechanisms: tuple[MechanismShare, ...] = ()
    findings: tuple[Link, ...] = ()
    because: str | None = None


class Condition(_Frozen):
    """A cause of leg pain."""

    id: Slug
    name: str
    plain: str
    group: Slug
    acts_at: tuple[PainSite, ...] = ()
    # The finding that says that it is known already: then nobody need be alerted to it.
    known_as: Slug | None = None
    urgency: Urgency
    is_cancer: bool = False
    description: str
    founding: bool = False
    claims: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    prior: Prior
    side: Side
    risks: tuple[Risk, ...] = ()
    caused_by: tuple[Cause, ...] = ()
    mechanisms: tuple[MechanismShare, ...] = ()
    findings: tuple[Link, ...] = ()
    variants: tuple[Variant, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> Condition:
        for name, ids in (
            ("findings", [link.finding for link in self.findings]),
            ("mechanisms", [share.mechanism for share in self.mechanisms]),
            ("risks", [risk.finding for risk in self.risks]),
            ("variants", [variant.id for variant in self.variants]),
        ):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"{name} names {', '.join(twice)} more than once")
        common = {link.finding for link in self.findings}
        for variant in self.variants:
            both = common & {link.finding for link in variant.findings}
            if both:
                raise ValueError(
                    f"{', '.join(sorted(both))} stands both in the condition and in variant "
                    f"{variant.id}: state it in one of the two"
                )
        if len(self.variants) == 1:
            raise ValueError("one variant is no variant: put its lines into the condition")
        return self


@cache
def unlisted() -> Condition:
    """The unlisted cause of knowledge that does not describe it.

    It makes each quality of pain as often as an unnamed cause does.
    """
    unnamed = {"estimate": 0.12, "range": [0.05, 0.25], "because": "no list of causes is complete"}
    even = {"estimate": 0.3, "range": [0.1, 0.5], "because": "nothing is known of it"}
    return Condition.model_validate(
        {
            "id": "none-of-these",
            "name": "None of these",
            "plain": "a cause that is not in the list",
            "group": "other",
            "urgency": "routine",
            "description": "Every cause that is not listed.",
            "prior": {"primary-care": unnamed, "specialist": unnamed, "emergency": unnamed},
            "side": {"bilateral": even},
        }
    )


class Advice(_Frozen):
    """What else to do where something more is known."""

    when: Rule
    say: str


class Alert(_Frozen):
    """Something that must not wait.

    absorbs: milder alerts about the same thing, which it speaks for when both are raised; also:
    what else to do in some of the patients.
    """

    id: Slug
    title: str
    urgency: AlertUrgency
    about: tuple[Slug, ...] = ()
    when: Rule
    ask: tuple[Slug, ...] = ()
    action: str
    also: tuple[Advice, ...] = ()
    absorbs: tuple[Slug, ...] = ()
    because: str
    sources: tuple[str, ...] = ()
    accuracy: Mapping[str, str] | None = None
    note: str | None = None


class Drug(_Frozen):
    """A drug of the record's vocabulary with its classes."""

    name: str
    synonyms: tuple[str, ...] = ()
    classes: tuple[Slug, ...] = ()
    atc: str | None = None


class Drugs(_Frozen):
    """Drug names, their classes, and the findings that a class stands for."""

    classes: Mapping[str, str] = Field(default_factory=dict)
    findings_by_class: Mapping[str, str] = Field(default_factory=dict)
    drugs: tuple[Drug, ...] = ()

    @cached_property
    def _by_name(self) -> Mapping[str, Drug]:
        return {
            name.casefold(): drug for drug in self.drugs for name in (drug.name, *drug.synonyms)
        }

    def classes_of(self, text: str) -> tuple[str, ...]:
        """Classes of a drug named in free text ('Naproxen 500 mg'); () when it is not known."""
        words = text.casefold()
        known = self._by_name.get(words)
        if known is None:
            # A plain search for the name rules out nearly all of them, and quickly.
            found = [
                drug
                for name, drug in self._by_name.items()
                if name in words and re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", words)
            ]
            return tuple(dict.fromkeys(c for drug in found for c in drug.classes))
        return known.classes


@dataclass(frozen=True, eq=False)
class Knowledge:
    """All that is known of the world, in one immutable piece.

    Compared by identity: `digest` tells whether two are the same.
    """

    version: str
    digest: str
    evidence: Mapping[str, Evidence]
    findings: Mapping[str, Finding]
    mechanisms: Mapping[str, Mechanism]
    conditions: Mapping[str, Condition]
    alerts: Mapping[str, Alert]
    scores: Mapping[str, Score]
    drugs: Drugs
    other: Condition = field(default_factory=unlisted)
    treatments: Mapping[str, Treatment] = field(default_factory=dict)
    families: Mapping[str, Family] = field(default_factory=dict)
    precautions: Mapping[str, PrecautionSet] = field(default_factory=dict)
    opioids: Opioids = field(default_factory=Opioids)
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    criteria: Mapping[str, CriteriaSet] = field(default_factory=dict)
    courses: Mapping[str, Course] = field(default_factory=dict)

    @cached_property
    def vocabulary(self) -> FindingVocabulary:
        """The findings as the record room asks for them."""
        from crural.knowledge.vocabulary import FindingVocabulary  # noqa: PLC0415

        return FindingVocabulary(self.findings)

    @cached_property
    def nested(self) -> Mapping[str, tuple[str, ...]]:
        """For each finding, the more general ones above it, nearest first."""
        above: dict[str, tuple[str, ...]] = {}
        for finding in self.findings.values():
            chain: list[str] = []
            parent = finding.nested_under
            while parent is not None:
                chain.append(parent)
                parent = self.findings[parent].nested_under
            above[finding.id] = tuple(chain)
        return above


@lru_cache(maxsize=4096)
def classes_named(text: str, knowledge: Knowledge) -> tuple[str, ...]:
    """Classes of a drug named in free text, as `Drugs.classes_of`; the same words are read once."""
    return knowledge.drugs.classes_of(text)
