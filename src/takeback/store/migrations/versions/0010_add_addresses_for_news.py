"""Add addresses for news."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "news_address",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("question_digest", sa.LargeBinary(), nullable=True),
        sa.Column("stop_digest", sa.LargeBinary(), nullable=True),
        sa.Column("tag_digest", sa.LargeBinary(), nullable=True),
        sa.Column("given_at", Moment(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=True),
        sa.Column("news_at", Moment(), nullable=True),
        sa.Column("mailed_at", Moment(), nullable=True),
        sa.Column("looked_at", Moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state in ('unconfirmed', 'confirmed', 'bounced', 'ended')", name=op.f("ck_news_address_state")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_news_address_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news_address")),
        sa.UniqueConstraint("public_id", name=op.f("uq_news_address_public_id")),
        sa.UniqueConstraint("question_digest", name=op.f("uq_news_address_question_digest")),
        sa.UniqueConstraint("stop_digest", name=op.f("uq_news_address_stop_digest")),
        sa.UniqueConstraint("tag_digest", name=op.f("uq_news_address_tag_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_news_address_case_id"), "news_address", ["case_id"], unique=False)
    op.create_index("ix_news_address_state", "news_address", ["state"], unique=False)
