"""Add instances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "instance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("sends", sa.Boolean(), nullable=False),
        sa.Column("accepts", sa.Boolean(), nullable=False),
        sa.Column("bank_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.Column("next_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_instance_bank_id_bank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
        sa.UniqueConstraint("name", name=op.f("uq_instance_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_instance_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_instance_key_id"), "instance", ["key_id"], unique=False)
    op.create_table(
        "forwarded_digest",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_forwarded_digest_entry_id_entry")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_forwarded_digest")),
    )
    op.create_table(
        "forwarding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("instance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("chosen_at", Moment(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=True),
        sa.Column("confirmed", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_at", Moment(), nullable=True),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.Column("next_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_forwarding_case_id_case")),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_forwarding_instance_id_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forwarding")),
        sa.UniqueConstraint("case_id", "instance_id", name=op.f("uq_forwarding_case_id_instance_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_forwarding_reference")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_forwarding_case_id"), "forwarding", ["case_id"], unique=False)
    op.create_index(op.f("ix_forwarding_next_at"), "forwarding", ["next_at"], unique=False)
    op.create_table(
        "instance_nonce",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("instance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_instance_nonce_instance_id_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance_nonce")),
        sa.UniqueConstraint("instance_id", "nonce", name=op.f("uq_instance_nonce_instance_id_nonce")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_instance_nonce_instance_id_at", "instance_nonce", ["instance_id", "at"], unique=False)
    op.create_table(
        "received_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("instance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("laws", sa.JSON(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_received_notice_instance_id_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_notice")),
        sa.UniqueConstraint("instance_id", "reference", name=op.f("uq_received_notice_instance_id_reference")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_received_notice_asked_at"), "received_notice", ["asked_at"], unique=False)
