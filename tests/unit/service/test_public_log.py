"""The public log over HTTP: what anyone may ask, what each side may, and what is signed for others."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported
from tests.unit.service.conftest import Keys

from takeback.assembly import Parts
from takeback.audit.checkpoint import LogCheckpoint
from takeback.audit.note import VerifierKey, signatures_of
from takeback.audit.proof import is_consistent
from takeback.audit.receipt import Proof, verify_proof
from takeback.audit.witness import AddCheckpoint
from takeback.store import Keyring, MasterKey, Store
from takeback.store.database import sqlite_url
from takeback.workflow.intake import receive_notice
from takeback.workflow.publish import consistency, log_key, publish, signed_head
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.upload import Upload, check_upload
from takeback.workflow.witnessing import watch_log

ADD = "/api/v1/witness/add-checkpoint"


@pytest.fixture
def other(tmp_path: Path) -> Store:
    """The store of another service, with a log of three entries."""
    folder = tmp_path / "other"
    folder.mkdir()
    store = Store.open(sqlite_url(folder), Keyring(MasterKey.generate(), folder / "keys.db"))
    for number in range(3):
        publish(store, "other.example", at=AT + timedelta(minutes=15 * number))
    return store


def request(store: Store, old: int, size: int | None = None) -> str:
    signed = signed_head(store, size)
    return AddCheckpoint(old, consistency(store, old, signed.head.size) if old else (), signed.note).text()


# ---- What anyone may ask -----------------------------------------------------------------------------------------


def test_before_the_first_entry_there_is_nothing_to_show(client: TestClient) -> None:
    assert client.get("/api/v1/log/checkpoint").status_code == 404


def test_anyone_reads_the_head_and_checks_it(client: TestClient, parts: Parts) -> None:
    for number in range(5):
        publish(parts.store, "", at=AT + timedelta(minutes=15 * number))
    key = VerifierKey.parse(client.get("/api/v1/log/keys").json()["log"])

    answer = client.get("/api/v1/log/checkpoint")

    assert answer.headers["content-type"].startswith("text/plain")
    assert [each.key for each in signatures_of(answer.text, key)] == [key]
    head, earlier = LogCheckpoint.parse(answer.text), signed_head(parts.store, 2).head
    found = client.get("/api/v1/log/consistency", params={"first": 2, "second": head.size}).json()
    proof = [base64.b64decode(each) for each in found["proof"]]
    assert is_consistent(2, head.size, earlier.root, head.root, proof)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 1), (1, 9), ("x", 1), (1, 10**30)])
def test_a_proof_that_cannot_be_is_refused(client: TestClient, parts: Parts, first: int | str, second: int) -> None:
    publish(parts.store, "", at=AT)
    answer = client.get("/api/v1/log/consistency", params={"first": first, "second": second})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:takeback:problem:bad-input")


# ---- What each side may ------------------------------------------------------------------------------------------


def test_her_receipt_fetches_her_proofs_and_no_other_does(client: TestClient, parts: Parts) -> None:
    received = receive_notice(
        parts.store, parts.replica, notice_about(reported(drawn(1))), default_laws=LAWS, request=None, at=AT
    )
    asked = {"receipt": received.receipt}
    assert client.post("/api/v1/notices/proofs", json=asked).json() == {"proofs": [], "waiting": 2}
    publish(parts.store, "", at=AT)

    found = client.post("/api/v1/notices/proofs", json=asked).json()

    assert found["waiting"] == 0
    for text in found["proofs"]:
        proven = verify_proof(Proof.parse(text), log_key(parts.store))
        assert proven.attestation["about"] == received.case.public_id
    assert client.post("/api/v1/notices/proofs", json={"receipt": "none of these words"}).status_code in (404, 422)


def test_a_site_fetches_the_proofs_of_its_own_items_only(client: TestClient, keys: Keys, parts: Parts) -> None:
    with parts.store.read() as tx:
        (site,) = tx.sites.all()
    upload = Upload(site, "81", "https://forum.example/p/81")
    check_upload(parts.store, parts.replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    receive_notice(parts.store, parts.replica, notice_about(reported(drawn(1))), default_laws=LAWS, request=None, at=AT)
    publish(parts.store, "", at=AT)

    found = client.post("/api/v1/items/proofs", headers=keys["upload"], json={"item_id": "81"}).json()

    assert [Proof.parse(text).attestation["kind"] for text in found["proofs"]] == ["copy_held"]
    assert client.post("/api/v1/items/proofs", headers=keys["upload"], json={"item_id": "82"}).status_code == 404
    assert client.post("/api/v1/items/proofs", headers=keys["moderator"], json={"item_id": "81"}).status_code == 403
    assert client.post("/api/v1/items/proofs", json={"item_id": "81"}).status_code == 401


# ---- As a witness ------------------------------------------------------------------------------------------------


def test_a_log_that_is_watched_gets_a_signature_that_verifies(client: TestClient, parts: Parts, other: Store) -> None:
    watch_log(parts.store, log_key(other))
    publish(parts.store, "", at=AT)
    witness = VerifierKey.parse(client.get("/api/v1/log/keys").json()["witness"])

    answer = client.post(ADD, content=request(other, 0))

    assert answer.status_code == 200, answer.text
    note = signed_head(other).note + answer.text
    assert [each.key for each in signatures_of(note, log_key(other), witness)] == [log_key(other), witness]


def test_a_watched_log_grows_and_is_signed_again(client: TestClient, parts: Parts, other: Store) -> None:
    watch_log(parts.store, log_key(other))
    assert client.post(ADD, content=request(other, 0, 2)).status_code == 200
    assert client.post(ADD, content=request(other, 2, 3)).status_code == 200
    again = client.post(ADD, content=request(other, 2, 3))
    assert (again.status_code, again.text, again.headers["content-type"]) == (409, "3\n", "text/x.tlog.size")


def test_a_second_history_under_one_name_is_not_signed(client: TestClient, parts: Parts, other: Store) -> None:
    watch_log(parts.store, log_key(other))
    assert client.post(ADD, content=request(other, 0)).status_code == 200
    # The same log, written differently from its second entry on, by who holds its key.
    with other.write() as tx:
        tx.connection.exec_driver_sql("update period set until = until + 1 where number = 1")
        tx.connection.exec_driver_sql("delete from log_node")
        first, second = tx.public_log.period(0).period.leaf(), tx.public_log.period(1).period.leaf()
        from takeback.audit.merkle import node_hash
        from takeback.store.tables import log_node

        tx.connection.execute(log_node.insert().values(level=1, number=0, hash=node_hash(first, second)))
    publish(other, "other.example", at=AT + timedelta(hours=1))

    answer = client.post(ADD, content=request(other, 3))

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:takeback:problem:not-consistent")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda text: text.replace("old 0", "old 9", 1), 400),
        (lambda text: "nonsense", 400),
        (lambda text: "", 400),
        (lambda text: text.replace("old 0\n", "old 0\nAAAA\n", 1), 400),
        (lambda text: text.replace("\n3\n", "\n4\n", 1), 403),
        (lambda text: "x" * 50_000, 413),
    ],
    ids=["shrinks", "nonsense", "empty", "no hash", "not signed", "too long"],
)
def test_what_cannot_be_signed_says_why(
    client: TestClient, parts: Parts, other: Store, change: Callable[[str], str], status: int
) -> None:
    watch_log(parts.store, log_key(other))
    answer = client.post(ADD, content=change(request(other, 0)))
    assert answer.status_code == status, answer.text


def test_a_log_that_is_not_watched_is_not_signed(client: TestClient, other: Store) -> None:
    assert client.post(ADD, content=request(other, 0)).status_code == 404
