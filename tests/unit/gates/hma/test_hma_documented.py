"""
The examples of HMA's own documents, asked as they stand there.

They are those of `website/content/hma/api.md`, `docs/user-interface.md`, `OPENAPI_INTEGRATION.md`,
`openapi/openapi.yaml` and of the docstrings in `blueprints`. An example that HMA itself refuses is refused here too,
and says so in its test.
"""

from __future__ import annotations

import re

import pytest
from tests.house import drawn
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.conftest import Encoded, Opened
from tests.unit.gates.hma.shown import Shown

PDQ = "d811ac390bfa6005d08543fe27fd5a11f6b55bdd2603000dc26476fc79fc76b5"
"""The hash of api.md."""
FACD = "facd8bcb2a49bcebdec1985298d5fe84bcd006c187c598c720c3c087b3fdb318"
"""That of openapi.yaml, and another one of which it says how far away it is."""
NEAR_FACD = "facd8bcb2a49bcebdec1985228d5ae84bcd006c187c598c720c2b087b3fdb318"
SITE_MAP = [
    *("/", "/c/bank/<bank_name>", "/c/bank/<bank_name>/content", "/c/bank/<bank_name>/content/<content_id>"),
    *("/c/bank/<bank_name>/content/<int:content_id>", "/c/bank/<bank_name>/signal", "/c/banks", "/c/content_type"),
    *("/c/exchange/<string:exchange_name>", "/c/exchange/<string:exchange_name>/credentials"),
    *("/c/exchange/<string:exchange_name>/status", "/c/exchanges", "/c/exchanges/api/<string:api_name>"),
    *("/c/exchanges/api/<string:api_name>/schema", "/c/exchanges/apis", "/c/signal_type"),
    *("/c/signal_type/<signal_type_name>", "/c/signal_type/index", "/h/hash", "/m/compare", "/m/index/status"),
    *("/m/lookup", "/m/raw_lookup", "/site-map", "/status", "/ui/"),
]
"""What api.md shows; the names of what stands between `<` and `>` are free."""


# website/content/hma/api.md


def test_the_site_map_has_every_path_that_is_documented_but_the_pages(hma: Hma) -> None:
    def free(path: str) -> str:
        return re.sub(r"<[^>]*>|\{[^}]*\}", "*", path)

    ours = {free(path) for path in hma.get("/site-map").json()}
    assert {free(path) for path in SITE_MAP} - ours == {"/ui/"}


def test_a_picture_at_an_address_and_its_bytes_have_the_same_hash(
    opened: Opened, shown: Shown, encoded: Encoded
) -> None:
    shown.pages["/path/to/file.png"] = ("image/png", encoded(drawn(1)))
    hma = opened(shown, hma_fetch_hosts=("pictures.example",))
    by_address = hma.get(f"/h/hash?url={shown.url('/path/to/file.png')}")
    by_bytes = hma.post("/h/hash", files={"photo": ("example.png", encoded(drawn(1)))})
    assert by_address.json() == by_bytes.json()
    assert re.fullmatch('{"pdq":"[0-9a-f]{64}"}', by_bytes.text)


@pytest.mark.parametrize("query", ["bypass_coinflip=false", "bypass_coinflip=true", "seed=1234"])
def test_a_file_is_hashed_and_matched_in_one_request(hma: Hma, encoded: Encoded, query: str) -> None:
    hma.new_bank("TEST_BANK")
    hma.bank_file("TEST_BANK", encoded(drawn(1)))
    answer = hma.post(f"/m/lookup?{query}", files={"photo": ("example.png", encoded(drawn(1)))})
    assert answer.json() == {"pdq": {"TEST_BANK": [{"bank_content_id": 1, "distance": "0"}]}}


def test_a_hash_is_looked_up(hma: Hma) -> None:
    hma.new_bank("TEST_BANK")
    hma.bank_signal("TEST_BANK", PDQ)
    answer = hma.get(f"/m/lookup?signal_type=pdq&signal={PDQ}")
    assert answer.json() == {"TEST_BANK": [{"bank_content_id": 1, "distance": "0"}]}


