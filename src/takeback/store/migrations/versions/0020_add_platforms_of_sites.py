"""Add platforms of sites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Apply."""
    op.add_column("site", sa.Column("platform", sa.String(length=20), server_default="webhook", nullable=False))
    op.add_column("site", sa.Column("api_url", sa.Text(), nullable=True))
    op.add_column("site", sa.Column("sealed_token", sa.LargeBinary(), nullable=True))
