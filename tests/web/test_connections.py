"""Slow senders and too many connections, against the server as it runs."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from click.testing import CliRunner
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from crural.cli import main
from crural.web.connections import TimedProtocol
from crural.web.security import Guard

HEAD_SECONDS = 0.4
MOST = 6
WHOLE = b"GET /static/crural.css HTTP/1.1\r\nhost: testserver\r\n\r\n"
PATIENCE = 20.0


class Quick(TimedProtocol):
    """The protocol of the server, with limits that a test can wait for."""

    head_seconds = HEAD_SECONDS
    most = MOST


class Lasting(Quick):
    """The same, with senders that may take as long as they like."""

    head_seconds = 3600.0


@contextmanager
def served(app: ASGIApp, protocol: type[TimedProtocol]) -> Iterator[int]:
    """The port of a server that runs in a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=protocol,
        log_level="error",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        _until(lambda: server.started)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def _until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up
        threading.Event().wait(0.01)


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as one:
        yield one


def all_of(one: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    told = b""
    try:
        while part := one.recv(65_536):
            told += part
    except ConnectionResetError:
        pass
    return told


def status_of(one: socket.socket) -> bytes:
    return one.recv(65_536).split(b" ", 2)[1]


@pytest.fixture(scope="module")
def port(app: FastAPI) -> Iterator[int]:
    with served(app, Quick) as found:
        yield found


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost: testserver\r\nx-"])
def test_who_does_not_send_the_head_of_a_request_is_told_and_hung_up_on(
    port: int, sent: bytes
) -> None:
    with connected(port) as one:
        one.sendall(sent)
        begun = time.monotonic()
        told = all_of(one)
        assert time.monotonic() - begun < PATIENCE / 2
    assert told.startswith(b"HTTP/1.1 408 ")
    assert told.endswith(b"The request did not arrive in time.")


def test_a_line_now_and_then_buys_no_more_time(port: int) -> None:
    with connected(port) as one:
        one.sendall(b"GET / HTTP/1.1\r\nhost: testserver\r\n")
        begun = time.monotonic()
        one.settimeout(0.05)
        told = b""
        while not told:
            assert time.monotonic() - begun < PATIENCE / 2
            try:
                one.sendall(b"x-more: 1\r\n")
                told = one.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
    assert time.monotonic() - begun >= HEAD_SECONDS * 0.8


def test_a_second_request_has_a_time_limit_of_its_own(port: int) -> None:
    with connected(port) as one:
        one.sendall(WHOLE)
        assert status_of(one) == b"200"
        threading.Event().wait(HEAD_SECONDS * 1.5)
        one.sendall(b"GET / HT")
        assert b"408 Request Timeout" in all_of(one)


def test_a_connection_that_is_kept_answers_more_than_once(port: int) -> None:
    with connected(port) as one:
        for _ in range(3):
            one.sendall(WHOLE)
            assert status_of(one) == b"200"
            threading.Event().wait(0.05)
            one.setblocking(False)
            try:
                while one.recv(65_536):
                    pass
            except BlockingIOError:
                pass
            one.settimeout(PATIENCE)


def test_of_too_many_connections_the_slowest_makes_room(app: FastAPI) -> None:
    with served(app, Lasting) as port:
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(MOST * 4)]
        try:
            with connected(port) as one:
                one.sendall(WHOLE)
                assert status_of(one) == b"200"
        finally:
            for other in idle:
                other.close()


def test_where_every_connection_is_at_work_another_is_told_to_come_again() -> None:
    release = threading.Event()
    at_work: list[int] = []

    async def waits(_scope: Scope, _receive: Receive, send: Send) -> None:
        at_work.append(1)
        while not release.is_set():
            await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with served(waits, Lasting) as port:
        busy = [socket.create_connection(("127.0.0.1", port)) for _ in range(MOST)]
        try:
            for one in busy:
                one.sendall(WHOLE)
            _until(lambda: len(at_work) == MOST)
            with connected(port) as another:
                told = all_of(another)
            assert told.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 5" in told
            assert told.endswith(b"Try again in a few seconds.")
            release.set()
            assert status_of(busy[0]) == b"204"
        finally:
            release.set()
            for one in busy:
                one.close()


def test_a_body_that_does_not_arrive_is_given_up(app: FastAPI) -> None:
    with served(Guard(app, body_seconds=HEAD_SECONDS), Quick) as port, connected(port) as one:
        one.sendall(
            b"POST /api/v1/assess HTTP/1.1\r\nhost: testserver\r\n"
            b"content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
        )
        assert status_of(one) == b"408"


def test_the_command_serves_with_these_limits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr(uvicorn, "run", lambda _app, **how: given.update(how))
    monkeypatch.setattr("crural.web.create_app", lambda _settings: None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = str(probe.getsockname()[1])
    database = f"sqlite:///{tmp_path}/x.sqlite3"
    done = CliRunner().invoke(main, ["serve", "--port", free, "--database", database])
    assert done.exit_code == 0, done.output
    assert given["http"] is TimedProtocol
