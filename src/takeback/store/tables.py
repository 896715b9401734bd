"""
Every table, in the order of the path of the data.

Moments are microseconds since 1970 UTC and come out as aware datetimes. What is named `sealed` is
AEAD-sealed under the data key that `key_id` names (`store/keyring.py`). A `public_id` is 128 random
bits in hexadecimal; the integer ids stay inside.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import false as sql_false
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware moment, stored as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive moment: its zone would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must be aware")
        return (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _public_id() -> Column[str]:
    return Column("public_id", String(32), nullable=False, unique=True)


# `sqlite_autoincrement`: an id must never name two things, not even after a removal.

counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

change = Table(
    "change",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("owner", String(8), nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    # Of many that came at once, all with ids from `owner_id` to this one.
    Column("last_owner_id", BigInteger),
    Column("removed", JSON, nullable=False),
    CheckConstraint("owner in ('entry', 'item')", name="owner"),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until_at", Moment, nullable=False),
)

site = Table(
    "site",
    metadata,
    _id(),
    _public_id(),
    Column("name", String(200), nullable=False, unique=True),
    Column("base_url", Text, nullable=False),
    Column("webhook_url", Text, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("platform", String(20), nullable=False, server_default="webhook"),
    Column("api_url", Text),
    Column("sealed_token", LargeBinary),
    Column("reconciled_at", Moment),
    Column("quarantine", Boolean, nullable=False, server_default=sql_false()),
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

api_key = Table(
    "api_key",
    metadata,
    _id(),
    _public_id(),
    Column("role", String(16), nullable=False),
    Column("site_id", ForeignKey("site.id")),
    Column("partner_id", ForeignKey("partner.id"), index=True),
    Column("name", String(200), nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    sqlite_autoincrement=True,
)

desk_key = Table(
    "desk_key",
    metadata,
    _id(),
    _public_id(),
    Column("name", String(100), nullable=False),
    Column("recipient", String(100), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("retired_at", Moment),
    sqlite_autoincrement=True,
)

# The people who sign in at the desk. A person may have a key that words are sealed to; most rows of either have none.
desk_person = Table(
    "desk_person",
    metadata,
    _id(),
    _public_id(),
    Column("name", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("handle", LargeBinary, nullable=False, unique=True),
    Column("desk_key_id", ForeignKey("desk_key.id")),
    Column("created_at", Moment, nullable=False),
    Column("left_at", Moment),
    Column("looks_a_day", Integer),
    Column("looks_away_from", JSON(none_as_null=True)),
    sqlite_autoincrement=True,
)

desk_invitation = Table(
    "desk_invitation",
    metadata,
    _id(),
    Column("person_id", ForeignKey("desk_person.id"), nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("expires_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

desk_passkey = Table(
    "desk_passkey",
    metadata,
    _id(),
    Column("person_id", ForeignKey("desk_person.id"), nullable=False, index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment),
    sqlite_autoincrement=True,
)

desk_session = Table(
    "desk_session",
    metadata,
    _id(),
    Column("person_id", ForeignKey("desk_person.id"), nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    # Which identity it was begun by; none for a passkey. Without a reference: an identity that goes ends them itself.
    Column("identity_id", BigInteger),
    sqlite_autoincrement=True,
)

# What a passkey is asked to sign, once: for signing in, or, where there is an invitation, for joining.
desk_challenge = Table(
    "desk_challenge",
    metadata,
    _id(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("invitation_id", ForeignKey("desk_invitation.id", ondelete="CASCADE"), index=True),
    Column("expires_at", Moment, nullable=False, index=True),
    sqlite_autoincrement=True,
)

# Who of the desk is who at an identity provider. A subject means something at its issuer alone.
desk_identity = Table(
    "desk_identity",
    metadata,
    _id(),
    Column("person_id", ForeignKey("desk_person.id"), nullable=False),
    Column("issuer", String(500), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment),
    UniqueConstraint("issuer", "subject", name="uq_desk_identity_subject"),
    UniqueConstraint("person_id", "issuer", name="uq_desk_identity_person"),
    sqlite_autoincrement=True,
)

# What a browser was sent to an identity provider for, once: signing in, joining by an invitation, or, in a session,
# binding the identity to whoever is there.
desk_errand = Table(
    "desk_errand",
    metadata,
    _id(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("invitation_id", ForeignKey("desk_invitation.id", ondelete="CASCADE"), index=True),
    Column("session_id", ForeignKey("desk_session.id", ondelete="CASCADE"), index=True),
    Column("expires_at", Moment, nullable=False, index=True),
    sqlite_autoincrement=True,
)

bank = Table(
    "bank",
    metadata,
    _id(),
    _public_id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("same_bits", Integer, nullable=False),
    Column("possible_bits", Integer, nullable=False),
    Column("blind_bits", Integer, nullable=False),
    Column("same_similarity", Float, nullable=False),
    Column("possible_similarity", Float, nullable=False),
    Column("same_inliers", Integer, nullable=False),
    Column("possible_inliers", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    # In how many requests of HMA's API its entries match: 1 in all, 0 in none, and then nowhere else either.
    Column("enabled_ratio", Float, nullable=False, default=1.0, server_default="1"),
    Column("removed_at", Moment),
    sqlite_autoincrement=True,
)

case = Table(
    "case",
    metadata,
    _id(),
    _public_id(),
    Column("state", String(16), nullable=False),
    Column("laws", JSON, nullable=False),
    Column("under_18", Boolean, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("valid_at", Moment),
    Column("decided_at", Moment),
    Column("closed_at", Moment),
    Column("deadline_at", Moment),
    Column("erase_at", Moment),
    Column("erased_at", Moment),
    Column("missing", JSON, nullable=False),
    Column("finding", JSON),
    Column("key_id", String(32), nullable=False),
    Column("sealed_notice", LargeBinary),
    Column("sealed_to", JSON(none_as_null=True)),
    Column("receipt_digest", LargeBinary, nullable=False, unique=True),
    Column("ending_digest", LargeBinary),
    Column("recovery_digest", LargeBinary),
    Column("request_digest", LargeBinary, unique=True),
    Column("request_body", LargeBinary),
    Column("source_digest", LargeBinary),
    Column("capped_at", Moment),
    # The outside list, or the bank of the operator's own, that a case is of; a notice began every other.
    Column("list_id", Id),
    Column("own_bank_id", Id),
    Index("ix_case_state_deadline_at", "state", "deadline_at"),
    Index("ix_case_ending_digest", "ending_digest", unique=True),
    Index("ix_case_recovery_digest", "recovery_digest"),
    Index("ix_case_source_digest", "source_digest"),
    Index("ix_case_capped_at", "capped_at"),
    sqlite_autoincrement=True,
)

entry = Table(
    "entry",
    metadata,
    _id(),
    _public_id(),
    Column("bank_id", ForeignKey("bank.id"), nullable=False),
    Column("case_id", ForeignKey("case.id"), index=True),
    Column("source", String(100), nullable=False),
    Column("opinion", String(8), nullable=False),
    Column("state", String(12), nullable=False),
    Column("expires_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("quarantined_at", Moment),
    Column("counts_from", Moment),
    # Who of the operator's put it in, as the log names them; None for what a notice or a list brought.
    Column("added_by", String(100)),
    sqlite_autoincrement=True,
)

# A small site that holds no list, and asks here. How much it asked in this minute, until when nothing is answered, and
# the number of the last change that its list of shared fingerprints had.
partner = Table(
    "partner",
    metadata,
    _id(),
    _public_id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("per_minute", Integer, nullable=False),
    Column("per_day", Integer, nullable=False),
    Column("submits", Boolean, nullable=False),
    Column("bank_id", ForeignKey("bank.id")),
    Column("minute_at", Moment),
    Column("minute_asked", Integer, nullable=False),
    Column("stopped_until", Moment),
    Column("list_seq", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
    sqlite_autoincrement=True,
)

# Against which banks a partner may match, and of which it is given the list.
partner_bank = Table(
    "partner_bank",
    metadata,
    Column("partner_id", ForeignKey("partner.id"), primary_key=True),
    Column("bank_id", ForeignKey("bank.id"), primary_key=True),
    Column("use", String(8), primary_key=True),
    CheckConstraint("use in ('match', 'share')", name="use"),
)

# How much a partner did on one day (UTC), as numbers alone; and when the log was last told of it.
partner_day = Table(
    "partner_day",
    metadata,
    Column("partner_id", ForeignKey("partner.id"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("asked", Integer, nullable=False),
    Column("matched", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("listed", Integer, nullable=False),
    Column("submitted", Integer, nullable=False),
    Column("feedback", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("told_at", Moment),
)

# Around which entries, by a keyed digest, a partner asked, and how often: for a day from the first time on.
partner_near = Table(
    "partner_near",
    metadata,
    Column("partner_id", ForeignKey("partner.id"), primary_key=True),
    Column("keyed", LargeBinary, primary_key=True),
    Column("asked", Integer, nullable=False),
    Column("since_at", Moment, nullable=False, index=True),
)

# Which fingerprints of shared banks a partner was told, in the order of change. A copy of each is sealed under a key of
# its own: whoever was told one has to be told which one is gone. `fingerprint_id` outlives the fingerprint.
partner_record = Table(
    "partner_record",
    metadata,
    _id(),
    _public_id(),
    Column("partner_id", ForeignKey("partner.id"), nullable=False),
    Column("entry_id", ForeignKey("entry.id"), nullable=False, index=True),
    Column("fingerprint_id", BigInteger, nullable=False),
    Column("keyed", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("gone_at", Moment, index=True),
    UniqueConstraint("partner_id", "fingerprint_id", name="uq_partner_record_fingerprint"),
    Index("ix_partner_record_partner_id_seq", "partner_id", "seq", unique=True),
    Index("ix_partner_record_partner_id_keyed", "partner_id", "keyed"),
    sqlite_autoincrement=True,
)

# What a partner submitted, by a keyed digest, so that nothing is taken twice.
partner_submission = Table(
    "partner_submission",
    metadata,
    Column("partner_id", ForeignKey("partner.id"), primary_key=True),
    Column("keyed", LargeBinary, primary_key=True),
    Column("entry_id", ForeignKey("entry.id"), nullable=False, unique=True),
    Column("at", Moment, nullable=False),
)

# What a partner last said of an entry that it was told.
partner_feedback = Table(
    "partner_feedback",
    metadata,
    Column("partner_id", ForeignKey("partner.id"), primary_key=True),
    Column("entry_id", ForeignKey("entry.id"), primary_key=True),
    Column("value", String(16), nullable=False),
    Column("at", Moment, nullable=False),
)

# What HMA calls content: an entry under the number that HMA's clients keep, and what they wrote beside it, sealed under
# the entry's data key. `origin` and `origin_number` say where an entry was moved from, so that none is moved twice.
hma_content = Table(
    "hma_content",
    metadata,
    _id(),
    Column("entry_id", ForeignKey("entry.id"), nullable=False, unique=True),
    Column("origin", String(64)),
    Column("origin_number", BigInteger),
    Column("sealed", LargeBinary),
    UniqueConstraint("origin", "origin_number"),
    sqlite_autoincrement=True,
)

# An outside list: which, of what, who we are there, and how far it was read. It fills the bank of its name. `laws` are
# those under which what it matches is decided; without `holds` its matches are only possible.
exchange = Table(
    "exchange",
    metadata,
    _id(),
    Column("bank_id", ForeignKey("bank.id"), nullable=False, unique=True),
    Column("api", String(64), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("config", JSON, nullable=False),
    Column("key_id", String(32)),
    Column("sealed_credentials", LargeBinary),
    Column("created_at", Moment, nullable=False),
    Column("laws", JSON(none_as_null=True)),
    Column("holds", Boolean, nullable=False, default=True, server_default="1"),
    Column("of_minors", Boolean, nullable=False, default=False, server_default="0"),
    Column("report_to", JSON(none_as_null=True)),
    Column("marks", JSON(none_as_null=True)),
    Column("began_at", Moment),
    Column("fetched_at", Moment),
    Column("complete_at", Moment),
    Column("problem", String(300)),
    Column("attempts", Integer, nullable=False, default=0, server_default="0"),
    Column("next_at", Moment),
    Column("swept_id", Id, nullable=False, default=0, server_default="0"),
    sqlite_autoincrement=True,
)

# Credentials that every exchange of one kind uses, where it has none of its own.
exchange_account = Table(
    "exchange_account",
    metadata,
    Column("api", String(64), primary_key=True),
    Column("key_id", String(32), nullable=False),
    Column("sealed_credentials", LargeBinary, nullable=False),
)

# What a list said of each of its records last, by an HMAC of the record's name there; `content` is one of its
# fingerprints, which the entry has sealed, and with them the name, by which the list is told what was decided.
exchange_record = Table(
    "exchange_record",
    metadata,
    _id(),
    Column("exchange_id", ForeignKey("exchange.id"), nullable=False),
    Column("keyed", LargeBinary, nullable=False),
    Column("content", LargeBinary),
    Column("standing", String(8), nullable=False),
    Column("entry_id", ForeignKey("entry.id"), index=True),
    Column("sealed_name", LargeBinary),
    Column("why", String(100)),
    Column("at", Moment, nullable=False),
    UniqueConstraint("exchange_id", "keyed"),
    sqlite_autoincrement=True,
)

# What a list is still to be told: what was decided of an entry's matches, or that an entry is to be put on it.
exchange_word = Table(
    "exchange_word",
    metadata,
    _id(),
    Column("exchange_id", ForeignKey("exchange.id"), nullable=False),
    Column("entry_id", ForeignKey("entry.id"), nullable=False),
    Column("word", String(12), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    UniqueConstraint("exchange_id", "entry_id"),
    Index("ix_exchange_word_exchange_id_next_at", "exchange_id", "next_at"),
    sqlite_autoincrement=True,
)

# Another Takeback that the operator named, by its public key: whether notices are forwarded to it, and taken from it.
# What it forwards fills a bank of its own, as an outside list does. `next_at` and `problem` are of asking it.
instance = Table(
    "instance",
    metadata,
    _id(),
    _public_id(),
    Column("name", String(60), nullable=False, unique=True),
    Column("url", String(2000), nullable=False),
    Column("key", String(400), nullable=False),
    Column("key_id", String(32), nullable=False, index=True),
    Column("sends", Boolean, nullable=False),
    Column("accepts", Boolean, nullable=False),
    Column("bank_id", ForeignKey("bank.id")),
    Column("attempts", Integer, nullable=False),
    Column("problem", String(300)),
    Column("next_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
    sqlite_autoincrement=True,
)

# Which requests an instance made lately, so that none is taken twice.
instance_nonce = Table(
    "instance_nonce",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("nonce", String(32), nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("instance_id", "nonce"),
    Index("ix_instance_nonce_instance_id_at", "instance_id", "at"),
    sqlite_autoincrement=True,
)

# A notice that another instance forwarded, by the reference that it has there; `names` are those of its pictures, which
# are records of the list that the instance is here. `asked_at` is when the instance sent it or asked about it last.
received_notice = Table(
    "received_notice",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("reference", String(32), nullable=False),
    Column("laws", JSON, nullable=False),
    Column("names", JSON, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("asked_at", Moment, nullable=False, index=True),
    Column("ended_at", Moment),
    UniqueConstraint("instance_id", "reference"),
    sqlite_autoincrement=True,
)

# That a case's person asked another instance to look too: under which reference it knows the notice, what it has
# confirmed, and what it answered. Without a case only the end of it is still to be confirmed. `begun_at` is when
# something may have arrived there first; `confirmed` is a MAC of what it has confirmed last, empty for the end.
forwarding = Table(
    "forwarding",
    metadata,
    _id(),
    Column("case_id", ForeignKey("case.id"), index=True),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("reference", String(32), nullable=False, unique=True),
    Column("chosen_at", Moment, nullable=False),
    Column("begun_at", Moment),
    Column("confirmed", LargeBinary),
    Column("confirmed_at", Moment),
    Column("answer", JSON(none_as_null=True)),
    Column("answered_at", Moment),
    Column("problem", String(300)),
    Column("next_at", Moment, index=True),
    UniqueConstraint("case_id", "instance_id"),
    sqlite_autoincrement=True,
)

# The digests of an entry that may be forwarded, sealed under its data key: elsewhere they are kept under a MAC alone.
forwarded_digest = Table(
    "forwarded_digest",
    metadata,
    Column("entry_id", ForeignKey("entry.id"), primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

# Uploads that an entry matched from afar, by a keyed digest, for as long as it takes to see a flood.
sighting = Table(
    "sighting",
    metadata,
    _id(),
    Column("entry_id", ForeignKey("entry.id"), nullable=False),
    Column("keyed", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("entry_id", "keyed"),
    Index("ix_sighting_entry_id_at", "entry_id", "at"),
    sqlite_autoincrement=True,
)

item = Table(
    "item",
    metadata,
    _id(),
    _public_id(),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("site_item_id", String(500), nullable=False),
    Column("url", Text, nullable=False),
    Column("checked_at", Moment, nullable=False),
    Column("first_checked_at", Moment),
    Column("sealed_account", LargeBinary),
    UniqueConstraint("site_id", "site_item_id"),
    Index("ix_item_site_id_url", "site_id", "url"),
    sqlite_autoincrement=True,
)

# Items that were stored before an entry came, and are so like it that they are to be fetched and compared.
suspicion = Table(
    "suspicion",
    metadata,
    _id(),
    Column("entry_id", ForeignKey("entry.id"), nullable=False),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("look_at", Moment, nullable=False, index=True),
    UniqueConstraint("entry_id", "item_id"),
    sqlite_autoincrement=True,
)

fingerprint = Table(
    "fingerprint",
    metadata,
    _id(),
    Column("entry_id", ForeignKey("entry.id"), index=True),
    Column("item_id", ForeignKey("item.id"), index=True),
    Column("algorithm", String(16), nullable=False),
    Column("route", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("orientation", String(12), nullable=False),
    Column("view", String(12)),
    Column("model", String(16)),
    Column("quality", Integer, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    CheckConstraint("(entry_id is null) <> (item_id is null)", name="one_owner"),
    sqlite_autoincrement=True,
)

digest = Table(
    "digest",
    metadata,
    _id(),
    Column("entry_id", ForeignKey("entry.id"), index=True),
    Column("item_id", ForeignKey("item.id"), index=True),
    Column("kind", String(8), nullable=False),
    Column("keyed", LargeBinary, nullable=False, index=True),
    CheckConstraint("(entry_id is null) <> (item_id is null)", name="one_owner"),
    sqlite_autoincrement=True,
)

# What she is told before something is shown again, until when she can answer, and what she said.
hearing = Table(
    "hearing",
    metadata,
    _id(),
    _public_id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("about", String(8), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("opened_by", String(100), nullable=False),
    Column("until_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("reason", Text),
    Column("elements", JSON, nullable=False),
    Column("sealed_summary", LargeBinary),
    Column("answered_at", Moment),
    Column("agrees", Boolean),
    Column("closed_at", Moment),
    Column("is_upheld", Boolean),
    CheckConstraint("about in ('contest', 'refusal')", name="about"),
    sqlite_autoincrement=True,
)

# Who does not decide a case, because they are party to it, or close to someone who is.
recusal = Table(
    "recusal",
    metadata,
    Column("case_id", ForeignKey("case.id"), primary_key=True),
    Column("actor", String(100), primary_key=True),
    Column("at", Moment, nullable=False),
)

copy = Table(
    "copy",
    metadata,
    _id(),
    _public_id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("site_id", ForeignKey("site.id")),
    Column("site_item_id", String(500)),
    Column("url", Text, nullable=False),
    Column("sealed_url", LargeBinary),
    Column("linked", Boolean, nullable=False),
    Column("state", String(12), nullable=False),
    Column("copy_class", String(20)),
    Column("distance", Integer),
    Column("orientation", String(12)),
    Column("fact", String(8)),
    Column("view", String(12)),
    Column("similarity", Float),
    Column("inliers", Integer),
    Column("place", JSON),
    Column("changed", JSON),
    Column("blind", Boolean, nullable=False),
    Column("found_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("deadline_at", Moment),
    Column("problem", Text),
    Column("sealed_grounds", LargeBinary),
    Column("entry_id", ForeignKey("entry.id")),
    Column("decided_by", String(100)),
    Column("decided_how", String(12)),
    Column("contested_at", Moment),
    Column("answer", JSON(none_as_null=True)),
    Column("contest_digest", LargeBinary),
    Column("hearing_id", Id),
    Column("fetch_attempts", Integer, nullable=False, default=0),
    Column("fetch_at", Moment),
    UniqueConstraint("case_id", "site_id", "site_item_id"),
    Index("ix_copy_contest_digest", "contest_digest", unique=True),
    Index("ix_copy_hearing_id", "hearing_id"),
    Index("ix_copy_state_deadline_at", "state", "deadline_at"),
    Index("ix_copy_fetch_at", "fetch_at"),
    Index("ix_copy_decided_at", "decided_at"),
    Index("ix_copy_site_id_site_item_id", "site_id", "site_item_id"),
    Index("ix_copy_site_id_url", "site_id", "url"),
    sqlite_autoincrement=True,
)

# Uploads that were refused because of an entry of a case: one row for each entry, place and day, however many there
# were, since a flood must fill nothing. `place` is whose uploads they are, as the log names whoever asked.
refused_upload = Table(
    "refused_upload",
    metadata,
    _id(),
    _public_id(),
    Column("entry_id", ForeignKey("entry.id"), nullable=False),
    # None until what a bank of the operator's own refused is contested.
    Column("case_id", ForeignKey("case.id"), index=True),
    Column("place", String(100), nullable=False),
    Column("site_id", ForeignKey("site.id")),
    Column("day", Moment, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("contest_digest", LargeBinary, nullable=False, unique=True),
    Column("sealed_grounds", LargeBinary),
    Column("contested_at", Moment),
    Column("deadline_at", Moment),
    Column("hearing_id", Id, index=True),
    Column("answer", JSON(none_as_null=True)),
    UniqueConstraint("entry_id", "place", "day"),
    sqlite_autoincrement=True,
)

# What was told to the operator's Coop: copies of a case that show the same, by one of them; and what was said of it.
coop_report = Table(
    "coop_report",
    metadata,
    _id(),
    _public_id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("copy_id", ForeignKey("copy.id"), nullable=False, index=True),
    Column("entry_id", Id),
    Column("state", String(12), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment, index=True),
    Column("told_at", Moment),
    Column("problem", Text),
    Column("word", String(16)),
    Column("word_by", String(100)),
    Column("word_at", Moment),
    Column("decided", Boolean, nullable=False),
    Column("why", Text),
    CheckConstraint("state in ('waiting', 'told', 'failed')", name="state"),
    sqlite_autoincrement=True,
)

# Which words of Coop's were taken: nothing that it signs is used once, so the same bytes are known by their digest.
coop_word = Table(
    "coop_word",
    metadata,
    _id(),
    Column("report_id", ForeignKey("coop_report.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("report_id", "digest"),
    sqlite_autoincrement=True,
)

# Looks of people of the desk at a picture: who, why, until when it may be seen clearer, and what they found. Never what
# was shown.
look = Table(
    "look",
    metadata,
    _id(),
    _public_id(),
    Column("copy_id", ForeignKey("copy.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("desk_person.id"), nullable=False),
    Column("session_id", BigInteger, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("token", LargeBinary, unique=True),
    Column("expires_at", Moment, nullable=False),
    Column("cleared_at", Moment),
    Column("found", String(16)),
    CheckConstraint("reason in ('finding', 'likeness', 'contest', 'second_reading')", name="reason"),
    CheckConstraint("found in ('covered', 'something_else', 'unclear')", name="found"),
    Index("ix_look_person_id_at", "person_id", "at"),
    sqlite_autoincrement=True,
)

# What an authority wants kept, by the order of two people: the case's words are not erased before its end.
legal_hold = Table(
    "legal_hold",
    metadata,
    _id(),
    _public_id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("sealed", LargeBinary),
    Column("until_at", Moment, nullable=False),
    Column("ordered_by", String(100), nullable=False),
    Column("ordered_at", Moment, nullable=False),
    Column("confirmed_by", String(100)),
    Column("confirmed_at", Moment),
    Column("ended_by", String(100)),
    Column("ended_at", Moment),
    Index("ix_legal_hold_ended_at_until_at", "ended_at", "until_at"),
    sqlite_autoincrement=True,
)

# Who posted what was removed, and when, as far as the site said so. What is erased keeps its row, with nothing in it.
upload_record = Table(
    "upload_record",
    metadata,
    _id(),
    _public_id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("key_id", String(32), nullable=False),
    Column("sealed", LargeBinary),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("erased_at", Moment),
    sqlite_autoincrement=True,
)

# That one person wants the upload records of a case opened, until another opens them.
record_request = Table(
    "record_request",
    metadata,
    _id(),
    _public_id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("asked_by", String(100), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("opened_by", String(100)),
    Column("opened_at", Moment),
    sqlite_autoincrement=True,
)

# All that is left of a case in the end. Nothing in it leads to anyone.
compliance_record = Table(
    "compliance_record",
    metadata,
    _id(),
    Column("laws", JSON, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("valid_at", Moment),
    Column("decided_at", Moment),
    Column("outcome", String(16), nullable=False),
    Column("removed_at", Moment),
    Column("copies", JSON, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _public_id(),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("copy_id", ForeignKey("copy.id"), index=True),
    Column("item_key", LargeBinary, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("body", JSON, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("next_attempt_at", Moment),
    Column("delivered_at", Moment),
    Column("problem", Text),
    Index("ix_outbox_state_next_attempt_at", "state", "next_attempt_at"),
    Index("ix_outbox_site_id_state_next_attempt_at", "site_id", "state", "next_attempt_at"),
    Index("ix_outbox_item_key_state", "item_key", "state"),
    sqlite_autoincrement=True,
)

# Bytes of items, kept sealed in files beside the database before a site that cannot keep them removes them. `sealed`
# says what the file holds; what is over keeps its row, with nothing of that in it.
quarantine = Table(
    "quarantine",
    metadata,
    _id(),
    _public_id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("copy_id", ForeignKey("copy.id"), nullable=False, index=True),
    Column("outbox_id", ForeignKey("outbox.id"), index=True),
    Column("item_key", LargeBinary, nullable=False, index=True),
    Column("state", String(8), nullable=False),
    Column("file_name", String(32), nullable=False, unique=True),
    Column("key_id", String(32)),
    Column("sealed", LargeBinary),
    Column("size", BigInteger),
    Column("asked_at", Moment, nullable=False),
    Column("next_attempt_at", Moment, index=True),
    Column("attempts", Integer, nullable=False),
    Column("problem", Text),
    Column("due_at", Moment),
    Column("kept_at", Moment),
    Column("over_at", Moment),
    CheckConstraint("state in ('waiting', 'asked', 'kept', 'waived')", name="state"),
    Index("ix_quarantine_over_at_state", "over_at", "state"),
    sqlite_autoincrement=True,
)

# What she and the desk write to each other, oldest first.
message = Table(
    "message",
    metadata,
    _id(),
    _public_id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("sender", String(8), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("sealed_to", JSON(none_as_null=True)),
    Column("opened_at", Moment),
    CheckConstraint("sender in ('person', 'desk')", name="sender"),
    sqlite_autoincrement=True,
)

# Addresses that she gave for mail when there is news. What is erased keeps its row, with nothing of the address in it.
news_address = Table(
    "news_address",
    metadata,
    _id(),
    _public_id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("language", String(8), nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("sealed", LargeBinary),
    Column("question_digest", LargeBinary, unique=True),
    Column("stop_digest", LargeBinary, unique=True),
    Column("tag_digest", LargeBinary, unique=True),
    Column("given_at", Moment, nullable=False),
    Column("asked_at", Moment),
    Column("news_at", Moment),
    Column("mailed_at", Moment),
    Column("looked_at", Moment),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment),
    CheckConstraint("state in ('unconfirmed', 'confirmed', 'bounced', 'ended')", name="state"),
    Index("ix_news_address_state", "state"),
    sqlite_autoincrement=True,
)

event = Table(
    "event",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("case_id", String(32), index=True),
    Column("actor", String(100)),
    Column("facts", JSON),
    Column("salt", LargeBinary),
    Column("commitment", LargeBinary, nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("erasure", LargeBinary),
)

log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)

# Which cases the desk was told of as due soon, or late: once for each stage of each deadline.
alert = Table(
    "alert",
    metadata,
    _id(),
    Column("case_id", ForeignKey("case.id"), nullable=False),
    Column("deadline_at", Moment, nullable=False),
    Column("stage", String(12), nullable=False),
    Column("raised_at", Moment, nullable=False),
    UniqueConstraint("case_id", "deadline_at", "stage", name="uq_alert"),
    CheckConstraint("stage in ('half', 'twelve_hours', 'two_hours', 'late')", name="stage"),
    sqlite_autoincrement=True,
)

# What is told, one row for each route that it goes by.
alert_message = Table(
    "alert_message",
    metadata,
    _id(),
    Column("route", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment, index=True),
    Column("delivered_at", Moment),
    Column("problem", Text),
    sqlite_autoincrement=True,
)

# Which account of a site, by a keyed digest, posted an item that was removed; for a year.
account_removal = Table(
    "account_removal",
    metadata,
    _id(),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("account", LargeBinary, nullable=False),
    Column("copy_id", ForeignKey("copy.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("posted_at", Moment),
    Column("removed_at", Moment, nullable=False, index=True),
    Index("ix_account_removal_site_id_account", "site_id", "account"),
    sqlite_autoincrement=True,
)

# What a person at a site did about an account that posted again what has to be removed.
account_measure = Table(
    "account_measure",
    metadata,
    _id(),
    _public_id(),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("account", LargeBinary, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("until_at", Moment),
    Column("decided_by", String(100), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_by", String(100)),
    CheckConstraint("kind in ('warning', 'suspension')", name="kind"),
    Index("ix_account_measure_site_id_account", "site_id", "account"),
    sqlite_autoincrement=True,
)

# What happened in each calendar month (UTC), under each law and under all together (""), as numbers alone: no id of a
# case, a copy or a person, so that it outlives them.
tally = Table(
    "tally",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("law", String(40), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("part", String(100), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

# What is attested to one side of a case, in the order of the events. An erased case keeps only the commitments.
attestation = Table(
    "attestation",
    metadata,
    _id(),
    Column("event_index", BigInteger, nullable=False, index=True),
    Column("side", String(8), nullable=False),
    Column("about", String(32), index=True),
    Column("case_id", String(32), index=True),
    Column("at", Moment),
    Column("kind", String(32)),
    Column("facts", JSON(none_as_null=True)),
    Column("salt", LargeBinary),
    Column("commitment", LargeBinary, nullable=False),
    Column("period", BigInteger, index=True),
    Column("place", Integer),
    CheckConstraint("side in ('person', 'uploader')", name="side"),
    sqlite_autoincrement=True,
)

# Pages of a site as a case found them, without their pictures: asked for by the desk, sealed under the case's key.
page_capture = Table(
    "page_capture",
    metadata,
    _id(),
    Column("case_id", ForeignKey("case.id"), nullable=False, index=True),
    Column("copy_id", ForeignKey("copy.id"), nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("next_attempt_at", Moment, index=True),
    Column("attempts", Integer, nullable=False),
    Column("captured_at", Moment),
    Column("problem", Text),
    Column("sealed", LargeBinary),
    sqlite_autoincrement=True,
)

# Heads of the public log that timestamp authorities stamped, and how each authority fares.
log_timestamp = Table(
    "log_timestamp",
    metadata,
    _id(),
    Column("authority", Text, nullable=False),
    Column("origin", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    Column("verified", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

timestamp_authority = Table(
    "timestamp_authority",
    metadata,
    Column("url", String(500), primary_key=True),
    Column("tried_at", Moment, nullable=False),
    Column("problem", Text),
)

# The public log: one row for what it is called, one for each of its entries, and its full subtrees above the leaves.
public_log = Table(
    "public_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("origin", String(200), nullable=False),
    Column("began_at", Moment, nullable=False),
)

period = Table(
    "period",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("until", Moment, nullable=False),
    Column("attested", LargeBinary, nullable=False),
    Column("audit_root", LargeBinary, nullable=False),
    Column("audit_size", BigInteger, nullable=False),
)

log_node = Table(
    "log_node",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

# Other services that sign the head of our log, and what each signed.
witness = Table(
    "witness",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("url", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("signed_at", Moment),
    Column("problem", Text),
)

cosignature = Table(
    "cosignature",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("key", String(300), primary_key=True),
    Column("line", Text, nullable=False),
)

# Logs of others whose head is signed here.
witnessed_log = Table(
    "witnessed_log",
    metadata,
    Column("origin", String(200), primary_key=True),
    Column("key", String(300), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text),
    Column("signed_at", Moment),
)
