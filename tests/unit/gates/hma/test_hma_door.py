"""Who may ask: this machine and the peers that are named, without a key; all others by the role of theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.house import drawn
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.conftest import Encoded, Opened

from takeback.assembly import Parts
from takeback.audit.event import EventKind
from takeback.errors import BadSetting
from takeback.fingerprint import pdq_hash
from takeback.gates.hma.app import hma_peers, open_hma_over, unopened_hma_app

PDQ = pdq_hash(drawn(1)).hex()
LOOK = {"signal": PDQ, "signal_type": "pdq", "include_distance": "true"}
COMPARE = {"pdq": [PDQ, PDQ]}
type Keys = dict[str, dict[str, str]]


@pytest.mark.parametrize("peer", ["203.0.113.9", "10.0.0.7", "not-an-address", "::2"])
def test_from_elsewhere_nothing_is_answered_without_a_key_but_the_state(opened: Opened, peer: str) -> None:
    hma = opened(peer=peer)
    for method, path in _everything():
        answer = hma.ask(method, path)
        assert answer.status_code == 401, (method, path)
        assert set(answer.json()) == {"message"}
    for path in ("/status", "/status/live", "/livez", "/readyz", "/"):
        assert hma.get(path).status_code in (200, 302)


def _everything() -> list[tuple[str, str]]:
    """Return every route that is not about the state, with something in each of its places."""
    routes = unopened_hma_app().openapi()["paths"]
    found = [(method.upper(), path) for path, methods in routes.items() for method in methods]
    places = {"name": "BANK", "number": "1", "api": "ncmec"}
    told = [(method, path.format(**places)) for method, path in found if path not in STATE]
    assert len(told) > 30
    # What a question needs is asked for before who asks is known.
    return [(method, f"{path}?signal=a&signal_type=b&url=c") for method, path in told]


STATE = {"/status", "/status/live", "/livez", "/readyz", "/"}


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "10.0.0.7", "10.9.3.4"])
def test_this_machine_and_named_peers_need_no_key(opened: Opened, peer: str) -> None:
    hma = opened(peer=peer, hma_peers=("10.0.0.7", "10.9.0.0/16"))
    hma.new_bank("BANK")
    assert hma.bank_signal("BANK", PDQ)
    assert hma.lookup(PDQ)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}, {"Via": "1.1 proxy"},
        {"X-Real-IP": "203.0.113.9"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"}, {"Host": "evil.example:5050"}, {"Host": "127.0.0.1.evil.example"},
    ],
)  # fmt: skip
def test_what_came_through_a_proxy_or_a_browser_is_not_of_this_machine(hma: Hma, headers: dict[str, str]) -> None:
    assert hma.post("/c/banks", json={"name": "BANK"}, headers=headers).status_code == 401
    assert hma.get("/m/raw_lookup", params=LOOK, headers=headers).status_code == 401
    assert hma.get("/c/bank/BANK").status_code == 404


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1", "[::1]:5000", "[::1]"])
def test_this_machine_is_asked_by_its_own_names(hma: Hma, host: str) -> None:
    assert hma.get("/c/banks", headers={"Host": host}).status_code == 200


def test_each_role_may_what_it_may_elsewhere(opened: Opened, keys: Keys, encoded: Encoded) -> None:
    hma = opened(peer="203.0.113.9")
    file = {"photo": ("a.png", encoded(drawn(1)))}
    may = {
        "upload": {"hash"}, "auditor": set(), "moderator": {"hash", "look"}, "administrator": {"hash", "look", "fill"}
    }  # fmt: skip
    for role, allowed in may.items():
        name = f"BANK_{role.upper()}"
        asked = {
            "hash": [hma.post("/h/hash", files=file, headers=keys[role]),
                     hma.post("/m/compare", json=COMPARE, headers=keys[role])],
            "look": [hma.get("/m/raw_lookup", params=LOOK, headers=keys[role]),
                     hma.get("/c/banks", headers=keys[role]),
                     hma.post("/m/lookup", files=file, headers=keys[role])],
            "fill": [hma.post("/c/banks", json={"name": name}, headers=keys[role]),
                     hma.delete(f"/c/bank/{name}", headers=keys[role])],
        }  # fmt: skip
        for what, answers in asked.items():
            expected = {200, 201} if what in allowed else {403}
            assert {answer.status_code for answer in answers} <= expected, (role, what)


def test_a_wrong_key_is_no_key_even_here(hma: Hma, keys: Keys) -> None:
    assert hma.get("/c/banks", headers={"Authorization": "Bearer tb_moderator_wrong"}).status_code == 401
    assert hma.post("/c/banks", json={"name": "BANK"}, headers=keys["upload"]).status_code == 403


def test_the_log_names_who_filled_a_bank(hma: Hma, keys: Keys, parts: Parts) -> None:
    hma.new_bank("BANK")
    hma.bank_signal("BANK", PDQ)
    hma.post("/c/bank/BANK/signal", json={"pdq": PDQ}, headers=keys["administrator"])
    with parts.store.read() as tx:
        imported = [entry for entry in tx.audit.entries() if entry.kind == EventKind.ENTRY_IMPORTED]
    actors = [entry.event().actor for entry in imported]
    assert actors[0] == "hma"
    assert actors[1].startswith("key/")


def test_a_slash_too_many_is_one_slash(hma: Hma) -> None:
    """Coop's own default address ends with a slash, and so does every path that it asks for."""
    coop = "http://127.0.0.1:5050/"
    assert hma.post(f"{coop}/c/banks", json={"name": "COOP_1_KNOWN", "enabled_ratio": "1"}).status_code == 201
    assert hma.get(f"{coop}/c//bank/COOP_1_KNOWN").json()["name"] == "COOP_1_KNOWN"