def test_an_exchange_says_which_credentials_it_has(hma: Hma) -> None:
    config = {"environment": "https://hashsharing.ncmec.org/npo", "only_esp_ids": [1]}
    made = hma.post("/c/exchanges", json={"bank": "NCMEC", "api": "ncmec", "api_json": config})
    assert (made.status_code, made.json()) == (201, {"message": "Created successfully"})
    none = {"supports_auth": True, "has_credentials": False, "source": None}
    assert hma.get("/c/exchange/NCMEC").json()["credential_status"] == none
    who = {"credential_json": {"user": "a", "password": "b"}}
    own = hma.post("/c/exchange/NCMEC/credentials", json=who).json()
    assert own == {"supports_auth": True, "has_credentials": True, "source": "exchange"}
    assert hma.get("/c/exchange/NCMEC").json()["credential_status"] == own
    assert hma.put("/c/exchange/NCMEC", json={"enabled": True}).json()["credential_status"] == own
    assert hma.post("/c/exchange/NCMEC/credentials", json={"credential_json": None}).json() == none


# docs/user-interface.md


def test_banks_and_their_content_are_browsed(hma: Hma) -> None:
    hma.new_bank("SEED_BANK_0")
    hma.bank_signal("SEED_BANK_0", PDQ)
    bank = {"name": "SEED_BANK_0", "matching_enabled_ratio": 1.0}
    assert bank in hma.get("/c/banks").json()
    assert hma.get("/c/bank/SEED_BANK_0").json() == bank
    content = hma.get("/c/bank/SEED_BANK_0/content/1").json()
    assert content == {"id": 1, "disable_until_ts": 1, "original_media_uri": None, "bank": bank}


def test_an_exchange_is_set_up_with_what_it_needs_alone(hma: Hma) -> None:
    config = {"environment": "https://hashsharing.ncmec.org/npo"}
    assert hma.post("/c/exchanges", json={"bank": "NCMEC", "api": "ncmec", "api_json": config}).status_code == 201
    assert hma.get("/c/exchange/NCMEC").json()["environment"] == config["environment"]


# OPENAPI_INTEGRATION.md


def test_a_hash_of_one_request_is_matched_by_the_next(opened: Opened, shown: Shown, encoded: Encoded) -> None:
    shown.pages["/image.jpg"] = ("image/png", encoded(drawn(1)))
    hma = opened(shown, hma_fetch_hosts=("pictures.example",))
    accept = {"accept": "application/json"}
    hma.new_bank("MY_BANK", enabled_ratio=1.0)
    url = shown.url("/image.jpg")
    added = hma.post(f"/c/bank/MY_BANK/content?url={url}", headers=accept)
    hashes = hma.get(f"/h/hash?url={url}", headers=accept).json()
    assert added.json() == {"id": 1, "signals": hashes}
    signal_type, signal = next(iter(hashes.items()))
    answer = hma.get(f"/m/raw_lookup?signal={signal}&signal_type={signal_type}", headers=accept)
    assert answer.json() == {"matches": [1]}


def test_a_bank_in_small_letters_is_refused_as_hma_refuses_its_own_example(hma: Hma) -> None:
    answer = hma.post("/c/banks", json={"name": "my-bank", "enabled_ratio": 1.0})
    assert (answer.status_code, set(answer.json())) == (400, {"message"})


# openapi/openapi.yaml


def test_it_is_alive(hma: Hma) -> None:
    assert hma.get("/status").text == "I-AM-ALIVE"


def test_two_hashes_are_as_far_apart_as_the_example_says(hma: Hma) -> None:
    assert hma.post("/m/compare", json={"pdq": [FACD, NEAR_FACD]}).json() == {"pdq": [True, {"distance": 9}]}


