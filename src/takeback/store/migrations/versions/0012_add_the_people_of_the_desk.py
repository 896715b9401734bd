"""Add the people of the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "desk_person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False),
        sa.Column("desk_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("left_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["desk_key_id"], ["desk_key.id"], name=op.f("fk_desk_person_desk_key_id_desk_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_person")),
        sa.UniqueConstraint("handle", name=op.f("uq_desk_person_handle")),
        sa.UniqueConstraint("public_id", name=op.f("uq_desk_person_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "desk_invitation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["desk_person.id"], name=op.f("fk_desk_invitation_person_id_desk_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_invitation")),
        sa.UniqueConstraint("digest", name=op.f("uq_desk_invitation_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_desk_invitation_person_id"), "desk_invitation", ["person_id"], unique=False)
    op.create_table(
        "desk_passkey",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["desk_person.id"], name=op.f("fk_desk_passkey_person_id_desk_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_desk_passkey_credential_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_desk_passkey_person_id"), "desk_passkey", ["person_id"], unique=False)
    op.create_table(
        "desk_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["desk_person.id"], name=op.f("fk_desk_session_person_id_desk_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_desk_session_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_desk_session_person_id"), "desk_session", ["person_id"], unique=False)
    op.create_table(
        "desk_challenge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("invitation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["desk_invitation.id"],
            name=op.f("fk_desk_challenge_invitation_id_desk_invitation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_challenge")),
        sa.UniqueConstraint("digest", name=op.f("uq_desk_challenge_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_desk_challenge_expires_at"), "desk_challenge", ["expires_at"], unique=False)
    op.create_index(op.f("ix_desk_challenge_invitation_id"), "desk_challenge", ["invitation_id"], unique=False)
