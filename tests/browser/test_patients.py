"""Patients in a real browser: the whole way of one, two windows, a conflict, deletion."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import violations

EXAMPLE = Path("examples/left-leg-sciatica.yaml")
_SAVED = "Saved as version"


def a_label() -> str:
    return f"Patient {secrets.token_hex(6)}"


def enter_man_of_46(page: Page) -> None:
    page.fill("#age", "46")
    page.check('input[name="sex"][value="male"]')
    expect(page.locator("#causes")).to_be_visible()


def add(page: Page, words: str, finding: str, entered: int, answer: int = 1) -> None:
    page.fill("#q", words)
    page.click(f"#found-{finding}-{answer}")
    expect(page.locator("#stated")).to_contain_text(f"Entered ({entered})")


def save(page: Page, version: int, label: str | None = None) -> None:
    if label is not None:
        page.fill("#label", label)
    page.click("#save")
    expect(page.locator("#kept")).to_have_text(f"{_SAVED} {version}")


def desk_of(page: Page) -> str:
    return page.url.rpartition("/")[2]


def a_saved_man(page: Page) -> str:
    """A man of 46, saved as version 1; his name in the list."""
    label = a_label()
    enter_man_of_46(page)
    save(page, 1, label)
    return label


def test_the_whole_way_of_one_patient_to_the_letter(page: Page, address: str) -> None:
    label = a_label()
    page.goto(f"{address}/patients")
    page.get_by_role("link", name="New patient", exact=True).click()
    for spot in ("left-buttock", "left-outer-thigh", "left-shin", "left-foot"):
        page.locator(f'[data-spot="{spot}"]').first.click()
    expect(page.locator("#map-said")).to_contain_text("4 places painted")
    enter_man_of_46(page)
    add(page, "lasegue", "slr-positive", 1)
    add(page, "weak great toe", "weakness-great-toe", 2)
    page.get_by_text("Add what was tried").click()
    treatments = page.locator('form[action$="/add/treatments"]')
    treatments.locator('input[name="name"]').fill("ibuprofen")
    treatments.locator('input[name="days"]').fill("14")
    treatments.locator("button").click()
    expect(page.locator("#entries")).to_contain_text("ibuprofen, 14 days")
    save(page, 1, label)
    expect(page.locator("h1")).to_have_text(label)

    page.reload()
    expect(page.locator("#stated")).to_contain_text("Entered (2)")
    add(page, "saddle numbness", "saddle-numbness", 3, answer=2)
    expect(page.locator("#kept")).to_contain_text("Changes not saved")
    save(page, 2)

    page.goto(f"{address}/patients")
    page.fill("#search", label[-6:])
    expect(page.locator(".patients tbody tr")).to_have_count(1)
    page.get_by_role("link", name=label).click()
    expect(page.locator("#kept")).to_have_text("Saved as version 2")

    page.get_by_role("link", name="History", exact=True).click()
    changes = page.locator(".versions .card").first
    expect(changes).to_contain_text("absent")
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.locator(".versions .card").first).to_contain_text("same as version 1")
    page.get_by_role("link", name="Assessment", exact=True).click()
    expect(page.locator("#kept")).to_have_text("Saved as version 3")
    expect(page.locator("#stated")).not_to_contain_text("addle")

    page.get_by_label("Letter of referral, about").select_option("spinal cord stimulation")
    with page.expect_download() as letter:
        page.get_by_role("button", name="PDF").click()
    assert Path(letter.value.path()).read_bytes().startswith(b"%PDF")


def test_what_was_just_typed_is_saved_with_the_rest(page: Page) -> None:
    a_saved_man(page)
    page.fill("#severity", "7")
    page.click("#save")
    expect(page.locator("#kept")).to_have_text("Saved as version 2")
    page.reload()
    assert page.input_value("#severity") == "7"
    expect(page.locator("#kept")).to_have_text("Saved as version 2")


def test_a_name_that_is_being_typed_is_not_lost_when_the_answer_changes(page: Page) -> None:
    enter_man_of_46(page)
    with page.expect_response("**/basics"):
        page.fill("#severity", "7")
        page.fill("#label", "half a na")
    expect(page.locator("#kept")).to_have_text("Not saved yet")
    assert page.input_value("#label") == "half a na"


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Page]:
    """A window of another browser, which may complain of what is refused."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    opened = context.new_page()
    opened.goto(f"{address}/assessment")
    yield opened
    context.close()


