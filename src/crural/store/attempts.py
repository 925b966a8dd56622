"""Counting attempts to sign in, in the database.

In memory each server process would count on its own, and a restart would forgive everything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select

from crural.store.canonical import new_id
from crural.store.tables import attempts
from crural.store.writing import Writing

_NONE = dt.timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLimit:
    """How many attempts within the sliding `window` are free; after that each takes a wait.

    The first wait is `first_wait`, every further one twice as long, up to `longest_wait`.
    """

    free: int
    window: dt.timedelta
    first_wait: dt.timedelta
    longest_wait: dt.timedelta

    def wait(self, before: Sequence[dt.datetime], now: dt.datetime) -> dt.timedelta:
        """How long to wait after the attempts `before`; zero when there is nothing to wait for."""
        recent = [at for at in before if now - self.window < at <= now]
        if len(recent) < self.free:
            return _NONE
        # Beyond twenty doublings any wait is the longest one, and the power would overflow.
        doubled: dt.timedelta = self.first_wait * 2 ** min(len(recent) - self.free, 20)
        return max(_NONE, max(recent) + min(doubled, self.longest_wait) - now)


def admit(w: Writing, limits: Mapping[str, AttemptLimit]) -> dt.timedelta:
    """Count an attempt under every key of `limits`, unless it has to wait: then how long.

    It is counted before anybody looks at the password, so that attempts made at the same moment
    cannot slip through together. One that has to wait is not counted.
    """
    longest = max(limit.window for limit in limits.values())
    # Those of the future were made before the clock was set back; they would lock out for hours.
    outside = or_(attempts.c.at <= w.now - longest, attempts.c.at > w.now)
    w.connection.execute(delete(attempts).where(outside))
    waits = [
        limit.wait(
            w.connection.execute(select(attempts.c.at).where(attempts.c.of == key)).scalars().all(),
            w.now,
        )
        for key, limit in limits.items()
    ]
    if max(waits) > _NONE:
        return max(waits)
    w.connection.execute(
        insert(attempts), [{"id": new_id(), "of": key, "at": w.now} for key in limits]
    )
    return _NONE


def forgive(w: Writing, *, all_of: str, last_of: str) -> None:
    """After success: forget all attempts of one key, and the latest one of the other.

    Only the latest: whoever has one account may not use it to try others without end.
    """
    w.connection.execute(delete(attempts).where(attempts.c.of == all_of))
    last = w.connection.execute(
        select(attempts.c.id)
        .where(attempts.c.of == last_of)
        .order_by(attempts.c.at.desc())
        .limit(1)
    ).scalar_one_or_none()
    w.connection.execute(delete(attempts).where(attempts.c.id == last))
