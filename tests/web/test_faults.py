"""Faults through the whole application: nothing acknowledged is lost, and everybody is told.

Servers are real processes with a database of their own, killed as a loss of power would.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from httpx2 import Client, Response, TransportError

from crural.cli import main as crural
from crural.knowledge import Knowledge
from crural.store import Store
from crural.web import Settings, create_app
from crural.web.people.passwords import Passwords
from tests.store.kept import RECORD as KEPT
from tests.store.test_faults import locked
from tests.web.conftest import Visitor, text_of
from tests.web.faults_kit import (
    LABEL,
    RECORD,
    ROOT,
    Server,
    Starter,
    come_back,
    must_be_discreet,
    must_be_whole,
    serving,
    starting,
    wait_for,
)
from tests.web.people.conftest import Browser, Clinic, StillClock, quick

HTMX = {"hx-request": "true"}


@pytest.fixture(scope="module")
def starter() -> Iterator[Starter]:
    with starting() as made:
        yield made


@pytest.fixture
def server(starter: Starter, tmp_path: Path) -> Iterator[Server]:
    """A server with an empty database."""
    folder = tmp_path / "kept"
    folder.mkdir()
    with serving(starter, folder) as made:
        yield made


# ---- killed in the midst of saving -------------------------------------------------------------


class Saver(ABC, threading.Thread):
    """Somebody who saves again and again until the server is gone. `kept` counts what was
    acknowledged; one more may have been kept without the server living to say so."""

    def __init__(self, server: Server, patient: str, done: threading.Semaphore) -> None:
        super().__init__()
        self.server, self.patient, self.done = server, patient, done
        self.kept = 0
        self.enough = threading.Event()
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            with self.server.client() as client:
                self.come(client)
                while not self.enough.is_set():
                    self.save(client, self.kept + 1)
                    self.kept += 1
                    self.done.release()
        except TransportError:
            pass
        except BaseException as error:
            self.failed = error
            self.done.release(1000)

    @abstractmethod
    def come(self, client: Client) -> None:
        """Open what is needed."""

    @abstractmethod
    def save(self, client: Client, n: int, /) -> None:
        """Save the change of number `n`, until it is acknowledged."""

    @abstractmethod
    def found(self, client: Client) -> list[int]:
        """The numbers of the changes that the server has, in order."""

    def must_be_kept(self) -> None:
        """Everything that was acknowledged is there, and at most one more."""
        assert self.failed is None, self.failed
        with self.server.client() as client:
            found = self.found(client)
        assert found == list(range(1, len(found) + 1))
        assert self.kept <= len(found) <= self.kept + 1
        self.kept = len(found)

    def again(self) -> Saver:
        """The same person, when the server is back."""
        anew = type(self)(self.server, self.patient, self.done)
        anew.kept = self.kept
        return anew


def versions(client: Client, patient: str) -> list[int]:
    """The ages (in tenths) in the versions of a patient, the oldest first."""
    listed = client.get(f"/api/v1/patients/{patient}/versions", params={"limit": 1000}).json()
    numbers = [version["number"] for version in listed["versions"]][::-1]
    assert numbers == list(range(1, len(numbers) + 1))
    with_records = (client.get(f"/api/v1/patients/{patient}/versions/{n}") for n in numbers)
    return [round(answer.json()["record"]["age"] * 10) for answer in with_records]


class SaverOfVersions(Saver):
    """A program that saves versions through the API."""

    def come(self, client: Client) -> None:
        assert client.get(f"/api/v1/patients/{self.patient}").json()["newest"] == self.kept + 1

    def save(self, client: Client, n: int, /) -> None:
        body = {"record": {**RECORD, "age": n / 10}, "based_on": n}
        saved = client.post(f"/api/v1/patients/{self.patient}/versions", json=body)
        assert saved.status_code == 201, saved.text

    def found(self, client: Client) -> list[int]:
        return versions(client, self.patient)[1:]


class SaverOfADesk(Saver):
    """Somebody who enters something on a patient's desk, and saves it every second time."""

    visitor: Visitor

    def come(self, client: Client) -> None:
        self.visitor = come_back(client, self.patient)

    def save(self, _client: Client, n: int, /) -> None:
        changed = self.visitor.send("basics", age=f"{n / 10:g}", sex="female", side="left")
        assert changed.status_code == 200, changed.text
        assert 'class="problem"' not in changed.text
        if n % 2 == 0:
            saved = self.visitor.send("save")
            assert saved.status_code == 200, saved.text
            assert 'class="problem"' not in saved.text

    def found(self, client: Client) -> list[int]:
        entered = re.search(r"^age: (.+)", come_back(client, self.patient).record(), re.MULTILINE)
        assert entered is not None
        n = 0 if entered[1] == "71" else round(float(entered[1]) * 10)
        saved = versions(client, self.patient)[1:]
        if n % 2 == 0 and n not in saved:
            n -= 1  # It was entered, but not saved yet.
        assert saved == list(range(2, n + 1, 2))
        return list(range(1, n + 1))