def test_a_window_that_is_out_of_date_is_told_so(window: Page) -> None:
    page = window
    enter_man_of_46(page)
    other = page.context.new_page()
    other.goto(page.url)
    add(other, "lasegue", "slr-positive", 1)
    with page.expect_response("**/pain") as answer:
        page.locator('[data-spot="left-calf"]').first.click()
    assert answer.value.status == 409
    expect(page.locator("#message")).to_contain_text("changed in another window")
    page.reload()
    expect(page.locator("#stated")).to_contain_text("Entered (1)")
    assert "painted" not in (page.get_attribute('[data-spot="left-calf"]', "class") or "").split()


def test_what_was_saved_meanwhile_is_shown_before_it_is_overwritten(
    page: Page, window: Page, address: str
) -> None:
    label = a_saved_man(page)
    page.fill("#severity", "7")
    save(page, 2)
    add(page, "lasegue", "slr-positive", 1 + 1)
    window.goto(f"{address}/patients/{desk_of(page)}/history")
    window.get_by_role("button", name="Restore version 1").click()
    expect(window.locator(".versions")).to_contain_text("Version 3")
    page.click("#save")
    expect(page.locator("h1")).to_have_text("This patient was saved meanwhile")
    expect(page.locator(".sides")).to_contain_text("7 of 10")
    expect(page.locator(".sides")).to_contain_text("Straight leg raise")
    assert violations(page) == []
    page.get_by_role("button", name="Save mine as version 4").click()
    expect(page.locator("#kept")).to_have_text("Saved as version 4")
    expect(page.locator("h1")).to_have_text(label)
    assert page.input_value("#severity") == "7"


def test_a_patient_is_deleted_for_good(page: Page, address: str) -> None:
    label = a_saved_man(page)
    desk = desk_of(page)
    page.locator(".patient-more summary").click()
    page.get_by_role("link", name="Delete this patient for good").click()
    page.fill("#label", label)
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("status")).to_contain_text("deleted for good")
    page.fill("#search", label)
    expect(page.locator("#patients")).to_contain_text("No patient’s name holds")
    assert page.request.get(f"{address}/assessment/{desk}").status == 404


def test_a_file_is_opened_as_a_new_patient(page: Page, address: str) -> None:
    page.goto(f"{address}/patients")
    page.get_by_text("Open a record file as a new patient").click()
    page.set_input_files("#file", EXAMPLE)
    page.get_by_role("button", name="Open").click()
    expect(page.locator("h1")).to_have_text("New patient")
    expect(page.locator("#kept")).to_have_text("Not saved yet")
    expect(page.locator("#status")).to_contain_text("Leading cause")


def test_without_scripts_a_patient_is_saved_and_found(browser: Browser, address: str) -> None:
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    label = a_label()
    page.goto(f"{address}/assessment")
    page.fill("#age", "46")
    page.check('input[name="sex"][value="male"]')
    page.locator("form.basics button").click()
    page.fill("#label", label)
    page.click("#save")
    expect(page.locator("#kept")).to_have_text("Saved as version 1")
    page.goto(f"{address}/patients")
    page.fill("#search", label)
    page.locator(".patient-search button").click()
    expect(page.locator(".patients tbody tr")).to_have_count(1)
    plain.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 360)])
def test_every_page_can_be_read_by_everybody(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{address}/assessment")
    a_saved_man(page)
    desk = desk_of(page)
    page.fill("#age", "47")
    expect(page.locator("#kept")).to_contain_text("Changes not saved")
    page.locator(".patient-more summary").click()
    assert violations(page) == []
    page.locator(".patient-more summary").click()
    save(page, 2)
    page.goto(f"{address}/assessment")
    page.fill("#age", "30")
    expect(page.locator("#kept")).to_have_text("Not saved yet")
    assert violations(page) == []
    paths = ["", f"/{desk}/history", f"/{desk}/delete", f"/{desk}/rename", f"/{desk}/versions/1"]
    for path in paths:
        page.goto(f"{address}/patients{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert violations(page) == [], path
    context.close()
