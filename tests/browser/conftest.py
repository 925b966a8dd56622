"""A real server and a real browser.

Chromium is Debian's (`apt-get install chromium`), or the one that CRURAL_CHROMIUM names. Where
there is none the tests are skipped, loudly; with CRURAL_BROWSER_REQUIRED set, they fail.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

AXE = Path(__file__).parent / "axe" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Loading compiles the engine where that has not been done yet.
LONGEST_START = 180


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server, started as a user starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from crural.commands.serve import serve; serve()"]
    database = f"sqlite:///{tmp_path_factory.mktemp('store')}/crural.sqlite3"
    command += ["--port", str(port), "--database", database]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    there = f"http://127.0.0.1:{port}"
    try:
        wait_for(there, server)
        yield there
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(there: str, server: subprocess.Popen[bytes]) -> None:
    """Until a server that was started answers."""
    end = time.monotonic() + LONGEST_START
    while True:
        try:
            urllib.request.urlopen(f"{there}/knowledge", timeout=10).close()
        except (urllib.error.URLError, ConnectionError):
            if server.poll() is not None or time.monotonic() > end:
                pytest.fail("the server did not start")
            time.sleep(0.2)
        else:
            return


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CRURAL_CHROMIUM") or shutil.which("chromium")
    if path is None:
        reason = "NO BROWSER: install chromium (apt-get install chromium) to run these tests"
        if os.environ.get("CRURAL_BROWSER_REQUIRED"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        # Its own sandbox needs rights that containers do not have; it only meets our own pages.
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of a new person, on a desk."""
    opened = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """The empty assessment; the test fails when the browser complains of anything."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    opened = context.new_page()
    opened.on("console", heard)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(f"{address}/assessment")
    yield opened
    assert not complaints


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now."""
    # Through the debugger, not as a script of the page: the page's policy allows none.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    return [
        f"{v['id']}: {v['help']}: {node['html'][:120]}"
        for v in found["violations"]
        for node in v["nodes"]
    ]