class SaverOfADiary(Saver):
    """Somebody who writes a diary."""

    def come(self, client: Client) -> None:
        self.token = come_back(client).token

    def save(self, client: Client, n: int, /) -> None:
        entry = {"at": f"2026-03-01T{n // 60:02}:{n % 60:02}", "nrs": str(n % 11), "note": LABEL}
        kept = client.post(
            f"/patients/{self.patient}/diary",
            data={"csrf": self.token, **entry},
            follow_redirects=False,
        )
        assert kept.status_code == 303, kept.text

    def found(self, client: Client) -> list[int]:
        entries = client.get(f"/api/v1/patients/{self.patient}/diary").json()
        minutes = [int(e["at"][11:13]) * 60 + int(e["at"][14:16]) for e in entries]
        for minute, entry in zip(minutes, entries, strict=True):
            assert (entry["nrs"], entry["note"]) == (minute % 11, LABEL)
        return minutes


def savers(server: Server) -> list[Saver]:
    """One of each kind, each with a patient of their own."""
    done = threading.Semaphore(0)
    kinds = (SaverOfVersions, SaverOfADesk, SaverOfADiary)
    return [kind(server, server.patient(), done) for kind in kinds]


def save_until(
    ends: Callable[[], object], everybody: list[Saver], by_chance: random.Random
) -> None:
    """Let everybody save until something ends the server at a moment that nobody chose."""
    for saver in everybody:
        saver.start()
    for _ in range(by_chance.randint(3, 15)):
        assert everybody[0].done.acquire(timeout=60)
    # Not after an answer, but anywhere between two.
    time.sleep(by_chance.uniform(0, 0.05))
    ends()
    for saver in everybody:
        saver.enough.set()
        saver.join(timeout=60)
        assert not saver.is_alive()


def test_a_kill_of_the_server_at_any_moment_loses_nothing_acknowledged(server: Server) -> None:
    by_chance = random.Random(5)
    everybody = savers(server)
    for _ in range(5):
        save_until(lambda: server.end(signal.SIGKILL), everybody, by_chance)
        server.start()
        for saver in everybody:
            saver.must_be_kept()
        must_be_whole(server)
        everybody = [saver.again() for saver in everybody]
    assert all(saver.kept for saver in everybody)


def test_a_page_that_was_open_when_the_server_was_killed_says_to_load_it_anew(
    server: Server,
) -> None:
    visitor = server.visitor()
    visitor.send("basics", age="46", sex="male")
    server.end(signal.SIGKILL)
    server.start()
    refused = visitor.send("basics", age="47", sex="male")
    assert refused.status_code == 403
    assert "Load it anew and try again" in text_of(refused)
    back = come_back(visitor.client, visitor.desk)
    assert "age: 46" in back.record()
    assert back.send("basics", age="47", sex="male").status_code == 200
    assert "age: 47" in back.record()


# ---- stopped --------------------------------------------------------------------------------


