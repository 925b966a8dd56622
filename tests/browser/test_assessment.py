"""One patient in a real browser, from the empty page to the ladder."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import violations


def _paint(page: Page, *spots: str) -> None:
    for spot in spots:
        page.locator(f'[data-spot="{spot}"]').first.click()
    noun = "place" if len(spots) == 1 else "places"
    expect(page.locator("#map-said")).to_contain_text(f"{len(spots)} {noun} painted")


def _enter_man_of_46(page: Page) -> None:
    page.fill("#age", "46")
    page.check('input[name="sex"][value="male"]')
    expect(page.locator("#causes")).to_be_visible()


def _add(page: Page, words: str, finding: str, entered: int) -> None:
    page.fill("#q", words)
    page.click(f"#found-{finding}-1")
    expect(page.locator("#stated")).to_contain_text(f"Entered ({entered})")


def test_the_whole_way_of_one_patient(page: Page) -> None:
    expect(page.locator("#status")).to_contain_text("Enter age and sex")
    assert violations(page) == []

    _paint(page, "left-buttock", "left-outer-thigh", "left-shin", "left-foot")
    expect(page.locator("#map-said")).to_contain_text("pain in the left leg")
    _enter_man_of_46(page)
    expect(page.locator("#interview .question")).to_contain_text("outer thigh and shin")
    page.click("#ask-1")
    expect(page.locator("#stated")).to_contain_text("Pain in the L5 dermatome")

    _add(page, "lasegue", "slr-positive", 2)
    _add(page, "weak great toe", "weakness-great-toe", 3)
    expect(page.locator("#status")).to_contain_text("Sciatica from lumbar disc herniation")

    first = page.locator(".cause-row").first
    first.locator("summary").click()
    expect(first.locator(".evidence")).to_contain_text("weak great toe extension")
    page.locator(".check summary").first.click()
    expect(page.locator(".check .moves").first).to_be_visible()

    expect(page.locator(".ladder .rung.next")).to_contain_text("the next step")
    later = page.locator(".ladder .rung.later").first
    later.locator("summary").first.click()
    option = later.locator(".option-row").first
    option.locator("summary").click()
    expect(option.locator("article.option")).to_be_visible()
    page.locator("#candidacy-stimulation > summary").click()
    expect(page.locator("#candidacy-stimulation .criteria").first).to_be_visible()
    page.locator("#candidacy-intrathecal > summary").click()
    expect(page.locator("#candidacy-intrathecal .criteria").first).to_be_visible()
    expect(page.locator(".pain-path")).to_be_visible()
    assert violations(page) == []


def test_a_check_is_answered_where_it_is_opened(page: Page) -> None:
    _enter_man_of_46(page)
    check = page.locator(".check").first
    name = check.get_attribute("id")
    check.locator("summary").click()
    check.get_by_role("button", name="Absent").click()
    expect(page.locator("#stated")).to_contain_text("absent")
    expect(page.locator(f"#{name}")).to_have_count(0)
    assert violations(page) == []


def test_what_is_open_stays_open_when_the_answer_changes(page: Page) -> None:
    _enter_man_of_46(page)
    first = page.locator(".cause-row").first
    name = first.get_attribute("id")
    first.locator("summary").click()
    expect(first.locator(".evidence")).to_be_visible()
    _paint(page, "left-calf")
    expect(page.locator(f"#{name}[open] .evidence")).to_be_visible()


def test_an_emergency_comes_first(page: Page) -> None:
    _enter_man_of_46(page)
    _add(page, "saddle numbness", "saddle-numbness", 1)
    _add(page, "urinary retention", "urinary-retention-symptom", 2)
    expect(page.locator("#status")).to_contain_text("EMERGENCY, act now")
    expect(page.locator("#live .alert").first).to_contain_text("EMERGENCY, act now")
    assert violations(page) == []


def test_the_body_is_painted_by_keyboard_alone(page: Page) -> None:
    page.focus("#show-dermatomes")
    page.keyboard.press("Tab")
    here = page.evaluate("document.activeElement.dataset.spot")
    page.keyboard.press("Space")
    expect(page.locator("#map-said")).to_contain_text("1 place painted")
    assert page.get_attribute(f'[data-spot="{here}"]', "aria-checked") == "true"
    page.keyboard.press("ArrowDown")
    there = page.evaluate("document.activeElement.dataset.spot")
    assert there != here
    page.keyboard.press("Enter")
    expect(page.locator("#map-said")).to_contain_text("2 places painted")
    page.keyboard.press("Enter")
    expect(page.locator("#map-said")).to_contain_text("1 place painted")


def test_a_stroke_of_the_mouse_paints_all_that_it_crosses(page: Page) -> None:
    spots = ("left-front-thigh", "left-knee", "left-shin")
    boxes = [page.locator(f'[data-spot="{spot}"]').first.bounding_box() for spot in spots]
    for at, box in enumerate(boxes):
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2, steps=8)
        if at == 0:
            page.mouse.down()
    page.mouse.up()
    expect(page.locator("#map-said")).to_contain_text("3 places painted")


def test_the_focus_is_not_lost_when_a_question_is_answered(page: Page) -> None:
    _enter_man_of_46(page)
    for _ in range(4):
        before = page.locator("#interview .question").inner_text()
        page.focus("#ask-unknown")
        page.keyboard.press("Enter")
        expect(page.locator("#interview .question")).not_to_have_text(before)
        assert page.evaluate("document.activeElement.closest('#interview') !== null")


def test_a_reload_shows_what_was_entered(page: Page) -> None:
    _paint(page, "left-calf")
    _enter_man_of_46(page)
    page.reload()
    assert page.input_value("#age") == "46"
    assert "painted" in (page.get_attribute('[data-spot="left-calf"]', "class") or "")
    expect(page.locator("#causes")).to_be_visible()
    page.click("#undo")
    expect(page.locator("#status")).to_contain_text("Enter age and sex")


def test_what_cannot_be_is_refused_and_said(page: Page) -> None:
    _enter_man_of_46(page)
    page.fill("#age", "460")
    expect(page.locator("#message")).to_contain_text("must lie between 0 and 120")
    page.fill("#age", "47")
    expect(page.locator("#message")).to_be_empty()


def test_a_touch_paints_and_the_page_fits_a_phone(browser: Browser, address: str) -> None:
    phone = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    page = phone.new_page()
    page.goto(f"{address}/assessment")
    page.locator('[data-spot="left-calf"]').first.tap()
    expect(page.locator("#map-said")).to_contain_text("1 place painted")
    _enter_man_of_46(page)
    for path in ("", "/assessment", "/knowledge/conditions/sciatica-disc-herniation", "/knowledge"):
        if path:
            page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert violations(page) == []
    phone.close()


def test_without_scripts_the_plain_form_works(browser: Browser, address: str) -> None:
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{address}/assessment")
    page.fill("#age", "46")
    page.check('input[name="sex"][value="male"]')
    page.locator("form.basics button").click()
    expect(page.locator("#causes")).to_be_visible()
    page.locator(".as-list summary").click()
    page.check('input[value="left-calf"]')
    page.locator("#pain-form button").click()
    expect(page.locator("#map-said")).to_contain_text("1 place painted")
    page.fill("#q", "lasegue")
    page.locator(".search button").click()
    page.click("#found-slr-positive-1")
    expect(page.locator("#stated")).to_contain_text("Entered (1)")
    page.locator(".cause-row summary").first.click()
    page.locator(".why-cause a").first.click()
    expect(page.locator(".evidence")).to_be_visible()
    plain.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/knowledge",
        "/knowledge?q=numb",
        "/knowledge/conditions",
        "/knowledge/conditions/lumbar-spinal-stenosis",
        "/knowledge/findings/slr-positive",
        "/knowledge/alerts/cauda-equina",
        "/knowledge/evidence",
        "/knowledge/implied",
    ],
)
def test_the_knowledge_can_be_read_by_everybody(
    browser: Browser, address: str, path: str, scheme: str
) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(f"{address}{path}")
    assert violations(page) == []
    context.close()


def test_the_assessment_can_be_read_in_the_dark(browser: Browser, address: str) -> None:
    context = browser.new_context(color_scheme="dark", viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.goto(f"{address}/assessment")
    _enter_man_of_46(page)
    _paint(page, "left-calf", "left-sole")
    page.check("#show-dermatomes")
    page.locator(".cause-row summary").first.click()
    expect(page.locator(".evidence").first).to_be_visible()
    assert violations(page) == []
    context.close()
