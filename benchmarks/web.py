"""(g) The web application over loopback: live updates, pages, memory, weight of the first page."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import psutil

from benchmarks.measure import duration, median, p99, table
from crural.knowledge import Knowledge

EXPLAINED = (
    "`crural serve` with a database file, as a user starts it, and browsers in one other process "
    "on the same two cores: the load they make is part of what is measured. Each browser enters a "
    "patient of its own and then answers finding after finding, each a change of the record that "
    "is kept on the disk and assessed anew, waiting for each answer. Times are from sending to the "
    "last byte."
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
    """Somebody with a page open."""

    def __init__(self, client: httpx2.AsyncClient, knowledge: Knowledge, seed: int) -> None:
        self._client = client
        self._chance = random.Random(seed)
        self._conditions = sorted(knowledge.conditions)
        self._findings = sorted(
            name
            for name, finding in knowledge.findings.items()
            if finding.role == "effect" and not finding.graded and finding.sex is None
        )
        self._desk = ""
        self._marks: dict[str, str] = {}
        self._asked = 0

    async def come(self) -> None:
        """Open an empty desk and enter age, sex and side."""
        page = await self._client.get("/assessment", follow_redirects=True)
        self._desk = page.url.path
        for name, pattern in (("csrf", _TOKEN), ("tab", _TAB), ("state", _STATE)):
            found = pattern.search(page.text)
            if found is None:
                raise RuntimeError(f"the page has no {name}")
            self._marks[name] = found[1]
        age = str(self._chance.randint(20, 85))
        await self._send("basics", age=age, sex=self._chance.choice(("female", "male")))
        await self._send("pain", spot=["left-buttock-back", "left-calf"])

    async def ready(self) -> None:
        """Take the next patient when enough was asked about this one."""
        if self._asked >= QUESTIONS:
            self._asked = 0
            await self.come()

    async def update(self) -> None:
        """Answer one more finding."""
        self._asked += 1
        finding = self._chance.choice(self._findings)
        given = self._chance.choice(("present", "absent", "absent"))
        await self._send("answer", finding=finding, answer=given)

    async def read(self) -> None:
        """A page of the knowledge."""
        name = self._chance.choice(self._conditions)
        (await self._client.get(f"/knowledge/conditions/{name}")).raise_for_status()

    async def _send(self, to: str, **fields: str | list[str]) -> None:
        answer = await self._client.post(
            f"{self._desk}/{to}",
            data={**self._marks, **fields},
            headers={"hx-request": "true"},
        )
        # A contradiction is refused in words, which is as much work.
        answer.raise_for_status()
        # The next change is sent from a form that came with this answer.
        shown = _STATE.search(answer.text)
        if shown is not None:
            self._marks["state"] = shown[1]


def measured(knowledge: Knowledge) -> str:
    """The section of the results."""
    kinds = (("live update", Browser.update), ("page of the knowledge", Browser.read))
    with _server(workers=2) as (address, process):
        weight = asyncio.run(_weight(address))
        rows = [
            [kind, *_load(address, knowledge, users, work)]
            for kind, work in kinds
            for users in USERS
        ]
        before = _memory(process)
        asyncio.run(_many(address, knowledge))
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
    address: str, knowledge: Knowledge, users: int, work: Callable[[Browser], Awaitable[None]]
) -> list[str]:
    times = asyncio.run(_times(address, knowledge, users, work))
    return [
        str(users),
        duration(median(times)),
        duration(p99(times)),
        f"{len(times) / SECONDS:.3g}",
    ]


async def _times(
    address: str, knowledge: Knowledge, users: int, work: Callable[[Browser], Awaitable[None]]
) -> list[float]:
    """Seconds of every piece of work that some users get done in the time of a measurement."""
    times: list[float] = []
    async with contextlib.AsyncExitStack() as stack:
        browsers = [await _browser(stack, address, knowledge, seed) for seed in range(users)]
        end = time.perf_counter() + SECONDS

        async def one(browser: Browser) -> None:
            while time.perf_counter() < end:
                await browser.ready()
                start = time.perf_counter()
                await work(browser)
                times.append(time.perf_counter() - start)

        await asyncio.gather(*(one(browser) for browser in browsers))
    return times


async def _many(address: str, knowledge: Knowledge) -> None:
    async with contextlib.AsyncExitStack() as stack:
        browsers = [await _browser(stack, address, knowledge, seed) for seed in range(10)]

        async def one(browser: Browser) -> None:
            for i in range(MANY // len(browsers)):
                await browser.ready()
                await (browser.update() if i % UPDATE_EVERY == 0 else browser.read())

        await asyncio.gather(*(one(browser) for browser in browsers))


async def _browser(
    stack: contextlib.AsyncExitStack, address: str, knowledge: Knowledge, seed: int
) -> Browser:
    client = await stack.enter_async_context(httpx2.AsyncClient(base_url=address, timeout=60))
    browser = Browser(client, knowledge, seed)
    await browser.come()
    return browser


async def _weight(address: str) -> int:
    """Bytes of the empty assessment with everything that a browser loads for it."""
    async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
        page = await client.get("/assessment", follow_redirects=True)
        total = len(page.content)
        for asset in dict.fromkeys(_ASSETS.findall(page.text)):
            total += len((await client.get(urljoin("/", asset))).content)
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
            httpx2.get(f"{address}/knowledge", timeout=10).raise_for_status()
        except httpx2.HTTPError:
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the server did not start") from None
            time.sleep(0.3)
        else:
            return


def _memory(process: psutil.Process) -> int:
    """Resident bytes of a process and all that it started."""
    every = [process, *process.children(recursive=True)]
    return sum(int(one.memory_info().rss) for one in every)
