"""Rules as data: what the alert files say, typed. Evaluating them is the work of `crural.rules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Bounds(_Frozen):
    """At least `min`, below `max`; either may be open."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _bounds_something(self) -> Bounds:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError(f"min {self.min} is not below max {self.max}")
        return self


class All(_Frozen):
    all: tuple[Rule, ...] = Field(min_length=1)


class AnyOf(_Frozen):
    any: tuple[Rule, ...] = Field(min_length=1)


class Not(_Frozen):
    not_: Rule = Field(alias="not")


class Unless(_Frozen):
    """Met unless the rule is: what nobody has asked about yet stands in nobody's way."""

    unless: Rule


class Several(_Frozen):
    n: int = Field(ge=1)
    of: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _can_be_reached(self) -> Several:
        if self.n > len(self.of):
            raise ValueError(f"at_least {self.n} of {len(self.of)} can never be met")
        return self


class AtLeast(_Frozen):
    at_least: Several


class FindingLeaf(_Frozen):
    """A finding is present, or a graded finding is at or above a state."""

    finding: str
    state_at_least: str | None = None


class AgeLeaf(_Frozen):
    age: Bounds


class SexLeaf(_Frozen):
    sex: str = Field(pattern="^(female|male)$")


class PregnancyLeaf(_Frozen):
    pregnancy_weeks: Bounds


class DrugLeaf(_Frozen):
    drug_class: str


class DrugsTogetherLeaf(_Frozen):
    """Two or more different current drugs that between them cover all the classes."""

    drug_classes_together: tuple[str, ...] = Field(min_length=2)


class ScoreLeaf(_Frozen):
    score: str
    min: float


class ProbabilityLeaf(_Frozen):
    """The posterior probability of a condition is at least `min`."""

    probability: str
    min: float = Field(gt=0, lt=1)
    because: str | None = None


class ProbabilityAnyLeaf(_Frozen):
    """The most probable of several conditions has a posterior probability of at least `min`."""

    probability_any: tuple[str, ...] = Field(min_length=2)
    min: float = Field(gt=0, lt=1)
    because: str | None = None


class DurationLeaf(_Frozen):
    """Days since the pain began."""

    duration_days: Bounds


class PainScoreLeaf(_Frozen):
    """The latest pain score, 0 to 10."""

    pain_score: Bounds


class MmeLeaf(_Frozen):
    """Opioids taken now, in milligrams of oral morphine a day."""

    mme: Bounds


class AllergyLeaf(_Frozen):
    """An allergy whose text holds one of these words."""

    allergy: tuple[str, ...] = Field(min_length=1)


class TriedLeaf(_Frozen):
    """A treatment, or one of a family, was tried with this outcome.

    outcome: `tried` whatever came of it; `failed` an attempt that counts, without enough relief;
    `good` with enough relief; `not-tolerated` stopped for its side effects. `days` asks how long
    it was used in all; `relief_percent` how much relief it gave.
    """

    tried: tuple[str, ...] = Field(min_length=1)
    outcome: Literal["tried", "failed", "good", "not-tolerated"] = "tried"
    days: Bounds | None = None
    relief_percent: Bounds | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> TriedLeaf:
        if self.days is not None and self.relief_percent is not None:
            raise ValueError("ask for days or for relief_percent; for both, write two leaves")
        if self.outcome != "tried" and (self.days or self.relief_percent):
            raise ValueError("days and relief_percent go with outcome tried")
        return self


_TAGS: dict[str, str] = {
    "all": "All",
    "any": "AnyOf",
    "not": "Not",
    "not_": "Not",
    "unless": "Unless",
    "at_least": "AtLeast",
    "finding": "FindingLeaf",
    "age": "AgeLeaf",
    "sex": "SexLeaf",
    "pregnancy_weeks": "PregnancyLeaf",
    "drug_class": "DrugLeaf",
    "drug_classes_together": "DrugsTogetherLeaf",
    "score": "ScoreLeaf",
    "probability": "ProbabilityLeaf",
    "probability_any": "ProbabilityAnyLeaf",
    "duration_days": "DurationLeaf",
    "pain_score": "PainScoreLeaf",
    "mme": "MmeLeaf",
    "allergy": "AllergyLeaf",
    "tried": "TriedLeaf",
}


def _kind_of_rule(raw: Any) -> str | None:
    if isinstance(raw, BaseModel):
        return type(raw).__name__
    if isinstance(raw, Mapping):
        return next((_TAGS[key] for key in _TAGS if key in raw), None)
    return None


Rule = Annotated[
    Annotated[All, Tag("All")]
    | Annotated[AnyOf, Tag("AnyOf")]
    | Annotated[Not, Tag("Not")]
    | Annotated[Unless, Tag("Unless")]
    | Annotated[AtLeast, Tag("AtLeast")]
    | Annotated[FindingLeaf, Tag("FindingLeaf")]
    | Annotated[AgeLeaf, Tag("AgeLeaf")]
    | Annotated[SexLeaf, Tag("SexLeaf")]
    | Annotated[PregnancyLeaf, Tag("PregnancyLeaf")]
    | Annotated[DrugLeaf, Tag("DrugLeaf")]
    | Annotated[DrugsTogetherLeaf, Tag("DrugsTogetherLeaf")]
    | Annotated[ScoreLeaf, Tag("ScoreLeaf")]
    | Annotated[ProbabilityLeaf, Tag("ProbabilityLeaf")]
    | Annotated[ProbabilityAnyLeaf, Tag("ProbabilityAnyLeaf")]
    | Annotated[DurationLeaf, Tag("DurationLeaf")]
    | Annotated[PainScoreLeaf, Tag("PainScoreLeaf")]
    | Annotated[MmeLeaf, Tag("MmeLeaf")]
    | Annotated[AllergyLeaf, Tag("AllergyLeaf")]
    | Annotated[TriedLeaf, Tag("TriedLeaf")],
    Discriminator(_kind_of_rule),
]


class ScoreItem(_Frozen):
    points: float
    when: Rule
    name: str | None = None


class Score(_Frozen):
    """A published clinical score: points for what is met."""

    id: str
    name: str
    items: tuple[ScoreItem, ...] = Field(min_length=1)
    sources: tuple[str, ...] = ()
    because: str | None = None
