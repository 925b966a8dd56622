"""One text for one content: what is kept, and what digests are taken of."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping

from pydantic import ValidationError

from crural.record import Record
from crural.record.shorthand import SCHEMA

# The reader takes files of a million bytes at most; the full form of one is a few times as long.
LONGEST = 4_000_000


def text_of(data: object) -> str:
    """Plain data as JSON with sorted keys and no blanks.

    ASCII throughout, so that no database has an opinion on what stands in it (PostgreSQL refuses
    U+0000, both refuse lone surrogates).
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def data_of(text: str) -> dict[str, object]:
    """The plain data of a kept text. Raises ValueError."""
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("not a group of keys")
    return data


def record_text(record: Record) -> str:
    """A record as canonical JSON, which is also a valid record file.

    Defaults are written out: should they ever change, what was kept must not.
    """
    data = record.model_dump(mode="json", exclude_none=True)
    return text_of({"schema": SCHEMA, "side": None, **data})


def record_of(data: Mapping[str, object]) -> Record:
    """The record of kept data. Raises ValueError when it does not fit the model of today."""
    if data.get("schema") != SCHEMA:
        raise ValueError("another schema")
    try:
        return Record.model_validate({k: v for k, v in data.items() if k != "schema"})
    except ValidationError:
        # Its text would quote what stands in the record.
        raise ValueError("does not fit the model of a record") from None


def new_id() -> str:
    """A random name: 128 bits, fit for a URL, telling nothing."""
    return secrets.token_urlsafe(16)


def new_salt() -> str:
    """The secret of one row, without which its digest tells nothing of its content.

    It is deleted with the row. A bare hash of a pain score would give the score away to whoever
    tries all eleven.
    """
    return secrets.token_hex(16)


def digest(salt: str, content: object) -> str:
    """Digest of plain data under the secret of its row."""
    return hmac.new(salt.encode(), text_of(content).encode(), hashlib.sha256).hexdigest()
