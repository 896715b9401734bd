"""Add captures and timestamps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "log_timestamp",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_timestamp")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "timestamp_authority",
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("tried_at", Moment(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_timestamp_authority")),
    )
    op.create_table(
        "page_capture",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("copy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("next_attempt_at", Moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("captured_at", Moment(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_page_capture_case_id_case")),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name=op.f("fk_page_capture_copy_id_copy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_capture")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_page_capture_case_id"), "page_capture", ["case_id"], unique=False)
    op.create_index(op.f("ix_page_capture_next_attempt_at"), "page_capture", ["next_attempt_at"], unique=False)
