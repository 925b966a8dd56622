"""Which database: SQLite in the user's data directory, unless told otherwise."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from crural.store.errors import UnreachableError

FILE_NAME = "crural.sqlite3"
_REMEDY = "write sqlite:////folder/file.sqlite3 or postgresql://user@host/database"


def default_url() -> URL:
    """The file in the user's data directory (on Linux ~/.local/share/crural)."""
    return sqlite_url(user_data_path("crural", appauthor=False) / FILE_NAME)


def sqlite_url(path: Path) -> URL:
    """The URL of an SQLite file."""
    return URL.create("sqlite", database=str(path.absolute()))


def parsed(url: str | URL | Path | None) -> URL:
    """The URL with its driver filled in. Raises UnreachableError, never showing a password."""
    if url is None:
        return default_url()
    if isinstance(url, Path):
        return sqlite_url(url)
    try:
        made = make_url(url)
    except (ArgumentError, ValueError):
        raise UnreachableError(
            file="database", problem="this is no database URL", remedy=_REMEDY
        ) from None
    if made.drivername == "sqlite" and made.database not in (None, "", ":memory:"):
        return sqlite_url(Path(str(made.database)).expanduser())
    if made.drivername in ("postgresql", "postgresql+psycopg") and made.database:
        return made.set(drivername="postgresql+psycopg")
    raise UnreachableError(
        file=shown(made),
        problem="this database cannot be used, or no name is given",
        remedy=_REMEDY,
    )


def shown(url: URL) -> str:
    """The database's name for messages: a path, or the URL without its password."""
    if url.get_backend_name() == "sqlite" and url.database:
        return url.database
    return url.set(query={}).render_as_string(hide_password=True)
