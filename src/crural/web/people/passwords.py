"""Passwords: which are good enough, and how they are hashed and checked (Argon2id).

The hash says with which parameters it was made; the library's own defaults follow what is advised
at its time, and hashes made with older ones are renewed when their owner signs in.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import unicodedata
from collections.abc import Iterator
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crural.errors import CruralError

SHORTEST: Final = 12
MOST_BYTES: Final = 1024
_FEWEST_DIFFERENT: Final = 5
# Before the hash of a password that somebody else chose, with the second at which it runs out: it
# opens nothing but the page on which one's own is chosen.
_ONCE: Final = re.compile(r"once:(?:(\d{1,12}):)?", re.ASCII)
# What must be left of a password without what everybody tries first.
_LEAST_HARD: Final = 6
_GUESSED_FIRST: Final = (
    *("password", "passwort", "passw0rd", "passwd", "kennwort", "letmein", "welcome", "iloveyou"),
    *("changeme", "administrator", "admin", "default", "secret", "login", "master", "trustno1"),
    *("dragon", "monkey", "football", "baseball", "superman", "batman", "sunshine", "princess"),
    *("summer", "winter", "spring", "autumn", "computer", "internet", "whatever", "michael"),
    *("hospital", "clinic", "doctor", "patient", "medical", "crural"),
)
_SHORTEST_RUN: Final = 3
_FORWARD: Final = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890123456789"),
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p"),
    *(sign * 20 for sign in "0123456789abcdefghijklmnopqrstuvwxyz"),
)
_ROWS: Final = (*_FORWARD, *(row[::-1] for row in _FORWARD))
_LOOK_ALIKE: Final = "@$!"
_PLAIN_LETTERS: Final = str.maketrans("013457@$!", "oieastasi")
_REPEATED: Final = re.compile(r"(.+?)\1+")
# Without letters and digits that look alike; 20 of 31 are 99 bits.
_SIGNS: Final = "23456789abcdefghijkmnpqrstuvwxyz".replace("l", "")


class Passwords:
    """Hashes and checks passwords. Each check takes a tenth of a second on purpose."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys: str | None = None

    def hash(self, password: str, *, name: str = "", once_until: dt.datetime | None = None) -> str:
        """The hash to keep; with `once_until`, of a password that somebody else chose, to be
        replaced by then. Raises CruralError for a password that is not good enough."""
        _check(password, name)
        made = self._hasher.hash(_bytes(password))
        return made if once_until is None else f"once:{int(once_until.timestamp())}:{made}"

    def matches(self, kept: str | None, password: str) -> bool:
        """Is this the password of the hash? Takes as long when there is no hash at all."""
        if self._nobodys is None:
            self._nobodys = self._hasher.hash(secrets.token_bytes(32))
        given = _bytes(password)[:MOST_BYTES]
        try:
            self._hasher.verify(_split(kept or self._nobodys)[1], given)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None and len(_bytes(password)) <= MOST_BYTES

    def renewed(self, kept: str, password: str) -> str | None:
        """Another hash of a password that matched, when `kept` was made with other parameters."""
        before, old = _split(kept)
        if not self._hasher.check_needs_rehash(old):
            return None
        return before + self._hasher.hash(_bytes(password))


def is_for_once(kept: str) -> bool:
    """Was this password given by somebody else, to be replaced when it is first used?"""
    return _ONCE.match(kept) is not None


def has_run_out(kept: str, now: dt.datetime) -> bool:
    """Was it to be replaced before now? Of one that tells no time, nobody knows how old it is."""
    once = _ONCE.match(kept)
    return once is not None and (once[1] is None or now.timestamp() >= int(once[1]))


def generated() -> str:
    """A password for once, in groups of five that can be read out."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(20))
    return "-".join(signs[at : at + 5] for at in range(0, 20, 5))


def _split(kept: str) -> tuple[str, str]:
    """What stands before the hash, and the hash."""
    once = _ONCE.match(kept)
    end = 0 if once is None else once.end()
    return kept[:end], kept[end:]


def _check(password: str, name: str) -> None:
    """Raises CruralError, which does not quote the password."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < SHORTEST:
        problem, remedy = f"is shorter than {SHORTEST} characters", "take several words"
    elif len(_bytes(password)) > MOST_BYTES:
        problem, remedy = f"is longer than {MOST_BYTES} bytes", "shorten it"
    elif len(set(plain)) < _FEWEST_DIFFERENT:
        problem, remedy = "repeats the same few characters", "take several words"
    elif len(_hard_to_guess(plain)) < _LEAST_HARD:
        problem, remedy = "is among the first that are guessed", "take several unrelated words"
    elif name and name.casefold() in plain and len(plain) - len(name) < SHORTEST:
        problem, remedy = "is little more than the name", "take several other words"
    else:
        return
    raise CruralError(file="the password", problem=problem, remedy=remedy)


def _hard_to_guess(plain: str) -> str:
    """What is left of a password without the words, the runs and the repetitions that programs
    which guess passwords begin with."""
    signs = "".join(sign for sign in plain if sign.isalnum() or sign in _LOOK_ALIKE)
    if (again := _REPEATED.fullmatch(signs)) is not None and len(again[1]) < SHORTEST:
        signs = again[1]
    for word in _GUESSED_FIRST:
        for written in (signs, signs.translate(_PLAIN_LETTERS)):
            if word in written:
                signs = written.replace(word, "")
    left, at = "", 0
    while at < len(signs):
        longest = max((len(run) for run in _runs_at(signs, at)), default=0)
        left += "" if longest else signs[at]
        at += max(longest, 1)
    return left


def _runs_at(signs: str, at: int) -> Iterator[str]:
    """The runs that begin at a place: pieces of the alphabet, of digits, of rows of keys."""
    for row in _ROWS:
        longest = at + _SHORTEST_RUN
        while longest <= len(signs) and signs[at:longest] in row:
            yield signs[at:longest]
            longest += 1


def _bytes(password: str) -> bytes:
    # Keyboards write the same letter in different ways.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")
