"""Nobody gets past the gate without signing in, and nobody does more than their role allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from crural.knowledge import Knowledge
from crural.store import BusyError, Store
from crural.web import Settings, create_app
from crural.web.people.gate import CHOOSE, SIGN_IN, local_path
from tests.web.people.conftest import Browser, Clinic

SAFE = {"GET", "HEAD", "OPTIONS"}
# Changes that are nobody's but the asker's own, and answers to what is sent, which keep nothing.
OPEN_TO_VIEWERS = re.compile(
    r"/sign-in.*|/sign-out|/password|/patients|/api/v1/assess"
    r"|/api/v1/search/patients|/workbench/.*|/assessment/\{desk\}/search"
)


def routes_of(found: Iterable[object]) -> Iterator[tuple[str, str]]:
    for route in found:
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        if inner is not None and hasattr(inner, "routes"):
            yield from routes_of(inner.routes)
            continue
        path = re.sub(r":\w+}", "}", getattr(route, "path", ""))
        for method in sorted(getattr(route, "methods", None) or {"GET"}):
            yield method, path


def _filled(path: str) -> str:
    return re.sub(r"{\w+}", "1", path)


def test_no_route_is_reached_without_signing_in(clinic: Clinic) -> None:
    routes = set(routes_of(clinic.app.routes))
    assert len(routes) > 40
    assert {"/api/v1/openapi.json", "/patients", "/users", "/audit"} <= {p for _, p in routes}
    client = clinic.browser().client
    for method, path in routes:
        if path in {SIGN_IN, CHOOSE} or path.startswith("/static/"):
            continue
        answer = client.request(method, _filled(path))
        if path.startswith("/api/"):
            assert answer.status_code == 401, (method, path)
            assert method == "HEAD" or answer.json()["error"]["problem"] == "Sign in first."
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "path",
    ["/", "/no-such-page", "/sign-in/", "/static", "//evil.example", "/Sign-in", "/sign-inn"],
)
def test_what_is_no_route_leads_to_the_sign_in_too(clinic: Clinic, path: str) -> None:
    answer = clinic.browser().client.get(f"http://testserver{path}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


def test_the_name_of_the_host_opens_no_page(clinic: Clinic) -> None:
    for trick in ("testserver:80/static/", "testserver:80/sign-in?", "testserver:80/sign-in#"):
        answer = clinic.browser().get("/users", host=trick)
        assert answer.status_code in {303, 400}
        assert "Add a user" not in answer.text


def test_the_page_for_signing_in_and_the_static_files_are_open(clinic: Clinic) -> None:
    browser = clinic.browser()
    page = browser.get("/sign-in")
    assert page.status_code == 200
    assert "<nav" not in page.text
    for link in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        assert browser.get(link).status_code == 200


def test_whoever_signs_in_is_brought_to_the_page_they_wanted(clinic: Clinic) -> None:
    browser = clinic.browser()
    sent = browser.get("/knowledge/evidence?page=2").headers["location"]
    assert sent == f"/sign-in?next={quote('/knowledge/evidence?page=2', safe='/')}"
    assert 'name="next" value="/knowledge/evidence?page=2"' in browser.get(sent).text
    answer = browser.sign_in(clinic.add().name, then="/knowledge/evidence?page=2")
    assert answer.headers["location"] == "/knowledge/evidence?page=2"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/\t/evil.example",
        "/a\r\nset-cookie: x=y",
        "/" + "a" * 600,
        "/sign-out",
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(clinic: Clinic, elsewhere: str) -> None:
    assert local_path(elsewhere) == "/"
    answer = clinic.browser().sign_in(clinic.add().name, then=elsewhere)
    assert answer.headers["location"] == "/"


def test_a_page_that_stayed_open_is_sent_to_the_sign_in_whole(clinic: Clinic) -> None:
    answer = clinic.browser().get(
        "/assessment/abc/cause/sciatica",
        **{"hx-request": "true", "hx-current-url": "http://testserver/assessment/abc"},
    )
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/sign-in?next=/assessment/abc"


def test_no_one_speaks_to_the_server_in_another_way(clinic: Clinic) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        clinic.browser().client.websocket_connect("/users"),
    ):
        pass


def test_a_database_that_is_held_is_told_at_the_gate(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = clinic.signed_in()

    def held(*_: object, **__: object) -> None:
        raise BusyError(file="x", problem="another program writes", remedy="try again")

    monkeypatch.setattr(Store, "session", held)
    assert browser.get("/knowledge").status_code == 503
    assert browser.get("/api/v1/session").json()["error"]["remedy"] == "try again"


def test_a_viewer_changes_nothing(clinic: Clinic) -> None:
    browser = clinic.signed_in("viewer")
    tried = 0
    for method, path in set(routes_of(clinic.app.routes)):
        if method in SAFE or OPEN_TO_VIEWERS.fullmatch(path):
            continue
        tried += 1
        headers = {"x-csrf-token": browser.token}
        if path.startswith("/api/"):
            answer = browser.client.request(method, _filled(path), headers=headers, json={})
        else:
            answer = browser.client.request(method, _filled(path), headers=headers, data={})
        assert answer.status_code == 403, (method, path)
        assert re.search("not change them|Only an administrator", answer.text), (method, path)
    assert tried > 15


def test_every_answer_carries_the_headers(clinic: Clinic) -> None:
    browser = clinic.signed_in("admin")
    for method, path in set(routes_of(clinic.app.routes)):
        if method != "GET":
            continue
        headers = browser.get(_filled(path)).headers
        assert "'unsafe-" not in headers["content-security-policy"], path
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert headers["cache-control"] == "no-store" or path.startswith("/static/"), path


@pytest.mark.parametrize("path", ["/users", "/audit"])
def test_users_and_the_trail_are_for_administrators(clinic: Clinic, path: str) -> None:
    for role, status in (("viewer", 403), ("clinician", 403), ("admin", 200)):
        browser = clinic.signed_in(role)  # type: ignore[arg-type]
        assert browser.get(path).status_code == status
        assert (f'href="{path}"' in browser.get("/knowledge").text) == (status == 200)


def test_a_role_that_is_taken_away_is_gone_at_once(clinic: Clinic) -> None:
    admin = clinic.add("admin")
    clinic.add("admin")
    browser = clinic.browser()
    browser.sign_in(admin.name)
    assert browser.get("/users").status_code == 200
    clinic.store.change_user(admin.id, role="viewer", who="test")
    assert browser.get("/users").status_code == 403
    clinic.store.change_user(admin.id, active=False, who="test")
    assert browser.get("/knowledge").status_code == 303


def test_programs_learn_who_they_are_and_the_token(clinic: Clinic) -> None:
    browser = clinic.signed_in("viewer")
    told = browser.get("/api/v1/session").json()
    assert told["role"] == "viewer"
    assert told["csrf"] == browser.token


def _pages_of(browser: Browser) -> list[str]:
    return [browser.get(path).text for path in ("/knowledge", "/users")]


def test_without_sign_in_whoever_sits_before_the_machine_does_everything(app: FastAPI) -> None:
    browser = Browser(TestClient(app, follow_redirects=False))
    for page in _pages_of(browser):
        assert "Sign out" not in page
    assert browser.get("/users").status_code == 200
    assert browser.get("/audit").status_code == 200
    assert browser.get("/password").status_code == 404
    assert browser.get("/sign-in").headers["location"] == "/"
    assert browser.post("/sign-in", name="a", password="b").status_code == 404
    assert browser.post("/sign-out").status_code == 404


@pytest.mark.parametrize(
    "header",
    [
        "x-forwarded-for",
        "X_Forwarded_For",
        "x-forwarded-proto",
        "forwarded",
        "x-real-ip",
        "via",
        "CF-Connecting-IP",
        "true-client-ip",
        "x-client-ip",
        "x-original-url",
    ],
)
def test_without_sign_in_nobody_comes_through_a_proxy(app: FastAPI, header: str) -> None:
    answer = TestClient(app).get("/knowledge", headers={header: "192.0.2.1"})
    assert answer.status_code == 403
    assert "--sign-in" in answer.text


def test_without_sign_in_http_of_the_kind_that_only_proxies_speak_is_refused(app: FastAPI) -> None:
    async def older(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "http_version": "1.0"}, receive, send)

    assert TestClient(older).get("/knowledge").status_code == 403
    assert TestClient(app).get("/knowledge").status_code == 200


def test_an_address_that_others_reach_cannot_go_without_sign_in(
    knowledge: Knowledge, clinic: Clinic
) -> None:
    settings = Settings(host="0.0.0.0", hosts=("testserver",), compiled=False, sign_in=False)
    app = create_app(settings, knowledge=knowledge, store=clinic.store)
    answer = TestClient(app, follow_redirects=False).get("/knowledge")
    assert answer.headers["location"].startswith("/sign-in")


def test_the_database_is_closed_when_the_server_stops(
    knowledge: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(Store, "close", lambda store: closed.append(store.where))
    settings = Settings(
        hosts=("testserver",),
        compiled=False,
        database=f"sqlite:///{tmp_path}/x.sqlite3",
        key=None,
    )
    with TestClient(create_app(settings, knowledge=knowledge)) as client:
        assert client.get("/knowledge").status_code == 200
        assert closed == []
    assert closed == [f"{tmp_path}/x.sqlite3"]
