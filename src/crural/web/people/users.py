"""The page on which administrators look after users."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final, cast, get_args

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from crural.report import words
from crural.store import NotFoundError, Role, Store, StoreError, TakenError, User
from crural.store.asked import search_key
from crural.web.people.passwords import Passwords, generated
from crural.web.person import Admin
from crural.web.security import CheckedForm
from crural.web.showing import html_of, when

router = APIRouter(include_in_schema=False)

# One that was never used would otherwise open the account years later.
ONCE_LASTS: Final = dt.timedelta(days=7)
ROLES = {
    "clinician": "sees and changes patients",
    "viewer": "sees patients, changes nothing",
    "admin": "as a clinician, and looks after users and the audit trail",
}


def key_of(name: str) -> str:
    """A name as it is compared with others."""
    return search_key(name.strip())


@router.get("/users")
def users_page(request: Request, who: Admin) -> Response:
    """All users."""
    del who
    return _page(request)


@router.post("/users/add")
def add(request: Request, form: CheckedForm, who: Admin) -> Response:
    """A new user, with a password for once that is shown this one time."""
    store, passwords = _rooms(request)
    name, role = _text(form.get("name")), _role(form.get("role"))
    password, until = generated(), _runs_out()
    try:
        user = store.add_user(name, role, passwords.hash(password, once_until=until), who=who.id)
    except StoreError as error:
        return _refused(request, error)
    return _handed_out(request, user, password, until, is_new=True)


@router.post("/users/{user}/role")
def change_role(request: Request, form: CheckedForm, who: Admin, user: str) -> Response:
    """Another role."""
    role = _role(form.get("role"))
    return _changed(request, lambda store: store.change_user(user, role=role, who=who.id))


@router.post("/users/{user}/deactivate")
def deactivate(request: Request, form: CheckedForm, who: Admin, user: str) -> Response:
    """Nobody signs in as this user any more, and whoever has is signed out."""
    del form
    return _changed(request, lambda store: store.change_user(user, active=False, who=who.id))


@router.post("/users/{user}/activate")
def activate(request: Request, form: CheckedForm, who: Admin, user: str) -> Response:
    """Let a user in again."""
    del form
    return _changed(request, lambda store: store.change_user(user, active=True, who=who.id))


@router.post("/users/{user}/password")
def reset_password(request: Request, form: CheckedForm, who: Admin, user: str) -> Response:
    """A new password for once, shown this one time; the user is signed out everywhere."""
    del form
    store, passwords = _rooms(request)
    found = store.user(user)
    password, until = generated(), _runs_out()
    store.set_password(found.id, passwords.hash(password, once_until=until), who=who.id)
    return _handed_out(request, found, password, until, is_new=False)


def _handed_out(
    request: Request, user: User, password: str, until: dt.datetime, *, is_new: bool
) -> Response:
    return html_of(
        request,
        "people/user_password.html.jinja",
        user=user,
        password=password,
        until=when(until),
        is_new=is_new,
    )


def _runs_out() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + ONCE_LASTS


def _changed(request: Request, change: Callable[[Store], object]) -> Response:
    store, _ = _rooms(request)
    try:
        change(store)
    except StoreError as error:
        return _refused(request, error)
    return RedirectResponse("/users", status_code=303)


def _refused(request: Request, error: StoreError) -> Response:
    """The page again, saying what was wrong with the form. Raises what the form is not to blame
    for."""
    if isinstance(error, NotFoundError) or not (isinstance(error, TakenError) or error.field):
        raise error
    said = f"{words.sentence(error.problem)}. {words.sentence(error.remedy)}."
    return _page(request, said, 409 if isinstance(error, TakenError) else 422)


def _page(request: Request, problem: str = "", status: int = 200) -> Response:
    store, _ = _rooms(request)
    values = {"users": store.users(), "roles": ROLES, "problem": problem}
    return html_of(request, "people/users.html.jinja", status, **values)


def _rooms(request: Request) -> tuple[Store, Passwords]:
    return request.app.state.store, request.app.state.passwords


def _role(value: object) -> Role:
    if value not in get_args(Role):
        raise HTTPException(422, "There is no such role.")
    return cast(Role, value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
