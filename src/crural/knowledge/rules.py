"""Rules as data: what the alert files say, typed. Evaluating them is the work of `crural.rules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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


class DurationLeaf(_Frozen):
    """Days since the pain began."""

    duration_days: Bounds


_TAGS: dict[str, str] = {
    "all": "All",
    "any": "AnyOf",
    "not": "Not",
    "not_": "Not",
    "at_least": "AtLeast",
    "finding": "FindingLeaf",
    "age": "AgeLeaf",
    "sex": "SexLeaf",
    "pregnancy_weeks": "PregnancyLeaf",
    "drug_class": "DrugLeaf",
    "drug_classes_together": "DrugsTogetherLeaf",
    "score": "ScoreLeaf",
    "probability": "ProbabilityLeaf",
    "duration_days": "DurationLeaf",
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
    | Annotated[AtLeast, Tag("AtLeast")]
    | Annotated[FindingLeaf, Tag("FindingLeaf")]
    | Annotated[AgeLeaf, Tag("AgeLeaf")]
    | Annotated[SexLeaf, Tag("SexLeaf")]
    | Annotated[PregnancyLeaf, Tag("PregnancyLeaf")]
    | Annotated[DrugLeaf, Tag("DrugLeaf")]
    | Annotated[DrugsTogetherLeaf, Tag("DrugsTogetherLeaf")]
    | Annotated[ScoreLeaf, Tag("ScoreLeaf")]
    | Annotated[ProbabilityLeaf, Tag("ProbabilityLeaf")]
    | Annotated[DurationLeaf, Tag("DurationLeaf")],
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


for _model in (All, AnyOf, Not, Several, AtLeast, ScoreItem, Score):
    _model.model_rebuild()
