"""Real servers that can be killed, and what talks to them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from fastapi.testclient import TestClient
from httpx2 import Client, TransportError

from crural.store import Store
from tests.web.conftest import TOKEN, Visitor

ROOT = Path(__file__).parents[2]
LABEL = "Quasimodo of Notre-Dame"
RECORD = {
    "age": 71,
    "sex": "female",
    "side": "left",
    "observations": [{"finding": "slr-positive", "present": True, "side": "left"}],
    "treatments": [{"what": "gabapentin", "dose": "300 mg", "response": "partial"}],
    "drugs": ["metformin"],
    "note": "Worse at night – schläft schlecht.",
}
# What stands in LABEL, in RECORD and in what the tests enter, and must stand in no log.
PATIENT_WORDS = ("Quasimodo", "gabapentin", "schläft", "slr-positive", "metformin", "Xanthippe")
# Loading compiles the engine where that has not been done yet.
LONGEST_START = 180


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Starter:
    """The program that starts servers."""

    program: subprocess.Popen[str]

    def ask(self, **request: object) -> int:
        """Its answer to a request."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps(request) + "\n")
        self.program.stdin.flush()
        return int(self.program.stdout.readline())


@dataclass
class Server:
    """A server with a database of its own, in `folder`. It is started anew at the same address."""

    starter: Starter
    folder: Path
    port: int = field(default_factory=_free_port)
    pid: int | None = None

    @property
    def there(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def file(self) -> Path:
        return self.folder / "crural.sqlite3"

    @property
    def arguments(self) -> list[str]:
        return ["--port", str(self.port), "--database", f"sqlite:///{self.file}"]

    def launch(self) -> None:
        """Start the process, and wait for nothing."""
        self.pid = self.starter.ask(start=self.arguments, said=str(self.log))

    def start(self) -> None:
        """Start it, until it answers."""
        self.launch()
        wait_for(self.there)

    def end(self, how: int = signal.SIGTERM) -> int:
        """Send it a signal, and wait; its exit status."""
        assert self.pid is not None
        os.kill(self.pid, how)
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended; its exit status."""
        status = self.starter.ask(wait=self.pid)
        self.pid = None
        return status

    def said(self) -> str:
        """All that it and its forerunners wrote."""
        return self.log.read_text(encoding="utf-8")

    def client(self) -> Client:
        """Somebody who talks to it."""
        return Client(base_url=self.there, follow_redirects=True, timeout=60)

    def visitor(self, desk: str = "") -> Visitor:
        """A browser without scripts, with a desk open in it."""
        return come_back(self.client(), desk)

    def patient(self, label: str = LABEL) -> str:
        """A new patient, kept through the API; the id."""
        with self.client() as client:
            made = client.post("/api/v1/patients", json={"label": label, "record": RECORD})
            assert made.status_code == 201, made.text
            return str(made.json()["patient"])

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.said")


@contextmanager
def starting() -> Iterator[Starter]:
    """The program that starts servers, with everything loaded."""
    command = [sys.executable, "-m", "tests.web.faults_server"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CRURAL_")}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "loaded\n"
        yield Starter(program)
        assert program.stdin is not None
        program.stdin.close()


@contextmanager
def serving(starter: Starter, folder: Path) -> Iterator[Server]:
    """A server that answers. At the end nothing of a patient may stand in what it wrote."""
    server = Server(starter, folder)
    server.start()
    try:
        yield server
    finally:
        if server.pid is not None:
            server.end(signal.SIGKILL)
    must_be_discreet(server.said())


def must_be_discreet(said: str) -> None:
    """No patient, no traceback, and nothing that the program did not expect."""
    for word in (*PATIENT_WORDS, "Traceback", "Exception", "Error at"):
        assert word not in said, said


def wait_for(there: str) -> None:
    """Until a server answers."""
    end = time.monotonic() + LONGEST_START
    with Client(base_url=there, timeout=10) as client:
        while True:
            try:
                client.get("/static/crural.svg")
            except TransportError:
                if time.monotonic() > end:
                    pytest.fail("the server did not start")
                time.sleep(0.02)
            else:
                return


def come_back(client: Client, desk: str = "") -> Visitor:
    """A window that loads a desk, or a new one, and learns what its forms carry."""
    page = client.get(f"/assessment/{desk}" if desk else "/assessment")
    assert page.status_code == 200, page.text
    token = TOKEN.search(page.text)
    assert token is not None
    # A visitor asks for nothing that another client has not got.
    visitor = Visitor(cast(TestClient, client), token[1])
    return visitor.open(page.url.path.rpartition("/")[2])


def must_be_whole(server: Server) -> None:
    """What is kept agrees with the audit trail, every entry of it."""
    with Store(server.file) as store:
        check = store.verify_audit()
        assert check.intact, check
