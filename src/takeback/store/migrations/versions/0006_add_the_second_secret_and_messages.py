"""Add the second secret and messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("sender", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_to", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("opened_at", Moment(), nullable=True),
        sa.CheckConstraint("sender in ('person', 'desk')", name=op.f("ck_message_sender")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_message_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_message_case_id"), "message", ["case_id"], unique=False)
    op.add_column("case", sa.Column("ending_digest", sa.LargeBinary(), nullable=True))
    op.add_column("case", sa.Column("recovery_digest", sa.LargeBinary(), nullable=True))
    op.create_index("ix_case_ending_digest", "case", ["ending_digest"], unique=True)
    op.create_index("ix_case_recovery_digest", "case", ["recovery_digest"], unique=False)
