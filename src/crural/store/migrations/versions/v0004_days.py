"""The days on which people worked, so that the clock alone does not decide which drafts are old."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table. Drafts that are there already were touched before the first day in it."""
    op.create_table(
        "days",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False, unique=True),
    )
    op.add_column(
        "drafts", sa.Column("touched_day", sa.Integer, nullable=False, server_default="0")
    )
