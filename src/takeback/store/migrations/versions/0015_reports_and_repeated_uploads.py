"""Reports and repeated uploads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tally",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("law", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("part", sa.String(length=100), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "law", "name", "part", name=op.f("pk_tally")),
    )
    op.create_table(
        "account_measure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("until_at", Moment(), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind in ('warning', 'suspension')", name=op.f("ck_account_measure_kind")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_account_measure_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_measure")),
        sa.UniqueConstraint("public_id", name=op.f("uq_account_measure_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_account_measure_at"), "account_measure", ["at"], unique=False)
    op.create_index("ix_account_measure_site_id_account", "account_measure", ["site_id", "account"], unique=False)
    op.create_table(
        "account_removal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("copy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("posted_at", Moment(), nullable=True),
        sa.Column("removed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["copy_id"], ["copy.id"], name=op.f("fk_account_removal_copy_id_copy"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_account_removal_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_removal")),
        sa.UniqueConstraint("copy_id", name=op.f("uq_account_removal_copy_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_account_removal_removed_at"), "account_removal", ["removed_at"], unique=False)
    op.create_index("ix_account_removal_site_id_account", "account_removal", ["site_id", "account"], unique=False)
