"""Add partners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "partner",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=False),
        sa.Column("submits", sa.Boolean(), nullable=False),
        sa.Column("bank_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("minute_at", Moment(), nullable=True),
        sa.Column("minute_asked", sa.Integer(), nullable=False),
        sa.Column("stopped_until", Moment(), nullable=True),
        sa.Column("list_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_partner_bank_id_bank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("name", name=op.f("uq_partner_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_partner_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "partner_bank",
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bank_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("use", sa.String(length=8), nullable=False),
        sa.CheckConstraint("use in ('match', 'share')", name=op.f("ck_partner_bank_use")),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_partner_bank_bank_id_bank")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_bank_partner_id_partner")),
        sa.PrimaryKeyConstraint("partner_id", "bank_id", "use", name=op.f("pk_partner_bank")),
    )
    op.create_table(
        "partner_day",
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("submitted", sa.Integer(), nullable=False),
        sa.Column("feedback", sa.Integer(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("told_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_day_partner_id_partner")),
        sa.PrimaryKeyConstraint("partner_id", "day", name=op.f("pk_partner_day")),
    )
    op.create_table(
        "partner_feedback",
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("value", sa.String(length=16), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_partner_feedback_entry_id_entry")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_feedback_partner_id_partner")),
        sa.PrimaryKeyConstraint("partner_id", "entry_id", name=op.f("pk_partner_feedback")),
    )
    op.create_table(
        "partner_near",
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("keyed", sa.LargeBinary(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("since_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_near_partner_id_partner")),
        sa.PrimaryKeyConstraint("partner_id", "keyed", name=op.f("pk_partner_near")),
    )
    op.create_index(op.f("ix_partner_near_since_at"), "partner_near", ["since_at"], unique=False)
    op.create_table(
        "partner_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fingerprint_id", sa.BigInteger(), nullable=False),
        sa.Column("keyed", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("gone_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_partner_record_entry_id_entry")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_record_partner_id_partner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_record")),
        sa.UniqueConstraint("partner_id", "fingerprint_id", name="uq_partner_record_fingerprint"),
        sa.UniqueConstraint("public_id", name=op.f("uq_partner_record_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_partner_record_entry_id"), "partner_record", ["entry_id"], unique=False)
    op.create_index(op.f("ix_partner_record_gone_at"), "partner_record", ["gone_at"], unique=False)
    op.create_index("ix_partner_record_partner_id_keyed", "partner_record", ["partner_id", "keyed"], unique=False)
    op.create_index("ix_partner_record_partner_id_seq", "partner_record", ["partner_id", "seq"], unique=True)
    op.create_table(
        "partner_submission",
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("keyed", sa.LargeBinary(), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_partner_submission_entry_id_entry")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_submission_partner_id_partner")),
        sa.PrimaryKeyConstraint("partner_id", "keyed", name=op.f("pk_partner_submission")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_partner_submission_entry_id")),
    )
    with op.batch_alter_table("api_key", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch.create_foreign_key(op.f("fk_api_key_partner_id_partner"), "partner", ["partner_id"], ["id"])
        batch.create_index(op.f("ix_api_key_partner_id"), ["partner_id"], unique=False)
