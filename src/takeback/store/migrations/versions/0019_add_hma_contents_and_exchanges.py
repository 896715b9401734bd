"""Add what HMA's interface keeps: numbers of contents, exchanges, banks that are off or gone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "hma_api",
        sa.Column("api", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("sealed_credentials", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("api", name=op.f("pk_hma_api")),
    )
    op.create_table(
        "hma_exchange",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("bank_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("api", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=True),
        sa.Column("sealed_credentials", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_hma_exchange_bank_id_bank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hma_exchange")),
        sa.UniqueConstraint("bank_id", name=op.f("uq_hma_exchange_bank_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hma_content",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=True),
        sa.Column("origin_number", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_hma_content_entry_id_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hma_content")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_hma_content_entry_id")),
        sa.UniqueConstraint("origin", "origin_number", name=op.f("uq_hma_content_origin_origin_number")),
        sqlite_autoincrement=True,
    )
    op.add_column("bank", sa.Column("enabled_ratio", sa.Float(), server_default="1", nullable=False))
    op.add_column("bank", sa.Column("removed_at", Moment(), nullable=True))
    op.add_column("entry", sa.Column("counts_from", Moment(), nullable=True))
