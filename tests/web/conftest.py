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

TOKEN = re.compile(r'name="csrf" value="([\w-]+)"')
_TAB = re.compile(r'name="tab" value="([\w-]+)"')
_STATE = re.compile(r'name="state" value="([^"]+)"')


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("store") / "crural.sqlite3") as opened:
        yield opened


@pytest.fixture(scope="session")
def app(knowledge: Knowledge, store: Store) -> FastAPI:
    return create_app(
        Settings(hosts=("testserver",), secret=b"of the tests", compiled=False, key=None),
        knowledge=knowledge,
        store=store,
    )


@dataclass
class Visitor:
    """Somebody with a browser and a desk open in it: the token that its forms carry, and the window
    with what that was shown."""

    client: TestClient
    token: str
    desk: str = ""
    tab: str = ""
    state: str = ""

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(self.at(path), headers=headers)

    def at(self, path: str) -> str:
        """An address; without a slash before it, one of this desk."""
        return path if path.startswith("/") else f"/assessment/{self.desk}/{path}".rstrip("/")

    def page(self) -> Response:
        """The whole page of this desk, looked at without loading it anew in the window."""
        return self.get("")

    def open(self, desk: str) -> Visitor:
        """A window of the same browser that has loaded a desk."""
        page = self.client.get(f"/assessment/{desk}").text
        tab, state = _TAB.search(page), _STATE.search(page)
        assert tab is not None
        assert state is not None
        return Visitor(self.client, self.token, desk, tab[1], state[1])

    def send(self, to: str, live: bool = True, **fields: str | list[str]) -> Response:
        """Send a form of the assessment; `live` as a script would, otherwise as a plain form."""
        headers = {"hx-request": "true"} if live else {}
        return self.client.post(self.at(to), data={**self.marks(), **fields}, headers=headers)

    def upload(self, raw: bytes, to: str = "import") -> Response:
        """Send a record file."""
        return self.client.post(self.at(to), data=self.marks(), files={"file": ("record", raw)})

    def marks(self) -> dict[str, str]:
        """What every form of this window carries."""
        return {"csrf": self.token, "tab": self.tab, "state": self.state}

    def record(self) -> str:
        """The record as it now is."""
        return self.get("record.yaml").text


def text_of(response: Response) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def come(app: FastAPI) -> Visitor:
    """A new visitor with an empty desk."""
    client = TestClient(app)
    page = client.get("/assessment")
    found = TOKEN.search(page.text)
    assert found is not None
    return Visitor(client, found[1]).open(page.url.path.rpartition("/")[2])


@pytest.fixture
def visit(app: FastAPI) -> Callable[[], Visitor]:
    """Lets a new visitor in."""
    return lambda: come(app)


@pytest.fixture
def visitor(visit: Callable[[], Visitor]) -> Visitor:
    return visit()


@pytest.fixture
def patient(visitor: Visitor) -> Visitor:
    """A visitor who has entered a man of 46."""
    visitor.send("basics", age="46", sex="male")
    return visitor
