"""The workbenches in a real browser, by keyboard: no answer outlives the inputs it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import violations

EXAMPLES = Path(__file__).parents[2] / "examples"
DIARY = (EXAMPLES / "stimulation-diary.csv").read_text(encoding="utf-8")


@pytest.fixture
def bench(page: Page, address: str) -> Page:
    """The bench of the rate."""
    page.goto(f"{address}/workbench/pump/rate")
    return page


def _write(page: Page, *written: str) -> None:
    """Write into one field after the other, going on with the tab key."""
    for text in written:
        page.keyboard.type(text)
        page.keyboard.press("Tab")


def _enter_rate(page: Page) -> None:
    page.focus("#drug")
    _write(page, "morphine", "1.5", "mg/day", "20", "mg/mL")
    page.keyboard.press("Enter")
    expect(page.locator(".headline")).to_have_text(
        "1.5 mg/day of morphine at 20 mg/mL: 0.075 mL/day."
    )


def test_a_rate_is_worked_out_by_keyboard_and_its_result_has_the_focus(bench: Page) -> None:
    _enter_rate(bench)
    expect(bench.locator("#result")).to_be_focused()
    expect(bench.locator(".steps")).to_contain_text("1.5 mg/day / 20 mg/mL")
    expect(bench.locator(".inputs-told")).to_contain_text("morphine")


def test_the_result_is_gone_when_any_input_changes(bench: Page) -> None:
    _enter_rate(bench)
    for field in ("#dose", "#drug", "#flow"):
        expect(bench.locator("#result")).to_be_focused()
        bench.focus(field)
        bench.keyboard.press("End")
        bench.keyboard.type("7")
        expect(bench.locator(".result-card")).to_have_count(0)
        expect(bench.locator("#answer")).to_contain_text("The inputs have changed")
        bench.keyboard.press("Backspace")
        expect(bench.locator(".result-card")).to_have_count(0)
        bench.click("#work")
        expect(bench.locator(".headline")).to_contain_text("0.075 mL/day")
    bench.select_option("#dose-unit", "microgram/day")
    expect(bench.locator(".result-card")).to_have_count(0)


def test_an_answer_that_comes_after_a_change_is_not_shown(bench: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    bench.route("**/workbench/pump/rate", hold)
    bench.focus("#dose")
    _write(bench, "1.5", "mg/day", "20", "mg/mL")
    bench.keyboard.press("Enter")
    expect(bench.locator(".bench-form.htmx-request")).to_be_visible()
    bench.fill("#dose", "2")
    with bench.expect_response("**/workbench/pump/rate") as answered:
        held[0].continue_()
    answered.value.finished()
    expect(bench.locator(".bench-form.htmx-request")).to_have_count(0)
    expect(bench.locator(".result-card")).to_have_count(0)
    expect(bench.locator("#dose")).to_have_value("2")
    bench.unroute("**/workbench/pump/rate")
    bench.click("#work")
    expect(bench.locator(".headline")).to_contain_text("0.1 mL/day")


def test_a_slip_is_told_beside_its_field_and_vouching_ends_with_a_change(bench: Page) -> None:
    bench.focus("#drug")
    _write(bench, "morphine", "150", "mg/day", "20", "mg/mL")
    bench.keyboard.press("Enter")
    expect(bench.locator("#problems .problem")).to_be_focused()
    expect(bench.locator("#dose-problem")).to_contain_text("150 microgram/day would lie inside")
    expect(bench.locator("#dose")).to_have_attribute("aria-invalid", "true")
    expect(bench.locator(".result-card")).to_have_count(0)
    assert violations(bench) == []
    bench.focus("#checked")
    bench.keyboard.press("Space")
    bench.keyboard.press("Enter")
    expect(bench.locator(".findings")).to_contain_text("STOP")
    expect(bench.locator(".headline")).to_contain_text("7.5 mL/day")
    bench.fill("#dose", "151")
    expect(bench.locator(".result-card")).to_have_count(0)
    bench.click("#work")
    expect(bench.locator("#dose-problem")).to_contain_text("151 mg/day, is above 25 mg/day")
    expect(bench.locator("#checked")).not_to_be_checked()


def test_the_spread_follows_what_is_written(page: Page, address: str) -> None:
    page.goto(f"{address}/workbench/spread")
    page.select_option("#draws", "0")
    page.focus("#rate")
    _write(page, "1.5", "mg/day")
    chart = page.locator(".picture svg")
    expect(chart).to_be_visible(timeout=30_000)
    expect(page.locator(".result-card")).to_contain_text("rests on two patients")
    page.select_option("#tip", "T8")
    expect(page.locator(".inputs-told")).to_contain_text("T8", timeout=30_000)
    expect(chart).to_be_visible()
    assert violations(page) == []


def test_a_diary_file_is_analysed_and_can_be_kept(page: Page, address: str) -> None:
    page.goto(f"{address}/workbench/stimulation/trial")
    page.set_input_files("#diary-file", EXAMPLES / "stimulation-diary.csv")
    page.click("#work")
    expect(page.locator(".headline")).to_contain_text("Relief 56")
    expect(page.locator("#diary-text")).to_have_value(DIARY.strip())
    with page.expect_download() as kept:
        page.get_by_role("button", name="As a JSON file").click()
    assert kept.value.suggested_filename == "stimulation-trial.json"


def test_works_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{address}/workbench/pump/rate")
    plain.focus("#drug")
    _write(plain, "morphine", "1.5", "mg/day", "20", "mg/mL")
    plain.keyboard.press("Enter")
    expect(plain.locator(".headline")).to_contain_text("0.075 mL/day")
    expect(plain.locator(".bench-form")).to_have_count(0)
    plain.get_by_role("button", name="Change the inputs").click()
    expect(plain.locator("#dose")).to_have_value("1.5")
    expect(plain.locator(".result-card")).to_have_count(0)
    context.close()


@pytest.fixture(params=[("light", 1400), ("dark", 360)], ids=["light-desk", "dark-phone"])
def looked_at(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    scheme, width = request.param
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    yield context.new_page()
    context.close()


def _is_as_wide_as_the_window(page: Page) -> bool:
    wide: bool = page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    return wide


def test_every_bench_is_accessible_and_fits(looked_at: Page, address: str) -> None:
    # Every kind of field stands in one of these.
    for name in ("", "pump/bolus", "pump/bridge", "spread", "stimulation/before"):
        looked_at.goto(f"{address}/workbench/{name}".rstrip("/"))
        for folded in looked_at.locator("details").all():
            folded.evaluate("d => d.open = true")
        assert violations(looked_at) == [], name
        assert _is_as_wide_as_the_window(looked_at), name


RECORD = (EXAMPLES / "stenosis-and-artery.yaml").read_text(encoding="utf-8")
ANSWERS = {
    "pump/bridge": {
        "#old": "morphine",
        "#old-amount-1": "20 mg/mL",
        "#new": "morphine",
        "#new-amount-1": "10 mg/mL",
        "#old-flow": "0.2 mL/day",
        "#new-flow": "0.4 mL/day",
        "#tubing": "0.2",
        "#catheter-volume": "0.2",
    },
    "pump/dose": {"#oral-total": "120"},
    "stimulation/coverage": {"#record-text": RECORD},
    "stimulation/before": {"#record-text": RECORD, "#procedure-date": "2035-03-14"},
    "stimulation/programme": {
        "#amplitude": "4.5 mA",
        "#pulse-width": "300 µs",
        "#rate": "50 Hz",
        "#contact-area": "12 mm2",
    },
}
CHOSEN = {"#drug": "morphine", "#procedure": "trial", "#mode": "tonic"}


def test_every_kind_of_answer_is_accessible_and_fits(looked_at: Page, address: str) -> None:
    for name, written in ANSWERS.items():
        looked_at.goto(f"{address}/workbench/{name}")
        for folded in looked_at.locator("details").all():
            folded.evaluate("d => d.open = true")
        for field, value in CHOSEN.items():
            if looked_at.locator(f"select{field}").count():
                looked_at.select_option(field, value)
        for field, value in written.items():
            looked_at.fill(field, value)
        looked_at.click("#work")
        expect(looked_at.locator(".result-card")).to_be_visible()
        assert violations(looked_at) == [], name
        assert _is_as_wide_as_the_window(looked_at), name


def test_a_result_prints_with_its_inputs_and_without_the_form(bench: Page) -> None:
    _enter_rate(bench)
    bench.emulate_media(media="print")
    expect(bench.locator(".bench-form")).to_be_hidden()
    for shown in (".inputs-told", ".made-at", ".headline", ".by-hand-line", "footer"):
        expect(bench.locator(shown)).to_be_visible()
