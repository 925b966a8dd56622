"""An entry of the evidence tables: one published figure and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal[
    "accuracy",
    "prevalence",
    "risk-factor",
    "course",
    "definition",
    "criterion",
    "red-flag",
    "treatment-effect",
    "dose",
    "contraindication",
    "adverse-effect",
    "recommendation",
    "parameter",
    "hole",
]


class _Frozen(BaseModel):
    # Built when first needed: entries that come from the copy never are.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Figure(_Frozen):
    """A published value and, where published, its 95 % confidence interval."""

    value: float
    ci: tuple[float, float] | None = None
    at: str | None = None

    @model_validator(mode="after")
    def _interval_holds_the_value(self) -> Figure:
        if self.ci is not None and not self.ci[0] <= self.value <= self.ci[1]:
            raise ValueError(f"the interval {self.ci} does not hold the value {self.value}")
        return self


class Proportion(Figure):
    """A figure between 0 and 1."""

    value: float = Field(ge=0, le=1)


class Effect(_Frozen):
    """An effect size with the name of its measure."""

    measure: str
    value: float | None = None
    ci: tuple[float, float] | None = None
    at: str | None = None


class Source(_Frozen):
    """Where a figure was published. `secondary`: read in another work that reports it; `original`:
    the address of the work itself, where it was read elsewhere."""

    title: str = Field(min_length=3)
    authors: str | None = None
    year: int | None = Field(default=None, ge=1850, le=2100)
    doi: str | None = None
    pmcid: str | None = None
    pmid: str | None = None
    url: str | None = None
    original: str | None = Field(default=None, pattern=r"^https?://")
    secondary: bool = False

    @model_validator(mode="after")
    def _can_be_found(self) -> Source:
        if not (self.doi or self.pmcid or self.pmid or self.url or self.year):
            raise ValueError("a source needs a DOI, PMCID, PMID, URL or year")
        return self

    @property
    def named(self) -> str:
        """The title, with the address of the work itself where it was read elsewhere."""
        return f"{self.title}; the original is at {self.original}" if self.original else self.title

    @property
    def link(self) -> str | None:
        """The best address of the source."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        if self.pmcid:
            return f"https://pmc.ncbi.nlm.nih.gov/articles/{self.pmcid}/"
        if self.pmid:
            return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"
        return self.url


class Evidence(_Frozen):
    """One entry. A `hole` is a figure that was looked for and not found; it holds no number."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    kind: Kind
    wanted: str | None = None
    condition: str | None = None
    treatment: str | None = None
    finding: str | None = None
    population: str | None = None
    n: int | None = Field(default=None, gt=0)
    sensitivity: Proportion | None = None
    specificity: Proportion | None = None
    frequency: Proportion | None = None
    lr_positive: Figure | None = None
    lr_negative: Figure | None = None
    effect: Effect | None = None
    value: float | str | None = None
    unit: str | None = None
    range: tuple[float, float] | None = None
    dose: Any = None
    duration: Any = None
    data: Any = None
    recommendation: str | None = None
    source: Source | None = None
    note: str | None = None
    checked: str | None = None
    traced: bool = True

    @model_validator(mode="after")
    def _has_a_source(self) -> Evidence:
        if self.kind != "hole" and self.source is None:
            raise ValueError("every figure needs a source; a figure not found is `kind: hole`")
        return self

    def figure(self, of: str) -> tuple[float, tuple[float, float] | None] | None:
        """The figure called `of` with its interval, or None when the entry has none."""
        if of == "false-positive-rate":
            if self.specificity is None:
                return None
            ci = self.specificity.ci
            return 1 - self.specificity.value, (1 - ci[1], 1 - ci[0]) if ci else None
        if of == "value":
            numeric = isinstance(self.value, int | float)
            return (float(self.value), self.range) if numeric else None  # type: ignore[arg-type]
        if of == "effect":
            effect = self.effect
            return (effect.value, effect.ci) if effect and effect.value is not None else None
        found: Figure | None = getattr(self, of.replace("-", "_"), None)
        return (found.value, found.ci) if found is not None else None


def cite(entry: Evidence) -> Mapping[str, Any]:
    """What a reader needs to find the source again."""
    source = entry.source
    return {
        "id": entry.id,
        "title": source.named if source else None,
        "year": source.year if source else None,
        "link": source.link if source else None,
        "population": entry.population,
        "n": entry.n,
    }
