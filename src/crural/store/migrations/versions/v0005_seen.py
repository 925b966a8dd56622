"""When a session was last used, so that it ends when nobody is there any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add it. Of sessions that are there already only the start is known."""
    op.add_column("sessions", sa.Column("seen_at", sa.String(27)))
