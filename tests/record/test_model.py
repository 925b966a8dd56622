"""Records are valid by construction and never change."""

from __future__ import annotations

import datetime as dt
import pickle

import pytest
from pydantic import ValidationError

from crural.record import Drug, Illness, Observation, PainScore, Record, Treatment
from crural.record.frozen import FrozenMap, freeze

SLR = "slr-positive"


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def record(*observations: Observation, **more: object) -> Record:
    whole = {"age": 46, "sex": "female", "side": "left", "observations": observations, **more}
    return Record.model_validate(whole)


def test_a_record_cannot_be_changed() -> None:
    made = record(source={"title": "x", "authors": ["a", "b"], "where": {"page": 3}})
    with pytest.raises(ValidationError):
        Record.__setattr__(made, "age", 47)
    assert made.source is not None
    assert made.source["authors"] == ("a", "b")
    with pytest.raises(TypeError):
        made.source["title"] = "y"  # type: ignore[index]


def test_a_record_can_be_hashed_and_sent_to_another_process() -> None:
    made = record(Observation(finding=SLR, present=True), source={"a": {"b": [1]}})
    again = pickle.loads(pickle.dumps(made))
    assert again == made
    assert hash(again) == hash(made)


def test_a_record_needs_age_sex_and_a_word_about_the_side() -> None:
    with pytest.raises(ValidationError) as caught:
        Record.model_validate({})
    assert {e["loc"] for e in caught.value.errors()} == {("age",), ("sex",), ("side",)}


def test_the_setting_is_primary_care_unless_said() -> None:
    assert record().setting == "primary-care"


@pytest.mark.parametrize("clinic", ["spine-clinic", "pain-clinic"])
def test_spine_and_pain_clinics_are_specialist_settings(clinic: str) -> None:
    assert record(setting=clinic).setting == "specialist"


def test_names_alone_are_enough_for_drugs_illnesses_and_treatments() -> None:
    made = record(drugs=["metformin"], illnesses=["gout"], treatments=["rest"])
    assert made.drugs == (Drug(name="metformin"),)
    assert made.illnesses == (Illness(name="gout"),)
    assert made.treatments == (Treatment(what="rest"),)


@pytest.mark.parametrize(
    ("raw", "since"),
    [(2015, "2015"), (day("2015-03-01"), "2015-03-01"), ("childhood", "childhood")],
)
def test_an_illness_began_in_a_year_on_a_day_or_in_words(raw: object, since: str) -> None:
    assert Illness.model_validate({"name": "gout", "since": raw}).since == since


@pytest.mark.parametrize(
    "raw",
    [
        {"finding": SLR},
        {"finding": SLR, "present": True, "state": "x"},
        {"finding": "crp", "value": 4},
        {"finding": SLR, "present": True, "unit": "mg/L"},
        {"finding": SLR, "present": 1},
        {"finding": "crp", "value": True, "unit": "mg/L"},
        {"finding": "crp", "value": "4", "unit": "mg/L"},
        {"finding": "crp", "value": float("nan"), "unit": "mg/L"},
        {"finding": "crp", "value": 10**400, "unit": "mg/L"},
        {"finding": SLR, "present": True, "date": 20260301},
        {"finding": SLR, "present": True, "date": dt.datetime(2026, 3, 1, 12)},
        {"finding": SLR, "present": True, "date": "1.3.2026"},
        {"finding": SLR, "present": True, "onset": "2026-03-02", "date": "2026-03-01"},
        {"finding": " ", "present": True},
        {"finding": "a\x1b[31m", "present": True},
        {"finding": "x" * 301, "present": True},
    ],
)
def test_an_observation_says_one_thing_of_the_right_kind(raw: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Observation.model_validate(raw)


def test_a_treatment_lasts_from_its_first_day_to_its_last() -> None:
    run = Treatment(what="x", start=day("2026-01-01"), stop=day("2026-01-14"))
    assert run.duration_days == 14
    assert Treatment(what="x", days=10).duration_days == 10
    assert Treatment(what="x", start=day("2026-01-01")).duration_days is None


@pytest.mark.parametrize("days", [13, 14])
def test_days_may_count_the_last_day_or_not(days: int) -> None:
    run = Treatment(what="x", start=day("2026-01-01"), stop=day("2026-01-14"), days=days)
    assert run.duration_days == days


@pytest.mark.parametrize(
    "raw",
    [
        {"what": "x", "start": "2026-02-01", "stop": "2026-01-01"},
        {"what": "x", "start": "2026-01-01", "stop": "2026-01-14", "days": 60},
        {"what": "x", "days": 0},
        {"what": "x", "days": 2.5},
        {"what": "x", "relief_percent": 120},
        {"what": "x", "response": "fair"},
    ],
)
def test_an_impossible_treatment_is_refused(raw: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Treatment.model_validate(raw)


@pytest.mark.parametrize(
    "raw", [{"nrs": 5}, {"nrs": 5, "day": 1, "date": "2026-01-01"}, {"nrs": 11, "day": 1}]
)
def test_a_pain_score_has_one_time_and_lies_on_the_scale(raw: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PainScore.model_validate(raw)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"present": True}, {"present": False}),
        ({"present": True, "side": "left"}, {"present": False}),
        ({"present": True, "side": "both"}, {"present": False, "side": "right"}),
        ({"present": True, "date": "2026-01-01"}, {"present": False, "date": "2026-01-01"}),
        ({"present": True, "date": "2026-01-01"}, {"present": False}),
        ({"state": "a"}, {"state": "b"}),
        ({"value": 4, "unit": "mg/L"}, {"value": 5, "unit": "mg/L"}),
    ],
)
def test_contradictions_are_refused(first: dict[str, object], second: dict[str, object]) -> None:
    one, two = ({"finding": SLR, **said} for said in (first, second))
    with pytest.raises(ValidationError, match="here and"):
        record(Observation.model_validate(one), Observation.model_validate(two))


