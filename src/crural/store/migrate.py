"""Bringing a database to the form that this program needs, and refusing one from the future."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from crural.store import audit
from crural.store.canonical import new_id
from crural.store.database import Database
from crural.store.errors import NewerDatabaseError
from crural.store.model import Clock

STEPS: Final = Path(__file__).parent / "migrations"
# The last step; a test holds it against the folder. Asking the folder would import the tool, which
# takes longer than opening the database.
NEWEST: Final = "0005"


def migrate(database: Database, clock: Clock, *, steps: Path = STEPS, newest: str = NEWEST) -> None:
    """Take all steps that are missing, in one transaction.

    Whoever opens at the same time waits, and then finds the work done. A step that fails leaves
    the database as it was. Raises NewerDatabaseError, StoreError.
    """
    with database.read() as connection:
        if _revision(connection, database) == newest:
            return
    with database.write() as connection:
        revision = _revision(connection, database)
        if revision == newest:
            return
        _upgrade(connection, revision, steps, database.where)
        if revision is None:
            # A random name, so that no two trails can be taken for each other.
            audit.append(
                connection, at=clock(), who="crural", action="store-created", item=new_id()
            )


def _revision(connection: Connection, database: Database) -> str | None:
    """Which step the database stands at; None when it is empty."""
    there = (
        "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        if database.is_sqlite
        else "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() "
        "AND tablename = 'alembic_version'"
    )
    if connection.execute(text(there)).one_or_none() is None:
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def _upgrade(connection: Connection, revision: str | None, steps: Path, where: str) -> None:
    # Imported late: hardly any opening has a step to take.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(steps).replace("%", "%%"))
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise NewerDatabaseError(
            file=where,
            problem=f"a newer version of the program made this database (its form is {revision}); "
            "it was left as it is",
            remedy="install the newer version",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
