"""Add alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "alert_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Moment(), nullable=True),
        sa.Column("delivered_at", Moment(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_message")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alert_message_next_attempt_at"), "alert_message", ["next_attempt_at"], unique=False)
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("deadline_at", Moment(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("raised_at", Moment(), nullable=False),
        sa.CheckConstraint("stage in ('half', 'twelve_hours', 'two_hours', 'late')", name=op.f("ck_alert_stage")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_alert_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("case_id", "deadline_at", "stage", name="uq_alert"),
        sqlite_autoincrement=True,
    )
