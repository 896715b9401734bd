"""Where an altered copy was changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.add_column("copy", sa.Column("changed", sa.JSON(), nullable=True))
