"""Desks: what is entered stays, and no window overwrites what it has not shown."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from crural.knowledge import Knowledge
from crural.store import (
    BusyError,
    ConflictError,
    DamagedError,
    DiskFullError,
    NewerDatabaseError,
    NotFoundError,
    Store,
    StoreError,
    TakenError,
    UnreachableError,
    VersionInfo,
)
from crural.web import Settings, create_app
from tests.web.conftest import Visitor, come, text_of

EXAMPLE = Path("examples/left-leg-sciatica.yaml")


def test_a_new_desk_has_a_random_name_of_its_own(visit: Callable[[], Visitor]) -> None:
    first, second = visit(), visit()
    assert first.desk != second.desk
    assert len(first.desk) == 22


def test_what_was_entered_survives_a_new_server(
    patient: Visitor, app: FastAPI, knowledge: Knowledge, store: Store
) -> None:
    """Nothing is kept in the memory of the server that took the change."""
    settings: Settings = app.state.settings
    other = create_app(settings, knowledge=knowledge, store=store)
    visitor = Visitor(TestClient(other), patient.token, patient.desk, patient.tab, patient.state)
    visitor.client.cookies = patient.client.cookies
    assert 'value="46"' in visitor.page().text
    visitor.send("answer", finding="slr-positive", answer="present")
    assert "slr-positive" in patient.record()


def test_another_window_that_changed_the_desk_is_not_overwritten(patient: Visitor) -> None:
    other = patient.open(patient.desk)
    other.send("answer", finding="slr-positive", answer="present")
    for live in (True, False):
        refused = patient.send("answer", live=live, finding="slr-positive", answer="absent")
        assert refused.status_code == 409
        said = text_of(refused)
        assert "Your last entry (straight leg raise positive" in said
        assert "was not taken: this patient was changed in another window" in said
        assert f'href="/assessment/{patient.desk}">Load it anew' in refused.text
    assert "finding: slr-positive, present: true" in patient.record()
    again = patient.open(patient.desk)
    again.send("answer", finding="slr-positive", answer="absent")
    assert "finding: slr-positive, present: false" in patient.record()


@pytest.mark.parametrize("to", ["undo", "save", "drop", "basics", "pain", "add/drugs"])
def test_every_change_from_a_window_that_is_out_of_date_is_refused(
    patient: Visitor, to: str
) -> None:
    patient.open(patient.desk).send("answer", finding="slr-positive", answer="present")
    assert patient.send(to, label="X", name="x").status_code == 409
    assert patient.upload(EXAMPLE.read_bytes()).status_code == 409
    assert "slr-positive" in patient.record()


def test_a_refusal_to_a_script_is_the_message_alone(patient: Visitor) -> None:
    patient.open(patient.desk).send("answer", finding="slr-positive", answer="present")
    refused = patient.send("answer", finding="slr-positive", answer="absent")
    assert refused.text.startswith('<div id="message" role="alert" hx-swap-oob="true">')
    assert "<html" not in refused.text


def test_searching_does_not_make_a_window_up_to_date(patient: Visitor) -> None:
    patient.open(patient.desk).send("answer", finding="slr-positive", answer="present")
    found = patient.send("search", q="lasegue").text
    state = found.split('name="state" value="')[1].split('"')[0]
    assert state == patient.state
    refused = replace(patient, state=state).send("answer", finding="crp", answer="absent")
    assert refused.status_code == 409


def test_a_window_that_only_looked_keeps_nobody_from_going_on(patient: Visitor) -> None:
    patient.open(patient.desk)
    assert patient.send("answer", finding="slr-positive", answer="present").status_code == 200


def test_overlapping_changes_of_one_window_are_all_made(visitor: Visitor) -> None:
    drugs = [f"drug-{n}" for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda drug: visitor.send("add/drugs", name=drug), drugs))
    assert {answer.status_code for answer in answers} == {200}
    visitor.send("basics", age="46", sex="male")
    record = visitor.record()
    assert all(drug in record for drug in drugs)


def test_saving_in_another_window_is_no_change(patient: Visitor) -> None:
    other = patient.open(patient.desk)
    assert other.send("save", label="Anna").status_code == 200
    assert patient.send("answer", finding="slr-positive", answer="present").status_code == 200


def test_undo_goes_back_step_by_step_and_no_further(patient: Visitor) -> None:
    patient.send("answer", finding="slr-positive", answer="present")
    patient.send("undo")
    assert "slr-positive" not in patient.record()
    for _ in range(3):
        patient.send("undo")
    assert "Nothing entered yet" in text_of(patient.page())


@pytest.mark.parametrize("desk", ["no-such", "x" * 23, "ä" * 22, "%00" * 22])
def test_a_desk_that_cannot_be_is_not_found(visitor: Visitor, desk: str) -> None:
    assert visitor.get(f"/assessment/{desk}").status_code == 404


def test_people_have_desks_of_their_own(visitor: Visitor, store: Store) -> None:
    visitor.send("basics", age="46", sex="male")
    assert store.draft(visitor.desk, who="somebody-else") is None


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError, 404),
        (TakenError, 409),
        (BusyError, 503),
        (DiskFullError, 507),
        (DamagedError, 503),
        (UnreachableError, 503),
        (NewerDatabaseError, 503),
        (StoreError, 422),
    ],
)
def test_what_is_wrong_with_the_database_is_told_as_the_asker_can_read_it(
    patient: Visitor, monkeypatch: pytest.MonkeyPatch, error: type[StoreError], status: int
) -> None:
    def fails(*_words: object, **_more: object) -> None:
        raise error(file="/secret/place", problem="the disk is full", remedy="make room")

    monkeypatch.setattr(Store, "draft", fails)
    page = patient.page()
    fragment = patient.send("answer", finding="slr-positive", answer="present")
    assert page.status_code == fragment.status_code == status
    for answer in (page, fragment):
        assert "The disk is full. Make room." in text_of(answer)
        assert "secret" not in answer.text
    assert "<html" in page.text
    assert 'id="message"' in fragment.text
    assert ("retry-after" in page.headers) == (error is BusyError)


def test_a_conflict_that_no_room_expected_is_told(
    patient: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datetime as dt  # noqa: PLC0415

    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    newest = VersionInfo(patient_id="p", number=3, at=now, who="ana", restores=None)

    def fails(*_words: object, **_more: object) -> None:
        raise ConflictError(file="x", newest=newest, based_on=2)

    monkeypatch.setattr(Store, "draft", fails)
    assert patient.page().status_code == 409


def test_a_draft_that_cannot_be_read_any_more_can_be_told_from_a_broken_server(
    app: FastAPI, store: Store
) -> None:
    visitor = come(app)
    store.begin_draft(visitor.desk, "no draft", "m", who="local")
    page = visitor.page()
    assert page.status_code == 503
    assert "cannot be read any more" in text_of(page)


def test_a_record_as_json_can_be_opened_again(visitor: Visitor) -> None:
    visitor.upload(EXAMPLE.read_bytes())
    before = visitor.record()
    as_json = visitor.get("record.json")
    assert as_json.headers["content-type"].startswith("application/json")
    assert visitor.upload(as_json.content).status_code == 200
    assert visitor.record() == before
