"""Assessments in work, so that they survive a restart and are shared by several servers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of drafts and of the steps that led to them."""
    op.create_table(
        "drafts",
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("desk", sa.String(64), primary_key=True),
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patients.id")),
        sa.Column("based_on", sa.Integer),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("saved_mark", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("tab", sa.String(64), nullable=False),
        sa.Column("touched_at", sa.String(27), nullable=False),
    )
    op.create_index("ix_drafts_patient_id", "drafts", ["patient_id"])
    op.create_index("ix_drafts_touched_at", "drafts", ["touched_at"])
    op.create_table(
        "draft_steps",
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("desk", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["who", "desk"], ["drafts.who", "drafts.desk"]),
    )
