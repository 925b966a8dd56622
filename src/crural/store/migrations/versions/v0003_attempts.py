"""Attempts to sign in, counted so that guessing passwords takes ever longer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("of", sa.String(64), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )
    op.create_index("attempts_of", "attempts", ["of", "at"])
