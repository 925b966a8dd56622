"""A server on which people sign in, and browsers without scripts that do so."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from crural.knowledge import Knowledge
from crural.store import Role, Store, User
from crural.web import Settings, create_app
from crural.web.people.passwords import Passwords
from crural.web.people.users import ONCE_LASTS
from tests.store.kept import WHO

PASSWORD = "four unlikely blue herons"
_TOKEN = re.compile(r'name="csrf" value="([\w-]+)"')
_NUMBERS = count(1)


def quick(time_cost: int = 1) -> PasswordHasher:
    """Real hashing takes a tenth of a second, on purpose."""
    return PasswordHasher(time_cost=time_cost, memory_cost=8, parallelism=1)


@dataclass
class StillClock:
    """A clock that stands still until it is set."""

    now: dt.datetime

    def __call__(self) -> dt.datetime:
        return self.now


@dataclass
class Browser:
    """A browser somewhere. Cookies stay, redirects are not followed."""

    client: TestClient
    token: str = ""

    def get(self, path: str, **headers: str) -> Response:
        answer = self.client.get(path, headers=headers)
        self._learn(answer)
        return answer

    def post(self, path: str, **fields: str) -> Response:
        answer = self.client.post(path, data={"csrf": self.token, **fields})
        self._learn(answer)
        return answer

    def sign_in(self, name: str, password: str = PASSWORD, then: str = "/") -> Response:
        self.get("/sign-in")
        answer = self.post("/sign-in", name=name, password=password, next=then)
        if answer.status_code == 303:
            # The token of before is no more; a page that everybody may see tells the new one.
            self.get("/knowledge")
        return answer

    def _learn(self, answer: Response) -> None:
        found = _TOKEN.search(answer.text)
        if found is not None:
            self.token = found[1]


@dataclass
class Clinic:
    """The server, its store and its clock."""

    app: FastAPI
    store: Store
    clock: StillClock
    addresses: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, role: Role = "clinician", password: str = PASSWORD, once: bool = False) -> User:
        until = dt.datetime.now(dt.UTC) + ONCE_LASTS if once else None
        made = self.passwords.hash(password, once_until=until)
        return self.store.add_user(f"Person {next(_NUMBERS)}", role, made, who=WHO)

    def browser(self, address: str | None = None) -> Browser:
        client = TestClient(
            self.app,
            client=(address or f"192.0.2.{next(self.addresses)}", 50_000),
            follow_redirects=False,
        )
        return Browser(client)

    def signed_in(self, role: Role = "clinician") -> Browser:
        browser = self.browser()
        assert browser.sign_in(self.add(role).name).status_code == 303
        return browser

    @property
    def passwords(self) -> Passwords:
        made: Passwords = self.app.state.passwords
        return made

    @contextmanager
    def having(self, **others: object) -> Iterator[None]:
        """While other things stand in the state of the application."""
        before = {name: getattr(self.app.state, name) for name in others}
        for name, value in others.items():
            setattr(self.app.state, name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                setattr(self.app.state, name, value)

    def actions(self) -> list[str]:
        return [entry.action for entry in self.store.latest_audit()]


@pytest.fixture(scope="session")
def clinic_of_all(
    knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    clock = StillClock(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC))
    with Store(tmp_path_factory.mktemp("clinic") / "crural.sqlite3", clock=clock) as store:
        settings = Settings(
            hosts=("testserver",), secret=b"of the clinic", compiled=False, sign_in=True
        )
        app = create_app(settings, knowledge=knowledge, store=store)
        app.state.passwords = Passwords(quick())
        yield Clinic(app, store, clock)


@pytest.fixture
def clinic(clinic_of_all: Clinic) -> Clinic:
    """The clinic of a day on which nobody has signed in yet, nor tried to."""
    clinic_of_all.clock.now += dt.timedelta(days=1)
    return clinic_of_all
