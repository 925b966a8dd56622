"""Stores to try things on: a real SQLite file, a real PostgreSQL server."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import URL

from crural.store import Store
from crural.store.urls import sqlite_url
from tests.store.kept import HandClock
from tests.store.postgresql import NoServerError, Server

Opener: TypeAlias = Callable[..., Store]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server."""
    try:
        made = Server()
    except NoServerError as reason:
        warnings.warn(f"NOT TESTED ON POSTGRESQL. {reason}", stacklevel=1)
        pytest.skip(f"NOT TESTED ON POSTGRESQL. {reason}")
    yield made
    made.remove()


@pytest.fixture
def sqlite(tmp_path: Path) -> URL:
    """An SQLite file that is not there yet."""
    return sqlite_url(tmp_path / "crural.sqlite3")


@pytest.fixture
def postgresql(server: Server) -> Iterator[URL]:
    """An empty PostgreSQL database."""
    yield server.url()
    server.empty()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> URL:
    """An empty database of each kind."""
    made: URL = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def clock() -> HandClock:
    """A clock that is set by hand."""
    return HandClock(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC))


@pytest.fixture
def opened(clock: HandClock) -> Iterator[Opener]:
    """Opens stores, and closes them at the end."""
    with ExitStack() as stack:

        def open_store(url: str | URL | Path, patience: float = 5.0) -> Store:
            return stack.enter_context(Store(url, clock=clock, patience=patience))

        yield open_store


@pytest.fixture
def store(url: URL, opened: Opener) -> Store:
    """An empty store of each kind."""
    return opened(url)
