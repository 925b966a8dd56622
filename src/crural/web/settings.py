"""How the server is set up: from the environment (CRURAL_...) or from the command line."""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from crural.errors import CruralError

# A shorter secret can be guessed.
SHORTEST_SECRET = 32
# The key stands in an address.
_KEY = re.compile(r"[A-Za-z0-9_-]{16,200}")
_NAMES = (
    *("host", "port", "secret", "hosts", "https", "database"),
    *("sign_in", "key", "idle_minutes"),
)
_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"0", "false", "no", "off", ""})
# A session lasts no longer than a day of work anyway.
MOST_IDLE_MINUTES = 720
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _new_key() -> str:
    # Of signs that are marked as one word with a double click.
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Settings:
    """Settings of one server.

    `secret` signs the tokens of forms; a new one at every start makes pages that are open then ask
    to be loaded anew. Several processes must share one. `hosts` are the names under which the
    server answers: any other is refused, so that a foreign page cannot reach it by giving its own
    name this address. `https`: browsers reach it encrypted, so cookies are sent in no other way.
    `database` is a URL; without one, patients are kept in a file in the user's data directory.
    `sign_in`: people must sign in; on another address than this machine's own it is always so.
    `key`: where nobody signs in, what shows that somebody was given the address by whoever started
    the server; None when all who reach it are let in. Several processes must share one. `idle`:
    after how long without a request somebody who signed in is signed out; None for never.
    """

    host: str = "127.0.0.1"
    port: int = 8400
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    hosts: tuple[str, ...] = LOOPBACK
    https: bool = False
    compiled: bool = True
    database: str | None = None
    sign_in: bool = False
    key: str | None = field(default=None, repr=False)
    idle: dt.timedelta | None = dt.timedelta(hours=1)

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK:
            object.__setattr__(self, "sign_in", True)
        if self.sign_in:
            object.__setattr__(self, "key", None)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings that CRURAL_HOST, _PORT, _SECRET, _HOSTS, _HTTPS, _SIGN_IN, _KEY,
        _IDLE_MINUTES and _DATABASE name.

        Whoever names another host than this machine, or says https, means to be reached by others
        through something in front of it: then people must sign in too. Raises CruralError.
        """
        given = {
            name: environment[f"CRURAL_{name.upper()}"]
            for name in _NAMES
            if environment.get(f"CRURAL_{name.upper()}")
        }
        host = given.get("host", cls.host)
        hosts = tuple(given["hosts"].split(",")) if "hosts" in given else (*LOOPBACK, host)
        port = given.get("port", str(cls.port))
        if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65_535:
            raise _unfit("CRURAL_PORT", "is not a port", "set a number from 1 to 65535")
        if len(given.get("secret", "s" * SHORTEST_SECRET)) < SHORTEST_SECRET:
            raise _unfit(
                "CRURAL_SECRET",
                "is too short",
                f"set {SHORTEST_SECRET} random characters or more, or leave it out",
            )
        names = tuple(dict.fromkeys(name.strip() for name in hosts if name.strip()))
        https = _is_on("CRURAL_HTTPS", given.get("https"))
        sign_in = _is_on("CRURAL_SIGN_IN", given.get("sign_in"))
        return cls(
            host=host,
            port=int(port),
            secret=given["secret"].encode() if "secret" in given else secrets.token_bytes(32),
            hosts=names,
            database=given.get("database"),
            https=https,
            sign_in=sign_in or https or not set(names) <= set(LOOPBACK),
            key=_key_in(given.get("key")),
            idle=_idle_in(given.get("idle_minutes")),
        )


def _key_in(text: str | None) -> str | None:
    """The key that is set, a new one where yes is said, or None."""
    if text is None or text.strip().casefold() in _OFF:
        return None
    if text.strip().casefold() in _ON:
        return _new_key()
    if not _KEY.fullmatch(text):
        raise _unfit(
            "CRURAL_KEY",
            "is no key",
            "say yes for a new one at each start, or set 16 random letters and digits or more",
        )
    return text


def _idle_in(text: str | None) -> dt.timedelta | None:
    """After how long a session that nobody uses ends; None for never, which is written 0."""
    if text is None:
        return Settings.idle
    if not text.isascii() or not text.isdigit() or int(text) > MOST_IDLE_MINUTES:
        raise _unfit(
            "CRURAL_IDLE_MINUTES",
            "is no number of minutes",
            f"set a number up to {MOST_IDLE_MINUTES}, or 0 for no limit",
        )
    return dt.timedelta(minutes=int(text)) if int(text) else None


def _is_on(name: str, text: str | None) -> bool:
    said = (text or "").strip().casefold()
    if said not in _ON | _OFF:
        # Whoever misspells it must not be left without what was asked for.
        raise _unfit(name, "is neither yes nor no", "write yes or no")
    return said in _ON


def _unfit(name: str, problem: str, remedy: str) -> CruralError:
    return CruralError(file="environment", field=name, problem=problem, remedy=remedy)
