"""What the knowledge says of the way of treatment: ladders, criteria, and expected courses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crural.knowledge.numbers import Number
from crural.knowledge.rules import Rule

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Stage = Literal[
    "self-care",
    "simple-analgesic",
    "physical",
    "neuropathic-drug",
    "antispasmodic-drug",
    "injection",
    "cause",
    "surgery",
    "programme",
    "stimulation",
    "intrathecal",
]
CriteriaKind = Literal["criteria", "contraindications", "precautions", "preparation"]
Therapy = Literal["stimulation", "intrathecal"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Dispute(_Frozen):
    """Where the founding text and today's guidelines differ; both are shown."""

    claim: str
    then: str
    now: str
    sources: tuple[str, ...] = Field(min_length=1)


class Rung(_Frozen):
    """A step of a ladder.

    options: treatments, best first; needed: how many of them must have failed before the rung is
    passed; when: the rung is for such patients only (while that is not known an operation is next
    all the same, to be settled first; any other rung is left out with the question); straight_if:
    what makes it next at once, whatever was tried before; taken_as_done_after: days of pain from
    which a step that records seldom mention (rest, staying active) is taken as done; beside: it
    runs beside the others (treatment of the cause) and never holds them up; looked_for_by: it is a
    search for what can be mended, in a pain that follows an operation: findings of which any that
    is recorded, present or not, shows that it was made (the first operation shows nothing).
    """

    id: Slug
    title: str
    stage: Stage
    options: tuple[Slug, ...] = Field(min_length=1)
    needed: int = Field(default=1, ge=1)
    why: str
    when: Rule | None = None
    straight_if: Rule | None = None
    straight_because: str | None = None
    taken_as_done_after: Number | None = None
    beside: bool = False
    looked_for_by: tuple[Slug, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    claims: tuple[str, ...] = ()

    @property
    def for_exceptions(self) -> bool:
        """Is it left out while nobody knows whether its `when` is met?

        So are rungs that only an urgent finding opens, and drugs or injections for some patients.
        """
        return self.stage != "surgery" or self.when == self.straight_if

    @model_validator(mode="after")
    def _can_be_passed(self) -> Rung:
        if self.needed > len(self.options):
            raise ValueError(f"{self.id}: needs {self.needed} of {len(self.options)} options")
        if (self.straight_if is None) != (self.straight_because is None):
            raise ValueError(f"{self.id}: straight_if and straight_because go together")
        return self


class Ladder(_Frozen):
    """The way of treatment for some causes of leg pain.

    pain: kinds of pain that figures of effect may speak of (neuropathic-pain, ...), beside the
    conditions themselves; when: the ladder is for such patients only (spasms in multiple
    sclerosis); general: the ladder of every cause that has none.
    """

    id: Slug
    name: str
    conditions: tuple[Slug, ...] = ()
    pain: tuple[Slug, ...] = ()
    when: Rule | None = None
    general: bool = False
    why: str
    claims: tuple[str, ...] = ()
    rungs: tuple[Rung, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _names_each_rung_once(self) -> Ladder:
        ids = [rung.id for rung in self.rungs]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"rung {', '.join(twice)} stands more than once")
        if not self.general and not self.conditions:
            raise ValueError("name the conditions it is for, or make it the general ladder")
        return self


class CriteriaItem(_Frozen):
    """One line of a published list of criteria.

    essential: without it the therapy is not due under this set; others weigh.
    """

    id: Slug
    text: str
    when: Rule
    essential: bool = True
    note: str | None = None
    sources: tuple[str, ...] = ()


class CriteriaSet(_Frozen):
    """A published list of criteria for stimulation or intraspinal drugs, by body and year.

    decides: it says whom to treat; a list of factors that weigh, or one that was read only in part,
    does not decide.
    """

    id: Slug
    name: str
    therapy: Therapy
    body: str
    year: int = Field(ge=1950, le=2100)
    region: str
    kind: CriteriaKind
    stage: Literal["trial", "implant", "both"] = "both"
    decides: bool = True
    when: Rule | None = None
    sources: tuple[str, ...] = Field(min_length=1)
    limits: str | None = None
    items: tuple[CriteriaItem, ...] = Field(min_length=1)


class CoursePoint(_Frozen):
    """At so many weeks: the share of the first pain that is left, on average."""

    week: Number
    left: Number


class Course(_Frozen):
    """How pain is expected to lessen, by itself or under a treatment.

    spread: between-patient standard deviation of the share of pain that is left.
    """

    id: Slug
    name: str
    conditions: tuple[Slug, ...] = Field(min_length=1)
    treatment: Slug | None = None
    points: tuple[CoursePoint, ...] = Field(min_length=2)
    spread: Number
    says: str
    if_not: str
    claims: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
