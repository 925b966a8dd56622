"""The HTTP API of what is kept: the same as the store, for programs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from crural.assessment import assess
from crural.knowledge import Knowledge
from crural.record import record_from_data
from crural.report import as_data
from crural.store import (
    BusyError,
    DamagedError,
    DiaryValues,
    DiskFullError,
    Role,
    Store,
    UnreachableError,
)
from crural.web import Settings, create_app
from crural.web.security import LARGEST_BODY, SIGNED_IN_COOKIE, TOKEN_HEADER

EXAMPLE = Path("examples/left-leg-sciatica.yaml")
RECORD = {"age": 46, "sex": "male", "side": "left", "present": ["slr-positive"]}
OLDER = {**RECORD, "age": 47}
PATIENTS = "/api/v1/patients"


@pytest.fixture(scope="module")
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


@pytest.fixture
def patient(client: TestClient) -> str:
    """The address of a new patient."""
    made = client.post(PATIENTS, json={"label": f"Bed {uuid4()}", "record": RECORD})
    assert made.status_code == 201
    return made.headers["location"]


def save(client: TestClient, patient: str, record: Any, based_on: int) -> Response:
    sent = {"record": record, "based_on": based_on}
    return client.post(f"{patient}/versions", json=sent)


def problem(response: Response) -> dict[str, str]:
    told: dict[str, str] = response.json()["error"]
    assert told["problem"]
    return told


def test_a_patient_is_kept_with_the_first_version_of_the_record(client: TestClient) -> None:
    label = f"Ward 3 {uuid4()}"
    made = client.post(PATIENTS, json={"label": f"  {label} ", "record": RECORD})
    told = client.get(made.headers["location"]).json()
    assert told["label"] == label
    assert told["newest"] == 1
    assert told["created_by"] == "local"
    kept = client.get(f"{made.headers['location']}/record").json()
    assert kept == made.json()
    assert kept["record"]["observations"][0]["finding"] == "slr-positive"


def test_a_record_that_was_kept_can_be_kept_again_as_it_came(
    client: TestClient, patient: str
) -> None:
    first = client.get(f"{patient}/record").json()
    saved = save(client, patient, first["record"], 1)
    assert saved.json()["record"] == first["record"]
    assert client.get(f"{patient}/versions").json()["versions"][0]["changes"] == []


def test_a_record_that_cannot_be_used_is_refused_with_place_and_remedy(
    client: TestClient, patient: str
) -> None:
    wrong = {**RECORD, "present": ["slr-positiv"]}
    for answer in (
        client.post(PATIENTS, json={"label": "x", "record": wrong}),
        save(client, patient, wrong, 1),
    ):
        assert answer.status_code == 422
        assert problem(answer)["field"] == "present.0"
        assert "slr-positive" in problem(answer)["remedy"]


def test_patients_are_listed_page_by_page_the_last_changed_first(client: TestClient) -> None:
    mark = uuid4().hex
    made = [
        client.post(PATIENTS, json={"label": f"{mark} {i}", "record": RECORD}).json()["patient"]
        for i in range(5)
    ]
    save(client, f"{PATIENTS}/{made[1]}", OLDER, 1)
    found: list[str] = []
    before = None
    while before is not None or not found:
        sought = {"search": mark.upper(), "limit": 2, "before": before}
        page = client.post("/api/v1/search/patients", json=sought).json()
        assert len(page["patients"]) <= 2
        found += [one["id"] for one in page["patients"]]
        before = page["next"]
        if before is None:
            break
    assert found == [made[1], made[4], made[3], made[2], made[0]]
    newest = client.get(PATIENTS, params={"limit": 1}).json()
    assert newest["patients"][0]["id"] == made[1]
    assert client.get(PATIENTS, params={"before": newest["next"]}).json()["patients"]


def test_a_label_is_looked_for_without_standing_in_an_address(app: FastAPI) -> None:
    for path, item in app.openapi()["paths"].items():
        for method in item.values():
            asked = {one["name"] for one in method.get("parameters", ())}
            known = {"q", "name", "patient", "entry", "number", "limit", "before"}
            assert asked <= known | {"since", "until"}, path


def test_a_patient_is_renamed(client: TestClient, patient: str) -> None:
    label = f"Renamed {uuid4()}"
    assert client.patch(patient, json={"label": label}).json()["label"] == label
    assert client.get(patient).json()["label"] == label


@pytest.mark.parametrize("label", ["", "   ", "x" * 201, "two\nlines", "a\u0000b", "\ufffe"])
def test_a_label_that_is_no_line_of_text_is_refused(
    client: TestClient, patient: str, label: str
) -> None:
    refused = client.patch(patient, json={"label": label})
    assert refused.status_code == 422
    assert problem(refused)["field"] == "label"


def test_a_deleted_patient_is_gone_for_good(client: TestClient, patient: str) -> None:
    assert client.delete(patient).json()["erased"] is True
    for path in ("", "/record", "/versions", "/versions/1", "/assessment", "/diary"):
        assert client.get(patient + path).status_code == 404
    assert client.delete(patient).status_code == 404


def test_versions_tell_what_changed(client: TestClient, patient: str) -> None:
    save(client, patient, OLDER, 1)
    newest, first = client.get(f"{patient}/versions").json()["versions"]
    assert (newest["number"], first["number"]) == (2, 1)
    assert [change["text"] for change in newest["changes"]] == ["age: 46 → 47"]
    assert first["changes"] == []
    page = client.get(f"{patient}/versions", params={"limit": 1}).json()
    assert page["next"] == 2
    rest = client.get(f"{patient}/versions", params={"before": page["next"]}).json()
    assert [version["number"] for version in rest["versions"]] == [1]
    assert rest["next"] is None


def test_a_change_of_an_older_version_is_a_conflict_that_names_the_newest(
    client: TestClient, patient: str
) -> None:
    save(client, patient, OLDER, 1)
    late = save(client, patient, {**RECORD, "age": 99}, 1)
    assert late.status_code == 409
    assert problem(late)["field"] == "based_on"
    newest = client.get(f"{patient}/record").json()
    assert late.json()["newest"] == {k: v for k, v in newest.items() if k != "record"}
    assert newest["record"]["age"] == 47


@pytest.mark.parametrize(
    ("path", "body"), [("undo", {"based_on": 1}), ("restore", {"number": 1, "based_on": 1})]
)
def test_going_back_from_an_older_version_is_a_conflict(
    client: TestClient, patient: str, path: str, body: dict[str, int]
) -> None:
    save(client, patient, OLDER, 1)
    answer = client.post(f"{patient}/{path}", json=body)
    assert answer.status_code == 409
    assert answer.json()["newest"]["number"] == 2


def test_undo_goes_back_and_restore_forth_again(client: TestClient, patient: str) -> None:
    save(client, patient, OLDER, 1)
    undone = client.post(f"{patient}/undo", json={"based_on": 2}).json()
    assert (undone["number"], undone["restores"], undone["record"]["age"]) == (3, 1, 46)
    nothing = client.post(f"{patient}/undo", json={"based_on": 3})
    assert nothing.status_code == 422
    assert problem(nothing)["remedy"]
    again = client.post(f"{patient}/restore", json={"number": 2, "based_on": 3}).json()
    assert (again["number"], again["restores"], again["record"]["age"]) == (4, 2, 47)
    assert client.get(f"{patient}/versions/3").json() == undone


def test_a_version_is_assessed_as_on_the_command_line(
    client: TestClient, knowledge: Knowledge
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    # One that no other test asked for: an answer that is kept may come from the other engine.
    record = json.loads(json.dumps(yaml.safe_load(text), default=str)) | {"id": f"{uuid4()}"}
    made = client.post(PATIENTS, json={"label": "example", "record": record})
    where = made.headers["location"]
    read = record_from_data(record, knowledge.vocabulary, "the example")
    expected = json.loads(json.dumps(as_data(assess(read, knowledge))))
    assert client.get(f"{where}/assessment").json() == expected
    save(client, where, OLDER, 1)
    assert client.get(f"{where}/assessment").json() != expected
    assert client.get(f"{where}/versions/1/assessment").json() == expected


def test_reading_a_record_is_noted_in_the_audit_trail(
    client: TestClient, patient: str, store: Store
) -> None:
    client.get(f"{patient}/versions/1")
    client.get(f"{patient}/assessment")
    trail = store.audit(patient_id=patient.rpartition("/")[2])
    assert [(entry.action, entry.item) for entry in trail[2:]] == [
        ("patient-opened", None),
        ("record-exported", "1"),
        ("assessment-exported", "1"),
    ]


def test_a_record_that_the_knowledge_of_today_does_not_know_is_told_so(
    client: TestClient, patient: str, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(app.state.engine.knowledge.vocabulary), "finding", lambda *_: None)
    refused = client.get(f"{patient}/assessment")
    assert refused.status_code == 422
    assert problem(refused)["field"] == "observations.0.finding"
    # The record itself can still be had.
    assert client.get(f"{patient}/record").status_code == 200


def test_the_diary_is_written_corrected_and_read_by_time(client: TestClient, patient: str) -> None:
    diary = f"{patient}/diary"
    late = client.post(diary, json={"at": "2026-03-02T08:00", "nrs": 5, "phase": "trial"}).json()
    early = client.post(diary, json={"at": "2026-03-01T20:15", "note": " slept badly "}).json()
    assert client.get(diary).json() == [early, late]
    assert early["note"] == "slept badly"
    since = {"since": "2026-03-01T20:16", "until": "2026-03-02T08:00"}
    assert client.get(diary, params=since).json() == [late]
    better = {"at": "2026-03-02T08:00", "nrs": 2.5, "based_on": 1}
    corrected = client.put(f"{diary}/{late['id']}", json=better).json()
    assert (corrected["nrs"], corrected["phase"], corrected["revision"]) == (2.5, None, 2)
    assert client.put(f"{diary}/{late['id']}", json=better).status_code == 409
    assert client.delete(f"{diary}/{early['id']}").status_code == 204
    assert client.get(diary).json() == [corrected]


def test_a_diary_entry_sent_twice_is_kept_once_and_another_of_the_minute_refused(
    client: TestClient, patient: str
) -> None:
    entry = {"at": "2026-03-02T08:00", "nrs": 5}
    sent = [client.post(f"{patient}/diary", json=entry).json() for _ in range(2)]
    assert sent[0] == sent[1]
    other = client.post(f"{patient}/diary", json={**entry, "nrs": 6})
    assert other.status_code == 409
    assert problem(other)["field"] == "at"


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"at": "2026-02-30T08:00", "nrs": 1}, "at"),
        ({"at": "2026-03-02", "nrs": 1}, "at"),
        ({"at": "2026-03-02T08:00Z", "nrs": 1}, "at"),
        ({"at": "1800-03-02T08:00", "nrs": 1}, "at"),
        ({"at": "2026-03-02T08:00"}, "nrs"),
        ({"at": "2026-03-02T08:00", "nrs": 11}, "nrs"),
        ({"at": "2026-03-02T08:00", "nrs": "5"}, "nrs"),
        ({"at": "2026-03-02T08:00", "nrs": 5, "phase": "later"}, "phase"),
        ({"at": "2026-03-02T08:00", "settings": "two\nlines"}, "settings"),
        ({"at": "2026-03-02T08:00", "nrs": 5, "pain": 5}, "pain"),
    ],
)
def test_a_diary_entry_that_says_nothing_usable_is_refused(
    client: TestClient, patient: str, entry: dict[str, Any], field: str
) -> None:
    refused = client.post(f"{patient}/diary", json=entry)
    assert refused.status_code == 422
    assert problem(refused)["field"] == field


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(client: TestClient, patient: str, number: str) -> None:
    body = f'{{"at": "2026-03-02T08:00", "nrs": {number}}}'
    headers = {"content-type": "application/json"}
    refused = client.post(f"{patient}/diary", content=body, headers=headers)
    assert refused.status_code == 422


def test_an_entry_of_another_diary_is_not_found(client: TestClient, patient: str) -> None:
    entry = client.post(f"{patient}/diary", json={"at": "2026-03-02T08:00", "nrs": 5}).json()
    other = client.post(PATIENTS, json={"label": "other", "record": RECORD}).headers["location"]
    correction = {"at": "2026-03-02T08:00", "nrs": 1, "based_on": 1}
    assert client.put(f"{other}/diary/{entry['id']}", json=correction).status_code == 404
    assert client.delete(f"{other}/diary/{entry['id']}").status_code == 404
    assert client.get(f"{patient}/diary").json() == [entry]


CHANGES = (
    ("POST", ""),
    ("PATCH", "/{id}"),
    ("DELETE", "/{id}"),
    ("POST", "/{id}/versions"),
    ("POST", "/{id}/undo"),
    ("POST", "/{id}/restore"),
    ("POST", "/{id}/diary"),
    ("PUT", "/{id}/diary/{id}"),
    ("DELETE", "/{id}/diary/{id}"),
)


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver:8000"},
        {"origin": "http://[testserver"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://testserver"},
    ],
    ids=str,
)
def test_a_change_from_another_site_is_refused(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    where = PATIENTS + path.format(id="x" * 22)
    refused = client.request(method, where, json={}, headers=headers)
    assert refused.status_code == 403
    assert "another site" in problem(refused)["problem"]


def test_a_change_from_a_page_of_this_server_is_taken(client: TestClient, patient: str) -> None:
    for origin in ("http://testserver", "http://testserver:80", "https://testserver"):
        headers = {"origin": origin, "sec-fetch-site": "same-origin"}
        taken = client.patch(patient, json={"label": "ours"}, headers=headers)
        assert taken.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [change for change in CHANGES if change[0] != "DELETE"]
)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_a_form_can_send_is_not_taken(
    client: TestClient, method: str, path: str, kind: str
) -> None:
    where = PATIENTS + path.format(id="x" * 22)
    headers = {"content-type": kind} if kind else {}
    refused = client.request(method, where, content=b"{}", headers=headers)
    assert refused.status_code == 415
    assert problem(refused)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b"9" * 5000, 400),
        (b"{", 422),
        (b"null", 422),
        (b'{"label": "\\ud800"}', 422),
        (b'{"\\udfff\\ud800": 1}', 422),
        (b'{"label": "\\\\ud800", "x": 1}', 422),
    ],
)
def test_what_is_no_json_is_refused(
    client: TestClient, patient: str, body: bytes, status: int
) -> None:
    refused = client.patch(patient, content=body, headers={"content-type": "application/json"})
    assert refused.status_code == status
    assert problem(refused)


@pytest.mark.parametrize("states_its_length", [True, False])
def test_a_body_that_is_too_large_is_refused_in_the_form_of_all_refusals(
    client: TestClient, patient: str, states_its_length: bool
) -> None:
    body = b'{"label": "' + b"x" * LARGEST_BODY + b'"}'
    content = body if states_its_length else iter([body])
    headers = {"content-type": "application/json"}
    refused = client.patch(patient, content=content, headers=headers)
    assert refused.status_code == 413
    assert problem(refused)


def test_what_was_kept_by_another_way_can_be_read(
    client: TestClient, patient: str, store: Store
) -> None:
    values = DiaryValues(at=datetime(1950, 1, 1, 8, 0), settings="two\rlines")
    store.add_diary(patient.rpartition("/")[2], values, who="somebody")
    (entry,) = client.get(f"{patient}/diary").json()
    assert entry["settings"] == "two\rlines"


def test_half_a_character_in_a_record_is_refused(client: TestClient) -> None:
    body = json.dumps({"label": "x", "record": {**RECORD, "source": {"title": "\ud800"}}})
    for path, sent in ((PATIENTS, body), ("/api/v1/assess", '{"\\ud800": 1}')):
        headers = {"content-type": "application/json"}
        assert client.post(path, content=sent, headers=headers).status_code == 422


def test_a_method_that_is_not_served_is_told_which_are(client: TestClient, patient: str) -> None:
    refused = client.post(patient, json={})
    assert refused.status_code == 405
    assert refused.headers["allow"] == "DELETE, GET, PATCH"
    assert problem(refused)["remedy"] == "use DELETE or GET or PATCH"


@pytest.mark.parametrize(
    ("error", "status"),
    [(BusyError, 503), (DiskFullError, 507), (DamagedError, 503), (UnreachableError, 503)],
)
def test_trouble_with_the_database_is_told_and_the_database_not_named(
    client: TestClient,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BusyError],
    status: int,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error(file="/secret/place", problem="it is so", remedy="do this")

    monkeypatch.setattr(store, "patients", fails)
    answer = client.get(PATIENTS)
    assert answer.status_code == status
    assert problem(answer) == {"problem": "it is so", "field": "", "remedy": "do this"}
    assert ("retry-after" in answer.headers) == (error is BusyError)


@pytest.fixture(scope="module")
def guarded(knowledge: Knowledge, store: Store) -> FastAPI:
    """A server that asks people to sign in."""
    settings = Settings(hosts=("testserver",), secret=b"of the tests", compiled=False, sign_in=True)
    return create_app(settings, knowledge=knowledge, store=store)


def signed_in(guarded: FastAPI, store: Store, role: Role) -> tuple[TestClient, str]:
    """A program that sends the cookie of a new user's session, and the user's id."""
    user = store.add_user(f"{role} {uuid4()}", role, "no hash", who="test")
    session = store.start_session(user.id, lifetime=timedelta(hours=1))
    client = TestClient(guarded)
    client.cookies.set(SIGNED_IN_COOKIE, session.token)
    return client, user.id


def test_where_people_sign_in_nobody_else_is_answered(guarded: FastAPI) -> None:
    client = TestClient(guarded)
    for method, path in (("GET", ""), *CHANGES):
        answer = client.request(method, PATIENTS + path.format(id="x" * 22), json={})
        assert answer.status_code == 401
        assert problem(answer)


def test_where_people_sign_in_a_change_needs_the_token_of_the_session(
    guarded: FastAPI, store: Store
) -> None:
    client, user = signed_in(guarded, store, "clinician")
    new = {"label": "x", "record": RECORD}
    for headers in ({}, {TOKEN_HEADER: "0" * 64}):
        refused = client.post(PATIENTS, json=new, headers=headers)
        assert refused.status_code == 403
        assert "token" in problem(refused)["problem"]
    token = client.get("/api/v1/session").json()["csrf"]
    made = client.post(PATIENTS, json=new, headers={TOKEN_HEADER: token})
    assert made.json()["who"] == user
    where = made.headers["location"]
    assert client.delete(where).status_code == 403
    assert client.delete(where, headers={TOKEN_HEADER: token}).status_code == 200


def test_a_viewer_reads_and_changes_nothing(guarded: FastAPI, store: Store, patient: str) -> None:
    client, _ = signed_in(guarded, store, "viewer")
    assert client.get(f"{patient}/record").status_code == 200
    found = client.post("/api/v1/search/patients", json={})
    assert found.status_code == 200
    for method, path in CHANGES:
        where = PATIENTS + path.format(id="x" * 22)
        answer = client.request(method, where, json={}, headers={TOKEN_HEADER: _token(client)})
        assert answer.status_code == 403
        assert "not change" in problem(answer)["problem"]


def _token(client: TestClient) -> str:
    token: str = client.get("/api/v1/session").json()["csrf"]
    return token


AGES = st.integers(min_value=1, max_value=99)


class Kept(RuleBasedStateMachine):
    """Patients through the API beside a plain model of what should be kept."""

    client: TestClient
    patients = Bundle("patients")

    def __init__(self) -> None:
        super().__init__()
        # For each patient the ages of all versions, and for each version which one it stands for.
        self.ages: dict[str, list[int]] = {}
        self.stands: dict[str, list[int]] = {}
        self.diaries: dict[str, dict[str, float]] = {}
        self.order: list[str] = []

    @rule(target=patients, age=AGES)
    def create(self, age: int) -> str:
        new = {"label": "of the model", "record": {**RECORD, "age": age}}
        made: str = self.client.post(PATIENTS, json=new).json()["patient"]
        self.ages[made], self.stands[made], self.diaries[made] = [age], [1], {}
        self._changed(made)
        return made

    @rule(patient=patients, age=AGES, behind=st.sampled_from([0, 0, 0, 1, -1]))
    def save(self, patient: str, age: int, behind: int) -> None:
        newest = len(self.ages[patient])
        based_on = max(newest - behind, 1)
        answer = save(self.client, self._at(patient), {**RECORD, "age": age}, based_on)
        if self._is_conflict(answer, patient, based_on):
            return
        self._grown(answer, patient, age, newest + 1)

    @rule(patient=patients)
    def undo(self, patient: str) -> None:
        newest = len(self.ages[patient])
        answer = self.client.post(f"{self._at(patient)}/undo", json={"based_on": newest})
        stands = self.stands[patient][-1]
        if stands == 1:
            assert answer.status_code == 422
            return
        back = self.stands[patient][stands - 2]
        self._grown(answer, patient, self.ages[patient][back - 1], back)

    @rule(patient=patients, number=st.integers(1, 4), based_on=st.integers(1, 5))
    def restore(self, patient: str, number: int, based_on: int) -> None:
        sent = {"number": number, "based_on": based_on}
        answer = self.client.post(f"{self._at(patient)}/restore", json=sent)
        if self._is_conflict(answer, patient, based_on):
            return
        if number > len(self.ages[patient]):
            assert answer.status_code == 404
            return
        stands = self.stands[patient][number - 1]
        self._grown(answer, patient, self.ages[patient][number - 1], stands)

    @rule(patient=patients, hour=st.integers(0, 3), nrs=st.integers(0, 10))
    def write_diary(self, patient: str, hour: int, nrs: int) -> None:
        at = f"2026-03-01T{hour:02}:00"
        answer = self.client.post(f"{self._at(patient)}/diary", json={"at": at, "nrs": nrs})
        there = self.diaries[patient].get(at)
        assert answer.status_code == (201 if there in {None, nrs} else 409)
        self.diaries[patient].setdefault(at, nrs)

    @rule(patient=consumes(patients))
    def delete(self, patient: str) -> None:
        assert self.client.delete(self._at(patient)).status_code == 200
        del self.ages[patient], self.stands[patient], self.diaries[patient]
        self.order.remove(patient)

    @invariant()
    def what_is_kept_is_what_was_sent(self) -> None:
        for patient, ages in self.ages.items():
            listed = self.client.get(f"{self._at(patient)}/versions").json()["versions"]
            numbers = list(range(len(ages), 0, -1))
            assert [version["number"] for version in listed] == numbers
            newest = self.client.get(f"{self._at(patient)}/record").json()
            assert (newest["number"], newest["record"]["age"]) == (len(ages), ages[-1])
            diary = self.client.get(f"{self._at(patient)}/diary").json()
            assert {entry["at"]: entry["nrs"] for entry in diary} == self.diaries[patient]
        found = self.client.get(PATIENTS, params={"limit": 1000}).json()["patients"]
        assert [one["id"] for one in found if one["id"] in self.ages] == self.order

    def _at(self, patient: str) -> str:
        return f"{PATIENTS}/{patient}"

    def _is_conflict(self, answer: Response, patient: str, based_on: int) -> bool:
        newest = len(self.ages[patient])
        if based_on == newest:
            return False
        assert answer.status_code == 409
        assert answer.json()["newest"]["number"] == newest
        return True

    def _grown(self, answer: Response, patient: str, age: int, stands: int) -> None:
        assert answer.status_code == 201
        assert answer.json()["record"]["age"] == age
        self.ages[patient].append(age)
        self.stands[patient].append(stands)
        assert answer.json()["number"] == len(self.ages[patient])
        self._changed(patient)

    def _changed(self, patient: str) -> None:
        if patient in self.order:
            self.order.remove(patient)
        self.order.insert(0, patient)


def test_the_api_keeps_what_a_plain_model_keeps(client: TestClient) -> None:
    kept = type("KeptHere", (Kept,), {"client": client})
    run_state_machine_as_test(
        kept,
        settings=settings(
            max_examples=5,
            stateful_step_count=10,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
