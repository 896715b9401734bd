"""Backup and restore: the same answers, nothing withdrawn comes back, nothing readable without the key."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.house import AT, LAWS, Clock, drawn, keyring_in, notice_about, prints_of, reported

from takeback.cases import CaseState
from takeback.errors import BadSetting, NotFound, SealBroken
from takeback.fingerprint import Orientation, pdq_orientations
from takeback.store import MasterKey, Store
from takeback.store.backup import back_up, restore
from takeback.store.database import sqlite_url
from takeback.store.journal import Journal, Withdrawal
from takeback.store.sites import Site
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.erasure import ask_for_erasure, cancel_erasure, erase_due
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.legal_hold import confirm_hold, end_hold, order_hold
from takeback.workflow.messages import write_to_desk
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.retention import erase_retained
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.upload_record import erase_expired_records
from takeback.workflow.withdraw import finish_withdrawals, withdraw

MASTER = bytes(range(32))
ELSEWHERE = "https://elsewhere.example/her-own-page"
REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one", Confirm.ALL)


def _case(store: Store, replica: Replica, seed: int) -> Received:
    notice = notice_about(reported(drawn(seed), digests=True))
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    upload = Upload(_site(store), str(seed), f"https://forum.example/{seed}")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(seed))), upload, at=AT)
    decide(store, received.case.public_id, REMOVE, at=AT)
    return received


def _site(store: Store) -> Site:
    with store.read() as tx:
        return tx.sites.by_id(1)


def _answer(store: Store, seed: int) -> Action:
    return check_upload(store, Replica.load(store), query_of_fingerprints(prints_of(drawn(seed))), None, at=AT).action


def _reopen(data: Path, master: bytes = MASTER) -> Store:
    return Store.open(sqlite_url(data), keyring_in(data, MasterKey(master)))


def test_a_restored_backup_gives_the_same_answers(
    store: Store, replica: Replica, site: Site, journal: Journal, tmp_path: Path, data: Path
) -> None:
    _case(store, replica, 1)
    back_up(data, journal.path, tmp_path / "backup", at=AT)
    restore(tmp_path / "backup", tmp_path / "new", tmp_path / "new.journal")
    restored = _reopen(tmp_path / "new")
    assert _answer(restored, 1) is Action.REFUSE
    assert _answer(restored, 2) is Action.ALLOW
    with restored.read() as tx, store.read() as before:
        assert tx.audit.head() == before.audit.head()
    restored.close()


def test_what_was_withdrawn_after_the_backup_stays_withdrawn(
    store: Store, replica: Replica, site: Site, journal: Journal, tmp_path: Path, data: Path
) -> None:
    received = _case(store, replica, 1)
    _case(store, replica, 2)
    folder = tmp_path / "backup"
    back_up(data, journal.path, folder, at=AT)
    withdraw(store, journal, received.ending, at=AT)
    restore(folder, tmp_path / "new", journal.path)
    restored = _reopen(tmp_path / "new")
    assert finish_withdrawals(restored, Journal(journal.path, restored.keyring.journal_key), at=AT) == 1
    assert _answer(restored, 1) is Action.ALLOW
    assert _answer(restored, 2) is Action.REFUSE
    with restored.read() as tx:
        assert tx.cases.by_receipt(restored.keyring.receipt_digest(received.receipt)).state is CaseState.WITHDRAWN
    restored.close()


def test_what_was_erased_after_the_backup_stays_erased(
    store: Store, replica: Replica, site: Site, journal: Journal, tmp_path: Path, data: Path, clock: Clock
) -> None:
    notice = notice_about(reported(drawn(1)), links=(ELSEWHERE,))
    erased, kept = (
        receive_notice(store, replica, notice, default_laws=LAWS, request=request, at=AT)
        for request in ("one-request-key", "another-request-key")
    )
    for each in (erased, kept):
        write_to_desk(store, each.receipt, "A secret.", at=AT)
        ask_for_erasure(store, journal, each.ending, at=AT)
    cancel_erasure(store, journal, kept.receipt, at=AT)
    folder = tmp_path / "backup"
    back_up(data, journal.path, folder, at=AT)
    assert erase_due(store, journal, actor="test", at=clock.pass_(hours=73)) == 1
    restore(folder, tmp_path / "new", journal.path)
    restored = _reopen(tmp_path / "new")
    finish_withdrawals(restored, Journal(journal.path, restored.keyring.journal_key), at=clock.at)
    with restored.read() as tx:
        gone = tx.cases.by_public_id(erased.case.public_id)
        assert gone.erased_at == clock.at
        assert tx.cases.words(gone) == {}
        assert tx.messages.of_case(gone) == []
        assert tx.copies.of_case(gone.id) == []
        still = tx.cases.by_public_id(kept.case.public_id)
        assert still.erased_at is None
        assert [tx.cases.open_link(still, copy) for copy in tx.copies.of_case(still.id)] == [ELSEWHERE]
    assert set(restored.keyring.data_keys([gone.key_id, still.key_id])) == {still.key_id}
    restored.close()


def test_what_was_kept_long_enough_after_the_backup_is_erased_again(
    store: Store, replica: Replica, site: Site, journal: Journal, tmp_path: Path, data: Path
) -> None:
    received, contest_for = _case(store, replica, 1), timedelta(days=184)
    late = AT + timedelta(days=300)
    hold = order_hold(
        store, received.case.public_id, authority="A court", scope="All.", until_at=late + timedelta(days=9),
        actor="key/one", at=AT,
    )  # fmt: skip
    confirm_hold(store, received.case.public_id, hold.public_id, actor="key/two", at=AT)
    folder = tmp_path / "backup"
    back_up(data, journal.path, folder, at=AT)
    end_hold(store, received.case.public_id, hold.public_id, actor="key/two", at=late)
    assert erase_retained(store, contest_for, actor="takeback", at=late) == 1
    first = next(folder.glob("takeback-*.db"))
    back_up(data, journal.path, folder, at=late)
    restore(folder, tmp_path / "new", tmp_path / "new.journal", database=first)
    restored = _reopen(tmp_path / "new")
    assert erase_retained(restored, contest_for, actor="takeback", at=late) == 1
    with restored.read() as tx:
        assert tx.cases.words(tx.cases.by_id(received.case.id)) == {}
    restored.close()


def test_a_later_backup_erases_upload_records_from_the_earlier_one(
    store: Store, replica: Replica, site: Site, journal: Journal, tmp_path: Path, data: Path
) -> None:
    received, late = _case(store, replica, 1), AT + timedelta(days=400)
    folder = tmp_path / "backup"
    back_up(data, journal.path, folder, at=AT)
    first = next(folder.glob("takeback-*.db"))
    assert erase_expired_records(store, actor="takeback", at=late) == 1
    back_up(data, journal.path, folder, at=late)
    restore(folder, tmp_path / "new", tmp_path / "new.journal", database=first)
    restored = _reopen(tmp_path / "new")
    with restored.read() as tx:
        (record,) = tx.upload_records.of_case(received.case.id)
        assert record.sealed is not None
        with pytest.raises(SealBroken):
            tx.upload_records.opened(record)
    assert erase_expired_records(restored, actor="takeback", at=late) == 1
    restored.close()


def test_a_later_backup_erases_what_was_withdrawn_from_the_earlier_one(
    store: Store, replica: Replica, site: Site, journal: Journal, tmp_path: Path, data: Path
) -> None:
    received = _case(store, replica, 1)
    folder = tmp_path / "backup"
    first = back_up(data, journal.path, folder, at=AT)
    withdraw(store, journal, received.ending, at=AT)
    back_up(data, journal.path, folder, at=AT.replace(hour=13))
    # Even with the old database file and no journal: the key that sealed the fingerprint is nowhere any more.
    (folder / "withdrawals.journal").unlink()
    restore(folder, tmp_path / "new", tmp_path / "new.journal", database=first.database)
    restored = _reopen(tmp_path / "new")
    assert len(Replica.load(restored).entries) == 0
    restored.close()


def test_without_the_master_key_a_backup_gives_up_no_fingerprint(
    store: Store, replica: Replica, site: Site, journal: Journal, tmp_path: Path, data: Path
) -> None:
    received = _case(store, replica, 1)
    folder = tmp_path / "backup"
    back_up(data, journal.path, folder, at=AT)
    prints = prints_of(drawn(1))
    secrets = [pdq.code for pdq in pdq_orientations(drawn(1)).values()]
    secrets += [prints.file_digest, prints.frames[0].pixel_digest, received.receipt.encode(), b"A. Person"]
    for file in folder.iterdir():
        _assert_absent(file.read_bytes(), secrets)
    with pytest.raises(SealBroken, match="does not belong"):
        _reopen_copy(folder, tmp_path / "stolen")


def _assert_absent(data: bytes, secrets: list[bytes]) -> None:
    """Search for each secret, and for each half of a long one, raw, in hex and in base64 at every alignment."""
    for secret in secrets:
        half = len(secret) // 2
        for part in (secret, secret[:half], secret[half:]) if half >= 16 else (secret,):
            forms = [part, part[::-1], part.hex().encode(), part.hex().upper().encode()]
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                forms += [encode(bytes(shift) + part)[4 if shift else 0 : -4] for shift in range(3)]
            for form in forms:
                assert form not in data


def _reopen_copy(folder: Path, data: Path) -> Store:
    restore(folder, data, data.with_suffix(".journal"))
    return _reopen(data, bytes(32))


def test_the_search_for_secrets_finds_one_that_is_there() -> None:
    secret = pdq_orientations(drawn(1))[Orientation.UPRIGHT].code
    for leaked in (secret, secret.hex().encode()):
        with pytest.raises(AssertionError):
            _assert_absent(b"some page " + leaked + b" of a file", [secret])


def test_a_restore_never_overwrites(store: Store, journal: Journal, tmp_path: Path, data: Path) -> None:
    folder = tmp_path / "backup"
    back_up(data, journal.path, folder, at=AT)
    with pytest.raises(BadSetting, match="holds data already"):
        restore(folder, data, journal.path)
    with pytest.raises(NotFound, match="no whole backup"):
        restore(tmp_path / "nothing", tmp_path / "new", journal.path)


def test_a_backup_inside_the_data_is_refused(store: Store, journal: Journal, tmp_path: Path, data: Path) -> None:
    with pytest.raises(BadSetting, match="lost with it"):
        back_up(data, journal.path, data / "backup", at=AT)


def test_a_journal_line_of_someone_without_the_key_withdraws_nothing(store: Store, journal: Journal) -> None:
    journal.append(Withdrawal("1" * 32, AT))
    forged = journal.path.read_text().replace("1" * 32, "2" * 32)
    journal.path.write_text(forged)
    with pytest.raises(SealBroken, match="Line 1"):
        list(journal.read())


def test_a_journal_line_cut_short_by_a_crash_does_not_swallow_the_next(journal: Journal) -> None:
    one, two = Withdrawal("1" * 32, AT), replace(Withdrawal("2" * 32, AT))
    journal.append(one)
    with journal.path.open("a") as file:
        file.write('{"case": "cut')
    journal.append(two)
    assert list(journal.read()) == [one, two]


def test_the_name_of_a_new_journal_is_made_durable_with_its_first_line(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    folder, file = str(journal.path.parent), str(journal.path)
    journal.append(Withdrawal("1" * 32, AT))
    assert synced == [folder, file]
    journal.append(Withdrawal("2" * 32, AT))
    assert synced == [folder, file, file]