def test_a_request_that_has_begun_is_answered_before_the_server_stops(server: Server) -> None:
    body = b'{"label": "Quasimodo", "record": {"age": 46, "sex": "male", "side": "left"}}'
    head = (
        "POST /api/v1/patients HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as asker:
        asker.sendall(head.encode())
        # The application has begun, and waits for the body.
        assert asker.recv(4096).startswith(b"HTTP/1.1 100")
        asker.sendall(body[:20])
        assert server.pid is not None
        stop = threading.Thread(target=lambda: ended.append(server.end()))
        ended: list[int] = []
        stop.start()
        must_refuse(server.port)
        asker.sendall(body[20:])
        answer = b"".join(iter(lambda: asker.recv(4096), b""))
    stop.join(timeout=60)
    assert answer.startswith(b"HTTP/1.1 201")
    assert ended == [0]
    with Store(server.file) as store:
        assert [patient.label for patient in store.patients()] == ["Quasimodo"]
        assert store.verify_audit().intact


def must_refuse(port: int) -> None:
    """Until nobody can connect any more."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return
        except (TimeoutError, ConnectionResetError):
            pass  # who listened is going
        time.sleep(0.01)
    pytest.fail("the server still takes connections")


# ---- a full disk ----------------------------------------------------------------------------


class Disk(ABC):
    """A disk that is full when it is told to be."""

    @abstractmethod
    def fill(self, server: Server) -> None:
        """Leave no room."""

    @abstractmethod
    def make_room(self, server: Server) -> None:
        """Leave room again."""


class SmallDisk(Disk):
    """A real one, with a large file of somebody else on it."""

    def fill(self, server: Server) -> None:
        with (server.folder / "large").open("wb", buffering=0) as large, suppress(OSError):
            while True:
                large.write(b"\x00" * 4096)

    def make_room(self, server: Server) -> None:
        (server.folder / "large").unlink()


class LimitedFiles(Disk):
    """A limit on the size of the files that the server may write."""

    def fill(self, server: Server) -> None:
        assert server.pid is not None
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def make_room(self, server: Server) -> None:
        assert server.pid is not None
        none = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, none)


@pytest.fixture
def small_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder on a small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only root may make a small disk; a limit is tried in any case")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def must_tell_that_the_disk_is_full(visitor: Visitor) -> None:
    """Every way of saving is refused with one clear message, and the page stays as it was."""
    live = visitor.send("save")
    plain = visitor.send("save", live=False)
    entered = visitor.send("basics", age="47", sex="male")
    diary = visitor.send(f"/patients/{visitor.desk}/diary", at="2026-03-01T08:00", nrs="3")
    for answer in (live, plain, entered, diary):
        assert answer.status_code == 507
        said = text_of(answer)
        assert said.count("The disk is full") == 1
        assert "what was kept before is untouched" in said
        assert "Make room on the disk" in said
    assert live.text.count('class="problem"') == 1
    body = {"record": RECORD, "based_on": 1}
    told = visitor.client.post(f"/api/v1/patients/{visitor.desk}/versions", json=body)
    assert told.status_code == 507
    assert told.json()["error"]["problem"].startswith("the disk is full")
    # What was opened can be looked at, with everything that had been entered.
    assert 'value="46"' in visitor.page().text
    for path in ("/patients", f"/patients/{visitor.desk}/history", "/knowledge"):
        assert visitor.get(path).status_code == 200


def fill_and_make_room(server: Server, disk: Disk) -> None:
    visitor = server.visitor()
    visitor.send("basics", age="45", sex="male")
    assert visitor.send("save", live=False, label=LABEL).status_code == 200
    visitor.send("basics", age="46", sex="male")
    disk.fill(server)
    must_tell_that_the_disk_is_full(visitor)
    disk.make_room(server)
    assert visitor.send("save").status_code == 200
    with server.client() as client:
        assert versions(client, visitor.desk) == [450, 460]
    must_be_whole(server)


def test_a_full_disk_refuses_every_save_with_one_message_and_loses_nothing(
    starter: Starter, small_folder: Path
) -> None:
    with serving(starter, small_folder) as server:
        fill_and_make_room(server, SmallDisk())


def test_a_limit_on_files_refuses_every_save_with_one_message_and_loses_nothing(
    server: Server,
) -> None:
    fill_and_make_room(server, LimitedFiles())


# ---- another program holds the database -----------------------------------------------------


def test_while_another_program_writes_for_too_long_everybody_is_told_to_try_again(
    server: Server,
) -> None:
    visitor = server.visitor()
    visitor.send("basics", age="46", sex="male")
    visitor.send("save", live=False, label=LABEL)
    visitor.send("basics", age="47", sex="male")
    other = server.patient("Another")
    body = {"record": RECORD, "based_on": 1}
    asks: list[Callable[[], Response]] = [
        lambda: visitor.send("save"),
        lambda: visitor.send("save", live=False),
        lambda: visitor.client.post(f"/api/v1/patients/{other}/versions", json=body),
        # Whom nobody can be seen to look at, nobody may look at.
        lambda: visitor.get(f"/assessment/{other}"),
    ]
    with locked(server.file), ThreadPoolExecutor(len(asks)) as pool:
        answers = [ask.result() for ask in [pool.submit(ask) for ask in asks]]
        for answer in answers:
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert "ry again in a moment" in text_of(answer)
        assert 'value="47"' in visitor.page().text
    assert [ask().status_code for ask in asks] == [200, 200, 201, 200]
    with server.client() as client:
        assert versions(client, visitor.desk) == [460, 470]
    with Store(server.file) as store:
        opened = [e.patient_id for e in store.audit() if e.action == "patient-opened"]
        assert other in opened


# ---- a damaged file -------------------------------------------------------------------------


def test_a_damaged_database_is_refused_at_the_start_in_one_line_and_left_alone(
    starter: Starter, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    server = Server(starter, folder)
    with Store(server.file) as store:
        for _ in range(20):
            store.create_patient(LABEL, KEPT, who="test")
    damaged = bytearray(server.file.read_bytes())
    damaged[4096 * 3 : 4096 * 4] = b"\x99" * 4096
    for content in (bytes(damaged), b"not a database at all, but a letter" * 100):
        server.file.write_bytes(content)
        before = server.said() if server.log.exists() else ""
        server.launch()
        assert server.ended() == 2
        said = server.said().removeprefix(before).splitlines()
        assert len(said) == 1
        assert said[0].startswith(f"crural: {server.file}: ")
        assert "Remedy: " in said[0]
        assert server.file.read_bytes() == content
        assert [one.name for one in folder.iterdir()] == [server.file.name]
    must_be_discreet(server.said())


def test_a_database_that_is_damaged_while_the_server_runs_is_told_and_a_backup_helps(
    server: Server,
) -> None:
    patient = server.patient()
    visitor = server.visitor(patient)
    backup = server.folder.with_name("backup.sqlite3")
    made = CliRunner().invoke(crural, ["backup", str(backup), *server.arguments[2:]])
    assert made.exit_code == 0, made.output
    with closing(sqlite3.connect(server.file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = server.file.stat().st_size
    with server.file.open("r+b") as file:
        file.write(b"\x99" * size)
    body = {"record": RECORD, "based_on": 1}
    for answer in (
        visitor.get("/patients"),
        visitor.page(),
        visitor.get(f"/api/v1/patients/{patient}/record"),
        visitor.send("basics", age="47", sex="male"),
        visitor.send("save", live=False),
        visitor.client.post(f"/api/v1/patients/{patient}/versions", json=body),
    ):
        assert answer.status_code == 503
        assert text_of(answer).count("he database is damaged") == 1
        assert "restore the latest backup" in text_of(answer)
        assert LABEL not in answer.text
    assert server.end() == 0
    server.launch()
    assert server.ended() == 2
    for one in list(server.folder.iterdir()):
        one.rename(server.folder.with_name(one.name))
    shutil.copy(backup, server.file)
    server.start()
    with server.client() as client:
        assert client.post(f"/api/v1/patients/{patient}/versions", json=body).status_code == 201
        assert versions(client, patient) == [710, 710]
    must_be_whole(server)


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_nothing_is_acknowledged_that_goes_into_a_file_which_is_not_there_any_more(
    server: Server, how: str
) -> None:
    visitor = server.visitor(server.patient())
    if how == "deleted":
        server.file.unlink()
    else:
        copy = server.folder / "copy"
        shutil.copy(server.file, copy)
        copy.replace(server.file)
    body = {"record": RECORD, "based_on": 1}
    for answer in (
        visitor.send("basics", age="47", sex="male"),
        visitor.client.post(f"/api/v1/patients/{visitor.desk}/versions", json=body),
    ):
        assert answer.status_code == 503
        assert "was moved, deleted or replaced while the program was running" in text_of(answer)


# ---- the clock ------------------------------------------------------------------------------

YEAR = dt.timedelta(days=365)


@pytest.fixture
def clinic(knowledge: Knowledge, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic whose clock is set by hand, with two months of work behind it."""
    clock = StillClock(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC))
    with Store(tmp_path / "crural.sqlite3", clock=clock) as store:
        for n in range(60):
            store.begin_draft(f"desk-of-day-{n:02}", "{}", "m", who="before")
            clock.now += dt.timedelta(days=1)
        settings = Settings(hosts=("testserver",), secret=b"of time", compiled=False, sign_in=True)
        app = create_app(settings, knowledge=knowledge, store=store)
        app.state.passwords = Passwords(quick())
        yield Clinic(app, store, clock)