def test_signals_are_added_and_a_type_that_is_not_set_up_is_refused_as_hma_does(hma: Hma) -> None:
    hma.new_bank("EXAMPLE_BANK")
    answer = hma.post("/c/bank/EXAMPLE_BANK/signal", json={"pdq": FACD})
    assert (answer.status_code, answer.json()) == (200, {"id": 1, "signals": {"pdq": FACD}})
    example = {"pdq": FACD, "md5": "d41d8cd98f00b204e9800998ecf8427e"}
    assert hma.post("/c/bank/EXAMPLE_BANK/signal", json=example).status_code == 400
    assert hma.get(f"/m/raw_lookup?signal={FACD}&signal_type=pdq").json() == {"matches": [1]}


def test_matches_have_distances_where_they_are_asked_for(hma: Hma) -> None:
    hma.new_bank("EXAMPLE_BANK")
    hma.bank_signal("EXAMPLE_BANK", FACD)
    answer = hma.get(f"/m/raw_lookup?signal={NEAR_FACD}&signal_type=pdq&include_distance=true")
    assert answer.json() == {"matches": [{"bank_content_id": 1, "distance": "9"}]}


def test_a_bank_is_changed_and_removed(hma: Hma) -> None:
    hma.new_bank("EXAMPLE_BANK", enabled=True)
    changed = hma.put("/c/bank/EXAMPLE_BANK", json={"name": "OTHER", "enabled": False}).json()
    assert changed == {"name": "OTHER", "matching_enabled_ratio": 0.0}
    assert hma.put("/c/bank/OTHER", json={"enabled_ratio": 0.5}).json()["matching_enabled_ratio"] == 0.5
    assert hma.delete("/c/bank/OTHER").json() == {"message": "Done"}
    assert hma.get("/c/bank/OTHER").status_code == 404


# Docstrings of the blueprints


def test_metadata_stands_in_the_address_and_every_part_of_it_may_be_left_out(
    opened: Opened, shown: Shown, encoded: Encoded
) -> None:
    shown.pages["/one.png"] = ("image/png", encoded(drawn(1)))
    hma = opened(shown, hma_fetch_hosts=("pictures.example",))
    hma.new_bank("EXAMPLE_BANK")
    beside = '{"content_id": "7", "json": {"anything": ["you", "need"]}}'
    number = hma.post(
        "/c/bank/EXAMPLE_BANK/content", params={"url": shown.url("/one.png"), "metadata": beside}
    ).json()["id"]  # fmt: skip
    told = hma.get(f"/c/bank/EXAMPLE_BANK/content/{number}").json()["metadata"]
    assert told == {"content_id": "7", "json": {"anything": ["you", "need"]}}


def test_signal_types_and_their_indexes_are_listed(hma: Hma) -> None:
    assert hma.get("/c/signal_type").json() == [
        {"name": "pdq", "enabled_ratio": 1.0}, {"name": "video_md5", "enabled_ratio": 0.0}
    ]  # fmt: skip
    assert hma.put("/c/signal_type/pdq", json={"enabled_ratio": 1.0}).status_code == 204
    index = hma.get("/c/signal_type/index?signal_type=pdq").json()["pdq"]
    assert set(index) == {"db_size", "index_size", "index_out_of_date", "newest_db_item", "index_built_to"}
    absent = {"built_to": -1, "present": False, "size": 0}
    assert hma.get("/m/index/status?signal_type=video_md5").json() == {"video_md5": absent}


def test_exchanges_are_listed_by_name_and_one_is_shown(hma: Hma) -> None:
    body = {"api": "fb_threatexchange", "api_json": {"privacy_group": 1}}
    for name in ("FAKE_EXCHANGE_1", "FAKE_EXCHANGE_2"):
        assert hma.post("/c/exchanges", json={"bank": name, **body}).status_code == 201
    assert hma.get("/c/exchanges").json() == ["FAKE_EXCHANGE_1", "FAKE_EXCHANGE_2"]
    shown = hma.put("/c/exchange/FAKE_EXCHANGE_1", json={"enabled": True}).json()
    assert (shown["name"], shown["api"], shown["enabled"]) == ("FAKE_EXCHANGE_1", "fb_threatexchange", True)
