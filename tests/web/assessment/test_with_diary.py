"""A saved patient is assessed with the scores of the diary; the record stays without them."""

from __future__ import annotations

import datetime as dt
import json
import secrets

import pytest

from crural.knowledge import Knowledge
from crural.record import record_from_data
from crural.store import DiaryValues, Store
from tests.web.conftest import Visitor, text_of

RECORD = {
    "age": 58,
    "sex": "female",
    "side": "left",
    "as_of": "2025-04-01",
    "observations": [{"finding": "slr-positive", "present": True, "side": "left"}],
    "treatments": [{"what": "spinal cord stimulation", "start": "2025-03-16"}],
}


@pytest.fixture
def desk(store: Store, visitor: Visitor, knowledge: Knowledge) -> Visitor:
    record = record_from_data(RECORD, knowledge.vocabulary, "test")
    kept = store.create_patient(secrets.token_hex(6), record, who="local").info.patient_id
    for day, nrs in ((3, 8.0), (10, 7.0), (24, 7.0)):
        at = dt.datetime(2025, 4, day, 8)
        store.add_diary(kept, DiaryValues(at=at, nrs=nrs), who="local")
    return visitor.open(kept)


def test_the_desk_follows_the_course_by_the_diary_and_says_so(desk: Visitor) -> None:
    said = text_of(desk.page())
    assert "3 scores of the diary are included in treatment and course" in said
    assert "stand as of 2025-04-24" in said
    assert "They are not part of the record." in said
    data = json.loads(desk.get("assessment.json").text)
    assert data["course"] is not None


def test_without_a_diary_nothing_is_said_of_one(patient: Visitor) -> None:
    assert "of the diary" not in text_of(patient.page())


def test_age_and_date_on_the_form_stay_those_of_the_record(desk: Visitor) -> None:
    page = desk.page().text
    assert 'name="age" inputmode="decimal" size="4" autocomplete="off" value="58"' in page
    assert 'value="2025-04-01"' in page


@pytest.mark.parametrize("path", ["record.yaml", "record.json"])
def test_the_scores_of_the_diary_are_not_taken_along_in_the_record(
    desk: Visitor, path: str
) -> None:
    made = desk.get(path).text
    assert "nrs" not in made
    assert "2025-04-24" not in made


def test_the_scores_of_the_diary_are_not_saved_in_the_record(desk: Visitor, store: Store) -> None:
    desk.send("answer", finding="pain-calf", answer="present")
    desk.send("save")
    saved = store.version(desk.desk)
    assert saved.info.number == 2
    assert saved.record.pain_scores == ()
    assert saved.record.as_of == dt.date(2025, 4, 1)


def test_a_closer_look_is_one_at_the_same_assessment(desk: Visitor) -> None:
    data = json.loads(desk.get("assessment.json").text)
    first = data["causes"][0]
    said = text_of(desk.get(f"cause/{first['id']}"))
    assert f"{first['name']}: {100 * first['probability']:.0f}" in said
