"""Views, descriptors and local features, and the thresholds at which they match."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply; banks that are there get the calibrated thresholds of this release."""
    thresholds = (
        ("same_similarity", sa.Float(), "0.9"),
        ("possible_similarity", sa.Float(), "0.4"),
        ("same_inliers", sa.Integer(), "12"),
        ("possible_inliers", sa.Integer(), "6"),
    )
    for name, kind, value in thresholds:
        op.add_column("bank", sa.Column(name, kind, nullable=False, server_default=value))
    op.add_column("entry", sa.Column("quarantined_at", Moment(), nullable=True))
    op.create_table(
        "sighting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("keyed", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_sighting_entry_id_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
        sa.UniqueConstraint("entry_id", "keyed", name=op.f("uq_sighting_entry_id_keyed")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sighting_entry_id_at", "sighting", ["entry_id", "at"])
    op.add_column("copy", sa.Column("view", sa.String(length=12), nullable=True))
    op.add_column("copy", sa.Column("similarity", sa.Float(), nullable=True))
    op.add_column("copy", sa.Column("inliers", sa.Integer(), nullable=True))
    op.add_column("copy", sa.Column("place", sa.JSON(), nullable=True))
    op.add_column("fingerprint", sa.Column("view", sa.String(length=12), nullable=True))
    op.add_column("fingerprint", sa.Column("model", sa.String(length=16), nullable=True))
