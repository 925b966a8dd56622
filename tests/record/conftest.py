"""A small vocabulary with one finding of every kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from crural.errors import RecordError
from crural.record import Record, record_from_text

TODAY = dt.date(2026, 4, 1)


@dataclass(frozen=True)
class FakeState:
    id: str
    min: float | None = None
    max: float | None = None
    name: str = ""


@dataclass(frozen=True)
class FakeFinding:
    id: str
    name: str
    sided: bool = False
    role: str = "effect"
    sex: str | None = None
    unit: str | None = None
    states: tuple[FakeState, ...] = ()
    synonyms: tuple[str, ...] = ()


def graded(*bounds: tuple[str, float | None, float | None]) -> tuple[FakeState, ...]:
    return tuple(FakeState(*bound, name=bound[0]) for bound in bounds)


FINDINGS = (
    FakeFinding("slr-positive", "straight leg raise positive", sided=True, synonyms=("Lasegue",)),
    FakeFinding("reflex-ankle-reduced", "ankle reflex reduced or absent", sided=True),
    FakeFinding("weakness-great-toe", "weak great toe extension", sided=True),
    FakeFinding("pain-bilateral", "pain in both legs", role="pain"),
    FakeFinding("saddle-numbness", "numbness between the legs"),
    FakeFinding("diabetes-known", "known diabetes mellitus", role="risk", synonyms=("Diabetes",)),
    FakeFinding(
        "endometriosis-known",
        "known endometriosis",
        role="risk",
        sex="female",
        synonyms=("endometriosis",),
    ),
    FakeFinding("psa-high", "prostate-specific antigen high", sex="male"),
    FakeFinding(
        "onset-speed",
        "how the pain began",
        states=(
            FakeState("gradual", name="over weeks or more"),
            FakeState("subacute", name="over days"),
            FakeState("sudden", name="Sudden"),
        ),
    ),
    FakeFinding(
        "crp",
        "C-reactive protein",
        unit="mg/L",
        states=graded(("normal", 0, 10), ("raised", 10, 50), ("high", 50, None)),
    ),
    FakeFinding(
        "vitamin-d",
        "25-hydroxyvitamin D",
        unit="nmol/L",
        states=graded(("sufficient", 50, None), ("insufficient", 25, 50), ("deficient", 0, 25)),
    ),
    FakeFinding(
        "hba1c",
        "glycated haemoglobin",
        unit="mmol/mol",
        states=graded(("normal", 0, 42), ("prediabetes", 42, 48), ("diabetes", 48, None)),
    ),
    FakeFinding(
        "temperature-raised",
        "body temperature",
        unit="Cel",
        states=graded(("normal", 30, 37.8), ("fever", 37.8, 38.5), ("high-fever", 38.5, 45)),
    ),
    FakeFinding(
        "alp",
        "alkaline phosphatase as multiple of the upper limit",
        unit="{xULN}",
        states=graded(("normal", 0, 1), ("raised", 1, 2), ("high", 2, None)),
    ),
    FakeFinding(
        "abi",
        "resting ankle-brachial index",
        sided=True,
        unit="1",
        states=graded(("normal", 0.9, None), ("reduced", 0.4, 0.9), ("severe", 0, 0.4)),
    ),
    FakeFinding(
        "gap",
        "a vocabulary with a hole",
        unit="mm",
        states=graded(("low", None, 10), ("high", 20, None)),
    ),
    FakeFinding(
        "pain-duration",
        "how long the pain has been there",
        unit="d",
        states=graded(("short", 0, 42), ("long", 42, None)),
    ),
)


@dataclass(frozen=True)
class FakeVocabulary:
    """A vocabulary of seventeen findings and three illnesses."""

    findings: Mapping[str, FakeFinding] = field(
        default_factory=lambda: {finding.id: finding for finding in FINDINGS}
    )

    @property
    def finding_ids(self) -> Iterable[str]:
        return tuple(self.findings)

    def finding(self, finding_id: str, /) -> FakeFinding | None:
        return self.findings.get(finding_id)

    def resembling(self, words: str, /) -> tuple[str, ...]:
        return ("crp",) if "inflammation" in words else ()

    def illness(self, name: str, /) -> str | None:
        return {
            "diabetes in pregnancy only": "diabetes-known",
            "diabetes": "diabetes-known",
            "endometriosis": "endometriosis-known",
        }.get(name.casefold())


VOCABULARY = FakeVocabulary()
HEAD = "age: 46\nsex: male\nside: left\n"


def read(text: str) -> Record:
    """A record from YAML text."""
    return record_from_text(text, VOCABULARY, "case.yaml", today=TODAY)


def error_of(text: str) -> RecordError:
    """The error that a YAML text must give."""
    with pytest.raises(RecordError) as caught:
        read(text)
    return caught.value


def observed(line: str, head: str = HEAD) -> RecordError:
    """The error that a record with this one observation must give; the observation is on line 5."""
    return error_of(f"{head}observations:\n  - {line}\n")