def at_work(browser: Browser, age: str, desk: str = "") -> Visitor:
    """Somebody who is signed in enters an age on a desk."""
    browser.client.follow_redirects = True
    visitor = come_back(browser.client, desk)
    assert visitor.send("basics", age=age, sex="male").status_code == 200
    browser.client.follow_redirects = False
    return visitor


@pytest.mark.parametrize("jump", [YEAR, -YEAR], ids=["ahead", "back"])
def test_a_clock_that_is_set_loses_nothing_and_mixes_nothing_up(
    clinic: Clinic, jump: dt.timedelta
) -> None:
    user = clinic.add("clinician")
    browser = clinic.browser()
    browser.sign_in(user.name)
    saved = at_work(browser, "45")
    assert saved.send("save", live=False, label=LABEL).status_code in {200, 303}
    unsaved = at_work(browser, "30")

    clinic.clock.now += jump
    # Whoever was signed in has to sign in again: nobody can tell how long ago that was.
    assert browser.get("/patients").headers["location"].startswith("/sign-in")
    browser = clinic.browser()
    assert browser.sign_in(user.name).status_code == 303
    # A new desk is what clears the old ones.
    another = at_work(browser, "31")
    again = at_work(browser, "46", saved.desk)
    assert again.send("save", live=False).status_code in {200, 303}

    clinic.clock.now -= jump - dt.timedelta(minutes=10)
    browser = clinic.browser()
    assert browser.sign_in(user.name).status_code == 303
    at_work(browser, "32")
    listed = browser.get("/patients").text
    for desk, age in ((unsaved.desk, "30"), (another.desk, "31")):
        assert f"/assessment/{desk}" in listed
        assert f'value="{age}"' in browser.get(f"/assessment/{desk}").text
    last = at_work(browser, "47", saved.desk)
    assert last.send("save", live=False).status_code in {200, 303}

    # In the order in which it was done, whatever the clock said.
    history = clinic.store.history(saved.desk)
    assert [entry.info.number for entry in history] == [3, 2, 1]
    assert [clinic.store.version(saved.desk, n).record.age for n in (1, 2, 3)] == [45, 46, 47]
    assert clinic.store.patients()[0].id == saved.desk
    token = {"csrf": last.token, "newest": "3"}
    undone = browser.client.post(f"/patients/{saved.desk}/undo", data=token)
    assert undone.status_code == 303
    assert clinic.store.version(saved.desk).record.age == 46
    check = clinic.store.verify_audit()
    assert check.intact
    assert [entry.seq for entry in clinic.store.audit()] == list(range(1, check.entries + 1))


