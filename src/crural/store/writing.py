"""A change in the making: its transaction, who makes it, and when."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from crural.record.field_error import FieldError
from crural.record.text import clean
from crural.store import audit
from crural.store.errors import NotFoundError, StoreError
from crural.store.model import Action, Noted


@dataclass(frozen=True)
class Writing:
    """What every function that writes needs."""

    connection: Connection
    now: dt.datetime
    who: str
    where: str

    def note(
        self,
        action: Action | Noted,
        *,
        patient_id: str | None = None,
        item: str | None = None,
        digest: str | None = None,
    ) -> int:
        """Add to the audit trail; returns the number of the entry."""
        return audit.append(
            self.connection,
            at=self.now,
            who=self.who,
            action=action,
            patient_id=patient_id,
            item=item,
            digest=digest,
        )

    def note_all(self, action: Action | Noted, every: Sequence[audit.Entry]) -> int:
        """Add many entries to the audit trail at once; returns the number of the last."""
        return audit.append_all(
            self.connection, at=self.now, who=self.who, action=action, every=every
        )


def words(text: str, *, field: str, longest: int, where: str) -> str:
    """`text` without blanks around it. Raises StoreError, which does not quote it."""
    try:
        cleaned = clean(text)
    except FieldError as fault:
        raise StoreError(
            file=where, field=field, problem=fault.problem, remedy=fault.remedy
        ) from None
    if len(cleaned) > longest or "\n" in cleaned:
        raise StoreError(
            file=where,
            field=field,
            problem=f"is longer than {longest} characters, or than one line",
            remedy="shorten it",
        )
    return cleaned


def name_of(text: str, *, field: str, longest: int, where: str) -> str:
    """The same for what somebody or something is called: without signs that nobody sees, which turn
    or hide text, so that two names that look alike are alike."""
    cleaned = words(text, field=field, longest=longest, where=where)
    hidden = next((sign for sign in cleaned if unicodedata.category(sign) == "Cf"), None)
    if hidden is not None:
        raise StoreError(
            file=where,
            field=field,
            problem=f"contains the invisible sign U+{ord(hidden):04X}",
            remedy="remove it (it is often pasted along with the text)",
        )
    return cleaned


def not_found(what: str, where: str) -> NotFoundError:
    """The error for an id that leads nowhere."""
    return NotFoundError(
        file=where,
        problem=f"there is no {what}",
        remedy="it may have been deleted; look at the list",
    )
