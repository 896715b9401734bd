"""`takeback verify`: the logs are whole, or the first entry that is not is named; and proofs that someone brings."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.serving import Service
from tests.cosigning import cosigned, with_another_signature
from tests.house import AT
from tests.unit.cli.conftest import Call, House

from takeback.audit.merkle import node_hash
from takeback.audit.note import KeyType, Signer, VerifierKey
from takeback.cli.data import opened
from takeback.store import MasterKey
from takeback.store.database import DATABASE_NAME
from takeback.store.tables import log_node


def _change(house: House, statement: str) -> None:
    connection = sqlite3.connect(house.settings.data / DATABASE_NAME)
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_whole_log_verifies(call: Call, house: House) -> None:
    done = call("verify", *house.options)
    assert (done.code, done.out) == (0, "The audit log is whole: 3 entries verify.\n")
    assert call("verify", *house.options, "--json").json == {
        "verified": True,
        "entries": 3,
        "attestations": 0,
        "periods": 0,
        "first_broken": None,
        "why": None,
    }


def test_the_first_changed_entry_is_named_with_exit_code_5(call: Call, house: House) -> None:
    _change(house, "update event set actor = 'someone' where \"index\" = 1")
    done = call("verify", *house.options, "--json")
    assert (done.code, done.json["verified"], done.json["first_broken"]) == (5, False, 1)
    human = call("verify", *house.options)
    assert human.code == 5
    assert "Entry 1 of the audit log was changed after it was written." in human.out
    assert "restore from a backup" in human.err


def test_a_log_that_lost_its_end_is_broken(call: Call, house: House) -> None:
    _change(house, 'delete from event where "index" = 2')
    done = call("verify", *house.options, "--json")
    assert (done.code, done.json["first_broken"]) == (5, 2)


def test_another_master_key_is_told_from_a_whole_log(call: Call, house: House, tmp_path: Path) -> None:
    MasterKey.generate().write(tmp_path / "other.key")
    done = call("verify", "--data", house.settings.data, "--master-key-file", tmp_path / "other.key", "--json")
    assert (done.code, done.out, done.error["code"]) == (5, "", "seal-broken")


def test_the_log_of_a_running_service_is_verified(call: Call, service: Service) -> None:
    options = ("--data", service.data, "--master-key-file", service.folder / "master.key")
    done = call("verify", *options, "--json")
    assert (done.code, done.json["verified"]) == (0, True)
    assert done.json["entries"] >= 3


# ---- Proofs that someone brings ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of its own, since its public log is changed here."""
    service = Service(tmp_path_factory.mktemp("proving"))
    service.environment["TAKEBACK_LOG_PERIOD_MINUTES"] = "1440"
    service.start()
    yield service
    service.stop()


def _where(service: Service) -> tuple[str, ...]:
    return "--data", str(service.data), "--master-key-file", str(service.folder / "master.key")


@pytest.fixture(scope="module")
def receipt(proving: Service) -> str:
    return str(proving.send_notice("https://elsewhere.example/p")["receipt"])


@pytest.fixture
def proofs(call: Call, proving: Service, receipt: str, tmp_path: Path) -> list[Path]:
    assert call("log", "publish", *_where(proving)).code == 0
    done = call(
        "notice", "proofs", "--to", proving.url, "--folder", tmp_path / "proofs", "--json", stdin=f"{receipt}\n"
    )
    assert done.code == 0, done.err
    assert done.json["waiting"] == 0
    return [Path(name) for name in done.json["files"]]


