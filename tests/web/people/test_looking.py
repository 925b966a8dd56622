"""Whoever looks at a patient is in the audit trail, whatever the way."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from crural.store import AuditEntry, BusyError, DiskFullError
from crural.web import Settings
from crural.web.noted import Openings
from crural.web.workbench.pages import BENCHES
from tests.store.kept import RECORD, WHO
from tests.web.people.conftest import Clinic
from tests.web.people.test_gate import routes_of

_OF_A_PATIENT = re.compile(r"{(patient|desk)}")
NO_SUCH_PATIENT = "nobody-of-this-name"


def _patient(clinic: Clinic) -> str:
    """A patient at whom nobody has looked for a while."""
    clinic.app.state.openings = Openings()
    return clinic.store.create_patient("A", RECORD, who=WHO).info.patient_id


def _noted(clinic: Clinic, patient: str) -> list[AuditEntry]:
    every = clinic.store.latest_audit(patient_id=patient)
    return [entry for entry in every if entry.action == "patient-opened"]


def test_every_route_that_names_a_patient_notes_who_looks(clinic: Clinic) -> None:
    browser = clinic.signed_in("viewer")
    who = clinic.store.latest_audit(limit=1)[0].item
    walked = 0
    for method, path in routes_of(clinic.app.routes):
        if not _OF_A_PATIENT.search(path) or method in {"HEAD", "OPTIONS"}:
            continue
        patient = _patient(clinic)
        address = re.sub(r"{\w+}", "1", _OF_A_PATIENT.sub(patient, path))
        sent = {"csrf": browser.token} if method == "POST" else None
        browser.client.request(method, address, data=sent)
        found = _noted(clinic, patient)
        assert [entry.who for entry in found] == [who], (method, path)
        walked += 1
    assert walked > 40


def test_looking_again_and_again_is_one_look(clinic: Clinic) -> None:
    one, other = clinic.signed_in("viewer"), clinic.signed_in("viewer")
    patient = _patient(clinic)
    for path in ("/patients/{}/diary", "/api/v1/patients/{}/versions", "/api/v1/patients/{}"):
        assert one.get(path.format(patient)).status_code == 200, path
    assert len(_noted(clinic, patient)) == 1
    other.get(f"/api/v1/patients/{patient}/diary")
    assert len(_noted(clinic, patient)) == 2


def test_who_looked_a_moment_ago_waits_for_no_thread(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, patient = clinic.signed_in("viewer"), _patient(clinic)
    path = f"/patients/{patient}/diary"
    assert browser.get(path).status_code == 200

    async def full(*_: object) -> None:
        raise AssertionError("a thread was asked for")

    monkeypatch.setattr("crural.web.noted.run_in_threadpool", full)
    assert browser.get(path).status_code == 200
    assert len(_noted(clinic, patient)) == 1


def test_who_is_nobody_and_what_is_no_patient_is_not_noted(clinic: Clinic) -> None:
    patient = _patient(clinic)
    assert clinic.browser().get(f"/patients/{patient}/diary").status_code == 303
    assert clinic.browser().get(f"/api/v1/patients/{patient}").status_code == 401
    browser = clinic.signed_in()
    before = clinic.store.audit_head()
    assert browser.get(f"/api/v1/patients/{NO_SUCH_PATIENT}").status_code == 404
    desk = browser.get("/assessment").headers["location"]
    assert browser.get(desk).status_code == 200
    assert clinic.store.audit_head() == before
    assert not _noted(clinic, patient)


def test_a_look_that_cannot_be_noted_is_not_granted(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, patient = clinic.signed_in(), _patient(clinic)
    path = f"/api/v1/patients/{patient}/diary"

    def busy(*_: object, **__: object) -> None:
        raise BusyError(file="x", problem="is busy", remedy="wait")

    with monkeypatch.context() as patched:
        patched.setattr(clinic.store, "note", busy)
        assert browser.get(path).status_code == 503
    assert browser.get(path).status_code == 200
    assert len(_noted(clinic, patient)) == 1


def test_a_program_that_takes_no_cookies_is_the_same_one_each_time(clinic: Clinic) -> None:
    patient = _patient(clinic)
    with clinic.having(settings=Settings(hosts=("testserver",), compiled=False, key=None)):
        for _ in range(3):
            answer = TestClient(clinic.app).get(f"/api/v1/patients/{patient}")
            assert answer.status_code == 200
    assert [entry.who for entry in _noted(clinic, patient)] == ["local"]


def _read_after(clinic: Clinic, seq: int) -> list[tuple[str, str]]:
    """Who read which list after an entry of the trail."""
    every = clinic.store.audit(after=seq)
    return [(e.who, e.action) for e in every if e.action in {"list-read", "trail-read"}]


def test_every_route_that_shows_the_list_of_patients_notes_who_reads_it(clinic: Clinic) -> None:
    browser = clinic.signed_in("admin")
    who = clinic.store.latest_audit(limit=1)[0].item
    clinic.store.create_patient("Unmistakable Umbrella", RECORD, who=WHO)
    showing = 0
    for method, path in sorted(set(routes_of(clinic.app.routes))):
        if method not in {"GET", "POST"} or _OF_A_PATIENT.search(path) or path == "/sign-out":
            continue
        clinic.app.state.openings = Openings()
        before = clinic.store.audit_head().seq
        headers = {"x-csrf-token": browser.token}
        for address in _addresses(path):
            if path.startswith("/api/") and method == "POST":
                answer = browser.client.post(address, json={"search": ""}, headers=headers)
            else:
                answer = browser.client.request(method, address, headers=headers)
            if "Unmistakable Umbrella" not in answer.text:
                continue
            showing += 1
            assert _read_after(clinic, before) == [(who, "list-read")], (method, path)
    assert showing > 4


def _addresses(path: str) -> list[str]:
    if path.startswith("/workbench/{name"):
        return [f"/workbench/{name}" for name in BENCHES]
    return [re.sub(r"{\w+}", "1", path)]


def test_the_list_and_the_trail_are_noted_once_for_each_person_and_quarter_of_an_hour(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.app.state.openings = Openings()
    before = clinic.store.audit_head().seq
    browser = clinic.signed_in("admin")
    who = str(clinic.store.latest_audit(limit=1)[0].item)
    for _ in range(2):
        for path in ("/patients", "/api/v1/patients", "/audit", "/audit?before=3"):
            assert browser.get(path).status_code == 200
    assert "audit trail read" in browser.get("/audit").text
    assert _read_after(clinic, before) == [(who, "list-read"), (who, "trail-read")]
    clinic.signed_in("viewer").get("/patients")
    assert len(_read_after(clinic, before)) == 3
    monkeypatch.setattr("crural.web.noted.AGAIN_AFTER", 0.0)
    browser.get("/patients")
    assert _read_after(clinic, before)[-1] == (who, "list-read")
    assert clinic.store.verify_audit().intact


def test_the_list_is_shown_on_a_full_disk_and_noted_when_there_is_room(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.app.state.openings = Openings()
    browser = clinic.signed_in()
    before = clinic.store.audit_head().seq

    def full(*_: object, **__: object) -> None:
        raise DiskFullError(file="x", problem="the disk is full", remedy="make room")

    with monkeypatch.context() as patched:
        patched.setattr(clinic.store, "note", full)
        assert browser.get("/patients").status_code == 200
    assert not _read_after(clinic, before)
    assert browser.get("/patients").status_code == 200
    assert len(_read_after(clinic, before)) == 1
