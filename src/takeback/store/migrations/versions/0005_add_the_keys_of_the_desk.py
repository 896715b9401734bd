"""Add the keys of the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "desk_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("recipient", sa.String(length=100), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("retired_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_desk_key_public_id")),
        sa.UniqueConstraint("recipient", name=op.f("uq_desk_key_recipient")),
        sqlite_autoincrement=True,
    )
    op.add_column("case", sa.Column("sealed_to", sa.JSON(none_as_null=True), nullable=True))
