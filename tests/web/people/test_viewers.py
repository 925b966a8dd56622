"""Whoever may look but not change: nothing that enters, saves, opens a file or deletes is shown."""

from __future__ import annotations

import datetime as dt
import re
import secrets

import pytest

from crural.knowledge import Knowledge
from crural.record import record_from_data
from crural.store import DiaryValues
from tests.store.kept import WHO
from tests.web.conftest import text_of
from tests.web.people.conftest import Browser, Clinic

RECORD = {
    "age": 58,
    "sex": "female",
    "side": "left",
    "as_of": "2026-02-01",
    "observations": [
        {"finding": "slr-positive", "present": True, "side": "left"},
        {"finding": "pain-duration", "value": 9, "unit": "weeks"},
        {"finding": "pain-calf", "present": True, "by": "patient"},
    ],
    "treatments": [{"what": "ibuprofen", "days": 14, "response": "partial"}],
}
# Signing out, searching, and the letter to take along change nothing.
HARMLESS = {"/sign-out", "/patients"}


@pytest.fixture
def kept(clinic: Clinic, knowledge: Knowledge) -> str:
    record = record_from_data(RECORD, knowledge.vocabulary, "test")
    found = clinic.store.create_patient(f"P {secrets.token_hex(6)}", record, who=WHO).info
    clinic.store.add_diary(
        found.patient_id, DiaryValues(at=dt.datetime(2026, 2, 3, 8), nrs=6), who=WHO
    )
    clinic.store.add_diary(
        found.patient_id, DiaryValues(at=dt.datetime(2026, 2, 4, 8), nrs=5), who=WHO
    )
    return found.patient_id


@pytest.fixture
def viewer(clinic: Clinic) -> Browser:
    return clinic.signed_in("viewer")


def changing_forms(page: str) -> set[str]:
    """Where the forms lead that change something."""
    forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', page)
    return {form for form in forms if form not in HARMLESS}


def test_a_desk_is_shown_without_anything_to_enter(viewer: Browser, kept: str) -> None:
    page = viewer.get(f"/assessment/{kept}")
    assert page.status_code == 200
    assert not changing_forms(page.text)
    for absent in ("hx-post", 'id="save"', 'type="file"', "data-map", "Remove", "More</summary>"):
        assert absent not in page.text
    said = text_of(page)
    assert "Age 58 years" in said
    assert "Pain for 9 weeks" in said
    assert "Painted: left calf." in said
    assert "ibuprofen, 14 days, some relief" in said
    assert "What causes the pain" in said
    assert "You may look at this patient, but not change anything." in said


def test_a_clinician_sees_all_of_it(clinic: Clinic, kept: str) -> None:
    page = clinic.signed_in().get(f"/assessment/{kept}").text
    there = {form.rpartition("/")[2] for form in changing_forms(page)}
    assert {"basics", "pain", "answer", "search", "save", "undo", "import", "drop"} <= there


@pytest.mark.parametrize("room", ["diary", "course", "trial", "history"])
def test_the_rooms_of_a_patient_hold_nothing_to_change(
    viewer: Browser, kept: str, room: str
) -> None:
    page = viewer.get(f"/patients/{kept}/{room}")
    assert page.status_code == 200
    assert not changing_forms(page.text)
    for link in ("/import", "/delete", "/rename"):
        assert link not in page.text


def test_the_list_offers_no_new_patient_and_no_file(viewer: Browser, kept: str) -> None:
    page = viewer.get("/patients").text
    assert kept in page
    assert not changing_forms(page)
    assert "New patient" not in page
    assert 'type="file"' not in page


def test_an_empty_desk_is_not_for_a_viewer(viewer: Browser) -> None:
    assert viewer.get("/assessment").status_code == 403


@pytest.mark.parametrize("path", ["basics", "answer", "save", "undo", "drop", "import", "pain"])
def test_what_is_not_shown_is_refused_too(viewer: Browser, kept: str, path: str) -> None:
    assert viewer.post(f"/assessment/{kept}/{path}", age="40", sex="male").status_code == 403


def test_a_viewer_may_take_report_and_letter_along(viewer: Browser, kept: str) -> None:
    for path in ("report", "letter.pdf?about=stimulation", "record.yaml"):
        assert viewer.get(f"/assessment/{kept}/{path}").status_code == 200
