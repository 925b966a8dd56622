"""Takes the pictures of the web application for the documentation, from a real server and browser.

`python -m docs.build.screenshots` (a minute; needs chromium). It writes docs/pictures/web-*.png.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
DIARY = ROOT / "examples" / "stimulation-diary.csv"
DESK = {"width": 1400, "height": 1000}
PHONE = {"width": 390, "height": 780}


def main() -> None:
    """Take all pictures anew."""
    with _server() as address, sync_playwright() as playwright:
        path = os.environ.get("CRURAL_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        _take(browser, address)
        browser.close()


def _take(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport=DESK)
    page.goto(f"{address}/patients")
    _keep(page, "patients", height=560)
    _open(page, address, "Example: stenosis and artery")
    _keep(page, "desk")
    _open(page, address, "Example: left leg sciatica")
    page.locator(".cause-row summary").first.click()
    page.locator(".cause-row table.evidence").first.wait_for()
    _keep(page, "cause")
    _open(page, address, "Example: before stimulation")
    page.get_by_role("heading", name="Where on the ladder").or_(
        page.locator(".ladder").first
    ).first.scroll_into_view_if_needed()
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(300)
    _keep(page, "ladder")
    _diary(page, address)
    page.goto(f"{address}/workbench/pump/bridge")
    _keep(page, "workbench")
    page.goto(f"{address}/knowledge/conditions/multiple-sclerosis")
    _keep(page, "knowledge")
    phone = browser.new_page(viewport=PHONE)
    phone.goto(page.url)
    phone.goto(f"{address}/patients")
    phone.get_by_role("link", name="Example: before stimulation").click()
    phone.get_by_role("link", name="Diary", exact=True).click()
    _keep(phone, "diary-phone")


def _diary(page: Page, address: str) -> None:
    _open(page, address, "Example: before stimulation")
    page.get_by_role("link", name="Diary", exact=True).click()
    page.get_by_role("link", name="Add entries from a file").click()
    page.locator("input[type=file]").set_input_files(DIARY)
    page.get_by_role("button").filter(has_text="Look").or_(
        page.locator("main form button").first
    ).first.click()
    page.wait_for_load_state()
    page.get_by_role("button", name="Add", exact=False).first.click()
    page.wait_for_load_state()
    page.get_by_role("link", name="trial", exact=False).first.click()
    page.wait_for_load_state()
    _keep(page, "trial")


def _open(page: Page, address: str, label: str) -> None:
    page.goto(f"{address}/patients")
    page.get_by_role("link", name=label).click()
    page.wait_for_load_state()


def _keep(page: Page, name: str, height: int | None = None) -> None:
    size = page.viewport_size
    assert size is not None
    clip = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"]}
    page.screenshot(path=PICTURES / f"web-{name}.png", clip=clip)  # type: ignore[arg-type]
    print(f"docs/pictures/web-{name}.png")


@contextmanager
def _server() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "crural.cli", "serve", "--examples"]
        command += ["--port", str(port), "--database", f"sqlite:///{folder}/examples.sqlite3"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{address}/knowledge", timeout=10).close()
                    break
                except (urllib.error.URLError, ConnectionError):
                    time.sleep(0.3)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


if __name__ == "__main__":
    main()
