"""The shipped examples are right, and use findings that exist."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from crural import knowledge
from crural.record import Record, read_record, record_from_text, write_record
from tests.record.conftest import FakeFinding, FakeState, FakeVocabulary

EXAMPLES = Path(__file__).parents[2] / "examples"
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FINDINGS = Path(str(knowledge.__path__[0])) / "data" / "findings"


def shipped_findings() -> Iterable[FakeFinding]:
    for path in sorted(FINDINGS.glob("*.yaml")):
        for raw in yaml.load(path.read_text(encoding="utf-8"), Loader=FAST):
            yield FakeFinding(
                id=raw["id"],
                name=raw["name"],
                sided=raw["sided"],
                role=raw["role"],
                sex=raw.get("sex"),
                unit=raw.get("unit"),
                states=tuple(
                    FakeState(state["id"], state.get("min"), state.get("max"))
                    for state in raw.get("states", ())
                ),
            )


@pytest.fixture(scope="module")
def vocabulary() -> FakeVocabulary:
    return FakeVocabulary({finding.id: finding for finding in shipped_findings()})


def example(name: str, vocabulary: FakeVocabulary) -> Record:
    return read_record(EXAMPLES / f"{name}.yaml", vocabulary)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_reads_and_survives_writing(path: Path, vocabulary: FakeVocabulary) -> None:
    record = read_record(path, vocabulary)
    assert record.id is not None
    assert record_from_text(write_record(record), vocabulary, "again") == record


def test_the_man_with_sciatica(vocabulary: FakeVocabulary) -> None:
    record = example("left-leg-sciatica", vocabulary)
    assert (record.age, record.sex, record.side) == (46, "male", "left")
    assert record.treatments[0].duration_days == 15
    (duration,) = (o for o in record.observations if o.finding == "pain-duration")
    assert (duration.value, duration.unit) == (49, "d")


def test_the_smoker_has_both_walking_pains(vocabulary: FakeVocabulary) -> None:
    record = example("stenosis-and-artery", vocabulary)
    assert record.setting == "specialist"
    pressures = {o.side: o.value for o in record.observations if o.finding == "abi"}
    assert pressures == {"right": 0.68, "left": 1.02}


def test_the_pregnant_woman(vocabulary: FakeVocabulary) -> None:
    record = example("pregnant-hip", vocabulary)
    assert (record.pregnancy_weeks, record.side) == (33, "right")
