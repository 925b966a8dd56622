"""The shipped examples are right, and use findings that exist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from crural import knowledge
from crural.errors import RecordError
from crural.record import Record, read_record, record_from_text, write_record
from tests.record.conftest import HEAD, FakeFinding, FakeState, FakeVocabulary

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PAGE = (ROOT / "docs" / "record.md").read_text(encoding="utf-8")
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


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_what_the_documentation_shows_can_be_read(block: str, vocabulary: FakeVocabulary) -> None:
    text = block if "age:" in block else HEAD + block
    assert record_from_text(text, vocabulary, "docs").age == 46


def test_the_error_in_the_documentation_is_the_real_one(vocabulary: FakeVocabulary) -> None:
    (shown,) = re.findall(r"```\n(case.yaml:12.*)\n```", PAGE)
    lines = ["#"] * 4 + HEAD.splitlines() + ["observations:"]
    lines += ["  - {finding: onset-speed, state: sudden}"] * 3 + ["  - {finding: crp, value: 4}"]
    with pytest.raises(RecordError) as caught:
        record_from_text("\n".join(lines), vocabulary, "case.yaml")
    assert str(caught.value) == shown


@pytest.mark.parametrize("key", Record.model_fields)
def test_the_documentation_explains_every_key(key: str) -> None:
    assert f"`{key}`" in PAGE
