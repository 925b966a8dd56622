"""Signing in and out, and one's own password."""

from __future__ import annotations

import asyncio
import datetime as dt
import hmac
import ipaddress
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from crural.errors import CruralError
from crural.report import words
from crural.store import AttemptLimit, Credentials, Store, TakenError, User
from crural.web.people import known_browsers
from crural.web.people.gate import CHOOSE, SIGN_IN, local_path
from crural.web.people.passwords import Passwords, has_run_out, is_for_once
from crural.web.people.users import key_of
from crural.web.person import Reader
from crural.web.security import CheckedForm, Sessions
from crural.web.showing import html_of

router = APIRouter(include_in_schema=False)

SESSION_LASTS: Final = dt.timedelta(hours=12)
# Each takes a hundred megabytes and a tenth of a second: a flood of them waits here, in a queue of
# its own, and takes neither the memory nor the threads that the pages need.
_HASHING: Final = ThreadPoolExecutor(2, thread_name_prefix="password")
_HOUR: Final = dt.timedelta(hours=1)
# Also of one browser that is known for a name, and of one session.
OF_A_NAME: Final = AttemptLimit(
    free=5,
    window=_HOUR,
    first_wait=dt.timedelta(seconds=15),
    longest_wait=dt.timedelta(minutes=15),
)
# A whole clinic may share one address, so it only slows down. What guards an account is the count
# of its name.
OF_AN_ADDRESS: Final = AttemptLimit(
    free=20,
    window=_HOUR,
    first_wait=dt.timedelta(seconds=1),
    longest_wait=dt.timedelta(seconds=30),
)
# How long somebody may think about a password of their own.
_TIME_TO_CHOOSE: Final = dt.timedelta(minutes=15)
_LONGEST_NAME: Final = 200
_WRONG: Final = "The name or the password is wrong."
_RUN_OUT: Final = (
    "This password was to be replaced by one of your own within a week, and is no longer good. "
    "An administrator gives you a new one."
)
_CHANGED_MEANWHILE: Final = "The password was changed a moment ago. Sign in with the new one."
_T = TypeVar("_T")


