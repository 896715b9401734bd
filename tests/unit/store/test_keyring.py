"""Keys: sealed to a purpose, bound to one master key, destroyed for good, wrapped anew under another."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.house import AT, LAWS, drawn, notice_about, reported

from takeback.audit.log import verify_log
from takeback.errors import BadSetting, SealBroken
from takeback.store import Keyring, MasterKey, Store
from takeback.store.database import sqlite_url
from takeback.store.seal import seal, unseal
from takeback.workflow.intake import receive_notice
from takeback.workflow.replica import Replica

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
    reopened = Store.open(sqlite_url(data), Keyring(new, data / "keys.db"))
    assert len(Replica.load(reopened).entries) == 1
    with reopened.read() as tx:
        assert tx.cases.by_receipt(received.receipt).public_id == received.case.public_id
        assert tx.cases.words(tx.cases.by_id(received.case.id))["signature"] == "A. Person"
        assert verify_log(tx.audit.entries(), tx.audit.head(), reopened.keyring.log_key) > 0
    reopened.close()