def test_proofs_are_files_that_nobody_else_reads_and_verify_without_the_service(
    call: Call, proving: Service, proofs: list[Path]
) -> None:
    assert [path.stat().st_mode & 0o777 for path in proofs] == [0o600, 0o600]
    assert [path.name.split("-")[1] for path in proofs] == ["notice_received", "notice_valid"]
    key = call("log", "show", *_where(proving), "--json").json["log_key"]

    done = call("verify", *proofs, "--log-key", key)

    assert done.code == 0, done.err
    assert done.out.count(": verifies.") == 2
    assert "notice_received at " in done.out
    assert "links: 1" in done.out
    assert done.err == ""
    told = [json.loads(line) for line in call("verify", *proofs, "--log-key", key, "--json").out.splitlines()]
    assert [(each["verified"], each["key_pinned"]) for each in told] == [(True, True)] * 2


def test_a_proof_alone_says_whose_key_it_brings(call: Call, proofs: list[Path]) -> None:
    done = call("verify", proofs[0])
    assert done.code == 0
    assert "compare this key with the one that the service published" in done.err


def test_a_changed_proof_is_named_and_the_others_are_still_checked(call: Call, proofs: list[Path]) -> None:
    lines = proofs[0].read_text().splitlines(keepends=True)
    extra = json.loads(base64.b64decode(lines[1].removeprefix("extra ")))
    extra["attestation"]["at"] = "2026-01-01T00:00:00.000000Z"
    lines[1] = f"extra {base64.b64encode(json.dumps(extra).encode()).decode()}\n"
    proofs[0].write_text("".join(lines))

    done = call("verify", *proofs)

    assert done.code == 5
    assert f"{proofs[0]}: this proof does not verify. What this proof says was changed" in done.out
    assert f"{proofs[1]}: verifies." in done.out


def test_another_key_or_a_missing_witness_is_told(call: Call, proving: Service, proofs: list[Path]) -> None:
    shown = call("log", "show", *_where(proving), "--json").json
    stranger = str(Signer(VerifierKey.parse(shown["log_key"]).name, KeyType.LOG, bytes(32)).key)
    assert call("verify", proofs[0], "--log-key", stranger).code == 5
    done = call("verify", proofs[0], "--witness", shown["witness_key"])
    assert done.code == 5
    assert "did not sign the head" in done.out


def test_each_witness_is_told_to_be_checked_or_not_and_a_wrong_one_is_named(
    call: Call, proving: Service, proofs: list[Path], receipt: str, tmp_path: Path
) -> None:
    with opened(proving.data, str(proving.folder / "master.key")) as store:
        known = cosigned(store, "other.example", at=AT)
        stranger = cosigned(store, "third.example", at=AT, asked=False)
    folder = tmp_path / "witnessed"
    made = call("notice", "proofs", "--to", proving.url, "--folder", folder, "--json", stdin=f"{receipt}\n").json
    path = Path(made["files"][0])

    alone = call("verify", path)
    named = call("verify", path, "--witness", known, "--witness", stranger)
    shown = call("verify", path, "--service", proving.url, "--json").json

    assert "Witness other.example: not checked, its key is not known here" in alone.out
    assert "Witnessed by other.example at 2026-11-22 12:00" in named.out
    assert named.out.count(": checked.") == 2
    assert (shown["witnesses"], shown["witnesses_not_checked"]) == (["other.example"], ["third.example"])
    path.write_text(with_another_signature(path.read_text(), "other.example"))
    broken = call("verify", path, "--service", proving.url)
    assert broken.code == 5
    assert "The signature of other.example does not fit." in broken.out


def test_a_key_of_a_log_names_no_witness(call: Call, proving: Service, proofs: list[Path]) -> None:
    key = call("log", "show", *_where(proving), "--json").json["log_key"]
    done = call("verify", proofs[0], "--witness", key)
    assert done.code == 2
    assert "not of a witness" in done.err


def test_a_proof_is_compared_with_what_the_service_shows_now(call: Call, proving: Service, proofs: list[Path]) -> None:
    assert call("verify", *proofs, "--service", proving.url).code == 0
    call("log", "publish", *_where(proving))
    assert call("verify", *proofs, "--service", proving.url).code == 0


