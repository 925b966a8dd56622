"""What was acknowledged is kept: through a kill, a crash of the server, many writers."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from sqlalchemy import URL

from crural.store import ConflictError, Store
from tests.store.conftest import Opener
from tests.store.kept import RECORD, WHO, aged
from tests.store.postgresql import Server

ROOT = Path(__file__).parents[2]


def saver(url: URL, patient_id: str, count: int, *more: str) -> subprocess.Popen[str]:
    address = url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.saver", address, patient_id, str(count), *more],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def test_a_kill_in_the_midst_of_saving_loses_nothing_acknowledged(
    url: URL, store: Store, opened: Opener
) -> None:
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    store.close()
    acknowledged = 1
    for after in (3, 18):
        process = saver(url, patient_id, 10_000)
        lines(process, after)
        process.kill()
        # It went on until the kill arrived: what it said until then counts too.
        rest, _ = process.communicate()
        acknowledged += after + rest.count("\n")
        with opened(url) as again:
            newest = again.patient(patient_id).newest
            # The last save may have been kept without its saver living to say so.
            assert acknowledged <= newest <= acknowledged + 1
            ages = [again.version(patient_id, n).record.age for n in range(2, newest + 1)]
            assert ages == [n % 120 for n in range(2, newest + 1)]
            assert again.verify_audit().intact
            acknowledged = newest


def test_a_crash_of_the_server_loses_nothing_acknowledged(
    server: Server, postgresql: URL, opened: Opener
) -> None:
    store = opened(postgresql)
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    process = saver(postgresql, patient_id, 10_000)
    lines(process, 10)
    server.crash()
    try:
        rest, _ = process.communicate(timeout=30)
    finally:
        server.start()
    *said, fault = rest.splitlines()
    assert fault.startswith("UnreachableError")
    assert "slr-positive" not in fault
    # The same store finds the server again by itself.
    assert store.patient(patient_id).newest in {11 + len(said), 12 + len(said)}
    assert store.verify_audit().intact


def test_commits_wait_for_the_disk(store: Store, url: URL) -> None:
    with store._database.read() as connection:
        if url.get_backend_name() == "sqlite":
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_programs_that_write_at_once_lose_nothing(url: URL, store: Store) -> None:
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    programs = [saver(url, patient_id, 15) for _ in range(3)]
    said = [int(line) for p in programs for line in p.communicate(timeout=120)[0].split()]
    assert sorted(said) == list(range(2, 47))
    assert store.patient(patient_id).newest == 46
    assert store.verify_audit().intact


def test_threads_that_write_at_once_lose_nothing(store: Store) -> None:
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    kept: list[int] = []
    refused: list[int] = []

    def work() -> None:
        for _ in range(5):
            newest = store.patient(patient_id).newest
            try:
                saved = store.save(patient_id, aged(50), based_on=newest, who=WHO)
                kept.append(saved.info.number)
            except ConflictError as conflict:
                refused.append(conflict.newest.number - newest)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) + len(refused) == 30
    assert all(ahead > 0 for ahead in refused)
    assert sorted(kept) == list(range(2, len(kept) + 2))
    assert store.patient(patient_id).newest == len(kept) + 1
    assert store.verify_audit().intact


def test_programs_that_open_a_new_database_at_once_make_it_once(url: URL, opened: Opener) -> None:
    address = url.render_as_string(hide_password=False)
    script = "import sys; from crural.store import Store; Store(sys.argv[1], patience=30).close()"
    programs = [
        subprocess.Popen([sys.executable, "-c", script, address], cwd=ROOT) for _ in range(4)
    ]
    assert [program.wait(timeout=120) for program in programs] == [0] * 4
    assert [one.action for one in opened(url).audit()] == ["store-created"]
