"""Things to keep: records, and a clock that is set by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, create_engine

from crural.record import Record

WHO = "user-1"
RECORD = Record.model_validate(
    {
        "age": 71,
        "sex": "female",
        "side": "left",
        "observations": [
            {"finding": "slr-positive", "present": True, "side": "left"},
            {"finding": "crp-high", "value": 12.5, "unit": "mg/L", "date": "2026-02-01"},
        ],
        "treatments": [{"what": "gabapentin", "dose": "300 mg", "response": "partial"}],
        "drugs": ["metformin"],
        "allergies": ["penicillin"],
        "note": "Worse at night – schläft schlecht.",
    }
)


class HandClock:
    """Shows the time it is set to; each look takes a second."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


def aged(age: float, **more: Any) -> Record:
    """The usual record at another age."""
    return RECORD.model_copy(update={"age": float(age), **more})


def directly(url: URL, *statements: str) -> None:
    """SQL past the program, as somebody who meddles would run it."""
    with _past_the_program(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def rows(url: URL, table: str) -> list[tuple[Any, ...]]:
    """All that stands in a table."""
    with _past_the_program(url) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}")]


@contextmanager
def _past_the_program(url: URL) -> Iterator[Connection]:
    driver = "postgresql+psycopg" if url.get_backend_name() == "postgresql" else "sqlite"
    engine = create_engine(url.set(drivername=driver))
    try:
        with engine.begin() as connection:
            if driver != "sqlite":
                connection.exec_driver_sql("SET search_path = crural")
            yield connection
    finally:
        engine.dispose()