def test_a_log_that_shows_two_histories_is_found(call: Call, proving: Service, proofs: list[Path]) -> None:
    """The operator writes an earlier entry anew, with the true key: what one was shown the other is not."""
    call("log", "publish", *_where(proving))
    connection = sqlite3.connect(proving.data / DATABASE_NAME)
    with connection:
        connection.execute("update period set until = until + 1 where number = 0")
    connection.close()
    with opened(proving.data, str(proving.folder / "master.key")) as store, store.write() as tx:
        leaves = [stored.period.leaf() for stored in tx.public_log.periods()]
        tx.connection.execute(log_node.delete())
        level, nodes = 0, leaves
        while len(nodes) > 1:
            level, nodes = level + 1, [node_hash(*pair) for pair in zip(nodes[::2], nodes[1::2], strict=False)]
            for number, node in enumerate(nodes):
                tx.connection.execute(log_node.insert().values(level=level, number=number, hash=node))

    done = call("verify", proofs[0], "--service", proving.url)

    assert done.code == 5
    assert "did not grow out of the one in this proof" in done.out
    assert "Keep the proof" in done.err


@pytest.mark.parametrize("content", [b"", b"no proof", b"\xff\xfe", b"c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n"])
def test_what_is_no_proof_is_refused_with_what_to_do(call: Call, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.tlog-proof"
    path.write_bytes(content)
    done = call("verify", path)
    assert done.code == 2
    assert str(path) in done.err


def test_options_of_proofs_without_a_proof_are_refused(call: Call, house: House) -> None:
    assert call("verify", "--service", "https://forum.example", *house.options).code == 2


def test_witnesses_are_asked_and_dropped_and_logs_watched_and_no_more(call: Call, house: House) -> None:
    witness = str(Signer("other.example", KeyType.WITNESS, bytes(range(32))).key)
    log = str(Signer("other.example/1f2e3d4c", KeyType.LOG, bytes(range(32))).key)
    assert call("log", "ask", witness, "--url", "https://other.example/w", *house.options).code == 0
    assert call("log", "watch", log, *house.options, "--json").json == {"watched": "other.example/1f2e3d4c"}
    shown = call("log", "show", *house.options, "--json").json
    assert shown["witnesses"] == [{"key": witness, "url": "https://other.example/w", "size": 0, "problem": None}]
    assert shown["watched"] == [{"key": log, "size": 0}]
    assert "has signed nothing yet" in call("log", "show", *house.options).out
    assert call("log", "drop", witness, *house.options).code == 0
    assert call("log", "unwatch", "other.example/1f2e3d4c", *house.options).code == 0
    shown = call("log", "show", *house.options, "--json").json
    assert (shown["witnesses"], shown["watched"]) == ([], [])


def test_a_key_of_the_other_kind_and_one_that_is_not_there_are_refused(call: Call, house: House) -> None:
    witness = str(Signer("other.example", KeyType.WITNESS, bytes(range(32))).key)
    log = str(Signer("other.example/1f2e3d4c", KeyType.LOG, bytes(range(32))).key)
    assert "key of a log" in call("log", "ask", log, "--url", "https://other.example/w", *house.options).err
    assert "key of a witness" in call("log", "watch", witness, *house.options).err
    assert call("log", "drop", witness, *house.options).code == 2
    assert call("log", "unwatch", "other.example", *house.options).code == 2
    assert call("log", "watch", "nonsense", *house.options).code == 2


def test_timestamp_authorities_are_shown_with_how_they_fare(
    call: Call, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("log", "show", *house.options, "--json").json["timestamps"] == []
    monkeypatch.setenv("TAKEBACK_TIMESTAMP_AUTHORITIES", "https://tsa.example/tsr")

    shown = call("log", "show", *house.options, "--json").json["timestamps"]

    silent = {"size": None, "at": None, "verified": None, "problem": None}
    assert shown == [{"authority": "https://tsa.example/tsr", **silent}]
    human = call("log", "show", *house.options).out
    assert "Timestamps of https://tsa.example/tsr: nothing stamped yet" in human
