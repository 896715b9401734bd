"""Add the cap of holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Apply."""
    op.add_column("case", sa.Column("source_digest", sa.LargeBinary(), nullable=True))
    op.add_column("case", sa.Column("capped_at", Moment(), nullable=True))
    op.create_index("ix_case_source_digest", "case", ["source_digest"], unique=False)
    op.create_index("ix_case_capped_at", "case", ["capped_at"], unique=False)
