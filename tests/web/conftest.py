"""A running application, and browsers without scripts that talk to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from crural.knowledge import Knowledge
from crural.store import Store
from crural.web import Settings, create_app

TOKEN = re.compile(r'name="csrf" value="(\w+)"')


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("store") / "crural.sqlite3") as opened:
        yield opened


@pytest.fixture(scope="session")
def app(knowledge: Knowledge, store: Store) -> FastAPI:
    return create_app(
        Settings(hosts=("testserver",), secret=b"of the tests", compiled=False),
        knowledge=knowledge,
        store=store,
    )


@dataclass
class Visitor:
    """Somebody with a browser: a session of their own, and the token that its forms carry."""

    client: TestClient
    token: str

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers=headers)

    def send(self, to: str, live: bool = True, **fields: str | list[str]) -> Response:
        """Send a form of the assessment; `live` as a script would, otherwise as a plain form."""
        headers = {"hx-request": "true"} if live else {}
        data = {"csrf": self.token, **fields}
        return self.client.post(f"/assessment/{to}", data=data, headers=headers)

    def record(self) -> str:
        """The record as it now is."""
        return self.get("/assessment/record.yaml").text


def text_of(response: Response) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


@pytest.fixture
def visit(app: FastAPI) -> Callable[[], Visitor]:
    """Lets a new visitor in."""

    def come() -> Visitor:
        client = TestClient(app)
        found = TOKEN.search(client.get("/assessment").text)
        assert found is not None
        return Visitor(client, found[1])

    return come


@pytest.fixture
def visitor(visit: Callable[[], Visitor]) -> Visitor:
    return visit()


@pytest.fixture
def patient(visitor: Visitor) -> Visitor:
    """A visitor who has entered a man of 46."""
    visitor.send("basics", age="46", sex="male")
    return visitor
