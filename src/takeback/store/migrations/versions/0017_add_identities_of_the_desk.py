"""Add identities of the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "desk_identity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["desk_person.id"], name=op.f("fk_desk_identity_person_id_desk_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_identity")),
        sa.UniqueConstraint("issuer", "subject", name="uq_desk_identity_subject"),
        sa.UniqueConstraint("person_id", "issuer", name="uq_desk_identity_person"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "desk_errand",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("invitation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["desk_invitation.id"],
            name=op.f("fk_desk_errand_invitation_id_desk_invitation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["desk_session.id"], name=op.f("fk_desk_errand_session_id_desk_session"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_errand")),
        sa.UniqueConstraint("digest", name=op.f("uq_desk_errand_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_desk_errand_expires_at"), "desk_errand", ["expires_at"], unique=False)
    op.create_index(op.f("ix_desk_errand_invitation_id"), "desk_errand", ["invitation_id"], unique=False)
    op.create_index(op.f("ix_desk_errand_session_id"), "desk_errand", ["session_id"], unique=False)
    op.add_column("desk_session", sa.Column("identity_id", sa.BigInteger(), nullable=True))
