"""The diary on a phone, and what it is for on a wide screen, in a real browser."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import violations

EXAMPLE = Path(__file__).parents[2] / "examples" / "stimulation-diary.csv"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
RECORD = {
    "age": 58,
    "sex": "female",
    "side": "left",
    "as_of": "2026-04-01",
    "observations": [{"finding": "slr-positive", "present": True, "side": "left"}],
    "treatments": [
        {"what": "spinal cord stimulation", "start": "2026-03-16"},
        {"what": "supervised exercise", "start": "2026-02-10"},
    ],
}


def _new_patient(page: Page, address: str) -> str:
    """The address of a patient's rooms, the patient made through the API."""
    label = f"Diary {secrets.token_hex(4)}"
    made = page.request.post(f"{address}/api/v1/patients", data={"label": label, "record": RECORD})
    assert made.status == 201
    return f"{address}/patients/{made.json()['patient']}"


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[tuple[Page, str]]:
    """A telephone that shows the empty diary of a patient; the browser may complain of nothing."""
    context = browser.new_context(**PHONE)
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    there = _new_patient(page, address)
    page.goto(f"{there}/diary")
    yield page, there
    assert not complaints
    context.close()


@pytest.fixture(scope="module")
def filled(browser: Browser, address: str) -> str:
    """The rooms of a patient whose diary holds the example of a trial."""
    context = browser.new_context()
    page = context.new_page()
    there = _new_patient(page, address)
    page.goto(f"{there}/diary/import")
    page.set_input_files("#file", EXAMPLE)
    page.click("text=Look at it first")
    expect(page.locator("#preview")).to_be_visible()
    assert violations(page) == []
    page.click("text=Add all 25")
    expect(page.locator("#entries")).to_contain_text("(25)")
    context.close()
    return there


def _keep(page: Page, pain: str, at: str) -> None:
    page.locator(f'.pain-scale label:has(input[value="{pain}"])').tap()
    page.fill("#at", at)
    page.locator("#keep").tap()


def test_the_first_screen_of_a_phone_holds_the_whole_form(phone: tuple[Page, str]) -> None:
    page, _ = phone
    keep = page.locator("#keep").bounding_box()
    assert keep is not None
    assert keep["y"] + keep["height"] <= 740
    for label in page.locator(".pain-scale label").all():
        box = label.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    assert violations(page) == []


def test_a_diary_is_kept_by_touch(phone: tuple[Page, str]) -> None:
    page, _ = phone
    _keep(page, "7", "2026-03-01T08:15")
    expect(page.locator(".said")).to_contain_text("Kept: pain 7 of 10, 1 Mar 2026, 08:15.")
    # The form is empty again, and it is still the same page.
    expect(page.locator('.pain-scale input[value="7"]')).not_to_be_checked()
    page.locator(".more summary").tap()
    page.fill("#note", "slept badly")
    page.fill("#sleep", "4,5")
    _keep(page, "4", "2026-03-02T08:00")
    expect(page.locator("#entries")).to_contain_text("(2)")
    first = page.locator(".diary-entries > li").first
    expect(first).to_contain_text("slept badly")
    expect(first).to_contain_text("4.5")
    expect(page.locator(".diary-chart circle")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []

    # The same time once more.
    _keep(page, "9", "2026-03-02T08:00")
    expect(page.locator("#at-fault")).to_contain_text("another entry for this time")
    expect(page.locator('.pain-scale input[value="9"]')).to_be_checked()
    assert violations(page) == []
    page.locator(".fault-way a").tap()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Correct an entry")
    expect(page.locator("#note")).to_have_value("slept badly")
    assert violations(page) == []
    page.locator('.pain-scale label:has(input[value="3"])').tap()
    page.locator("#keep").tap()
    expect(page.locator("#entries")).to_contain_text("(2)")
    expect(page.locator(".diary-entries > li").first).to_contain_text("corrected")

    last = page.locator(".diary-entries > li").last
    last.locator(".sure summary").tap()
    last.locator(".sure button").tap()
    expect(page.locator(".said")).to_contain_text("Removed: pain 7 of 10")
    expect(page.locator("#entries")).to_contain_text("(1)")


def test_two_taps_keep_one_entry(phone: tuple[Page, str]) -> None:
    page, _ = phone
    page.locator('.pain-scale label:has(input[value="5"])').tap()
    page.fill("#at", "2026-03-01T08:15")
    page.locator("#keep").dblclick()
    expect(page.locator("#entries")).to_contain_text("(1)")
    page.reload()
    expect(page.locator("#entries")).to_contain_text("(1)")


def test_the_scale_is_moved_along_by_keyboard(phone: tuple[Page, str]) -> None:
    page, _ = phone
    page.focus('.pain-scale input[value="0"]')
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator('.pain-scale input[value="3"]')).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Kept: pain 3 of 10")


def test_a_wrong_value_is_shown_and_has_the_focus(phone: tuple[Page, str]) -> None:
    page, _ = phone
    page.locator(".more summary").tap()
    page.fill("#sleep", "40")
    _keep(page, "5", "2026-03-01T08:15")
    expect(page.locator("#sleep-fault")).to_contain_text("not between 0 and 24")
    expect(page.locator("#sleep")).to_be_focused()
    assert violations(page) == []


def test_the_time_offered_is_that_of_the_telephone(browser: Browser, address: str) -> None:
    context = browser.new_context(**PHONE, timezone_id="Pacific/Auckland")
    page = context.new_page()
    page.goto(f"{_new_patient(page, address)}/diary")
    there = page.evaluate(
        "new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 13)"
    )
    assert page.input_value("#at").startswith(there)
    context.close()


def test_without_scripts_a_diary_can_be_kept(browser: Browser, address: str) -> None:
    context = browser.new_context(**PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{_new_patient(page, address)}/diary")
    _keep(page, "6", "2026-03-01T08:15")
    expect(page.locator("#entries")).to_contain_text("(1)")
    page.click(".entry-ways a")
    page.locator('.pain-scale label:has(input[value="2"])').tap()
    page.click("#keep")
    expect(page.locator(".diary-entries .score")).to_contain_text("2")
    page.click(".sure summary")
    page.click(".sure button")
    expect(page.locator("#entries")).to_contain_text("(0)")
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 360)])
def test_every_page_of_a_diary_can_be_read(
    browser: Browser, filled: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    for path, shown in (
        ("diary", ".diary-chart"),
        ("course", ".course-chart"),
        ("course?show=2", ".held"),
        ("trial", ".trial-figure svg"),
        ("diary/import", "#file"),
    ):
        page.goto(f"{filled}/{path}")
        expect(page.locator(shown)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert violations(page) == [], path
    context.close()


def test_a_file_with_mistakes_tells_their_lines(browser: Browser, address: str) -> None:
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.goto(f"{_new_patient(page, address)}/diary/import")
    raw = b"time,nrs,phase\n2026-03-01,17,baseline\nMonday,7,trial\n"
    page.set_input_files("#file", {"name": "d.csv", "mimeType": "text/csv", "buffer": raw})
    page.locator("text=Look at it first").tap()
    expect(page.locator("#problems")).to_be_visible()
    expect(page.locator(".diary-table tbody tr")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    context.close()