@pytest.mark.parametrize(
    ("first", "second", "side"),
    [
        ({"present": True, "side": "left"}, {"present": False, "side": "right"}, "left"),
        ({"present": True}, {"present": False, "side": "right"}, "left"),
        ({"present": True}, {"present": False, "side": "left"}, "bilateral"),
        ({"present": True}, {"present": False, "side": "left"}, None),
        ({"present": True, "date": "2026-01-01"}, {"present": False, "date": "2026-02-01"}, "left"),
        ({"present": True}, {"present": True, "side": "left"}, "left"),
        ({"value": 4, "unit": "mg/L"}, {"value": 0.4, "unit": "mg/dL"}, "left"),
        ({"value": 4, "unit": "mg/L"}, {"state": "normal"}, "left"),
    ],
)
def test_what_differs_in_side_or_time_is_no_contradiction(
    first: dict[str, object], second: dict[str, object], side: str | None
) -> None:
    one, two = ({"finding": SLR, **said} for said in (first, second))
    made = record(Observation.model_validate(one), Observation.model_validate(two), side=side)
    assert len(made.observations) == 2


@pytest.mark.parametrize(
    "more",
    [
        {"observations": [{"finding": SLR, "present": True, "date": "2026-03-02"}]},
        {"observations": [{"finding": SLR, "present": True, "onset": "2026-03-02"}]},
        {"treatments": [{"what": "x", "start": "2026-03-02"}]},
        {"treatments": [{"what": "x", "stop": "2026-03-02"}]},
        {"illnesses": [{"name": "x", "since": "2027"}]},
        {"illnesses": [{"name": "x", "since": "2026-04"}]},
        {"pain_scores": [{"nrs": 5, "date": "2026-03-02"}]},
        {"illnesses": [{"name": "x", "since": "1926"}]},
    ],
)
def test_dates_lie_between_birth_and_the_day_of_the_record(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="lies"):
        record(as_of="2026-03-01", **more)


@pytest.mark.parametrize("since", ["childhood", "2015-13", "about 2010", "2015-03", "1979"])
def test_words_about_the_beginning_of_an_illness_are_left_alone(since: str) -> None:
    made = record(as_of="2026-03-01", illnesses=[{"name": "x", "since": since}])
    assert made.illnesses[0].since == since


def test_a_man_is_not_pregnant() -> None:
    assert record(pregnancy_weeks=30).pregnancy_weeks == 30
    with pytest.raises(ValidationError, match="not pregnant"):
        record(sex="male", pregnancy_weeks=30)


@pytest.mark.parametrize(
    "source",
    [
        "a book",
        {1: "x"},
        {"a": float("nan")},
        {"a": object()},
        {"a": [[[[[[["deep"]]]]]]]},
    ],
)
def test_a_source_holds_plain_data_only(source: object) -> None:
    with pytest.raises(ValidationError):
        record(source=source)


def test_a_frozen_map_reads_like_a_mapping() -> None:
    frozen = freeze({"a": 1, "b": "x"})
    assert dict(frozen) == {"a": 1, "b": "x"}
    assert len(frozen) == 2
    assert frozen == FrozenMap({"b": "x", "a": 1})
    assert repr(frozen) == "FrozenMap({'a': 1, 'b': 'x'})"
    assert record(source=frozen).source == frozen
