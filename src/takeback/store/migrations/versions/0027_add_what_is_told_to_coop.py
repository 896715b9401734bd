"""Add what is told to Coop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "coop_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("copy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Moment(), nullable=True),
        sa.Column("told_at", Moment(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("word", sa.String(length=16), nullable=True),
        sa.Column("word_by", sa.String(length=100), nullable=True),
        sa.Column("word_at", Moment(), nullable=True),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'told', 'failed')", name=op.f("ck_coop_report_state")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_coop_report_case_id_case")),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name=op.f("fk_coop_report_copy_id_copy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_report")),
        sa.UniqueConstraint("public_id", name=op.f("uq_coop_report_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_coop_report_case_id"), "coop_report", ["case_id"], unique=False)
    op.create_index(op.f("ix_coop_report_copy_id"), "coop_report", ["copy_id"], unique=False)
    op.create_index(op.f("ix_coop_report_next_attempt_at"), "coop_report", ["next_attempt_at"], unique=False)
    op.create_table(
        "coop_word",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["coop_report.id"], name=op.f("fk_coop_word_report_id_coop_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coop_word")),
        sa.UniqueConstraint("report_id", "digest", name=op.f("uq_coop_word_report_id_digest")),
        sqlite_autoincrement=True,
    )
