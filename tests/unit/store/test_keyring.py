"""Keys: sealed to a purpose, bound to one master key, destroyed for good, wrapped anew under another."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import Engine, event
from sqlalchemy import text as sql
from tests.house import AT, LAWS, drawn, keyring_in, notice_about, prints_of, reported

from takeback.audit.log import verify_log
from takeback.errors import BadSetting, IntegrityError, SealBroken, StoreError
from takeback.store import Keyring, MasterKey, Store
from takeback.store.database import sqlite_url
from takeback.store.schema import create_or_check
from takeback.store.seal import seal, unseal
from takeback.store.sites import Site
from takeback.workflow.intake import receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import set_up
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload

KEY = bytes(range(32))


def test_a_sealed_value_opens_only_whole_with_its_key_and_for_its_purpose() -> None:
    sealed = seal(KEY, b"value", "one")
    assert unseal(KEY, sealed, "one") == b"value"
    assert seal(KEY, b"value", "one") != sealed
    for key, text, purpose in (
        (KEY, sealed, "two"),
        (bytes(32), sealed, "one"),
        *((KEY, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], "one") for at in range(len(sealed))),
        *((KEY, sealed[:size], "one") for size in range(len(sealed))),
    ):
        with pytest.raises(SealBroken):
            unseal(key, text, purpose)


def test_a_master_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    MasterKey.generate().write(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadSetting, match="cannot be made"):
        MasterKey.generate().write(path)
    path.chmod(0o640)
    with pytest.raises(BadSetting, match="can be read by others"):
        MasterKey.read(path)


def test_a_credential_of_systemd_may_be_readable_by_its_group_alone(tmp_path: Path) -> None:
    path = tmp_path / "takeback-master-key"
    MasterKey(KEY).write(path)
    path.chmod(0o440)
    assert MasterKey.read(path, credential=True).wrapping_key() == MasterKey(KEY).wrapping_key()
    for mode in (0o444, 0o460):
        path.chmod(mode)
        with pytest.raises(BadSetting, match="can be read by others"):
            MasterKey.read(path, credential=True)


@pytest.mark.parametrize("text", ["", "ab", "zz" * 32, "00" * 31, "00" * 33, "\xe9" * 64])
def test_a_file_that_holds_no_master_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(text, encoding="latin-1")
    path.chmod(0o600)
    with pytest.raises(BadSetting):
        MasterKey.read(path)


def test_a_destroyed_key_is_gone_from_the_file_too(tmp_path: Path) -> None:
    keyring = Keyring(MasterKey(KEY), tmp_path / "keys.db")
    (first, _), (second, key) = keyring.new_data_keys(2)
    keyring.destroy([first])
    assert keyring.data_keys([first, second]) == {second: key}
    raw = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert first.encode() not in raw
    assert second.encode() in raw
    keyring.close()


def test_a_guess_costs_what_owasp_and_rfc_9106_ask_for(tmp_path: Path) -> None:
    keyring = Keyring(MasterKey(KEY), tmp_path / "keys.db")

    def work(secret: str, salt: str, passes: int, memory_kib: int) -> bytes:
        salted = keyring.keyed_receipt(salt)[:16]
        return hash_secret_raw(secret.encode(), salted, passes, memory_kib, 1, 32, Type.ID)

    receipt = work("seven words of hers", "salt-of-receipts", 2, 19 * 1024)
    recovery = work("rosa\0four words of hers", "salt-of-recovery", 3, 64 * 1024)
    assert keyring.receipt_digest("Seven words of hers") == keyring.keyed_receipt(receipt.hex())
    assert keyring.recovery_digest("Rosa", "four words of hers") == keyring.keyed_receipt(recovery.hex())
    keyring.close()


def test_a_new_master_key_opens_everything_and_the_former_one_nothing(
    store: Store, replica: Replica, data: Path
) -> None:
    notice = notice_about(reported(drawn(1), digests=True))
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    new = MasterKey.generate()
    assert store.keyring.rewrap(new) > 4
    store.close()
    with pytest.raises(SealBroken, match="does not belong"):
        Keyring(MasterKey(KEY), data / "keys.db")
    reopened = Store.open(sqlite_url(data), keyring_in(data, new))
    assert len(Replica.load(reopened).entries) == 1
    with reopened.read() as tx:
        digest = reopened.keyring.receipt_digest(received.receipt)
        assert tx.cases.by_receipt(digest).public_id == received.case.public_id
        assert tx.cases.words(tx.cases.by_id(received.case.id))["signature"] == "A. Person"
        assert verify_log(tx.audit.entries(), tx.audit.head(), reopened.keyring.log_key) > 0
    reopened.close()


def _remove(data: Path, name: str) -> None:
    for file in data.glob(f"{name}*"):
        file.unlink()


def _open(data: Path, master: bytes = KEY) -> Store:
    return Store.open(sqlite_url(data), Keyring(MasterKey(master), data / "keys.db"))


def _gated(store: Store, replica: Replica) -> None:
    """Store one case whose picture is held."""
    notice = notice_about(reported(drawn(1), digests=True))
    receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def test_a_database_whose_keys_are_lost_is_refused_and_gets_no_new_ones(
    store: Store, replica: Replica, data: Path
) -> None:
    _gated(store, replica)
    store.close()
    kept = (data / "keys.db").read_bytes()
    _remove(data, "keys.db")
    for _ in range(2):
        with pytest.raises(SealBroken, match="key store is missing") as raised:
            _open(data)
        assert "backup" in raised.value.advice
        assert not list(data.glob("keys.db*"))
    (data / "keys.db").write_bytes(kept)
    reopened = _open(data)
    assert len(Replica.load(reopened).entries) == 1
    reopened.close()


def test_keys_that_someone_made_anew_meanwhile_are_refused_too(store: Store, replica: Replica, data: Path) -> None:
    _gated(store, replica)
    store.close()
    _remove(data, "keys.db")
    Keyring(MasterKey(KEY), data / "keys.db").close()
    with pytest.raises(SealBroken, match="key store is missing"):
        _open(data)


def test_keys_whose_database_is_lost_are_not_given_an_empty_one(store: Store, replica: Replica, data: Path) -> None:
    _gated(store, replica)
    store.close()
    _remove(data, "takeback.db")
    with pytest.raises(IntegrityError, match="database is missing"):
        _open(data)
    assert (data / "keys.db").exists()


def test_a_first_start_that_was_cut_short_is_taken_up_again(tmp_path: Path) -> None:
    # 1. Keys, and no database yet.
    Keyring(MasterKey(KEY), tmp_path / "keys.db").close()
    # 2. Keys and tables, and nothing in them.
    keyring = Keyring(MasterKey(KEY), tmp_path / "keys.db")
    create_or_check(Store(sqlite_url(tmp_path), keyring).engine)
    assert keyring.is_new
    keyring.close()
    store = _open(tmp_path)
    assert not store.keyring.is_new
    store.close()


def test_a_second_process_of_the_first_start_is_not_taken_for_a_loss(tmp_path: Path) -> None:
    first = Keyring(MasterKey(KEY), tmp_path / "keys.db")
    others: list[Store] = []
    calls: list[object] = []

    def other_process(*_: object) -> None:
        """Make all of the data directory just before the first store looks into the database."""
        calls.append(None)
        if len(calls) == 1:
            others.append(_open(tmp_path))
            set_up(others[0], at=AT)

    event.listen(Engine, "before_cursor_execute", other_process)
    try:
        store = Store.open(sqlite_url(tmp_path), first)
    finally:
        event.remove(Engine, "before_cursor_execute", other_process)
    assert store.keyring.log_key == others[0].keyring.log_key
    store.close()
    others[0].close()


def test_a_refused_schema_leaves_keys_alone(store: Store, data: Path) -> None:
    with store.write() as tx:
        tx.connection.execute(sql("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match="9999"):
        _open(data)
    assert (data / "keys.db").exists()


def test_a_single_key_that_is_gone_is_logged_with_how_many_fingerprints_it_sealed(
    store: Store, replica: Replica, caplog: pytest.LogCaptureFixture
) -> None:
    _gated(store, replica)
    with store.read() as tx:
        key_ids = tx.connection.execute(sql("select distinct key_id from fingerprint")).scalars().all()
        count = tx.connection.execute(sql("select count(*) from fingerprint")).scalar_one()
    with caplog.at_level(logging.WARNING, "takeback.store"):
        Replica.load(store)
        assert not caplog.messages
        store.keyring.destroy(list(key_ids))
        assert len(Replica.load(store).entries) == 0
    assert any(message.startswith(f"{count} fingerprints no longer match") for message in caplog.messages)


def test_the_fingerprints_of_an_item_whose_key_is_gone_are_left_out(store: Store, replica: Replica, site: Site) -> None:
    upload = Upload(site, "1", "https://forum.example/1")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    with store.read() as tx:
        (key_id,) = tx.connection.execute(sql("select distinct key_id from fingerprint")).scalars().all()
        assert tx.prints.known_by("item", 1).prints
        store.keyring.destroy([key_id])
        assert tx.prints.known_by("item", 1).prints == []