def test_what_there_is_not_is_said_as_json(hma: Hma) -> None:
    for method, path, status in (("GET", "/ui/", 404), ("POST", "/dev/factory_reset", 404), ("PATCH", "/c/banks", 405)):
        answer = hma.ask(method, path)
        assert answer.status_code == status
        assert set(answer.json()) == {"message"}
    assert hma.get("/").headers["location"] == "/status"


def test_the_paths_and_the_form_of_the_interface_are_told(hma: Hma) -> None:
    paths = hma.get("/site-map").json()
    assert {"/h/hash", "/m/lookup", "/m/raw_lookup", "/m/compare", "/c/banks", "/c/exchanges", "/status"} <= set(paths)
    assert "/m/lookup" in hma.get("/openapi/openapi.json").json()["paths"]


def test_a_body_is_bounded_before_it_is_read(hma: Hma, encoded: Encoded, parts: Parts) -> None:
    large = b"x" * (parts.settings.max_upload_bytes + 1)
    hma.new_bank("BANK")
    for path in ("/h/hash", "/m/lookup", "/c/bank/BANK/content"):
        answer = hma.post(path, files={"photo": ("a.png", large)})
        assert (answer.status_code, set(answer.json())) == (413, {"message"})
    assert hma.post("/c/banks", content=b" " * (1024 * 1024 + 1)).status_code == 413
    for body in (b"", b"[]", b"{", b'"a"', b"\xff", b"[" * 100_000):
        assert hma.post("/c/banks", content=body).status_code == 400


# Where it listens


def test_peers_are_addresses_and_networks(parts: Parts) -> None:
    def peers(*texts: str) -> list[str]:
        return [str(each) for each in hma_peers(replace(parts.settings, hma_peers=texts))]

    assert peers("10.0.0.7", "fd00::/8") == ["10.0.0.7/32", "fd00::/8"]
    for text in ("db.internal", "10.0.0.7/8", "*"):
        with pytest.raises(BadSetting, match="hma_peers"):
            peers(text)
    with pytest.raises(BadSetting):
        open_hma_over(unopened_hma_app(), replace(parts, settings=replace(parts.settings, hma_peers=("db",))))
