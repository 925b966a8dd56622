"""(g) The web application over loopback: live updates, pages, memory, weight of the first page."""

from __future__ import annotations

import contextlib
import http.client
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import psutil

from benchmarks.measure import duration, median, p99, table
from crural.knowledge import Knowledge

EXPLAINED = (
    "`crural serve` with a database file, as a user starts it, and browsers in one other process "
    "on the same two cores: the load they make is part of what is measured. Each browser enters a "
    "patient of its own and then answers finding after finding, waiting for each answer. Every "
    "entry, the first ones too, is a change of the record that is kept on the disk and assessed "
    "anew: a live update. Times are from sending to the last byte."
)
SECONDS = 12.0
USERS = (1, 10, 50)
# Questions that one patient is asked; one in three is answered with yes.
QUESTIONS = 15
MANY = 10_000
# One request in so many of the ten thousand is a live update, the others are pages.
UPDATE_EVERY = 5
LONGEST_START = 180
_TOKEN = re.compile(r'name="csrf" value="([\w-]+)"')
_TAB = re.compile(r'name="tab" value="([\w-]+)"')
_STATE = re.compile(r'name="state" value="([^"]+)"')
_ASSETS = re.compile(r'(?:href|src)="(/static/[^"]+)"')
_MEGABYTE = 1_000_000


class Browser:
    """Somebody with a page open, on a connection that stays."""

    def __init__(self, address: str, knowledge: Knowledge, seed: int) -> None:
        place = urlsplit(address)
        self._server = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
        self._chance = random.Random(seed)
        self._conditions = sorted(knowledge.conditions)
        self._findings = sorted(
            name
            for name, finding in knowledge.findings.items()
            if finding.role == "effect" and not finding.graded and finding.sex is None
        )
        self._desk = ""
        self._marks: dict[str, str] = {}
        self._cookies: dict[str, str] = {}
        self._asked = QUESTIONS
        self.updates: list[float] = []

    def close(self) -> None:
        """Leave."""
        self._server.close()

    def come(self) -> None:
        """Open an empty desk and enter age, sex and side."""
        _, to = self._ask("GET", "/assessment")
        self._desk = to or ""
        page, _ = self._ask("GET", self._desk)
        for name, pattern in (("csrf", _TOKEN), ("tab", _TAB), ("state", _STATE)):
            found = pattern.search(page)
            if found is None:
                raise RuntimeError(f"the page has no {name}")
            self._marks[name] = found[1]
        age = str(self._chance.randint(20, 85))
        self._send("basics", age=age, sex=self._chance.choice(("female", "male")))
        self._send("pain", spot=["left-buttock-back", "left-calf"])

    def update(self) -> None:
        """Answer one more finding, of the next patient when enough was asked about this one."""
        if self._asked >= QUESTIONS:
            self._asked = 0
            self.come()
        self._asked += 1
        finding = self._chance.choice(self._findings)
        given = self._chance.choice(("present", "absent", "absent"))
        self._send("answer", finding=finding, answer=given)

    def read(self) -> None:
        """A page of the knowledge."""
        self._ask("GET", f"/knowledge/conditions/{self._chance.choice(self._conditions)}")

    def _send(self, to: str, **fields: str | list[str]) -> None:
        start = time.perf_counter()
        # A contradiction is refused in words, which is as much work.
        answer, _ = self._ask("POST", f"{self._desk}/{to}", {**self._marks, **fields})
        self.updates.append(time.perf_counter() - start)
        # The next change is sent from a form that came with this answer.
        shown = _STATE.search(answer)
        if shown is not None:
            self._marks["state"] = shown[1]

    def _ask(
        self, method: str, path: str, fields: dict[str, str | list[str]] | None = None
    ) -> tuple[str, str | None]:
        """The answer, and where it sends the browser."""
        headers = {"cookie": "; ".join(f"{name}={own}" for name, own in self._cookies.items())}
        if fields:
            headers["hx-request"] = "true"
            headers["content-type"] = "application/x-www-form-urlencoded"
        self._server.request(method, path, urlencode(fields or {}, doseq=True), headers)
        answer = self._server.getresponse()
        text = answer.read().decode()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status}")
        for cookie in answer.headers.get_all("set-cookie", []):
            name, _, own = cookie.partition(";")[0].partition("=")
            self._cookies[name] = own
        return text, answer.getheader("location")


