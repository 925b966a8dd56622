"""The pages of the administrator: users, and the audit trail."""

from __future__ import annotations

import re
import sqlite3
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from crural.knowledge import Knowledge
from crural.store import Store
from crural.web import Settings, create_app
from crural.web.people import trail
from crural.web.people.passwords import Passwords, generated, is_for_once
from tests.store.kept import RECORD
from tests.web.people.conftest import Browser, Clinic


def _shown_once(text: str) -> str:
    found = re.search(r'class="once">([^<]+)<', text)
    assert found is not None
    return found[1]


def _id_of(clinic: Clinic, name: str) -> str:
    return next(user.id for user in clinic.store.users() if user.name == name)


def test_a_new_user_gets_a_password_that_is_shown_once(clinic: Clinic) -> None:
    admin = clinic.signed_in("admin")
    answer = admin.post("/users/add", name="Dr Ana New", role="viewer")
    password = _shown_once(answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert password not in admin.get("/users").text
    kept = clinic.store.credentials("Dr Ana New")
    assert kept is not None
    assert is_for_once(kept.password_hash)
    assert clinic.passwords.matches(kept.password_hash, password)
    assert "Choose your own password" in clinic.browser().sign_in("Dr Ana New", password).text


def test_generated_passwords_are_good_enough_and_never_the_same() -> None:
    made = {generated() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert re.fullmatch(r"([2-9a-km-z]{5}-){3}[2-9a-km-z]{5}", password)


def test_a_name_that_is_taken_or_empty_is_refused_on_the_page(clinic: Clinic) -> None:
    admin = clinic.signed_in("admin")
    there = clinic.add()
    refused = admin.post("/users/add", name=there.name.upper(), role="viewer")
    assert refused.status_code == 409
    assert "There is another user of this name." in unescape(refused.text)
    for name in ("", " ", "x" * 81):
        assert admin.post("/users/add", name=name, role="viewer").status_code == 422
    assert admin.post("/users/add", name="Nobody", role="king").status_code == 422


def test_roles_change_and_users_are_let_in_and_kept_out(clinic: Clinic) -> None:
    admin = clinic.signed_in("admin")
    user = clinic.add("viewer")
    browser = clinic.browser()
    browser.sign_in(user.name)
    assert admin.post(f"/users/{user.id}/role", role="clinician").status_code == 303
    assert clinic.store.user(user.id).role == "clinician"
    assert admin.post(f"/users/{user.id}/deactivate").status_code == 303
    assert browser.get("/knowledge").status_code == 303
    assert clinic.browser().sign_in(user.name).status_code == 401
    assert "not active" in admin.get("/users").text
    assert admin.post(f"/users/{user.id}/activate").status_code == 303
    assert clinic.browser().sign_in(user.name).status_code == 303


def test_a_new_password_signs_a_user_out_everywhere(clinic: Clinic) -> None:
    admin = clinic.signed_in("admin")
    user = clinic.add()
    browser = clinic.browser()
    browser.sign_in(user.name)
    password = _shown_once(admin.post(f"/users/{user.id}/password").text)
    assert browser.get("/knowledge").status_code == 303
    assert "Choose your own" in clinic.browser().sign_in(user.name, password).text


def test_the_last_administrator_stays_one(knowledge: Knowledge, tmp_path: Path) -> None:
    with Store(tmp_path / "x.sqlite3") as store:
        only = store.add_user("Only", "admin", "hash", who="test")
        settings = Settings(hosts=("testserver",), compiled=False, key=None)
        client = TestClient(create_app(settings, knowledge=knowledge, store=store))
        browser = Browser(client)
        browser.get("/users")
        refused = browser.post(f"/users/{only.id}/deactivate")
        assert refused.status_code == 422
        assert "last active admin" in refused.text
        assert store.user(only.id).active


def test_a_user_who_is_not_there_is_not_found(clinic: Clinic) -> None:
    admin = clinic.signed_in("admin")
    for change in ("deactivate", "activate", "password"):
        assert admin.post(f"/users/nobody/{change}").status_code == 404
    assert admin.post("/users/nobody/role", role="viewer").status_code == 404


@pytest.mark.parametrize("change", ["add", "x/role", "x/deactivate", "x/activate", "x/password"])
def test_changes_of_users_need_the_token(clinic: Clinic, change: str) -> None:
    admin = clinic.signed_in("admin")
    admin.token = "0" * 43
    assert admin.post(f"/users/{change}", name="Mallory", role="admin").status_code == 403


def test_names_are_shown_as_text(clinic: Clinic) -> None:
    admin = clinic.signed_in("admin")
    admin.post("/users/add", name="<b>bold</b>", role="viewer")
    assert "<b>bold" not in admin.get("/users").text
    assert "<b>bold" not in admin.get("/audit").text


def test_passwords_are_compared_whatever_the_keyboard(clinic: Clinic) -> None:
    composed, decomposed = "caf\u00e9 und Gr\u00fcne Pferde", "cafe\u0301 und Gru\u0308ne Pferde"
    kept = clinic.passwords.hash(composed)
    assert clinic.passwords.matches(kept, decomposed)
    assert not clinic.passwords.matches(kept, composed.upper())
    assert not clinic.passwords.matches(kept, "\ud800" * 20)
    assert Passwords()._hasher.memory_cost >= 19 * 1024


# The audit trail


def test_the_trail_is_shown_newest_first_with_names(clinic: Clinic) -> None:
    admin = clinic.signed_in("admin")
    page = unescape(admin.get("/audit").text)
    assert "Whole." in page
    head = clinic.store.audit_head()
    assert f"{head.seq}:{head.hash}" in page
    rows = re.findall(r'<th scope="row" class="number">(\d+)</th>', page)
    assert rows == [str(head.seq - at) for at in range(len(rows))]
    assert "signed in" in page
    assert "Person" in page


def test_the_trail_is_read_page_by_page_and_by_patient(clinic: Clinic) -> None:
    admin = clinic.signed_in("admin")
    made = clinic.store.create_patient("A label nobody sees", RECORD, who="test")
    patient = made.info.patient_id
    for _ in range(trail.A_PAGE + 5):
        clinic.store.note("patient-opened", who="test", patient_id=patient)
    seen: list[str] = []
    address: str | None = f"/audit?patient={patient}"
    while address:
        page = admin.get(address).text
        assert "A label nobody sees" not in page
        seen += re.findall(r'<th scope="row" class="number">(\d+)</th>', page)
        older = re.search(r'<a href="([^"]+)">Older</a>', page)
        address = unescape(older[1]) if older else None
    assert len(seen) == len(set(seen)) == trail.A_PAGE + 5 + len(("created", "version"))
    assert seen == sorted(seen, key=int, reverse=True)
    assert "no entries for this patient" in admin.get("/audit?patient=nobody").text


def test_an_end_noted_down_earlier_is_looked_for(clinic: Clinic) -> None:
    admin = clinic.signed_in("admin")
    head = clinic.store.audit_head()
    clinic.add()
    assert (
        "noted down earlier is among them"
        in admin.get(f"/audit?noted={head.seq}:{head.hash.upper()}").text
    )
    broken = admin.get(f"/audit?noted={head.seq}:{'0' * 64}").text
    assert "no longer in the trail" in broken
    assert "An end of the trail looks like" in admin.get("/audit?noted=nonsense").text


def test_a_long_trail_is_checked_when_asked(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = clinic.signed_in("admin")
    monkeypatch.setattr(trail, "CHECKED_UNASKED", 1)
    assert "Check it now" in admin.get("/audit").text
    assert "Whole." in admin.get("/audit?check=true").text


def test_a_broken_trail_is_told_loudly(knowledge: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    with Store(path) as store:
        store.add_user("Ana", "viewer", "hash", who="test")
        with sqlite3.connect(path) as meddling:
            meddling.execute("UPDATE users SET role = 'admin'")
        settings = Settings(hosts=("testserver",), compiled=False, key=None)
        client = TestClient(create_app(settings, knowledge=knowledge, store=store))
        page = client.get("/audit").text
    assert "Broken." in page
    assert "altered behind the program" in page


@pytest.mark.parametrize("query", ["before=0", "before=x", "patient=" + "x" * 100])
def test_an_address_that_cannot_be_is_refused(clinic: Clinic, query: str) -> None:
    assert clinic.signed_in("admin").get(f"/audit?{query}").status_code == 422


def test_every_action_has_words() -> None:
    from typing import get_args  # noqa: PLC0415

    from crural.store import Action, Noted  # noqa: PLC0415

    assert set(trail.ACTIONS) == {*get_args(Action), *get_args(Noted)}
