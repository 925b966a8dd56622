"""The first form of the database: tables, and triggers that seal the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# "CRUR": tells a database of ours from any other SQLite file.
_APPLICATION_ID = 0x43525552

_SQLITE = (
    f"PRAGMA application_id = {_APPLICATION_ID}",
    """
    CREATE TRIGGER audit_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever added to'); END
    """,
    """
    CREATE TRIGGER audit_not_removed BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever added to'); END
    """,
    # Also stops INSERT OR REPLACE, which removes a row without asking the trigger above.
    """
    CREATE TRIGGER audit_follows_on BEFORE INSERT ON audit
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever added to'); END
    """,
    """
    CREATE TRIGGER versions_not_changed BEFORE UPDATE ON versions
    BEGIN SELECT RAISE(ABORT, 'a saved version never changes'); END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION audit_sealed() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit trail is only ever added to'; END $$
    """,
    """
    CREATE TRIGGER audit_not_changed BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_sealed()
    """,
    """
    CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_sealed()
    """,
    """
    CREATE FUNCTION audit_follows_on() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit) THEN
        RAISE EXCEPTION 'the audit trail is only ever added to';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER audit_follows_on BEFORE INSERT ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_follows_on()
    """,
    """
    CREATE FUNCTION version_sealed() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a saved version never changes'; END $$
    """,
    """
    CREATE TRIGGER versions_not_changed BEFORE UPDATE ON versions
    FOR EACH ROW EXECUTE FUNCTION version_sealed()
    """,
)


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "users",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token_digest", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(64), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=False),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "patients",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("label_key", sa.Text, nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("newest", sa.Integer, nullable=False),
        sa.Column("changed_seq", sa.Integer, nullable=False, unique=True),
        sa.Column("salt", sa.String(64), nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patients.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("restores", sa.Integer),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
    )
    op.create_table(
        "diary",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patients.id"), nullable=False),
        sa.Column("at", sa.String(16), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("saved_at", sa.String(27), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.UniqueConstraint("patient_id", "at", name="diary_one_entry_per_time"),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("patient_id", sa.String(64)),
        sa.Column("item", sa.String(64)),
        sa.Column("digest", sa.String(64)),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )
    op.create_index("audit_of_patient", "audit", ["patient_id", "seq"])
    op.create_table("erasures", sa.Column("patient_id", sa.String(64), primary_key=True))
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(statement)
