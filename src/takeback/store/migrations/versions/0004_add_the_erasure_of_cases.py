"""Add the erasure of cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    op.add_column("case", sa.Column("erase_at", Moment(), nullable=True))
    op.add_column("case", sa.Column("erased_at", Moment(), nullable=True))
