"""Where an altered copy was changed, and stored items that may be one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.add_column("copy", sa.Column("changed", sa.JSON(), nullable=True))
    id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "suspicion",
        sa.Column("id", id_type, autoincrement=True, nullable=False),
        sa.Column("entry_id", id_type, nullable=False),
        sa.Column("item_id", id_type, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("look_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_suspicion_entry_id_entry")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_suspicion_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspicion")),
        sa.UniqueConstraint("entry_id", "item_id", name=op.f("uq_suspicion_entry_id_item_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_suspicion_item_id"), "suspicion", ["item_id"])
    op.create_index(op.f("ix_suspicion_look_at"), "suspicion", ["look_at"])
