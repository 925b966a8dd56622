"""What somebody asks for, in a form that no database chokes on.

Ids, numbers and words come from web addresses and forms and may be anything. What cannot be there
is simply not found.
"""

from __future__ import annotations

import re
import unicodedata
from typing import overload

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST = 2**31 - 1


def search_key(text: str) -> str:
    """`text` as it is searched for: without regard to capitals and forms of the same letter.

    What somebody typed may be anything; what a database would choke on becomes a question mark.
    """
    sendable = text.encode("utf-8", "replace").decode().replace("\x00", "?")
    return unicodedata.normalize("NFKC", sendable).casefold()


def an_id(text: str) -> str:
    """An id as it may be asked for; what cannot be one (from a web address) becomes empty."""
    return text if _ID.fullmatch(text) else ""


def a_number(number: int) -> int:
    """A number that a database can compare with its own; what is out of range becomes 0."""
    return number if 0 < number <= _MOST else 0


@overload
def within(number: int) -> int: ...
@overload
def within(number: None) -> None: ...
def within(number: int | None) -> int | None:
    """A limit as near to the one asked for as a database can take it."""
    return None if number is None else min(max(number, 0), _MOST)
