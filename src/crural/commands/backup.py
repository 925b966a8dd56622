"""`crural backup`: a copy of everything that is kept, while work goes on."""

from __future__ import annotations

from pathlib import Path

import click

from crural.commands.opening import WHO, database_option, opened
from crural.errors import CruralError


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@database_option
def backup(file: Path, database: str | None) -> None:
    """Copy the database to the new FILE while others go on working (SQLite)."""
    with opened(database) as store:
        head = store.audit_head()
        store.back_up(file)
        try:
            store.note("backup-made", who=WHO)
        except CruralError as error:
            # When the disk is full the copy is needed most.
            click.echo(f"WARNING: the audit trail does not say so: {error}", err=True)
    click.echo(f"Copied to {file}. The audit trail ends at {head.seq}:{head.hash} or later.")
