"""Signing in and out in a real browser, on a server where people have to."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from crural.store import Store
from crural.web.people.passwords import Passwords
from tests.browser.conftest import violations, wait_for
from tests.store.kept import RECORD

PASSWORD = "four unlikely blue herons"


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on which people sign in."""
    path: Path = tmp_path_factory.mktemp("clinic") / "crural.sqlite3"
    with Store(path) as store:
        made = Passwords().hash(PASSWORD)
        store.add_user("Ana", "admin", made, who="test")
        store.add_user("Bruno", "clinician", made, who="test")
        store.add_user("Vera", "viewer", made, who="test")
        store.create_patient("Bed 7", RECORD, who="test")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from crural.commands.serve import serve; serve()"]
    command += ["--sign-in", "--port", str(port), "--database", f"sqlite:///{path}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    there = f"http://127.0.0.1:{port}"
    try:
        wait_for(there, server)
        yield there
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    """An empty tab of a new person."""
    return context.new_page()


def _sign_in(tab: Page, clinic: str, name: str, password: str = PASSWORD) -> None:
    """By keyboard alone: the field for the name has the focus."""
    tab.goto(f"{clinic}/knowledge")
    expect(tab.locator("#name")).to_be_focused()
    tab.keyboard.type(name)
    tab.keyboard.press("Tab")
    tab.keyboard.type(password)
    tab.keyboard.press("Enter")


def test_somebody_signs_in_by_keyboard_and_out_again(tab: Page, clinic: str) -> None:
    tab.goto(clinic)
    assert violations(tab) == []
    _sign_in(tab, clinic, "Bruno")
    expect(tab).to_have_url(f"{clinic}/knowledge")
    expect(tab.locator(".who")).to_contain_text("Bruno")
    assert violations(tab) == []
    tab.get_by_role("button", name="Sign out").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.goto(f"{clinic}/knowledge")
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.go_back()
    expect(tab.locator(".who")).to_have_count(0)


def test_a_wrong_password_is_told_and_the_name_kept(tab: Page, clinic: str) -> None:
    _sign_in(tab, clinic, "Bruno", "not this one")
    expect(tab.get_by_role("alert")).to_contain_text("The name or the password is wrong.")
    expect(tab.locator("#name")).to_have_value("Bruno")
    expect(tab.locator("#password")).to_be_focused()
    assert violations(tab) == []
    tab.keyboard.type(PASSWORD)
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(f"{clinic}/knowledge")


def test_a_viewer_sees_patients_and_no_way_to_change_them(tab: Page, clinic: str) -> None:
    _sign_in(tab, clinic, "Vera")
    expect(tab.locator(".who")).to_contain_text("Vera")
    tab.goto(f"{clinic}/patients")
    expect(tab.locator("main")).to_contain_text("Bed 7")
    for name in ("New patient", "Save", "Delete", "Rename"):
        expect(tab.get_by_role("button", name=name)).to_have_count(0)
        expect(tab.get_by_role("link", name=name)).to_have_count(0)
    expect(tab.get_by_role("link", name="Users")).to_have_count(0)


def test_an_administrator_adds_a_user_who_chooses_a_password(
    tab: Page, browser: Browser, clinic: str
) -> None:
    _sign_in(tab, clinic, "Ana")
    tab.get_by_role("link", name="Users").click()
    assert violations(tab) == []
    tab.fill("#name", "Cleo")
    tab.select_option("#role", "viewer")
    tab.get_by_role("button", name="Add and make a password").click()
    once = tab.locator(".once").inner_text()
    assert violations(tab) == []
    tab.get_by_role("link", name="Audit trail").click()
    expect(tab.locator("main")).to_contain_text("Whole.")
    assert violations(tab) == []

    phone = browser.new_context(viewport={"width": 360, "height": 740})
    other = phone.new_page()
    _sign_in(other, clinic, "Cleo", once)
    expect(other.get_by_role("heading", name="Choose your own password")).to_be_visible()
    assert violations(other) == []
    for field in ("#new", "#again"):
        other.fill(field, "a password of my own")
    other.keyboard.press("Enter")
    expect(other.locator(".who")).to_contain_text("Cleo")
    other.goto(f"{clinic}/password")
    assert violations(other) == []
    assert other.evaluate("document.documentElement.scrollWidth") <= 360
    phone.close()


def test_a_page_whose_session_ended_leads_to_the_sign_in(
    tab: Page, context: BrowserContext, clinic: str
) -> None:
    _sign_in(tab, clinic, "Bruno")
    expect(tab.locator(".who")).to_be_visible()
    tab.goto(f"{clinic}/assessment")
    desk = tab.url
    context.clear_cookies()
    tab.fill("#age", "46")
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.fill("#name", "Bruno")
    tab.fill("#password", PASSWORD)
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(desk)


def test_a_page_left_alone_goes_away_when_its_session_has_ended(
    context: BrowserContext, clinic: str
) -> None:
    tab, other = context.new_page(), context.new_page()
    tab.clock.install()
    _sign_in(tab, clinic, "Bruno")
    expect(tab.locator(".who")).to_be_visible()
    tab.goto(f"{clinic}/assessment")
    desk = tab.url
    with tab.expect_response(lambda answer: answer.url.endswith("/basics")):
        tab.fill("#age", "46")
    # Another window keeps the session alive: nothing happens to this one.
    tab.clock.fast_forward("01:00:30")
    expect(tab.locator("#age")).to_have_value("46")
    other.goto(f"{clinic}/knowledge")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.clock.fast_forward("00:30")
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.keyboard.type("Bruno")
    tab.keyboard.press("Tab")
    tab.keyboard.type(PASSWORD)
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(desk)
    expect(tab.locator("#age")).to_have_value("46")
