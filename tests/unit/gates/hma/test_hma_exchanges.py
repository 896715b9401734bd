"""Exchanges are kept as they were set up; their credentials are sealed, and shown to nobody."""

from __future__ import annotations

import pytest
from tests.house import drawn
from tests.unit.gates.hma.client import Hma

from takeback.assembly import Parts
from takeback.fingerprint import pdq_hash

NCMEC = {"environment": "https://exttest.cybertip.org/hashsharing", "only_esp_ids": [1, 2]}
WHO = {"user": "forum", "password": "hunter2-hunter2"}


def test_an_exchange_makes_the_bank_that_it_is_to_fill(hma: Hma) -> None:
    made = hma.post("/c/exchanges", json={"bank": "SAMPLE", "api": "sample", "api_json": {}})
    assert (made.status_code, made.json()) == (201, {"message": "Created successfully"})
    assert hma.get("/c/exchange/SAMPLE").json() == {
        "name": "SAMPLE", "api": "sample", "enabled": True,
        "credential_status": {"supports_auth": False, "has_credentials": False, "source": None},
    }  # fmt: skip
    assert hma.get("/c/exchanges").json() == ["SAMPLE"]
    assert hma.get("/c/bank/SAMPLE").status_code == 200
    assert hma.get("/c/exchange/SAMPLE/status").json() == {
        "checkpoint_ts": None, "fetched_items": 0, "last_fetch_complete_ts": None, "last_fetch_succeeded": None,
        "running_fetch_start_ts": None, "up_to_date": False,
    }  # fmt: skip
    assert hma.get("/c/exchange/ABSENT").status_code == 404
    assert hma.get("/c/exchange/ABSENT/status").status_code == 404


def test_an_exchange_is_switched_off_and_removed_with_its_bank(hma: Hma) -> None:
    hma.post("/c/exchanges", json={"bank": "LIST", "api": "ncmec", "api_json": NCMEC})
    hma.bank_signal("LIST", pdq_hash(drawn(1)).hex())
    off = hma.put("/c/exchange/LIST", json={"enabled": False})
    assert off.json() == {
        "name": "LIST", "api": "ncmec", "enabled": False, **NCMEC,
        "credential_status": {"supports_auth": True, "has_credentials": False, "source": None},
    }  # fmt: skip
    assert hma.put("/c/exchange/LIST", json={"enabled": "no"}).status_code == 400
    assert hma.delete("/c/exchange/LIST").json() == {"message": "Exchange deleted"}
    assert hma.delete("/c/exchange/LIST").status_code == 200
    assert hma.get("/c/bank/LIST").status_code == 404
    assert hma.lookup(pdq_hash(drawn(1)).hex()) == {}


def test_credentials_are_sealed_and_their_keys_go_with_them(hma: Hma, parts: Parts) -> None:
    body = {"bank": "LIST", "api": "ncmec", "api_json": NCMEC, "credential_json": WHO}
    assert hma.post("/c/exchanges", json=body).status_code == 201
    own = {"supports_auth": True, "has_credentials": True, "source": "exchange"}
    assert hma.get("/c/exchange/LIST/credentials").json() == own
    with parts.store.read() as tx:
        assert tx.exchanges.credentials(tx.exchanges.by_name("LIST")) == WHO
        key_ids = tx.exchanges._key_ids(tx.exchanges.by_name("LIST").bank_id)
    assert "hunter2" not in str([hma.get(path).text for path in ("/c/exchange/LIST", "/c/exchange/LIST/credentials")])
    stored = b"".join(path.read_bytes() for path in parts.settings.data.iterdir() if path.is_file())
    assert b"hunter2" not in stored
    cleared = hma.post("/c/exchange/LIST/credentials", json={"credential_json": {}})
    assert cleared.json() == {"supports_auth": True, "has_credentials": False, "source": None}
    assert not parts.store.keyring.data_keys(key_ids)


def test_a_kinds_credentials_serve_exchanges_that_have_none(hma: Hma, parts: Parts) -> None:
    hma.post("/c/exchanges", json={"bank": "LIST", "api": "ncmec", "api_json": NCMEC})
    state = {"supports_authentification": True, "has_set_authentification": False}
    assert hma.get("/c/exchanges/api/ncmec").json() == state
    state["has_set_authentification"] = True
    assert hma.post("/c/exchanges/api/ncmec", json={"credential_json": WHO}).json() == state
    assert hma.get("/c/exchange/LIST/credentials").json()["source"] == "api"
    with parts.store.read() as tx:
        assert tx.exchanges.credentials(tx.exchanges.by_name("LIST")) == WHO
    state["has_set_authentification"] = False
    assert hma.post("/c/exchanges/api/ncmec", json={"credential_json": {}}).json() == state
    assert hma.get("/c/exchanges/api/sample").json()["supports_authentification"] is False


@pytest.mark.parametrize(
    "body",
    [
        {}, {"bank": "LIST"}, {"bank": "LIST", "api": "other"}, {"bank": "list", "api": "sample"},
        {"bank": "1LIST", "api": "sample"}, {"bank": "LIST", "api": "sample", "api_json": []},
        {"bank": "LIST", "api": "sample", "api_json": {"more": 1}}, {"bank": "LIST", "api": "ncmec"},
        {"bank": "LIST", "api": "ncmec", "api_json": {"environment": "https://evil.example"}},
        {"bank": "LIST", "api": "ncmec", "api_json": {**NCMEC, "only_esp_ids": "1"}},
        {"bank": "LIST", "api": "fb_threatexchange", "api_json": {"privacy_group": "1"}},
        {"bank": "LIST", "api": "sample", "credential_json": {"a": "b"}},
        {"bank": "LIST", "api": "ncmec", "api_json": NCMEC, "credential_json": {"user": "forum"}},
        {"bank": "LIST", "api": "ncmec", "api_json": NCMEC, "credential_json": {**WHO, "more": "x"}},
        {"bank": "LIST", "api": "ncmec", "api_json": NCMEC, "credential_json": "hunter2-hunter2"},
        {"bank": "LIST", "api": "ncmec", "api_json": NCMEC, "credential_json": {**WHO, "user": ["hunter2-hunter2"]}},
    ],
)  # fmt: skip
def test_what_an_exchange_is_told_has_a_form_and_no_answer_repeats_a_secret(hma: Hma, body: dict[str, object]) -> None:
    answer = hma.post("/c/exchanges", json=body)
    assert answer.status_code == 400
    assert "hunter2" not in answer.text
    assert hma.get("/c/exchanges").json() == []
    assert hma.get("/c/bank/LIST").status_code == 404


def test_a_name_that_is_taken_is_refused(hma: Hma) -> None:
    hma.new_bank("LIST")
    answer = hma.post("/c/exchanges", json={"bank": "LIST", "api": "sample"})
    assert answer.status_code == 403
    assert "already exists" in answer.json()["message"]


def test_a_form_is_described_for_every_kind(hma: Hma) -> None:
    for api in hma.get("/c/exchanges/apis").json():
        schema = hma.get(f"/c/exchanges/api/{api}/schema").json()
        for section in (schema["config_schema"], schema["credentials_schema"] or {"fields": []}):
            for field in section["fields"]:
                assert set(field) == {"name", "type", "required", "default", "help", "choices"}
    assert hma.get("/c/exchanges/api/other/schema").status_code == 404
    assert hma.get("/c/exchanges/api/other").status_code == 400
