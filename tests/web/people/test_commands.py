"""`crural users` and `crural backup`, and a server of several processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest
from click.testing import CliRunner, Result

from crural.cli import main
from crural.store import DiskFullError, Store
from crural.web.people.passwords import Passwords
from tests.web.people.conftest import PASSWORD


def _run(folder: Path, *arguments: str, typed: str = "") -> Result:
    database = ["--database", f"sqlite:///{folder}/crural.sqlite3"]
    return CliRunner().invoke(main, [*arguments, *database], input=typed)


def test_users_are_added_and_listed(tmp_path: Path) -> None:
    assert "There are no users yet" in _run(tmp_path, "users", "list").output
    added = _run(tmp_path, "users", "add", "Ana", "--role", "admin", typed=f"{PASSWORD}\n")
    assert added.exit_code == 0, added.output
    assert added.output == "Ana was added (admin).\n"
    assert _run(tmp_path, "users", "add", "Bea", typed=f"{PASSWORD}\n").exit_code == 0
    listed = _run(tmp_path, "users", "list").output.splitlines()
    assert [line.split("\t")[:3] for line in listed] == [
        ["Ana", "admin", "active"],
        ["Bea", "clinician", "active"],
    ]
    with Store(tmp_path / "crural.sqlite3") as store:
        found = store.credentials("ana")
        assert found is not None
        assert Passwords().matches(found.password_hash, PASSWORD)
        assert store.latest_audit(limit=1)[0].who == "command-line"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("short\n", "shorter than 12"),
        ("", "shorter than 12"),
        ("x" * 2000, "longer than 1024"),
        ("anaanaanaana\n", "same few"),
    ],
)
def test_a_password_that_is_not_good_enough_is_refused(
    tmp_path: Path, typed: str, said: str
) -> None:
    refused = _run(tmp_path, "users", "add", "Ana", typed=typed)
    assert refused.exit_code == 2
    assert said in refused.output
    assert "There are no users" in _run(tmp_path, "users", "list").output


def test_a_password_that_is_little_more_than_the_name_is_refused(tmp_path: Path) -> None:
    refused = _run(tmp_path, "users", "add", "Annabel", typed="annabel-annabel\n")
    assert refused.exit_code == 2
    assert "little more than the name" in refused.output


def test_passwords_are_changed_and_users_kept_out_and_let_in(tmp_path: Path) -> None:
    _run(tmp_path, "users", "add", "Ana", "--role", "admin", typed=f"{PASSWORD}\n")
    _run(tmp_path, "users", "add", "Bea", typed=f"{PASSWORD}\n")
    new = "another password"
    assert _run(tmp_path, "users", "password", "ANA", typed=f"{new}\n").exit_code == 0
    assert _run(tmp_path, "users", "deactivate", "Bea").exit_code == 0
    with Store(tmp_path / "crural.sqlite3") as store:
        found = store.credentials("Ana")
        assert found is not None
        assert Passwords().matches(found.password_hash, new)
        assert store.credentials("Bea") is None
    assert "not active" in _run(tmp_path, "users", "list").output
    assert _run(tmp_path, "users", "activate", "Bea").exit_code == 0
    assert "not active" not in _run(tmp_path, "users", "list").output


def test_mistakes_are_one_clear_error(tmp_path: Path) -> None:
    _run(tmp_path, "users", "add", "Ana", "--role", "admin", typed=f"{PASSWORD}\n")
    for arguments, said in (
        (("users", "add", "ana"), "another user of this name"),
        (("users", "password", "Nobody"), "there is no user Nobody"),
        (("users", "deactivate", "Ana"), "last active admin"),
    ):
        result = _run(tmp_path, *arguments, typed=f"{PASSWORD}\n")
        assert result.exit_code == 2
        assert said in result.output
        assert result.output.count("\n") == 1


def test_no_command_takes_a_password_as_an_argument() -> None:
    for command in ("add", "password"):
        said = CliRunner().invoke(main, ["users", command, "--help"]).output
        assert "--password" not in said
        assert "standard input" in said


def test_a_backup_is_a_whole_copy(tmp_path: Path) -> None:
    _run(tmp_path, "users", "add", "Ana", typed=f"{PASSWORD}\n")
    copy = tmp_path / "copy.sqlite3"
    assert _run(tmp_path, "backup", str(copy)).exit_code == 0
    with Store(copy) as store:
        assert [user.name for user in store.users()] == ["Ana"]
        assert store.verify_audit().intact
        assert "backup-made" not in [entry.action for entry in store.audit()]
    again = _run(tmp_path, "backup", str(copy))
    assert again.exit_code == 2
    assert "there is such a file already" in again.output
    with Store(tmp_path / "crural.sqlite3") as store:
        noted = [entry for entry in store.audit() if entry.action == "backup-made"]
        assert [entry.who for entry in noted] == ["command-line"]


def test_a_backup_that_cannot_be_noted_is_kept_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFullError(file="x", problem="the disk is full", remedy="make room")

    monkeypatch.setattr(Store, "note", full)
    made = _run(tmp_path, "backup", str(tmp_path / "copy.sqlite3"))
    assert made.exit_code == 0
    assert "WARNING: the audit trail does not say so" in made.output
    assert (tmp_path / "copy.sqlite3").exists()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _page(opener: OpenerDirector, address: str, data: dict[str, str] | None = None) -> str:
    sent = None if data is None else urlencode(data).encode()
    with opener.open(address, sent, timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def test_several_processes_know_the_same_people_and_stop_when_told(tmp_path: Path) -> None:
    _run(tmp_path, "users", "add", "Ana", "--role", "admin", typed=f"{PASSWORD}\n")
    port = _free_port()
    command = [sys.executable, "-m", "crural.cli", "serve", "--sign-in", "--workers", "2"]
    command += ["--port", str(port), "--database", f"sqlite:///{tmp_path}/crural.sqlite3"]
    output = (tmp_path / "output").open("w+")
    server = subprocess.Popen(
        command,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, "CRURAL_SECRET": "a secret of this test, long enough"},
    )
    there = f"http://127.0.0.1:{port}"
    try:
        opener = build_opener(HTTPCookieProcessor(CookieJar()))
        until = time.monotonic() + 180
        while True:
            try:
                page = _page(opener, f"{there}/sign-in")
                break
            except (URLError, ConnectionError):
                assert server.poll() is None, (tmp_path / "output").read_text()
                assert time.monotonic() < until
                time.sleep(0.2)
        token = page.split('name="csrf" value="')[1].split('"')[0]
        form = {"csrf": token, "name": "Ana", "password": PASSWORD, "next": "/users"}
        assert "Add a user" in _page(opener, f"{there}/sign-in", form)
        for _ in range(20):
            # Each connection is taken by either process.
            assert "Sign out" in _page(opener, f"{there}/knowledge")
        arguments = Path(f"/proc/{server.pid}/cmdline")
        if arguments.exists():
            assert b"secret" not in arguments.read_bytes()
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
    finally:
        server.kill()
        server.wait()
    said = (tmp_path / "output").read_text()
    assert "whole" in said
    assert "Traceback" not in said
    assert "Ana" not in said
    assert PASSWORD not in said
    with Store(tmp_path / "crural.sqlite3") as store:
        assert store.verify_audit().intact
