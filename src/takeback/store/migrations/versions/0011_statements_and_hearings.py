"""Statements and hearings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "hearing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("about", sa.String(length=8), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("opened_by", sa.String(length=100), nullable=False),
        sa.Column("until_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("elements", sa.JSON(), nullable=False),
        sa.Column("sealed_summary", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("is_upheld", sa.Boolean(), nullable=True),
        sa.CheckConstraint("about in ('contest', 'refusal')", name=op.f("ck_hearing_about")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_hearing_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing")),
        sa.UniqueConstraint("public_id", name=op.f("uq_hearing_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_hearing_case_id"), "hearing", ["case_id"], unique=False)
    op.create_table(
        "recusal",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_recusal_case_id_case")),
        sa.PrimaryKeyConstraint("case_id", "actor", name=op.f("pk_recusal")),
    )
    op.add_column("copy", sa.Column("decided_how", sa.String(length=12), nullable=True))
    op.add_column("copy", sa.Column("contested_at", Moment(), nullable=True))
    op.add_column("copy", sa.Column("answer", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("copy", sa.Column("contest_digest", sa.LargeBinary(), nullable=True))
    op.add_column("copy", sa.Column("hearing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
    op.create_index("ix_copy_contest_digest", "copy", ["contest_digest"], unique=True)
    op.create_index("ix_copy_hearing_id", "copy", ["hearing_id"], unique=False)
