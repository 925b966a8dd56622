"""What guards the pages: headers, tokens, limits, and silence about patients."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from crural.web.security import COOKIE, LARGEST_BODY, Sessions
from crural.web.settings import Settings
from tests.web.conftest import Visitor

# Without a slash before it: a page of the visitor's own desk.
PAGES = (
    "",
    "report",
    "sheet",
    "assessment.html",
    "cause/hip-osteoarthritis",
    "/patients",
    "/workbench",
    "/users",
    "/audit",
    "/knowledge",
    "/knowledge/conditions/hip-osteoarthritis",
    "/knowledge/evidence",
    "/no-such-page",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_the_headers(patient: Visitor, path: str) -> None:
    headers = patient.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [p for p in PAGES if p not in PAGES[1:4]])
def test_no_page_has_scripts_or_styles_of_its_own(patient: Visitor, path: str) -> None:
    page = patient.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "<style" not in page
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page)
    assert "javascript:" not in page


@pytest.mark.parametrize("path", PAGES)
def test_no_page_fetches_anything_from_outside(patient: Visitor, path: str) -> None:
    page = patient.get(path).text
    assert not re.search(r'<(?:script|img|link|iframe)[^>]+(?:src|href)="(?:https?:)?//', page)


def test_static_files_may_be_kept(visitor: Visitor) -> None:
    for link in re.findall(r'(?:src|href)="(/static/[^"]+)"', visitor.page().text):
        answer = visitor.get(link)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


def test_no_file_but_the_static_ones_is_served(visitor: Visitor) -> None:
    for path in ("/static/..%2fapp.py", "/static/app.py", "/static/%2e%2e/app.py"):
        assert visitor.get(path).status_code == 404


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: FastAPI) -> None:
    cookie = TestClient(app).get("/assessment").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.casefold()


def test_behind_https_the_cookie_is_sent_in_no_other_way() -> None:
    from starlette.responses import Response  # noqa: PLC0415

    response = Response()
    Sessions(Settings(https=True)).begin(response)
    cookie = response.headers["set-cookie"]
    assert "Secure" in cookie
    # Taken from this very host only: a neighbouring one cannot plant it.
    assert cookie.startswith(f"__Host-{COOKIE}=")
    assert "Path=/" in cookie
    assert "Domain" not in cookie


CHANGES = (
    "basics",
    "pain",
    "answer",
    "search",
    "add/drugs",
    "remove/drugs",
    "undo",
    "save",
    "drop",
    "import",
)


@pytest.mark.parametrize("to", CHANGES)
def test_a_change_without_the_token_is_refused(visitor: Visitor, to: str) -> None:
    refused = visitor.client.post(visitor.at(to), data={"age": "46", "sex": "male"})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "sent",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "http://testserver:8080"},
        {"origin": "https://testserver", "sec-fetch-site": "cross-site"},
    ],
)
def test_a_form_of_another_site_is_refused_whatever_its_token(
    visitor: Visitor, sent: dict[str, str]
) -> None:
    answer = visitor.client.post(visitor.at("basics"), data=visitor.marks(), headers=sent)
    assert answer.status_code == 403
    assert "another site" in answer.text


@pytest.mark.parametrize(
    "sent",
    [
        {"sec-fetch-site": "same-origin", "origin": "null"},
        # Behind a proxy that asks under a name of its own.
        {"sec-fetch-site": "same-origin", "origin": "https://clinic.example"},
        {"origin": "http://testserver"},
        {"origin": "null"},
    ],
)
def test_a_form_of_one_s_own_is_taken(visitor: Visitor, sent: dict[str, str]) -> None:
    data = {**visitor.marks(), "age": "46", "sex": "male"}
    assert visitor.client.post(visitor.at("basics"), data=data, headers=sent).status_code == 200


def test_no_address_is_sent_on_for_a_slash_too_many(visitor: Visitor) -> None:
    for path in ("/static/crural.css/", "/patients/", "/knowledge/", "/api/v1/patients/"):
        answer = visitor.client.get(path, follow_redirects=False)
        assert answer.status_code == 404
        assert "location" not in answer.headers


def test_a_token_of_another_session_is_refused(visit: Callable[[], Visitor]) -> None:
    first, second = visit(), visit()
    first.token = second.token
    assert first.send("basics", age="46", sex="male").status_code == 403


def test_a_session_that_this_server_did_not_sign_is_refused(visitor: Visitor) -> None:
    name = visitor.client.cookies[COOKIE].partition(".")[0]
    visitor.client.cookies.clear()
    visitor.client.cookies.set(COOKIE, f"{name}.{'0' * 64}")
    assert visitor.send("basics", age="46", sex="male").status_code == 403


def test_a_change_cannot_be_made_by_an_address(visitor: Visitor) -> None:
    assert visitor.get("basics?age=46&sex=male").status_code in {404, 405}


def test_a_large_body_is_refused(visitor: Visitor) -> None:
    assert visitor.send("search", q="x" * (LARGEST_BODY + 1)).status_code == 413


def test_a_large_body_without_a_stated_length_is_refused(visitor: Visitor) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(12):
            yield b"x" * 100_000

    answer = visitor.client.post(
        "/api/v1/assess", content=chunks(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413


def test_too_many_fields_are_refused(visitor: Visitor) -> None:
    spots = [f"left-{i}" for i in range(2000)]
    assert visitor.send("pain", spot=spots).status_code == 400


def test_a_foreign_name_for_this_address_is_refused(visitor: Visitor) -> None:
    assert visitor.get("/assessment", host="evil.example").status_code == 400


def test_what_is_entered_is_shown_as_text_and_not_run(patient: Visitor) -> None:
    update = patient.send("add/drugs", name='<script>alert("x")</script>')
    assert "<script>" not in update.text
    assert "&lt;script&gt;" in update.text


def test_no_patient_data_is_logged(
    patient: Visitor, app: FastAPI, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    patient.send("add/drugs", name="secretamol", dose="77 mg")
    patient.send("search", q="secret search")
    patient.send("save", label="Mrs Secret")
    patient.client.post("/patients", data={"csrf": patient.token, "q": "secret"})

    def fails(*_: object) -> None:
        raise RuntimeError("secretamol 77 mg")

    monkeypatch.setattr(app.state.engine, "answer", fails)
    failed = patient.page()
    assert failed.status_code == 500
    assert "secretamol" not in failed.text
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text.casefold()
    assert patient.token not in caplog.text
    assert patient.client.cookies[COOKIE] not in caplog.text


def test_no_address_on_the_page_holds_what_was_entered(patient: Visitor) -> None:
    patient.send("add/drugs", name="secretamol")
    links = re.findall(r'(?:href|action|hx-\w+)="([^"]*)"', patient.page().text)
    assert not [link for link in links if "secretamol" in link]
