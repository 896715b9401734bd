"""
The two clients that are in use, call by call: Coop (`server/services/hmaService`) and FetLife's gem.

Written after what their sources send and read; their own code is not here.
"""

from __future__ import annotations

import json

import pytest
from tests.house import drawn
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.conftest import Encoded, Opened
from tests.unit.gates.hma.shown import Shown

from takeback.fingerprint import pdq_hash

PDQ = pdq_hash(drawn(1)).hex()
COOP = "http://127.0.0.1:5050/"
"""As Coop has it by default: with a slash at the end, before paths that begin with one."""
BANK = "COOP_E7C89CE7729_KNOWN"


def test_coop_keeps_a_bank_fills_it_and_asks(opened: Opened, shown: Shown, encoded: Encoded) -> None:
    shown.pages["/one.png"] = ("image/png", encoded(drawn(1)))
    hma = opened(shown, hma_fetch_hosts=("pictures.example",))
    # 1. createBank sends the ratio as text; getBank and listBanks take 404 for gone.
    made = hma.post(f"{COOP}/c/banks", json={"name": BANK, "enabled_ratio": "1"})
    assert (made.status_code, made.json()["name"]) == (201, BANK)
    assert hma.get(f"{COOP}/c/bank/{BANK}").status_code == 200
    # 2. addContentToBank, by address with JSON beside it, and by file with fields beside it.
    beside = {"metadata": {"content_id": "c1", "json": {"by": "a moderator"}}, "note": "from a report"}
    added = hma.post(f"{COOP}/c/bank/{BANK}/content", params={"url": shown.url("/one.png")}, json=beside)
    assert (type(added.json()["id"]), added.json()["signals"]) == (int, {"pdq": PDQ})
    body, kind = _undici(encoded(drawn(2)), content_id="c2", metadata=json.dumps({"by": "a rule"}), note="by hand")
    filed = hma.post(f"{COOP}/c/bank/{BANK}/content", content=body, headers={"Content-Type": kind})
    assert filed.status_code == 200, filed.text
    told = hma.get(f"{COOP}/c/bank/{BANK}/content/{filed.json()['id']}").json()
    assert (told["metadata"], told["note"]) == ({"content_id": "c2", "json": {"by": "a rule"}}, "by hand")
    # 3. hashContentFromUrl, then lookupContent for each signal type: a bank that has matches, matches.
    hashes = hma.get(f"{COOP}/h/hash", params={"url": shown.url("/one.png")}).json()
    for signal_type, signal in hashes.items():
        found = hma.get(f"{COOP}/m/lookup", params={"signal_type": signal_type, "signal": signal}).json()
        assert len(found[BANK]) == 1
    bare = hma.post(f"{COOP}/c/bank/{BANK}/content", params={"url": shown.url("/one.png")})
    assert bare.json()["signals"] == {"pdq": PDQ}
    # 4. updateBank by ratio sends a number; by name it makes another and removes the first.
    assert hma.put(f"{COOP}/c/bank/{BANK}", json={"enabled_ratio": 0.5}).json()["matching_enabled_ratio"] == 0.5
    assert hma.delete(f"{COOP}/c/bank/{BANK}").status_code == 200
    assert hma.get(f"{COOP}/c/bank/{BANK}").status_code == 404


def test_coop_sets_an_exchange_up_and_shows_how_it_stands(hma: Hma) -> None:
    names = hma.get(f"{COOP}/c/exchanges/apis").json()
    assert {"ncmec", "stop_ncii", "fb_threatexchange"} <= set(names)
    for name in names:
        config = hma.get(f"{COOP}/c/exchanges/api/{name}").json()
        assert {type(value) for value in config.values()} == {bool}
        assert "fields" in hma.get(f"{COOP}/c/exchanges/api/{name}/schema").json()["config_schema"]
    body = {"bank": BANK, "api": "fb_threatexchange", "api_json": {"privacy_group": 123}}
    assert hma.post(f"{COOP}/c/exchanges", json=body).is_success
    who = {"credential_json": {"api_token": "1|2"}}
    assert hma.post(f"{COOP}/c/exchanges/api/fb_threatexchange", json=who).is_success
    assert hma.put(f"{COOP}/c/bank/{BANK}", json={"enabled_ratio": 0.9}).is_success
    exchange = hma.get(f"{COOP}/c/exchange/{BANK}").json()
    assert (exchange["api"], exchange["enabled"]) == ("fb_threatexchange", True)
    assert hma.get(f"{COOP}/c/exchanges/api/{exchange['api']}").json()["has_set_authentification"] is True
    status = hma.get(f"{COOP}/c/exchange/{BANK}/status").json()
    assert (status["last_fetch_complete_ts"], status["fetched_items"], status["up_to_date"]) == (None, 0, False)
    assert hma.get(f"{COOP}/c/exchange/ABSENT").status_code == 404


def test_fetlifes_gem_reads_what_it_is_answered(hma: Hma, encoded: Encoded) -> None:
    made = hma.post("/c/banks", json={"name": "BANK", "enabled": "true", "matching_enabled_ratio": 1.0}).json()
    assert isinstance(made["matching_enabled_ratio"], float)
    body, kind = _faraday(encoded(drawn(1)), metadata=json.dumps({"content_id": "7"}))
    added = hma.post("/c/bank/BANK/content", content=body, headers={"Content-Type": kind}).json()
    assert set(added) == {"id", "signals"}
    body, kind = _faraday(encoded(drawn(1)))
    found = hma.post("/m/lookup", content=body, headers={"Content-Type": kind}).json()
    assert found == {"pdq": {"BANK": [{"bank_content_id": added["id"], "distance": "0"}]}}
    for flag, match in (("false", added["id"]), ("true", found["pdq"]["BANK"][0])):
        params = {"signal": PDQ, "signal_type": "pdq", "include_distance": flag}
        assert hma.get("/m/raw_lookup", params=params).json() == {"matches": [match]}
    again = hma.post("/c/banks", json={"name": "BANK"})
    assert (again.status_code, "already exists" in again.json()["message"]) == (403, True)


@pytest.mark.parametrize("path", ["/status", "/readyz"])
def test_a_balancer_reads_text(hma: Hma, path: str) -> None:
    answer = hma.get(path)
    assert (answer.status_code, answer.text) == (200, {"/status": "I-AM-ALIVE", "/readyz": "READY"}[path])


def _undici(data: bytes, **fields: str) -> tuple[bytes, str]:
    """Return a form as Node's undici writes it: the file is called `blob`, and comes first."""
    parts = [b'Content-Disposition: form-data; name="photo"; filename="blob"\r\nContent-Type: image/png\r\n\r\n' + data]
    parts += [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode() for name, text in fields.items()]
    boundary = b"----formdata-undici-012345678901"
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"
    return body, f"multipart/form-data; boundary={boundary.decode()}"


def _faraday(data: bytes, **fields: str) -> tuple[bytes, str]:
    """Return a form as Ruby's multipart-post writes it: each part says its length and encoding."""
    head = (
        'Content-Disposition: form-data; name="photo"; filename="one.png"\r\n'
        f"Content-Length: {len(data)}\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    )
    parts = [head.encode() + data]
    parts += [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode() for name, text in fields.items()]
    boundary = b"-----------RubyMultipartPost-0c6feacbe17921d5"
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n\r\n"
    return body, f"multipart/form-data; boundary={boundary.decode()}"