class TooEarlyError(Exception):
    """Too many attempts: how long to wait."""

    def __init__(self, wait: dt.timedelta) -> None:
        super().__init__()
        self.seconds = max(1, -(-wait // dt.timedelta(seconds=1)))

    def __str__(self) -> str:
        if self.seconds < 90:
            said = f"{self.seconds} second{'s' if self.seconds > 1 else ''}"
        else:
            said = f"{-(-self.seconds // 60)} minutes"
        return f"There were too many attempts. Try again in {said}."


@router.get(SIGN_IN)
def sign_in_page(request: Request, next: str = "/") -> Response:
    """The page for signing in."""
    if request.state.person is not None:
        return RedirectResponse(local_path(next), status_code=303)
    # Whoever signs out takes the cookie along.
    sessions: Sessions = request.app.state.sessions
    ended = sessions.sign_in_token(request) is not None
    return _page(request, then=local_path(next), ended=ended)


@router.post(SIGN_IN)
async def sign_in(request: Request, form: CheckedForm) -> Response:
    """Let somebody in who knows name and password."""
    _must_be_asked_for(request)
    then, name, password = (_text(form.get(field)) for field in ("next", "name", "password"))
    then = local_path(then)
    try:
        found = await _authenticated(request, name, password)
    except TooEarlyError as early:
        return _page(request, then=then, name=name, problem=str(early), early=early)
    if found is None:
        return _page(request, then=then, name=name, problem=_WRONG)
    if has_run_out(found.password_hash, _now()):
        return _page(request, then=then, name=name, problem=_RUN_OUT, status=403)
    if is_for_once(found.password_hash):
        return _choosing(request, found, then)
    passwords: Passwords = request.app.state.passwords
    kept = found.password_hash
    renewed = await _hashing(lambda: passwords.renewed(found.password_hash, password))
    if renewed is not None:
        store: Store = request.app.state.store
        await run_in_threadpool(
            lambda: store.renew_hash(
                found.user.id, old=found.password_hash, new=renewed, who=found.user.id
            )
        )
        kept = renewed
    try:
        return await _let_in(request, found.user, kept, then)
    except TakenError:
        return _page(request, then=then, name=name, problem=_CHANGED_MEANWHILE, status=409)


@router.post(CHOOSE)
async def choose(request: Request, form: CheckedForm) -> Response:
    """Replace a password for once by one of one's own, and sign in."""
    _must_be_asked_for(request)
    store: Store = request.app.state.store
    user_id, until, ticket = (_text(form.get(field)) for field in ("user", "until", "ticket"))
    then = local_path(_text(form.get("next")))
    found = await run_in_threadpool(_by_id, store, user_id)
    if found is None or not _is_ticket(request, found, until, ticket):
        return _page(request, then=then, problem="That took too long. Sign in once more.")
    try:
        made = await _new_hash(request, form.get("new"), form.get("again"), found)
    except CruralError as error:
        return _choosing(request, found, then, problem=_sentence(error))
    try:
        await _replace_password(request, found, made)
        return await _let_in(request, found.user, made, then)
    except TakenError:
        return _page(request, then=then, problem=_CHANGED_MEANWHILE, status=409)


@router.post("/sign-out")
def sign_out(request: Request, form: CheckedForm, who: Reader) -> Response:
    """End the session."""
    del form
    _must_be_asked_for(request)
    sessions: Sessions = request.app.state.sessions
    store: Store = request.app.state.store
    store.end_session(request.state.signed_in.token, who=who.id)
    response = RedirectResponse(SIGN_IN, status_code=303)
    sessions.sign_out(response)
    return response


@router.get("/password")
def password_page(request: Request, who: Reader) -> Response:
    """The page on which people change their own password."""
    del who
    _must_be_asked_for(request)
    return html_of(request, "people/password.html.jinja", problem="")


@router.post("/password")
async def change_password(request: Request, form: CheckedForm, who: Reader) -> Response:
    """Change one's own password; every other session of this user ends."""
    _must_be_asked_for(request)
    store: Store = request.app.state.store
    try:
        found = await _authenticated(request, who.name, _text(form.get("password")))
    except TooEarlyError as early:
        page = html_of(request, "people/password.html.jinja", problem=str(early), status=429)
        page.headers["retry-after"] = str(early.seconds)
        return page
    if found is None or found.user.id != who.id:
        said = "The present password is wrong."
        return html_of(request, "people/password.html.jinja", problem=said, status=422)
    try:
        made = await _new_hash(request, form.get("new"), form.get("again"), found)
    except CruralError as error:
        return html_of(request, "people/password.html.jinja", problem=_sentence(error), status=422)
    try:
        await _replace_password(request, found, made)
        session = await run_in_threadpool(
            lambda: store.start_session(who.id, lifetime=SESSION_LASTS, password_hash=made)
        )
    except TakenError:
        return html_of(
            request, "people/password.html.jinja", problem=_CHANGED_MEANWHILE, status=409
        )
    request.state.signed_in = session
    page = html_of(request, "people/password.html.jinja", problem="", changed=True)
    sessions: Sessions = request.app.state.sessions
    sessions.sign_in(page, session.token)
    return page


async def _authenticated(request: Request, name: str, password: str) -> Credentials | None:
    """The user of this name and password. Raises TooEarlyError."""
    store: Store = request.app.state.store
    passwords: Passwords = request.app.state.passwords
    address = _address(request)
    limits = _limits(request, name)
    keys = list(limits)
    wait = await run_in_threadpool(store.admit_attempt, limits)
    if wait:
        raise TooEarlyError(wait)
    found = await run_in_threadpool(store.credentials, name)
    kept = None if found is None else found.password_hash
    if await _hashing(lambda: passwords.matches(kept, password)):
        await run_in_threadpool(lambda: store.forgive_attempts(all_of=keys[0], last_of=keys[-1]))
        return found
    # Never the name that was typed: it may be the password, in the wrong field.
    item = "unknown-name" if found is None else found.user.id
    await run_in_threadpool(lambda: store.note("sign-in-refused", who=address[:64], item=item))
    return None


def _limits(request: Request, name: str) -> dict[str, AttemptLimit]:
    """Under what an attempt is counted. First that of the account, which success forgives.

    Who is signed in, or has signed in with this browser before, is counted apart from everybody
    else: others may neither use up the attempts of the name nor those of a shared address.
    """
    sessions: Sessions = request.app.state.sessions
    session = request.state.signed_in
    if session is not None and key_of(session.user.name) == key_of(name):
        return {sessions.keyed("attempts of a session", session.token): OF_A_NAME}
    known = known_browsers.entry_of(request, name, _now())
    if known is not None:
        return {sessions.keyed("attempts of a browser", known): OF_A_NAME}
    return {
        sessions.keyed("attempts of a name", key_of(name)): OF_A_NAME,
        sessions.keyed("attempts of an address", _counted_as(_address(request))): OF_AN_ADDRESS,
    }


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _counted_as(address: str) -> str:
    """What attempts from an address are counted under: whoever has one of IPv6 has the whole /64
    that it lies in."""
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found.packed, 64), strict=False))


