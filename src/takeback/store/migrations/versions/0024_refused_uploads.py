"""Add refused uploads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "refused_upload",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("day", Moment(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("contest_digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_grounds", sa.LargeBinary(), nullable=True),
        sa.Column("contested_at", Moment(), nullable=True),
        sa.Column("deadline_at", Moment(), nullable=True),
        sa.Column("hearing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_refused_upload_case_id_case")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_refused_upload_entry_id_entry")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_refused_upload_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_upload")),
        sa.UniqueConstraint("contest_digest", name=op.f("uq_refused_upload_contest_digest")),
        sa.UniqueConstraint("entry_id", "place", "day", name=op.f("uq_refused_upload_entry_id_place_day")),
        sa.UniqueConstraint("public_id", name=op.f("uq_refused_upload_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_refused_upload_at"), "refused_upload", ["at"], unique=False)
    op.create_index(op.f("ix_refused_upload_case_id"), "refused_upload", ["case_id"], unique=False)
    op.create_index(op.f("ix_refused_upload_hearing_id"), "refused_upload", ["hearing_id"], unique=False)
