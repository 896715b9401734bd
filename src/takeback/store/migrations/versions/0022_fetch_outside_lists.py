"""Fetch outside lists: what HMA's clients set up becomes an exchange, with records, a place, and words to tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from takeback.store.tables import Moment

revision = "0022"
down_revision = "0021"

_KEPT = "id, bank_id, api, enabled, config, key_id, sealed_credentials, created_at"


def upgrade() -> None:
    """Apply."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "exchange_account",
        sa.Column("api", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("sealed_credentials", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("api", name=op.f("pk_exchange_account")),
    )
    op.create_table(
        "exchange",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("bank_id", number, nullable=False),
        sa.Column("api", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=True),
        sa.Column("sealed_credentials", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("laws", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("holds", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("of_minors", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("report_to", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("marks", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("began_at", Moment(), nullable=True),
        sa.Column("fetched_at", Moment(), nullable=True),
        sa.Column("complete_at", Moment(), nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", Moment(), nullable=True),
        sa.Column("swept_id", number, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_exchange_bank_id_bank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange")),
        sa.UniqueConstraint("bank_id", name=op.f("uq_exchange_bank_id")),
        sqlite_autoincrement=True,
    )
    op.execute(f"insert into exchange ({_KEPT}) select {_KEPT} from hma_exchange")  # noqa: S608 (names of columns)
    op.execute("update exchange set of_minors = 1 where api = 'ncmec'")
    op.execute("insert into exchange_account select api, key_id, sealed_credentials from hma_api")
    op.drop_table("hma_exchange")
    op.drop_table("hma_api")
    op.create_table(
        "exchange_record",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("exchange_id", number, nullable=False),
        sa.Column("keyed", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("standing", sa.String(length=8), nullable=False),
        sa.Column("entry_id", number, nullable=True),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=True),
        sa.Column("why", sa.String(length=100), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_exchange_record_entry_id_entry")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_exchange_record_exchange_id_exchange")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_record")),
        sa.UniqueConstraint("exchange_id", "keyed", name=op.f("uq_exchange_record_exchange_id_keyed")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_exchange_record_entry_id"), "exchange_record", ["entry_id"], unique=False)
    op.create_table(
        "exchange_word",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("exchange_id", number, nullable=False),
        sa.Column("entry_id", number, nullable=False),
        sa.Column("word", sa.String(length=12), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_exchange_word_entry_id_entry")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_exchange_word_exchange_id_exchange")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_word")),
        sa.UniqueConstraint("exchange_id", "entry_id", name=op.f("uq_exchange_word_exchange_id_entry_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exchange_word_exchange_id_next_at", "exchange_word", ["exchange_id", "next_at"], unique=False)
    op.add_column("change", sa.Column("last_owner_id", sa.BigInteger(), nullable=True))
    op.add_column("case", sa.Column("list_id", number, nullable=True))
