"""What is known of trials of stimulation and of the level of a lead: models and reader.

Two files below `data/therapy/`; read when first asked for, apart from the rest of the knowledge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crural.knowledge.evidence import Evidence
from crural.knowledge.loader import DATA
from crural.knowledge.numbers import Number, NumberError, resolve
from crural.knowledge.one_file import read_one
from crural.knowledge.therapy_checks import Wrong

TRIAL_FILE = "therapy/stimulation-trial.yaml"
COVERAGE_FILE = "therapy/stimulation-coverage.yaml"

Mode = Literal["paraesthesia", "high-frequency", "burst", "ganglion"]
When = Literal["one-sided", "both-sides", "always"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Noise(_Frozen):
    """How the scores of one person scatter about the mean of a phase (prior of the model)."""

    sd: Number
    autocorrelation: Number
    sources: tuple[str, ...]


class DiaryLimits(_Frozen):
    """From when on a diary is too short, too full of gaps or at the end of its scale."""

    least_baseline_days: Number
    least_entries: Number
    longest_gap_days: Number
    low_baseline: Number
    at_the_end_of_the_scale: Number
    falling_before: Number


class Definition(_Frozen):
    """What somebody calls a successful trial. Without a figure it cannot be decided from a diary.

    relief_percent: share of the first pain that is gone; or_points: or as many points; points: as
    many points; least_days: length of the trial; analgesics and function: what must hold of them;
    ask: what no diary tells.
    """

    id: str
    name: str
    body: str
    year: int
    relief_percent: Number | None = None
    or_points: Number | None = None
    points: Number | None = None
    least_days: Number | None = None
    analgesics: Literal["not-more"] | None = None
    function: Literal["not-worse", "better"] | None = None
    ask: tuple[str, ...] = ()
    sources: tuple[str, ...] = Field(min_length=1)


class Saying(_Frozen):
    """A sentence that every answer carries, with its sources."""

    text: str
    when: When = "always"
    sources: tuple[str, ...] = Field(min_length=1)


class TrialKnowledge(_Frozen):
    """`stimulation-trial.yaml`."""

    id: str
    sources: tuple[str, ...]
    noise: Noise
    diary: DiaryLimits
    lasting_days: Number
    definitions: tuple[Definition, ...]
    function_points: Number
    says: tuple[Saying, ...]


class Published(_Frozen):
    """Vertebrae, first and last (7 is T7, 13 is L1), from which an area was reached in a paper."""

    levels: tuple[int, int]
    says: str
    source: str

    @model_validator(mode="after")
    def _runs_down(self) -> Published:
        if self.levels[0] > self.levels[1]:
            raise ValueError("write the upper vertebra first")
        return self


class Area(_Frozen):
    """A part of back or leg: from which vertebra, how easily, by which roots it is reached."""

    best: Number
    ease: Number
    lateral: bool
    dermatomes: tuple[str, ...] = Field(min_length=1)
    published: tuple[Published, ...] = ()


class Ganglion(_Frozen):
    """Ganglia chosen for an area in a published series."""

    area: str
    roots: tuple[str, ...]
    says: str
    source: str


class StimulationMode(_Frozen):
    """What a kind of stimulation asks of the place of its lead."""

    id: Mode
    name: str
    says: str
    sources: tuple[str, ...] = Field(min_length=1)


class CoverageKnowledge(_Frozen):
    """`stimulation-coverage.yaml`."""

    id: str
    sources: tuple[str, ...]
    reach: Number
    tip_above: Number
    two_leads_from: Number
    leading: Number
    areas: Mapping[str, Area]
    ganglia: tuple[Ganglion, ...]
    modes: tuple[StimulationMode, ...]
    says: tuple[Saying, ...]


@lru_cache(maxsize=4)
def load_trial(root: Path = DATA) -> TrialKnowledge:
    """What is known of trials. Raises KnowledgeError when the file is wrong."""
    return read_one(root, TRIAL_FILE, TrialKnowledge)


@lru_cache(maxsize=4)
def load_coverage(root: Path = DATA) -> CoverageKnowledge:
    """What is known of levels. Raises KnowledgeError when the file is wrong."""
    return read_one(root, COVERAGE_FILE, CoverageKnowledge)


def problems(evidence: Mapping[str, Evidence], root: Path = DATA) -> Iterator[Wrong]:
    """Numbers that do not resolve, and sources that do not exist, in both files."""
    files: tuple[tuple[str, BaseModel], ...] = (
        (TRIAL_FILE, load_trial(root)),
        (COVERAGE_FILE, load_coverage(root)),
    )
    for name, model in files:
        raw = model.model_dump()
        for field, source in _sources(raw):
            entry = evidence.get(source)
            if entry is None or entry.kind == "hole" or not entry.traced:
                yield Wrong(
                    name,
                    field,
                    f"'{source}' is no entry of the evidence that may be used",
                    "name an entry that exists and is traced",
                )
        for field, number in _numbers(model):
            try:
                resolve(number, evidence, "real")
            except NumberError as error:
                yield Wrong(name, field, str(error), "correct the number or its source")


def _sources(raw: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            if key in {"sources", "also"}:
                yield from ((f"{place}{key}", source) for source in value)
            elif key in {"source", "evidence"} and isinstance(value, str):
                yield f"{place}{key}", value
            else:
                yield from _sources(value, f"{place}{key}.")
    elif isinstance(raw, list | tuple):
        for i, value in enumerate(raw):
            yield from _sources(value, f"{place}{i}.")


def _numbers(model: Any, place: str = "") -> Iterator[tuple[str, Number]]:
    if isinstance(model, BaseModel):
        if type(model).__name__ in {"FromEvidence", "Estimate", "Derived"}:
            yield place.rstrip("."), model  # type: ignore[misc]
            return
        for key in type(model).model_fields:
            yield from _numbers(getattr(model, key), f"{place}{key}.")
    elif isinstance(model, Mapping):
        for key, value in model.items():
            yield from _numbers(value, f"{place}{key}.")
    elif isinstance(model, list | tuple):
        for i, value in enumerate(model):
            yield from _numbers(value, f"{place}{i}.")
