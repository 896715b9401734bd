"""Seal links to other sites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    op.add_column("copy", sa.Column("sealed_url", sa.LargeBinary(), nullable=True))
