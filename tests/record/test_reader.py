"""What the reader makes of a record that is right."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from crural.errors import RecordError
from crural.record import Observation, read_record, record_from_data
from tests.record.conftest import HEAD, TODAY, VOCABULARY, error_of, read

EXAMPLE = """\
schema: crural/record/1
id: example-left-leg
as_of: 2026-03-01
age: 46
sex: male
side: left
setting: primary-care
observations:
  - {finding: slr-positive, present: true, side: left, by: clinician}
  - {finding: crp, value: 4, unit: mg/L, date: 2026-02-20}
  - {finding: onset-speed, state: sudden}
treatments: [{what: ibuprofen, dose: 400 mg three times daily, days: 14, response: partial}]
drugs: [metformin]
illnesses: [gout]
pain_scores: [{date: 2026-02-27, nrs: 7}]
"""


def test_the_example_of_the_documentation() -> None:
    record = read(EXAMPLE)
    assert record.id == "example-left-leg"
    assert record.age == 46
    assert record.observations == (
        Observation(finding="slr-positive", present=True, side="left", by="clinician"),
        Observation(finding="crp", value=4, unit="mg/L", date=dt.date(2026, 2, 20)),
        Observation(finding="onset-speed", state="sudden"),
    )
    assert record.treatments[0].dose == "400 mg three times daily"
    assert record.drugs[0].name == "metformin"
    assert record.pain_scores[0].nrs == 7


def test_what_is_not_mentioned_is_neither_present_nor_absent() -> None:
    assert read(HEAD).observations == ()
    assert read(HEAD + "absent: [saddle-numbness]").observations == (
        Observation(finding="saddle-numbness", present=False),
    )


def test_short_forms_are_observations() -> None:
    record = read(
        HEAD
        + "observations: [{finding: onset-speed, state: sudden}]\n"
        + "present: [slr-positive]\nabsent: [saddle-numbness, weakness-great-toe]\n"
    )
    assert [(one.finding, one.present) for one in record.observations] == [
        ("onset-speed", None),
        ("slr-positive", True),
        ("saddle-numbness", False),
        ("weakness-great-toe", False),
    ]


def test_empty_lists_of_a_template_mean_nothing() -> None:
    record = read(HEAD + "observations:\npresent:\nabsent: []\ndrugs:\nallergies:\nnote:\n")
    assert record == read(HEAD)


def test_a_side_that_was_not_recorded_is_null() -> None:
    assert read("age: 46\nsex: male\nside: null\n").side is None


def test_json_and_yaml_files_and_plain_data_give_the_same(tmp_path: Path) -> None:
    data = {
        "age": 46,
        "sex": "male",
        "side": "left",
        "as_of": "2026-03-01",
        "observations": [{"finding": "crp", "value": 4.5, "unit": "mg/L", "date": "2026-02-20"}],
        "note": "sharp \U0001f9b5",
    }
    as_json = tmp_path / "record.json"
    as_json.write_text(json.dumps(data, indent="\t"), encoding="utf-8")
    as_yaml = tmp_path / "record.yaml"
    as_yaml.write_text(
        "age: 46\nsex: male\nside: left\nas_of: 2026-03-01\nnote: sharp \U0001f9b5\n"
        "observations:\n- {finding: crp, value: 4.5, unit: mg/L, date: 2026-02-20}\n",
        encoding="utf-8-sig",
    )
    expected = record_from_data(data, VOCABULARY, "form", today=TODAY)
    assert read_record(as_json, VOCABULARY, today=TODAY) == expected
    assert read_record(str(as_yaml), VOCABULARY, today=TODAY) == expected


def test_plain_data_without_lines_gives_errors_without_lines() -> None:
    with pytest.raises(RecordError) as caught:
        record_from_data({"age": 46, "sex": "male"}, VOCABULARY, "form")
    assert str(caught.value).startswith("form: side: is missing")


def test_plain_data_is_left_as_it_was() -> None:
    observations: list[object] = [{"finding": "abi", "value": 1}]
    data = {"age": 46, "sex": "male", "side": "left", "observations": observations}
    record_from_data(data, VOCABULARY, "form")
    assert observations == [{"finding": "abi", "value": 1}]


@pytest.mark.parametrize(
    ("written", "value", "unit"),
    [
        ("{finding: crp, value: 4.1, unit: mg/dL}", 41, "mg/L"),
        ("{finding: vitamin-d, value: 20, unit: ng/mL}", 50, "nmol/L"),
        ("{finding: hba1c, value: 6.5, unit: '%'}", 48, "mmol/mol"),
        ("{finding: temperature-raised, value: 100, unit: F}", 37.8, "Cel"),
        ("{finding: pain-duration, value: 7, unit: weeks}", 49, "d"),
        ("{finding: alp, value: 1.5, unit: xULN}", 1.5, "{xULN}"),
        ("{finding: abi, value: 0.8}", 0.8, "1"),
    ],
)
def test_values_arrive_in_the_unit_of_the_vocabulary(written: str, value: float, unit: str) -> None:
    (one,) = read(f"{HEAD}observations: [{written}]").observations
    assert (one.value, one.unit) == (value, unit)


def test_the_side_of_a_finding_of_the_whole_body_is_dropped() -> None:
    record = read(HEAD + "observations: [{finding: crp, state: high, side: midline}]")
    assert record.observations[0].side is None


@pytest.mark.parametrize(
    ("illness", "present"),
    [
        ("diabetes", True),
        # Not the finding's own name: the clinician's word against it stands.
        ("diabetes in pregnancy only", False),
        ("gout", False),
    ],
)
def test_an_illness_adds_nothing_to_the_observations(illness: str, present: bool) -> None:
    short = "present" if present else "absent"
    record = read(f"{HEAD}illnesses: [{illness}]\n{short}: [diabetes-known]\n")
    assert record.observations == (Observation(finding="diabetes-known", present=present),)


def test_absence_of_what_the_patient_cannot_have_is_accepted() -> None:
    record = read(HEAD + "absent: [endometriosis-known]")
    assert record.observations[0].present is False


def test_values_that_fit_the_stated_grade_are_no_contradiction() -> None:
    both = "observations: [{finding: crp, value: 4, unit: mg/L}, {finding: crp, state: normal}]"
    assert len(read(HEAD + both).observations) == 2
    error = error_of(HEAD + both.replace("normal", "high"))
    assert error.problem == "'crp' is high here and 4 mg/L elsewhere in this record"


def test_values_are_compared_in_the_same_unit() -> None:
    both = HEAD + "observations: [{finding: crp, value: 4, unit: UNIT}, "
    both += "{finding: crp, value: 40, unit: mg/L}]"
    assert len(read(both.replace("UNIT", "mg/dL")).observations) == 2
    error = error_of(both.replace("UNIT", "mg/L"))
    assert error.problem == "'crp' is 40 mg/L here and 4 mg/L elsewhere in this record"


def test_a_record_may_be_of_tomorrow_where_the_calendar_has_turned() -> None:
    tomorrow = TODAY + dt.timedelta(days=1)
    assert read(f"{HEAD}as_of: {tomorrow}").as_of == tomorrow


def test_today_is_the_calendars_when_not_given() -> None:
    data = {"age": 46, "sex": "male", "side": "left"}
    today = dt.date.today().isoformat()
    record = record_from_data({**data, "as_of": today}, VOCABULARY, "form")
    assert str(record.as_of) == today
    with pytest.raises(RecordError, match="future"):
        record_from_data({**data, "as_of": "2999-01-01"}, VOCABULARY, "form")
