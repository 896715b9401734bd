"""Add the quarantine, and measures that are lifted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("copy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("item_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("file_name", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("next_attempt_at", Moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("kept_at", Moment(), nullable=True),
        sa.Column("over_at", Moment(), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'asked', 'kept', 'waived')", name=op.f("ck_quarantine_state")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_quarantine_case_id_case")),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name=op.f("fk_quarantine_copy_id_copy")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_quarantine_outbox_id_outbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("file_name", name=op.f("uq_quarantine_file_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_quarantine_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_quarantine_case_id"), "quarantine", ["case_id"], unique=False)
    op.create_index(op.f("ix_quarantine_copy_id"), "quarantine", ["copy_id"], unique=False)
    op.create_index(op.f("ix_quarantine_item_key"), "quarantine", ["item_key"], unique=False)
    op.create_index(op.f("ix_quarantine_next_attempt_at"), "quarantine", ["next_attempt_at"], unique=False)
    op.create_index(op.f("ix_quarantine_outbox_id"), "quarantine", ["outbox_id"], unique=False)
    op.create_index("ix_quarantine_over_at_state", "quarantine", ["over_at", "state"], unique=False)
    op.add_column("site", sa.Column("quarantine", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("account_measure", sa.Column("lifted_at", Moment(), nullable=True))
    op.add_column("account_measure", sa.Column("lifted_by", sa.String(length=100), nullable=True))
