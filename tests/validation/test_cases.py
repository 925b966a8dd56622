"""Case files: both forms, both stages, and one clear error for whatever is wrong."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from crural.errors import RecordError
from crural.knowledge import load_knowledge
from crural.record import record_schema
from crural.validation.cases import KnownCase, Truth, case_from_text, read_case, read_cases
from tests.record.conftest import TODAY, VOCABULARY

ROOT = Path(__file__).resolve().parents[2]
FOR_WORK = sorted((ROOT / "validation" / "cases").glob("*.yaml"))
UNSEEN = sorted((ROOT / "validation" / "unseen").glob("*.yaml"))
PUBLISHED = [*FOR_WORK, *UNSEEN]

CASE = """\
schema: crural/case/1
id: smith-2020
source: {title: A disc, year: 2020}
truth: {condition: sciatica-disc-herniation, also: ['other:lumbago'], urgency: urgent}
record:
  age: 46
  sex: male
  side: left
  present: [diabetes-known]
  observations:
    - {finding: slr-positive, present: true, side: left}
    - {finding: crp, value: 12, unit: mg/L, stage: work-up}
not_encoded: [walks 100 m, 3]
"""


def read(text: str) -> KnownCase:
    return case_from_text(text, VOCABULARY, "case.yaml", default_id="case", today=TODAY)


def error_of(text: str) -> RecordError:
    with pytest.raises(RecordError) as caught:
        read(text)
    return caught.value


def test_a_case_holds_the_truth_beside_the_record() -> None:
    case = read(CASE)
    assert case.id == "smith-2020"
    assert case.title == "A disc"
    assert case.truth == Truth("sciatica-disc-herniation", ("other:lumbago",), "urgent")
    assert case.record.age == 46
    assert case.not_encoded == ("walks 100 m", "3")


def test_at_presentation_the_work_up_is_not_known() -> None:
    case = read(CASE)
    at_first = {o.finding for o in case.record_at("presentation").observations}
    later = {o.finding for o in case.record_at("work-up").observations}
    assert at_first == {"diabetes-known", "slr-positive"}
    assert later == {"diabetes-known", "slr-positive", "crp"}


def test_a_record_with_a_truth_is_a_case() -> None:
    case = read(
        "schema: crural/record/1\nid: 7a\nage: 46\nsex: male\nside: left\n"
        "truth: {condition: hip-osteoarthritis, urgency: routine}\nnot_encoded: [limps]\n"
    )
    assert case.id == "7a"
    assert case.record.id == "7a"
    assert case.truth == Truth("hip-osteoarthritis", (), "routine")
    assert case.not_encoded == ("limps",)


def test_what_is_left_out_has_its_usual_value() -> None:
    text = "truth: {condition: a, also: [b, a, b], urgency: routine}\nnot_encoded:\n"
    case = read(text + "record: {age: 46, sex: male, side: left}\n")
    assert case.id == "case"
    assert case.title is None
    assert case.truth.also == ("b",)
    assert case.not_encoded == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "says"),
    [
        ("", "", None, "", "is empty"),
        ("schema: crural/case/1", "schema: crural/case/9", 1, "schema", "not a format"),
        ("source: {title: A disc, year: 2020}", "source: BMJ", 3, "source", "group of keys"),
        ("id: smith-2020", "id: [a]", 2, "id", "is not a name"),
        ("id: smith-2020", "id: true", 2, "id", "is not a name"),
        ("not_encoded: [walks 100 m, 3]", "not_encoded: x", 13, "not_encoded", "is not a list"),
        ("[walks 100 m, 3]", "[power: 3]", 13, "not_encoded.0", "is not text"),
        ("not_encoded", "not_coded", 13, "not_coded", "did you mean not_encoded"),
        ("urgency: urgent", "urgency: soon", 4, "truth.urgency", "not one of the choices"),
        (", urgency: urgent", "", 4, "truth.urgency", "is missing"),
        ("condition: sciatica-disc-herniation, ", "", 4, "truth.condition", "is missing"),
        ("sciatica-disc-herniation", "A disc", 4, "truth.condition", "not the id of a cause"),
        ("'other:lumbago'", "3", 4, "truth.also.0", "not the id of a cause"),
        ("['other:lumbago']", "x", 4, "truth.also", "is not a list"),
        ("urgency: urgent", "urgency: urgent, side: left", 4, "truth.side", "not a known key"),
        ("  age: 46", "  age: 460", 6, "record.age", "above 120"),
        ("slr-positive", "slr-posetive", 11, "record.observations.0.finding", "no finding"),
        ("diabetes-known", "diabetis-known", 9, "record.present.0", "no finding"),
        ("unit: mg/L", "unit: kg", 12, "record.observations.1.unit", "crp"),
        ("  sex: male", "  sex: [", 9, "", "not readable as YAML"),
    ],
)
def test_an_error_names_the_line_the_field_and_the_remedy(
    old: str, new: str, line: int | None, field: str, says: str
) -> None:
    error = error_of(CASE.replace(old, new) if old else "# nothing\n")
    assert (error.file, error.line, error.field) == ("case.yaml", line, field)
    assert says in str(error)
    assert error.remedy


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        ("- a\n", "", "instead of a case"),
        ("record: {age: 4}\n", "truth", "is missing"),
        ("truth: x\nrecord: {}\n", "truth", "group of keys"),
        ("truth: {condition: a, urgency: routine}\nrecord:\n", "record", "is empty"),
        ("truth: {condition: a, urgency: routine}\nrecord: 7\n", "record", "instead of a record"),
        ("truth: {condition: a, urgency: routine}\n", "age", "is missing"),
    ],
)
def test_a_file_that_is_no_case_says_what_is_missing(text: str, field: str, says: str) -> None:
    error = error_of(text)
    assert error.field == field
    assert says in str(error)


def test_a_folder_gives_its_yaml_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name in ("b", "below/c", "a"):
        stem = name.rpartition("/")[2]
        (tmp_path / f"{name}.yaml").write_text(CASE.replace("smith-2020", stem), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no case", encoding="utf-8")
    assert [c.id for c in read_cases([tmp_path], VOCABULARY, today=TODAY)] == ["a", "b", "c"]


def test_a_json_file_is_a_case_too(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(yaml.safe_load(CASE)), encoding="utf-8")
    assert read_case(file, VOCABULARY, today=TODAY) == read(CASE)


def test_an_id_may_be_used_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(CASE, encoding="utf-8")
    with pytest.raises(RecordError, match=r"'smith-2020' is also the id of .*a\.yaml"):
        read_cases([tmp_path], VOCABULARY, today=TODAY)


def test_a_folder_without_cases_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"folder without any \.yaml file"):
        read_cases([tmp_path], VOCABULARY)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no such file"):
        read_case(tmp_path / "none.yaml", VOCABULARY)


def test_what_is_no_file_is_an_error() -> None:
    with pytest.raises(RecordError, match="not an ordinary file"):
        read_case(Path("/dev/null"), VOCABULARY)


def test_an_impossible_name_is_an_error() -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        read_case(Path("a" * 5000), VOCABULARY)


def test_a_file_of_another_encoding_is_an_error_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_bytes(b"id: a\nnot_encoded: [caf\xe9]\n")
    with pytest.raises(RecordError, match=r"case\.yaml:2: is not text in UTF-8"):
        read_case(file, VOCABULARY)


def test_a_huge_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_bytes(b"#" * 1_000_001)
    with pytest.raises(RecordError, match="a record has at most 1"):
        read_case(file, VOCABULARY)


def test_a_case_can_be_handed_to_another_process() -> None:
    case = read(CASE)
    assert pickle.loads(pickle.dumps(case)) == case


def _schema() -> Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "schema" / "case.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    record = Resource.from_contents(record_schema())
    registry = Registry().with_resource("urn:crural:record:1", record)
    return Draft202012Validator(schema, registry=registry)


def test_the_schema_accepts_what_the_reader_accepts() -> None:
    validator = _schema()
    assert validator.is_valid(yaml.safe_load(CASE))
    plain = {"age": 46, "sex": "male", "side": "left", "truth": yaml.safe_load(CASE)["truth"]}
    assert validator.is_valid(plain)


def test_the_schema_refuses_a_case_without_its_urgency() -> None:
    data = yaml.safe_load(CASE)
    del data["truth"]["urgency"]
    assert not _schema().is_valid(data)


def test_every_published_patient_can_be_read_and_fits_the_schema() -> None:
    cases = read_cases(PUBLISHED, load_knowledge().vocabulary)
    assert len(cases) == len(PUBLISHED)
    validator = _schema()
    for path in PUBLISHED:
        errors = list(validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8"))))
        assert not errors, f"{path.name}: {errors[0].message}"


def test_no_unseen_patient_is_among_those_that_the_knowledge_is_mended_by() -> None:
    def addresses(files: list[Path]) -> set[str]:
        sources = [yaml.safe_load(path.read_text(encoding="utf-8"))["source"] for path in files]
        return {str(of[key]).lower() for of in sources for key in ("doi", "url") if key in of}

    assert len(UNSEEN) > 50
    assert not addresses(UNSEEN) & addresses(FOR_WORK)
    assert not {path.name for path in UNSEEN} & {path.name for path in FOR_WORK}
