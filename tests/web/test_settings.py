"""Settings from the environment, and what `crural serve` refuses."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import socket
import sqlite3
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from uvicorn.supervisors import Multiprocess

from crural.cli import main
from crural.errors import CruralError
from crural.store import Store
from crural.web.settings import Settings


def test_without_settings_only_this_machine_is_served() -> None:
    settings = Settings.from_environment({})
    assert settings.host == "127.0.0.1"
    assert set(settings.hosts) == {"127.0.0.1", "localhost", "::1"}
    assert len(settings.secret) >= 32


def test_the_environment_sets_what_it_names() -> None:
    settings = Settings.from_environment(
        {
            "CRURAL_HOST": "clinic.example",
            "CRURAL_PORT": "9000",
            "CRURAL_HTTPS": "yes",
            "CRURAL_SECRET": "s" * 40,
        }
    )
    assert (settings.port, settings.https, settings.secret) == (9000, True, b"s" * 40)
    assert "clinic.example" in settings.hosts


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("PORT", "0"), ("PORT", "99999"), ("PORT", "²"), ("SECRET", "short")],
)
def test_a_setting_that_cannot_be_is_refused_with_its_name(name: str, value: str) -> None:
    with pytest.raises(CruralError, match=f"CRURAL_{name}"):
        Settings.from_environment({f"CRURAL_{name}": value})


@pytest.mark.parametrize("name", ["CRURAL_SIGN_IN", "CRURAL_HTTPS"])
def test_what_is_neither_yes_nor_no_is_refused_and_not_taken_for_no(name: str) -> None:
    for misspelt in ("required", "enabled", "y", "ja", "ture", "2"):
        with pytest.raises(CruralError, match=f"{name}: is neither yes nor no"):
            Settings.from_environment({name: misspelt})
    for yes in ("1", "true", " Yes ", "ON"):
        assert Settings.from_environment({name: yes}).sign_in
    for no in ("0", "false", "No", "off", "", " "):
        assert not Settings.from_environment({name: no}).sign_in


def test_a_setting_never_shows_its_secret() -> None:
    assert "hidden" not in repr(Settings(secret=b"hidden", key="hidden as well"))


def test_each_start_makes_a_key_where_one_is_wanted_and_none_is_set() -> None:
    made = [Settings.from_environment({"CRURAL_KEY": yes}).key for yes in ("yes", "on", "1")]
    assert len(set(made)) == 3
    assert all(key is not None and len(key) == 32 for key in made)
    assert Settings().key is None
    assert Settings.from_environment({}).key is None
    assert Settings.from_environment({"CRURAL_KEY": "0123456789abcdef"}).key == "0123456789abcdef"
    for no in ("no", "0", " Off ", ""):
        assert Settings.from_environment({"CRURAL_KEY": no}).key is None
    for unfit in ("maybe", "short", "0123456789abcdef&x=1", "0123456789 abcdef"):
        with pytest.raises(CruralError, match="CRURAL_KEY: is no key"):
            Settings.from_environment({"CRURAL_KEY": unfit})


def test_the_time_without_a_request_is_set_in_minutes() -> None:
    assert Settings.from_environment({}).idle == dt.timedelta(hours=1)
    assert Settings.from_environment({"CRURAL_IDLE_MINUTES": "15"}).idle == dt.timedelta(minutes=15)
    assert Settings.from_environment({"CRURAL_IDLE_MINUTES": "0"}).idle is None
    for unfit in ("-1", "an hour", "1.5", "721", "²"):
        with pytest.raises(CruralError, match="CRURAL_IDLE_MINUTES: is no number of minutes"):
            Settings.from_environment({"CRURAL_IDLE_MINUTES": unfit})


def test_an_address_that_others_reach_asks_for_sign_in_whatever_is_set() -> None:
    assert not Settings.from_environment({}).sign_in
    assert not Settings.from_environment({"CRURAL_SIGN_IN": "no"}).sign_in
    for given in (
        {"CRURAL_SIGN_IN": "yes"},
        {"CRURAL_HOST": "0.0.0.0"},
        {"CRURAL_HOST": "192.0.2.1", "CRURAL_SIGN_IN": "no"},
        {"CRURAL_HOSTS": "localhost,clinic.example"},
        {"CRURAL_HTTPS": "yes"},
    ):
        assert Settings.from_environment(given).sign_in, given
    assert Settings(host="192.0.2.1", sign_in=False).sign_in
    assert dataclasses.replace(Settings(), host="192.0.2.1").sign_in


def _database(folder: Path) -> list[str]:
    return ["--database", f"sqlite:///{folder}/crural.sqlite3"]


def test_an_address_that_others_reach_needs_an_administrator(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["serve", "--host", "0.0.0.0", *_database(tmp_path)])
    assert result.exit_code == 2
    assert "there is no administrator yet" in result.output
    assert "crural users add NAME --role admin" in result.output


def test_a_viewer_or_an_inactive_administrator_is_not_enough(tmp_path: Path) -> None:
    with Store(tmp_path / "crural.sqlite3") as store:
        store.add_user("Ana", "viewer", "hash", who="test")
        store.add_user("Bea", "admin", "hash", who="test")
    assert _served(tmp_path, "--sign-in").exit_code == 7
    with sqlite3.connect(tmp_path / "crural.sqlite3") as meddling:
        meddling.execute("UPDATE users SET active = 0 WHERE name = 'Bea'")
    result = _served(tmp_path, "--sign-in")
    assert result.exit_code == 2
    assert "administrator" in result.output


def _stopped(*_: object, **given: object) -> None:
    assert given["access_log"] is False
    assert given["proxy_headers"] is bool(given["forwarded_allow_ips"])
    sys.exit(7)


def _taken_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def clinic_folder(tmp_path: Path) -> Path:
    """A folder with the database of a clinic that has an administrator."""
    with Store(tmp_path / "crural.sqlite3") as store:
        store.add_user("Ana", "admin", "hash", who="test")
    return tmp_path


def _served(folder: Path, *options: str) -> Result:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("uvicorn.run", _stopped)
        patched.setattr("crural.web.create_app", lambda _: None)
        port = str(_taken_port())
        return CliRunner().invoke(main, ["serve", "--port", port, *_database(folder), *options])


def test_the_end_of_the_audit_trail_is_told_at_the_start(clinic_folder: Path) -> None:
    with Store(clinic_folder / "crural.sqlite3") as store:
        head = store.audit_head()
    said = _served(clinic_folder).output
    assert f"ends at {head.seq}:{head.hash}, whole" in said
    with sqlite3.connect(clinic_folder / "crural.sqlite3") as meddling:
        meddling.execute("UPDATE users SET role = 'viewer'")
    assert "WARNING: the audit trail is broken" in _served(clinic_folder).output


def test_a_long_trail_is_not_checked_at_the_start(
    clinic_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crural.commands.serve.CHECKED_AT_START", 1)
    assert "not checked now" in _served(clinic_folder).output


def test_the_address_is_told_with_the_key_and_opened_with_it(
    clinic_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("crural.commands.serve._has_a_screen", lambda: True)
    monkeypatch.setattr("webbrowser.open", opened.append)
    told = re.search(r"Crural is at (\S+) \(", _served(clinic_folder, "--key", "--open").output)
    assert told is not None
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?key=[0-9a-f]{32}", told[1])
    assert opened == [told[1]]
    for without in ((), ("--sign-in",)):
        assert "key" not in _served(clinic_folder, *without).output


def test_serving_others_without_encryption_is_warned_of(clinic_folder: Path) -> None:
    assert "unencrypted" not in _served(clinic_folder).output
    assert "unencrypted" in _served(clinic_folder, "--host", "0.0.0.0").output
    assert "--name clinic.example" in _served(clinic_folder, "--host", "0.0.0.0").output
    proxy = ("--forwarded-allow", "127.0.0.1")
    named = _served(clinic_folder, "--name", "clinic.example", "--https", *proxy).output
    assert "WARNING" not in named
    assert "Crural is at http://127.0.0.1:" in named


def test_nobody_is_believed_about_whom_they_ask_for_unless_named(clinic_folder: Path) -> None:
    for wide in (
        "*",
        "0.0.0.0/0",
        "::/0",
        "0.0.0.0/1,128.0.0.0/1",
        "10.0.0.0/8",
        "127.0.0.1,192.168.0.0/16",
        "2001:db8::/32",
        "proxy.example",
        "",
    ):
        result = _served(clinic_folder, "--forwarded-allow", wide)
        assert result.exit_code == 2, wide
        assert "the one address of the proxy" in result.output
    for narrow in ("127.0.0.1", "192.0.2.7, ::1", "192.0.2.0/24", "fd00::/64"):
        assert _served(clinic_folder, "--forwarded-allow", narrow).exit_code == 7, narrow


def test_a_proxy_that_is_not_named_is_warned_of(clinic_folder: Path) -> None:
    named = ("--forwarded-allow", "127.0.0.1")
    for reached in (("--https",), ("--name", "clinic.example")):
        assert "Name the proxy" in _served(clinic_folder, *reached).output
        assert "Name the proxy" not in _served(clinic_folder, *reached, *named).output
    assert "Name the proxy" not in _served(clinic_folder).output


@pytest.mark.skipif(sys.platform == "win32", reason="there files have no such rights")
def test_a_database_that_others_can_read_is_warned_of(clinic_folder: Path) -> None:
    assert "chmod" not in _served(clinic_folder).output
    for mode in (0o640, 0o604, 0o620):
        (clinic_folder / "crural.sqlite3").chmod(mode)
        assert "chmod 600" in _served(clinic_folder).output


def test_examples_come_into_an_empty_database_only(clinic_folder: Path) -> None:
    assert "example patients were added" in _served(clinic_folder, "--examples").output
    with Store(clinic_folder / "crural.sqlite3") as store:
        number = len(store.patients())
        assert number > 0
        assert "no examples were added" in _served(clinic_folder, "--examples").output
        assert len(store.patients()) == number


def test_an_address_in_use_is_one_clear_error(clinic_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["serve", "--port", port, *_database(clinic_folder)])
    assert result.exit_code == 2
    assert "cannot be listened on" in result.output


def test_a_database_that_cannot_be_opened_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "crural.sqlite3").write_bytes(b"no database at all" * 100)
    result = CliRunner().invoke(main, ["serve", "--port", str(_taken_port()), *_database(tmp_path)])
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert (
        "Remedy: put it aside, together with its -wal and -shm files, and restore" in result.output
    )


def test_several_processes_share_one_secret_and_one_key_that_no_argument_shows(
    clinic_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CRURAL_SECRET", "CRURAL_KEY", "CRURAL_PORT", "CRURAL_DATABASE"):
        # Set and taken away, so that what the command sets is taken back after the test.
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)
    started: list[Multiprocess] = []

    def run(processes: Multiprocess) -> None:
        started.append(processes)

    monkeypatch.setattr(Multiprocess, "run", run)
    port = str(_taken_port())
    arguments = ["serve", "--key", "--port", port, "--workers", "3", *_database(clinic_folder)]
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 0
    (processes,) = started
    assert processes.config.app == "crural.commands.serve:worker"
    assert (processes.config.workers, processes.config.factory) == (3, True)
    first, second = (Settings.from_environment() for _ in range(2))
    assert first == second
    assert len(first.secret) >= 32
    assert f"key={first.key} " in told.output
    assert first.port == int(port)
    assert first.secret.decode() not in str(vars(processes.config))
    (listening,) = processes.sockets
    with listening:
        assert _sends_at_once(listening)


def _sends_at_once(listening: socket.socket) -> bool:
    """Does an answer that is sent in two parts go out without waiting for an acknowledgement?"""
    listening.listen()
    with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
        return bool(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
