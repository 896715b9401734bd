"""Add looks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "look",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("copy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("cleared_at", Moment(), nullable=True),
        sa.Column("found", sa.String(length=16), nullable=True),
        sa.CheckConstraint("found in ('covered', 'something_else', 'unclear')", name=op.f("ck_look_found")),
        sa.CheckConstraint(
            "reason in ('finding', 'likeness', 'contest', 'second_reading')", name=op.f("ck_look_reason")
        ),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name=op.f("fk_look_copy_id_copy")),
        sa.ForeignKeyConstraint(["person_id"], ["desk_person.id"], name=op.f("fk_look_person_id_desk_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look")),
        sa.UniqueConstraint("public_id", name=op.f("uq_look_public_id")),
        sa.UniqueConstraint("token", name=op.f("uq_look_token")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_look_copy_id"), "look", ["copy_id"], unique=False)
    op.create_index("ix_look_person_id_at", "look", ["person_id", "at"], unique=False)
    op.add_column("desk_person", sa.Column("looks_a_day", sa.Integer(), nullable=True))
    op.add_column("desk_person", sa.Column("looks_away_from", sa.JSON(none_as_null=True), nullable=True))
    op.create_index("ix_copy_decided_at", "copy", ["decided_at"], unique=False)
