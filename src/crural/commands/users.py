"""`crural users`: who may sign in, looked after from the machine itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from crural.commands.opening import WHO, database_option, not_installed, opened
from crural.errors import CruralError

if TYPE_CHECKING:
    from crural.store import Role, Store, User

ROLES = ("clinician", "viewer", "admin")


@click.group()
def users() -> None:
    """Look after the people who may sign in to the web application."""


@users.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="clinician", show_default=True)
@database_option
def add(name: str, role: Role, database: str | None) -> None:
    """Add the user NAME. The password is asked for, or read from standard input."""
    with opened(database) as store:
        made = store.add_user(name, role, _hash_of_new(name), who=WHO)
    click.echo(f"{made.name} was added ({made.role}).")


@users.command("list")
@database_option
def list_(database: str | None) -> None:
    """List all users."""
    with opened(database) as store:
        every = store.users()
    if not every:
        click.echo("There are no users yet: crural users add NAME --role admin")
    for user in every:
        state = "active" if user.active else "not active"
        click.echo(f"{user.name}\t{user.role}\t{state}\tsince {user.added_at.date()}")


@users.command("password")
@click.argument("name")
@database_option
def password(name: str, database: str | None) -> None:
    """Give the user NAME another password, asked for or read from standard input."""
    with opened(database) as store:
        found = _named(store, name)
        store.set_password(found.id, _hash_of_new(found.name), who=WHO)
    click.echo(f"{found.name} has another password, and is signed out everywhere.")


@users.command("deactivate")
@click.argument("name")
@database_option
def deactivate(name: str, database: str | None) -> None:
    """Let the user NAME sign in no more. What the audit trail says of them stays."""
    with opened(database) as store:
        found = _named(store, name)
        store.change_user(found.id, active=False, who=WHO)
    click.echo(f"{found.name} can sign in no more, and is signed out everywhere.")


@users.command("activate")
@click.argument("name")
@database_option
def activate(name: str, database: str | None) -> None:
    """Let the user NAME sign in again."""
    with opened(database) as store:
        found = _named(store, name)
        store.change_user(found.id, active=True, who=WHO)
    click.echo(f"{found.name} can sign in again.")


def _named(store: Store, name: str) -> User:
    from crural.store.asked import search_key  # noqa: PLC0415

    key = search_key(name.strip())
    found = next((one for one in store.users() if search_key(one.name) == key), None)
    if found is None:
        raise CruralError(
            file="command line",
            field="name",
            problem=f"there is no user {name}",
            remedy="look at `crural users list`",
        )
    return found


def _hash_of_new(name: str) -> str:
    """The hash of a password that is typed, or sent to standard input: never an argument, which
    every user of the machine can read."""
    try:
        from crural.web.people.passwords import Passwords  # noqa: PLC0415
    except ImportError as error:
        raise not_installed(error) from error
    if sys.stdin.isatty():
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    return Passwords().hash(str(given), name=name)
