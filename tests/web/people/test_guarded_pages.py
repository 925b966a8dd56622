"""Headers, policy and silence of every page that signing in adds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from crural.web.security import LARGEST_OF_ANYBODY
from tests.web.people.conftest import Browser, Clinic

PAGES = ("/sign-in", "/sign-in?next=/users", "/users", "/audit", "/password", "/knowledge")


def _page(clinic: Clinic, path: str) -> tuple[Browser, str, dict[str, str]]:
    browser = clinic.browser() if path.startswith("/sign-in") else clinic.signed_in("admin")
    answer = browser.get(path)
    assert answer.status_code == 200
    return browser, answer.text, dict(answer.headers)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_the_headers(clinic: Clinic, path: str) -> None:
    _, _, headers = _page(clinic, path)
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_scripts_or_styles_of_its_own(clinic: Clinic, path: str) -> None:
    _, page, _ = _page(clinic, path)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "<style" not in page
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page)
    assert "javascript:" not in page
    assert not re.search(r'<(?:script|img|link|iframe)[^>]+(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_a_label(clinic: Clinic, path: str) -> None:
    _, page, _ = _page(clinic, path)
    for found in re.findall(r'<(?:input|select)(?![^>]*type="hidden")[^>]*>', page):
        name = re.search(r'\bid="([^"]+)"', found)
        assert "aria-label" in found or name is None or f'for="{name[1]}"' in page, found


def test_the_answers_of_the_gate_carry_the_headers_too(clinic: Clinic) -> None:
    browser = clinic.browser()
    for path in ("/users", "/api/v1/session"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_what_is_too_large_is_refused_before_anybody_signs_in(clinic: Clinic) -> None:
    browser = clinic.browser()
    browser.get("/sign-in")
    for path in ("/sign-in", "/sign-in/password"):
        assert browser.post(path, name="x" * LARGEST_OF_ANYBODY).status_code == 413
    assert browser.post("/sign-in", name="x" * (LARGEST_OF_ANYBODY - 500)).status_code == 401

    def unannounced() -> Iterator[bytes]:
        yield from [b"name=x"] * LARGEST_OF_ANYBODY

    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = browser.client.post("/sign-in", content=unannounced(), headers=kind)
    assert answer.status_code == 413
    many = {f"field{n}": "x" for n in range(500)}
    assert browser.post("/sign-in", **many).status_code == 400


def test_a_foreign_name_for_this_address_is_refused(clinic: Clinic) -> None:
    assert clinic.browser().get("/sign-in", host="evil.example").status_code == 400


def test_odd_names_and_passwords_are_simply_wrong(clinic: Clinic) -> None:
    for odd in ("\x00", "\U0001f9b4" * 300, "'; DROP TABLE users; --", "%00", "a\r\nb"):
        browser = clinic.browser()
        assert browser.sign_in(odd, odd).status_code == 401
    browser.get("/sign-in")
    assert browser.post("/sign-in").status_code == 401
