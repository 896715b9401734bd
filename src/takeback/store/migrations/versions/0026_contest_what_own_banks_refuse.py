"""What the operator's own banks refuse can be contested: who put an entry in, and refused uploads of no case yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Apply."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("case", sa.Column("own_bank_id", number, nullable=True))
    op.add_column("entry", sa.Column("added_by", sa.String(length=100), nullable=True))
    with op.batch_alter_table("refused_upload", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column("case_id", existing_type=number, nullable=True)
