"""Opening the database from the command line, for the commands that look after it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from crural.errors import CruralError

if TYPE_CHECKING:
    from crural.store import Store

# What the audit trail says of whoever sits at the machine itself.
WHO = "command-line"

database_option = click.option(
    "--database",
    default=None,
    help="A URL.  [default: what CRURAL_DATABASE names, or a file in the user's data folder]",
)


def opened(database: str | None) -> Store:
    """The store; the caller closes it. Raises StoreError; CruralError when it is not installed."""
    try:
        from crural.store import Store  # noqa: PLC0415
    except ImportError as error:
        raise not_installed(error) from error
    return Store(database or os.environ.get("CRURAL_DATABASE") or None)


def not_installed(error: ImportError) -> CruralError:
    """The packages of the web application are missing."""
    return CruralError(
        file="crural",
        problem=f"the web application is not installed ({error.name} is missing)",
        remedy="pip install 'crural[web]'",
    )
