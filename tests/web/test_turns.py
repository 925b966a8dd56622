"""Heavy work takes turns, and whoever would wait too long is told so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from crural.web.turns import MOST_WAITING, TRY_AGAIN_AFTER, BusyServerError, Turns
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


def test_whoever_waits_too_long_or_finds_the_queue_full_is_told_so() -> None:
    patient, hasty = Turns(1, most_waiting=1, longest_wait=10), Turns(1, longest_wait=0.01)
    with hasty, pytest.raises(BusyServerError), hasty:
        pass
    waiting = threading.Thread(target=_once, args=(patient,))
    with patient:
        waiting.start()
        while patient._places.acquire(blocking=False):
            patient._places.release()
        with pytest.raises(BusyServerError), patient:
            pass
    waiting.join(10)
    assert not waiting.is_alive()
    with patient, pytest.raises(ZeroDivisionError), hasty:
        raise ZeroDivisionError
    with patient, hasty:
        pass


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