async def _replace_password(request: Request, of: Credentials, made: str) -> None:
    """Keep another hash. Raises TakenError when the one that was checked is no longer kept."""
    store: Store = request.app.state.store
    user = of.user.id
    await run_in_threadpool(
        lambda: store.set_password(user, made, instead_of=of.password_hash, who=user)
    )


async def _let_in(request: Request, user: User, kept: str, then: str) -> Response:
    """A new session, whatever the browser had before, which is known from now on. `kept` is the
    hash that was checked; raises TakenError when it has been replaced since."""
    store: Store = request.app.state.store
    sessions: Sessions = request.app.state.sessions
    response = RedirectResponse(then, status_code=303)
    if request.state.signed_in is not None:
        before = request.state.signed_in
        await run_in_threadpool(lambda: store.end_session(before.token, who=before.user.id))
    session = await run_in_threadpool(
        lambda: store.start_session(user.id, lifetime=SESSION_LASTS, password_hash=kept)
    )
    sessions.sign_in(response, session.token)
    known_browsers.remember(request, response, user.name, _now())
    return response


async def _new_hash(request: Request, new: object, again: object, of: Credentials) -> str:
    """The hash of a password that somebody chose. Raises CruralError."""
    passwords: Passwords = request.app.state.passwords
    chosen = _text(new)
    if chosen != _text(again):
        raise CruralError(
            file="the new password",
            problem="is not the same both times",
            remedy="write it twice alike",
        )
    if await _hashing(lambda: passwords.matches(of.password_hash, chosen)):
        raise CruralError(
            file="the new password", problem="is the present one", remedy="choose another"
        )
    return await _hashing(lambda: passwords.hash(chosen, name=of.user.name))


def _choosing(request: Request, found: Credentials, then: str, problem: str = "") -> Response:
    """The page on which a password of one's own is chosen, with a ticket that lets one do so."""
    until = str(int((_now() + _TIME_TO_CHOOSE).timestamp()))
    values = {"user": found.user, "until": until, "then": then, "problem": problem}
    ticket = _ticket(request, found, until)
    status = 422 if problem else 200
    return html_of(request, "people/choose.html.jinja", ticket=ticket, status=status, **values)


def _ticket(request: Request, found: Credentials, until: str) -> str:
    # Bound to the hash: good for this password only, and no more once it is replaced.
    sessions: Sessions = request.app.state.sessions
    return sessions.keyed("choose", f"{found.user.id}:{until}:{found.password_hash}")


def _is_ticket(request: Request, found: Credentials, until: str, ticket: str) -> bool:
    right = _ticket(request, found, until)
    return (
        is_for_once(found.password_hash)
        and hmac.compare_digest(ticket.encode("utf-8", "replace"), right.encode())
        and _now().timestamp() < int(until)
    )


def _by_id(store: Store, user_id: str) -> Credentials | None:
    user = next((user for user in store.users() if user.id == user_id), None)
    return None if user is None else store.credentials(user.name)


def _page(
    request: Request,
    *,
    then: str,
    name: str = "",
    problem: str = "",
    early: TooEarlyError | None = None,
    status: int | None = None,
    ended: bool = False,
) -> Response:
    values = {"then": then, "name": name[:_LONGEST_NAME], "problem": problem, "ended": ended}
    if status is None:
        status = 200 if not problem else 401 if early is None else 429
    page = html_of(request, "people/sign_in.html.jinja", status=status, **values)
    if early is not None:
        page.headers["retry-after"] = str(early.seconds)
    elif status == 401:
        page.headers["www-authenticate"] = 'Cookie realm="crural"'
    return page


def _must_be_asked_for(request: Request) -> None:
    if not request.app.state.settings.sign_in:
        raise HTTPException(404, "Nobody signs in to this server.")


async def _hashing(work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(_HASHING, work)


def _sentence(error: CruralError) -> str:
    return f"{words.sentence(error.file)} {error.problem}. {words.sentence(error.remedy)}."


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
