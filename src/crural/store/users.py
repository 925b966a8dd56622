"""Users and their sessions. Passwords are hashed elsewhere; here the hash is only kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from crural.store import digests
from crural.store.asked import an_id, search_key
from crural.store.canonical import new_id, new_salt
from crural.store.errors import StoreError, TakenError
from crural.store.model import Action, Credentials, Role, Session, User
from crural.store.tables import sessions, users
from crural.store.writing import Writing, name_of, not_found

_LONGEST_NAME = 80
# So many times until a session ends for idleness: with an hour, once a minute.
_NOTED_WHILE_IDLE = 60
# Built once: it runs in every request.
_SESSION = (
    select(
        users,
        sessions.c.csrf,
        sessions.c.started_at,
        sessions.c.expires_at,
        func.coalesce(sessions.c.seen_at, sessions.c.started_at).label("seen_at"),
    )
    .join_from(sessions, users)
    .where(
        sessions.c.token_digest == bindparam("token_digest"),
        sessions.c.expires_at > bindparam("now"),
        users.c.active,
    )
)


def add(w: Writing, name: str, role: Role, password_hash: str) -> User:
    """A new user. Raises TakenError."""
    user_id = new_id()
    named = _name(w, name, user_id)
    w.connection.execute(
        insert(users).values(
            id=user_id,
            **named,
            role=role,
            password_hash=password_hash,
            active=True,
            added_at=w.now,
            salt=new_salt(),
        )
    )
    return _noted(w, user_id, "user-added")


def change(
    w: Writing, user_id: str, *, name: str | None, role: Role | None, active: bool | None
) -> User:
    """Another name, role or state. Raises TakenError; StoreError for the last admin."""
    row = _row(w.connection, user_id, w.where)
    new: dict[str, object] = {} if name is None else dict(_name(w, name, user_id))
    if role is not None:
        new["role"] = role
    if active is not None:
        new["active"] = active
    after = {**row._mapping, **new}
    if row.active and row.role == "admin" and not (after["active"] and after["role"] == "admin"):
        _another_admin(w, user_id)
    if new:
        w.connection.execute(update(users).where(users.c.id == user_id).values(**new))
    if active is False:
        w.connection.execute(delete(sessions).where(sessions.c.user_id == user_id))
    return _noted(w, user_id, "user-changed")


def set_password(w: Writing, user_id: str, password_hash: str, instead_of: str | None) -> None:
    """Another password; whoever is signed in with the old one no longer is. Raises TakenError when
    the hash kept is no longer `instead_of`."""
    _must_still_be(instead_of, _row(w.connection, user_id, w.where), w.where)
    w.connection.execute(
        update(users).where(users.c.id == user_id).values(password_hash=password_hash)
    )
    w.connection.execute(delete(sessions).where(sessions.c.user_id == user_id))
    _noted(w, user_id, "password-changed")


def renew_hash(w: Writing, user_id: str, old: str, new: str) -> None:
    """The same password under another hash. Whoever changed the password meanwhile is right."""
    renewed = w.connection.execute(
        update(users)
        .where(users.c.id == an_id(user_id), users.c.password_hash == old)
        .values(password_hash=new)
    )
    if renewed.rowcount:
        _noted(w, user_id, "user-changed")


def listed(connection: Connection) -> tuple[User, ...]:
    """All users by name."""
    return tuple(_user(row) for row in connection.execute(select(users).order_by(users.c.name_key)))


def get(connection: Connection, user_id: str, where: str) -> User:
    """One user."""
    return _user(_row(connection, user_id, where))


def credentials(connection: Connection, name: str) -> Credentials | None:
    """User and hash for a name that somebody typed; None when there is no such active user."""
    row = connection.execute(
        select(users).where(users.c.name_key == _key(name), users.c.active)
    ).one_or_none()
    if row is None:
        return None
    return Credentials(user=_user(row), password_hash=row.password_hash)


def start_session(
    w: Writing, user_id: str, lifetime: dt.timedelta, password_hash: str | None
) -> Session:
    """Sign a user in; sessions that have run out are cleared on the way. Raises TakenError when the
    hash kept is no longer `password_hash`."""
    row = _row(w.connection, user_id, w.where)
    _must_still_be(password_hash, row, w.where)
    if not row.active:
        raise not_found(f"active user {user_id}", w.where)
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    w.connection.execute(delete(sessions).where(sessions.c.expires_at <= w.now))
    w.connection.execute(
        insert(sessions).values(
            token_digest=_token_digest(token),
            user_id=user_id,
            csrf=csrf,
            started_at=w.now,
            expires_at=w.now + lifetime,
            seen_at=w.now,
        )
    )
    w.note("session-started", item=user_id)
    return Session(
        token=token,
        csrf=csrf,
        user=_user(row),
        started_at=w.now,
        expires_at=w.now + lifetime,
        seen_at=w.now,
    )


def session(
    connection: Connection, token: str, now: dt.datetime, idle: dt.timedelta | None
) -> Session | None:
    """The session of a token; None when it has run out, was ended, or never was, or was not used
    for as long as `idle`."""
    row = connection.execute(
        _SESSION, {"token_digest": _token_digest(token), "now": now}
    ).one_or_none()
    # Begun long after now: the clock was set back since, and the end is as far off as it was set.
    if row is None or row.started_at - now > row.expires_at - row.started_at:
        return None
    if idle is not None and now - row.seen_at >= idle:
        return None
    return Session(
        token=token,
        csrf=row.csrf,
        user=_user(row),
        started_at=row.started_at,
        expires_at=row.expires_at,
        seen_at=row.seen_at,
    )


def is_seen_again(found: Session, now: dt.datetime, idle: dt.timedelta) -> bool:
    """Has it been used long enough after the last time to be noted? Each request would be too often
    for the disk. The clock may have been set back."""
    return abs(now - found.seen_at) >= idle / _NOTED_WHILE_IDLE


def note_seen(w: Writing, token: str) -> None:
    """The session is being used."""
    w.connection.execute(
        update(sessions)
        .where(sessions.c.token_digest == _token_digest(token))
        .values(seen_at=w.now)
    )


def end_session(w: Writing, token: str) -> None:
    """Sign out; a token that leads nowhere is no error."""
    found = w.connection.execute(
        select(sessions.c.user_id).where(sessions.c.token_digest == _token_digest(token))
    ).scalar_one_or_none()
    if found is not None:
        w.connection.execute(
            delete(sessions).where(sessions.c.token_digest == _token_digest(token))
        )
        w.note("session-ended", item=found)


def _must_still_be(password_hash: str | None, row: Row[Any], where: str) -> None:
    # To check a password takes a while. Whoever knows the old one must not be let in by a check
    # that began before it was replaced.
    if password_hash is not None and row.password_hash != password_hash:
        raise TakenError(
            file=where,
            field="password",
            problem="the password was changed in the meantime",
            remedy="sign in with the new one",
        )


def _another_admin(w: Writing, user_id: str) -> None:
    others = w.connection.execute(
        select(func.count())
        .select_from(users)
        .where(users.c.role == "admin", users.c.active, users.c.id != user_id)
    ).scalar_one()
    if not others:
        raise StoreError(
            file=w.where,
            field="role",
            problem="this is the last active admin",
            remedy="make somebody else an admin first",
        )


def _name(w: Writing, name: str, user_id: str) -> dict[str, str]:
    cleaned = name_of(name, field="name", longest=_LONGEST_NAME, where=w.where)
    taken = w.connection.execute(
        select(users.c.id).where(users.c.name_key == _key(cleaned), users.c.id != user_id)
    ).one_or_none()
    if taken is not None:
        raise TakenError(
            file=w.where,
            field="name",
            problem="there is another user of this name",
            remedy="choose another name",
        )
    return {"name": cleaned, "name_key": _key(cleaned)}


def _key(name: str) -> str:
    return search_key(name.strip())


def _token_digest(token: str) -> str:
    """The token is long and random, so that a plain hash makes the table useless to a thief."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _noted(w: Writing, user_id: str, action: Action) -> User:
    row = _row(w.connection, user_id, w.where)
    w.note(action, item=user_id, digest=digests.of_user(row))
    return _user(row)


def _row(connection: Connection, user_id: str, where: str) -> Row[Any]:
    row = connection.execute(select(users).where(users.c.id == an_id(user_id))).one_or_none()
    if row is None:
        raise not_found(f"user {user_id}", where)
    return row


def _user(row: Row[Any]) -> User:
    return User(id=row.id, name=row.name, role=row.role, active=row.active, added_at=row.added_at)
