"""Heavy work takes turns, and whoever would wait too long is told so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context

import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.testclient import TestClient

from crural.web.turns import (
    MOST_WAITING,
    SHARE,
    TRY_AGAIN_AFTER,
    BusyServerError,
    OverOwnShareError,
    Turns,
    asker,
)
from tests.web.conftest import Visitor

RECORD = {"schema": "crural/record/1", "age": 46, "sex": "male", "side": "left"}


def test_work_is_done_by_turns() -> None:
    turns = Turns(1, longest_wait=10)
    at_work: list[int] = []
    most: list[int] = []

    def work() -> None:
        with turns:
            at_work.append(1)
            most.append(len(at_work))
            at_work.pop()

    threads = [threading.Thread(target=work) for _ in range(MOST_WAITING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * MOST_WAITING


def test_who_came_first_is_first() -> None:
    turns = Turns(1, longest_wait=10)
    served: list[int] = []

    def work(number: int) -> None:
        with turns:
            served.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    with turns:
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._waiting) <= number:
                thread.join(0.001)
    # Whoever comes back at once has to wait behind them.
    with turns:
        assert served == list(range(20))
    for thread in threads:
        thread.join()


def test_a_turn_that_comes_as_the_wait_ends_is_taken_and_not_lost() -> None:
    turns = Turns(1, longest_wait=0.001)
    served: list[int] = []

    def work() -> None:
        for _ in range(200):
            with suppress(BusyServerError), turns:
                served.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert served
    with turns:
        assert not turns._waiting


def test_those_who_wait_leave_threads_for_what_is_light(app: FastAPI) -> None:
    with TestClient(app) as client:
        assert client.portal is not None
        assert client.portal.call(_threads) >= MOST_WAITING + 20


async def _threads() -> float:
    return current_default_thread_limiter().total_tokens


def test_whoever_waits_too_long_or_finds_the_queue_full_is_told_so() -> None:
    patient, hasty = Turns(1, most_waiting=1, longest_wait=10), Turns(1, longest_wait=0.01)
    with hasty, pytest.raises(BusyServerError), hasty:
        pass
    waiting = threading.Thread(target=_once, args=(patient,))
    with patient:
        waiting.start()
        while not patient._waiting:
            waiting.join(0.001)
        with pytest.raises(BusyServerError), patient:
            pass
    waiting.join(10)
    assert not waiting.is_alive()
    with patient, pytest.raises(ZeroDivisionError), hasty:
        raise ZeroDivisionError
    with patient, hasty:
        pass


def _asked_by(who: str | None, turns: Turns) -> threading.Thread:
    """Somebody who waits for a turn."""

    def work() -> None:
        asker.set(who)
        _once(turns)

    before = len(turns._waiting)
    waiting = threading.Thread(target=work)
    waiting.start()
    while len(turns._waiting) == before:
        waiting.join(0.001)
    return waiting


def test_nobody_takes_more_than_a_share_of_the_places() -> None:
    turns = Turns(1, most_waiting=9, longest_wait=10)
    with turns:
        waiting = [_asked_by("ana", turns) for _ in range(9 // SHARE)]
        refused = copy_context()
        refused.run(asker.set, "ana")
        with pytest.raises(OverOwnShareError):
            refused.run(_once, turns)
        waiting += [_asked_by("bruno", turns), _asked_by(None, turns)]
    for one in waiting:
        one.join(10)
        assert not one.is_alive()
    # Whoever has had the answers may ask again.
    refused.run(_once, turns)


def test_where_nobody_signs_in_the_whole_queue_is_everybody_s() -> None:
    turns = Turns(1, most_waiting=9, longest_wait=10)
    with turns:
        waiting = [_asked_by(None, turns) for _ in range(9)]
        with pytest.raises(BusyServerError):
            _once(turns)
    for one in waiting:
        one.join(10)


def _once(turns: Turns) -> None:
    with turns:
        pass


@contextmanager
def _all_taken(app: FastAPI) -> Iterator[None]:
    engine = app.state.engine
    before, engine.turns = engine.turns, Turns(1, most_waiting=1, longest_wait=0.01)
    try:
        with engine.turns:
            yield
    finally:
        engine.turns = before


def test_a_busy_server_says_so_and_still_shows_what_is_light(
    app: FastAPI, visitor: Visitor
) -> None:
    client = TestClient(app)
    bench = {"csrf": visitor.token, "tip": "T10", "for": "1", "for-unit": "days"}
    with _all_taken(app):
        answer = client.post("/api/v1/assess", json={**RECORD, "age": 47})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == TRY_AGAIN_AFTER
        assert "Try again" in answer.json()["error"]["problem"]
        refused = visitor.client.post("/workbench/spread", data=bench)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == TRY_AGAIN_AFTER
        for light in ("/patients", "/knowledge", "/static/page.js", "/workbench/spread"):
            assert client.get(light).status_code == 200
    assert client.post("/api/v1/assess", json={**RECORD, "age": 47}).status_code == 200
