"""The head of every page of one patient: the name, the way back, the rooms in one order."""

from __future__ import annotations

import re
import secrets

import pytest

from crural.record import Record
from crural.store import Store
from crural.web.workbench import FOR_PATIENTS
from crural.web.workbench import pages as workbench
from tests.web.conftest import Visitor

ROOMS = ["Assessment", "Diary", "Course", "Stimulation trial", "History"]
PLACES = ("/assessment/{}", "/patients/{}/diary", "/patients/{}/course", "/patients/{}/trial")
HISTORY = "/patients/{}/history"


@pytest.fixture
def label() -> str:
    return f"Patient {secrets.token_hex(6)}"


@pytest.fixture
def kept(store: Store, label: str) -> str:
    record = Record(age=58, sex="female", side="left")
    return store.create_patient(label, record, who="local").info.patient_id


@pytest.mark.parametrize(("at", "room"), [*zip((*PLACES, HISTORY), ROOMS, strict=True)])
def test_every_room_of_a_patient_has_the_same_head(
    visitor: Visitor, kept: str, label: str, at: str, room: str
) -> None:
    page = visitor.get(at.format(kept)).text
    assert re.search(rf"<h1[^>]*>{label}</h1>", page)
    assert page.count("<h1") == 1
    assert '<p class="crumbs"><a href="/patients">Patients</a></p>' in page
    (tabs,) = re.findall(r'<nav class="patient-rooms".*?</nav>', page, re.DOTALL)
    found = re.findall(
        r'href="/(?:assessment|patients)/[^"]+"( aria-current="page")?>([^<]+)', tabs
    )
    assert [name for _, name in found] == ROOMS
    assert [name for current, name in found if current] == [room]


def test_an_unsaved_patient_has_no_rooms_until_it_is_saved(patient: Visitor, label: str) -> None:
    assert "patient-rooms" not in patient.page().text
    assert "patient-rooms" in patient.send("save", label=label).text


def test_the_workbenches_that_take_a_record_are_one_click_away_and_open_with_it(
    visitor: Visitor, kept: str, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visitor.get(f"/patients/{kept}/course").text
    offered = re.findall(rf'href="(/workbench/[^"]+\?patient={kept})"', page)
    assert [f"/workbench/{bench.id}?patient={kept}" for bench in FOR_PATIENTS] == offered
    # Whoever was changed long ago is not among those that are offered unasked.
    monkeypatch.setattr(workbench, "MOST_PATIENTS", 0)
    for address in offered:
        form = visitor.get(address).text
        assert f'<option value="{kept}" selected>{label}</option>' in form


def test_a_workbench_for_a_patient_who_is_not_there_is_not_found(visitor: Visitor) -> None:
    nobody = secrets.token_urlsafe(16)
    assert visitor.get(f"/workbench/{FOR_PATIENTS[0].id}?patient={nobody}").status_code == 404