def measured(knowledge: Knowledge) -> str:
    """The section of the results."""
    kinds = (("live update", Browser.update), ("page of the knowledge", Browser.read))
    with _server(workers=2) as (address, process):
        weight = _weight(address)
        rows = [
            [kind, *_load(address, knowledge, users, work)]
            for kind, work in kinds
            for users in USERS
        ]
        before = _memory(process)
        _many(address, knowledge)
        after = _memory(process)
    speed = table(
        ("what", "users at once", "median", "99th percentile", "a second", "goal"),
        [[*row, _goal(row)] for row in rows],
    )
    grown = (after - before) / before
    rest = table(
        ("what", "measured", "goal"),
        [
            ["first page with style and scripts", f"{weight / 1000:.0f} kB", "≤ 250 kB"],
            [
                f"memory of both processes before and after {MANY:,} requests",
                f"{before / _MEGABYTE:.0f} MB, {after / _MEGABYTE:.0f} MB ({grown:+.1%})",
                "no growth",
            ],
        ],
    )
    return f"{speed}\n\n{rest}"


def _goal(row: list[str]) -> str:
    if row[0] != "live update":
        return ""
    return "≤ 150 ms at the 99th percentile" if row[1] == "1" else "≥ 100 a second on two cores"


def _load(
    address: str, knowledge: Knowledge, users: int, work: Callable[[Browser], None]
) -> list[str]:
    times = _times(address, knowledge, users, work)
    return [
        str(users),
        duration(median(times)),
        duration(p99(times)),
        f"{len(times) / SECONDS:.3g}",
    ]


def _times(
    address: str, knowledge: Knowledge, users: int, work: Callable[[Browser], None]
) -> list[float]:
    """Seconds of every live update or page that some users get in the time of a measurement."""
    with _browsers(address, knowledge, users) as browsers:
        end = time.perf_counter() + SECONDS

        def one(browser: Browser) -> list[float]:
            times: list[float] = []
            while time.perf_counter() < end:
                start = time.perf_counter()
                work(browser)
                times.append(time.perf_counter() - start)
            return browser.updates or times

        with ThreadPoolExecutor(users) as pool:
            return [seconds for times in pool.map(one, browsers) for seconds in times]


def _many(address: str, knowledge: Knowledge) -> None:
    def one(browser: Browser) -> None:
        for i in range(MANY // len(browsers)):
            if i % UPDATE_EVERY == 0:
                browser.update()
            else:
                browser.read()

    with _browsers(address, knowledge, 10) as browsers, ThreadPoolExecutor(len(browsers)) as pool:
        list(pool.map(one, browsers))


@contextlib.contextmanager
def _browsers(address: str, knowledge: Knowledge, users: int) -> Iterator[list[Browser]]:
    browsers = [Browser(address, knowledge, seed) for seed in range(users)]
    try:
        yield browsers
    finally:
        for browser in browsers:
            browser.close()


def _weight(address: str) -> int:
    """Bytes of the empty assessment with everything that a browser loads for it."""
    with urlopen(f"{address}/assessment") as page:
        content: bytes = page.read()
    total = len(content)
    for asset in dict.fromkeys(_ASSETS.findall(content.decode())):
        with urlopen(f"{address}{asset}") as answer:
            total += len(answer.read())
    return total


@contextlib.contextmanager
def _server(workers: int) -> Iterator[tuple[str, psutil.Process]]:
    """A server with an empty database, and its first process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'crural.sqlite3'}"
        command = [sys.executable, "-m", "crural.cli", "serve"]
        command += ["--port", str(port), "--database", database, "--workers", str(workers)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(address, server)
            yield address, psutil.Process(server.pid)
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + LONGEST_START
    while True:
        try:
            urlopen(f"{address}/knowledge", timeout=10).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the server did not start") from None
            time.sleep(0.3)
        else:
            return


def _memory(process: psutil.Process) -> int:
    """Resident bytes of a process and all that it started."""
    every = [process, *process.children(recursive=True)]
    return sum(int(one.memory_info().rss) for one in every)