def test_desks_that_are_left_alone_for_a_month_of_work_are_cleared(clinic: Clinic) -> None:
    left = [kept.desk for kept in clinic.store.drafts(who="before")]
    assert 30 <= len(left) <= 31


# ---- several processes ----------------------------------------------------------------------


def test_a_kill_of_one_of_several_processes_and_then_of_the_first_loses_nothing(
    starter: Starter, tmp_path: Path
) -> None:
    server = Server(starter, tmp_path / "kept")
    server.folder.mkdir()
    command = [sys.executable, "-c", "from crural.cli import main; main()", "serve"]
    by_chance = random.Random(7)
    with (
        server.log.open("wb") as log,
        subprocess.Popen(
            [*command, *server.arguments, "--workers", "2"], stdout=log, stderr=log, cwd=ROOT
        ) as first,
    ):
        try:
            wait_for(server.there)
            everybody = savers(server)
            # Those whom another process serves notice nothing, and are stopped.
            victim = workers(first.pid)[0]
            save_until(lambda: os.kill(victim, signal.SIGKILL), everybody, by_chance)
            for saver in everybody:
                saver.must_be_kept()
            everybody = [saver.again() for saver in everybody]
            left = workers(first.pid)
            save_until(first.kill, everybody, by_chance)
        except BaseException:
            first.terminate()
            raise
    must_refuse(server.port)
    assert victim not in left
    server.start()
    for saver in everybody:
        saver.must_be_kept()
    must_be_whole(server)
    assert server.end() == 0
    must_be_discreet(server.said())


def workers(parent: int) -> list[int]:
    """The processes that serve."""
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(one) for one in found if "spawn_main" in Path(f"/proc/{one}/cmdline").read_text()]
