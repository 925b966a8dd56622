"""A server that asks nobody to sign in wants the key that it told at its start."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from crural.knowledge import Knowledge
from crural.store import Store
from crural.web import Settings, create_app
from tests.web.people.test_gate import routes_of

KEY = "a-key-of-these-tests"
BEARER = {"authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def locked(knowledge: Knowledge, store: Store) -> FastAPI:
    settings = Settings(hosts=("testserver",), compiled=False, key=KEY)
    return create_app(settings, knowledge=knowledge, store=store)


def _browser(app: FastAPI) -> TestClient:
    return TestClient(app, follow_redirects=False)


def test_the_address_with_the_key_lets_a_browser_in_and_is_left_behind(locked: FastAPI) -> None:
    browser = _browser(locked)
    entered = browser.get(f"/?key={KEY}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.casefold()
    assert "Max-Age" not in cookie
    page = browser.get("/patients")
    assert page.status_code == 200
    assert KEY not in page.text


def test_any_page_can_be_entered_by_and_the_rest_of_the_address_stays(locked: FastAPI) -> None:
    entered = _browser(locked).get(f"/knowledge/evidence?page=2&key={KEY}&q=a+b")
    assert entered.headers["location"] == "/knowledge/evidence?page=2&q=a+b"


@pytest.mark.parametrize("path", ["//evil.example/", "///evil.example", "/\\evil.example"])
def test_nobody_is_sent_to_another_site_with_the_key(locked: FastAPI, path: str) -> None:
    there = _browser(locked).get(f"http://testserver{path}?key={KEY}").headers["location"]
    assert there.startswith("/")
    assert not there.startswith(("//", "/\\"))


def test_no_route_is_reached_without_the_key(locked: FastAPI) -> None:
    browser = _browser(locked)
    browser.cookies.set("crural-key-8400", "guessed")
    walked = 0
    for method, path in set(routes_of(locked.routes)):
        if path.startswith("/static/"):
            continue
        answer = browser.request(method, path, headers={"authorization": "Bearer guessed"})
        assert answer.status_code == (401 if path.startswith("/api/") else 403), (method, path)
        walked += 1
    assert walked > 40


@pytest.mark.parametrize("query", ["", "?key=", "?key=wrong", f"?key={KEY}x", f"?KEY={KEY}"])
def test_without_the_right_key_it_is_told_where_to_find_it(locked: FastAPI, query: str) -> None:
    refused = _browser(locked).get(f"/{query}")
    assert refused.status_code == 403
    assert "Look at the terminal" in refused.text
    assert "set-cookie" not in refused.headers
    assert KEY not in refused.text


def test_a_page_of_an_earlier_start_is_told_so_where_it_is(locked: FastAPI) -> None:
    answer = _browser(locked).post("/assessment/x/basics", headers={"hx-request": "true"})
    assert answer.status_code == 403
    assert 'id="message"' in answer.text
    assert "started anew" in answer.text


def test_programs_send_the_key_as_a_bearer_token(locked: FastAPI) -> None:
    program = _browser(locked)
    assert program.get("/api/v1/findings?q=pain", headers=BEARER).status_code == 200
    record = {"age": 46, "sex": "male", "side": "left"}
    assert program.post("/api/v1/assess", json=record, headers=BEARER).status_code == 200
    # Addresses end up in logs.
    refused = program.get(f"/api/v1/findings?q=pain&key={KEY}")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in refused.json()["error"]["remedy"]


def test_the_static_files_need_no_key(locked: FastAPI) -> None:
    assert _browser(locked).get("/static/crural.css").status_code == 200


def test_the_key_opens_nothing_where_people_sign_in(knowledge: Knowledge, store: Store) -> None:
    settings = Settings(hosts=("testserver",), compiled=False, sign_in=True, key=KEY)
    assert settings.key is None
    browser = _browser(create_app(settings, knowledge=knowledge, store=store))
    assert browser.get(f"/?key={KEY}").headers["location"].startswith("/sign-in")
    assert browser.get("/api/v1/patients", headers=BEARER).status_code == 401


def test_servers_side_by_side_keep_their_cookies_apart(knowledge: Knowledge, store: Store) -> None:
    names = set()
    for port in (8400, 8401):
        settings = Settings(hosts=("testserver",), compiled=False, key=KEY, port=port)
        app = create_app(settings, knowledge=knowledge, store=store)
        names.add(_browser(app).get(f"/?key={KEY}").headers["set-cookie"].partition("=")[0])
    assert len(names) == 2
