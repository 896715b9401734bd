"""Which banks know a picture: by fingerprint and by file, at once, and only what counts now."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from tests.house import AT, LAWS, Clock, Pixels, drawn, notice_about, prints_of, reported
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.codes import at_distance
from tests.unit.gates.hma.conftest import Encoded, Opened
from tests.unit.gates.hma.shown import Shown

from takeback.assembly import Parts
from takeback.fingerprint import pdq_hash
from takeback.store.sites import Site
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.intake import receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.withdraw import withdraw

PDQ = pdq_hash(drawn(1)).hex()
REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one", Confirm.ALL)


def test_what_is_put_in_is_found_by_the_next_look(hma: Hma) -> None:
    hma.new_bank("KNOWN")
    assert hma.lookup(PDQ) == {}
    number = hma.bank_signal("KNOWN", PDQ)
    assert hma.lookup(PDQ) == {"KNOWN": [{"bank_content_id": number, "distance": "0"}]}
    raw = {"signal": PDQ, "signal_type": "pdq"}
    assert hma.get("/m/raw_lookup", params=raw).json() == {"matches": [number]}
    found = hma.get("/m/raw_lookup", params={**raw, "include_distance": "true"}).json()
    assert found == {"matches": [{"bank_content_id": number, "distance": "0"}]}


def test_a_match_is_at_most_31_bits_away_and_the_distance_is_told(hma: Hma) -> None:
    hma.new_bank("KNOWN")
    number = hma.bank_signal("KNOWN", PDQ)
    assert hma.lookup(at_distance(PDQ, 30)) == {"KNOWN": [{"bank_content_id": number, "distance": "30"}]}
    assert hma.lookup(at_distance(PDQ, 32)) == {}


def test_the_nearest_come_first(hma: Hma) -> None:
    hma.new_bank("KNOWN")
    numbers = [hma.bank_signal("KNOWN", at_distance(PDQ, distance)) for distance in (20, 4, 12)]
    found = hma.lookup(PDQ)["KNOWN"]
    assert [match["distance"] for match in found] == ["4", "12", "20"]
    assert [match["bank_content_id"] for match in found] == [numbers[1], numbers[2], numbers[0]]


def test_a_look_in_named_banks_finds_nothing_of_others(hma: Hma) -> None:
    for bank in ("ONE", "TWO", "THREE"):
        hma.new_bank(bank)
        hma.bank_signal(bank, PDQ)
    assert set(hma.lookup(PDQ, banks="ONE,THREE,ABSENT")) == {"ONE", "THREE"}
    assert hma.lookup(PDQ, banks="ABSENT") == {}
    raw = {"signal": PDQ, "signal_type": "pdq", "banks": "TWO"}
    assert len(hma.get("/m/raw_lookup", params=raw).json()["matches"]) == 1


def test_a_file_is_found_turned_mirrored_and_in_other_colour_modes(hma: Hma, encoded: Encoded) -> None:
    hma.new_bank("KNOWN")
    number = hma.bank_file("KNOWN", encoded(drawn(1)))
    turned = np.rot90(drawn(1))[:, ::-1]
    for data in (encoded(drawn(1), "JPEG"), encoded(np.ascontiguousarray(turned)), _palette(drawn(1))):
        (match,) = hma.lookup_file(data)["KNOWN"]
        assert match["bank_content_id"] == number
        assert int(match["distance"]) <= 20
    assert hma.lookup_file(encoded(drawn(2))) == {}


def _palette(pixels: Pixels) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).quantize(256).save(buffer, "GIF")
    return buffer.getvalue()


def test_a_ratio_is_a_chance_that_a_seed_holds_and_both_methods_let_bypass(hma: Hma, encoded: Encoded) -> None:
    hma.new_bank("KNOWN", enabled_ratio=0.5)
    hma.bank_file("KNOWN", encoded(drawn(1)))
    by_seed = [bool(hma.lookup(PDQ, seed=str(seed))) for seed in range(40)]
    assert 8 < sum(by_seed) < 32
    assert [bool(hma.lookup(PDQ, seed=str(seed))) for seed in range(40)] == by_seed
    shut = str(by_seed.index(False))
    assert hma.lookup(PDQ, seed=shut, bypass_coinflip="true")
    assert hma.lookup_file(encoded(drawn(1)), seed=shut, bypass_coinflip="true")
    assert not hma.lookup_file(encoded(drawn(1)), seed=shut)


def test_the_same_seed_is_the_same_chance_as_hmas(hma: Hma) -> None:
    """HMA draws by Python's generator: `random.Random("a").random()` is 0.272…, of "b" 0.722…."""
    hma.new_bank("KNOWN", enabled_ratio=0.5)
    hma.bank_signal("KNOWN", PDQ)
    assert hma.lookup(PDQ, seed="a")
    assert not hma.lookup(PDQ, seed="b")


def test_a_bank_that_is_off_matches_at_no_door_and_only_a_bypass_sees_it(hma: Hma, parts: Parts, site: Site) -> None:
    hma.new_bank("KNOWN")
    number = hma.bank_signal("KNOWN", PDQ)
    query = query_of_fingerprints(prints_of(drawn(1)))
    upload = Upload(site, None)
    assert check_upload(parts.store, parts.replica, query, upload, at=AT).action is Action.REFUSE
    assert hma.put("/c/bank/KNOWN", json={"enabled": False}).json()["matching_enabled_ratio"] == 0
    assert check_upload(parts.store, parts.replica, query, upload, at=AT).action is Action.ALLOW
    assert hma.lookup(PDQ) == {}
    raw = {"signal": PDQ, "signal_type": "pdq"}
    assert hma.get("/m/raw_lookup", params=raw).json() == {"matches": []}
    assert hma.lookup(PDQ, bypass_coinflip="true") == {"KNOWN": [{"bank_content_id": number, "distance": "0"}]}


def test_what_is_reported_is_told_once_a_person_decided_and_not_after_her_withdrawal(
    hma: Hma, parts: Parts, site: Site
) -> None:
    """HMA's clients know no hold: whoever reports anything could block it."""
    query = query_of_fingerprints(prints_of(drawn(1)))
    check_upload(parts.store, parts.replica, query, Upload(site, "1", "https://forum.example/1"), at=AT)
    notice = notice_about(reported(drawn(1)))
    received = receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=AT)
    assert hma.lookup(PDQ) == {}
    decide(parts.store, received.case.public_id, REMOVE, at=AT)
    assert set(hma.lookup(PDQ)) == {"notices"}
    assert received.ending is not None
    withdraw(parts.store, parts.journal, received.ending, at=AT)
    assert hma.lookup(PDQ) == {}
    assert hma.get("/m/raw_lookup", params={"signal": PDQ, "signal_type": "pdq"}).json() == {"matches": []}


def test_a_number_does_not_keep_a_case_from_being_forgotten(hma: Hma, parts: Parts, site: Site) -> None:
    query = query_of_fingerprints(prints_of(drawn(1)))
    check_upload(parts.store, parts.replica, query, Upload(site, "1", "https://forum.example/1"), at=AT)
    notice = notice_about(reported(drawn(1)))
    received = receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=AT)
    decide(parts.store, received.case.public_id, REMOVE, at=AT)
    (match,) = hma.lookup(PDQ)["notices"]
    withdraw(parts.store, parts.journal, received.ending, at=AT)
    with parts.store.write() as tx:
        tx.remains.delete_case(tx.cases.by_public_id(received.case.public_id))
    assert hma.get(f"/c/bank/notices/content/{match['bank_content_id']}").status_code == 404


def test_a_file_without_detail_is_found_by_its_digest_and_else_is_no_no_match(hma: Hma, encoded: Encoded) -> None:
    flat = encoded(np.full((64, 64, 3), 200, np.uint8))
    answer = hma.post("/m/lookup", files={"photo": ("a.png", flat)})
    assert answer.status_code == 400
    assert "too little detail" in answer.json()["message"]
    assert answer.headers["X-Takeback-Problem"] == "low-quality"
    hma.new_bank("KNOWN")
    number = hma.bank_file("KNOWN", flat)
    assert hma.lookup_file(flat) == {"KNOWN": [{"bank_content_id": number, "distance": "0"}]}


def test_a_file_that_is_no_picture_is_said_to_be_none(hma: Hma) -> None:
    answer = hma.post("/m/lookup", files={"photo": ("a.png", b"a letter")})
    assert answer.status_code == 415
    assert set(answer.json()) == {"message"}


def test_an_entry_near_too_many_different_files_is_doubted_here_too(hma: Hma, encoded: Encoded, clock: Clock) -> None:
    hma.new_bank("KNOWN")
    hma.bank_signal("KNOWN", at_distance(PDQ, 20))
    for number in range(21):
        clock.pass_(minutes=1)
        assert hma.lookup_file(encoded(drawn(1), "PNG", compress_level=number % 9, dpi=(72 + number, 72)))
    assert hma.lookup_file(encoded(drawn(1))) == {}
    assert clock() - AT < timedelta(hours=24)


@pytest.mark.parametrize("signal_type", ["video_md5", "vpdq", "PDQ", ""])
def test_other_signal_types_are_answered_as_switched_off_or_unknown(hma: Hma, signal_type: str) -> None:
    for path in ("/m/lookup", "/m/raw_lookup"):
        answer = hma.get(path, params={"signal": PDQ, "signal_type": signal_type})
        assert answer.status_code == 400
        assert set(answer.json()) == {"message"}


@pytest.mark.parametrize("signal", ["", "f" * 63, f"{PDQ}\n", "0" * 64, "f" * 64, "zz" * 32])
def test_a_signal_that_is_none_is_refused_and_not_repeated(hma: Hma, signal: str) -> None:
    answer = hma.get("/m/raw_lookup", params={"signal": signal, "signal_type": "pdq"})
    assert answer.status_code == 400
    assert not signal or signal.strip() not in answer.json()["message"]


def test_upper_case_is_a_fingerprint_too(hma: Hma) -> None:
    hma.new_bank("KNOWN")
    hma.bank_signal("KNOWN", PDQ.upper())
    assert hma.lookup(PDQ.upper())


def test_what_a_question_lacks_is_named_as_hmas_framework_does(hma: Hma) -> None:
    answer = hma.get("/m/raw_lookup", params={"signal": PDQ})
    assert answer.status_code == 422
    assert answer.json() == [{"type": "missing", "loc": ["signal_type"], "msg": "Field required"}]
    assert hma.get("/m/lookup").status_code == 400
    assert hma.get("/m/lookup", params={"signal": PDQ}).status_code == 400
    flag = {"signal": PDQ, "signal_type": "pdq", "include_distance": "perhaps"}
    assert hma.get("/m/raw_lookup", params=flag).status_code == 400


def test_two_signals_are_compared(hma: Hma) -> None:
    near, far = at_distance(PDQ, 9), at_distance(PDQ, 40)
    assert hma.post("/m/compare", json={"pdq": [PDQ, near]}).json() == {"pdq": [True, {"distance": 9}]}
    assert hma.post("/m/compare", json={"pdq": [PDQ, far]}).json() == {"pdq": [False, {"distance": 40}]}
    for body in ({"pdq": [PDQ]}, {"pdq": PDQ}, {"video_md5": ["a", "b"]}, {"pdq": [PDQ, 5]}, [PDQ, PDQ]):
        assert hma.post("/m/compare", json=body).status_code == 400


def test_the_state_of_the_indexes_says_how_much_they_hold(hma: Hma) -> None:
    absent = {"present": False, "built_to": -1, "size": 0}
    assert hma.get("/m/index/status").json() == {
        "pdq": {"present": True, "built_to": -1, "size": 0}, "video_md5": absent
    }  # fmt: skip
    hma.new_bank("KNOWN")
    hma.bank_signal("KNOWN", PDQ)
    now = int(AT.timestamp())
    only = hma.get("/m/index/status", params={"signal_type": "pdq"}).json()
    assert only == {"pdq": {"present": True, "built_to": now, "size": 1}}
    assert hma.get("/m/index/status", params={"signal_type": "other"}).status_code == 400
    assert hma.get("/c/signal_type/index").json()["pdq"] == {
        "db_size": 1, "index_size": 1, "index_out_of_date": False, "newest_db_item": now, "index_built_to": now
    }  # fmt: skip


def test_a_look_by_address_is_a_look_at_the_file(opened: Opened, encoded: Encoded, shown: Shown) -> None:
    shown.pages["/one.png"] = ("image/png", encoded(drawn(1)))
    hma = opened(shown, hma_fetch_hosts=("pictures.example",))
    hma.new_bank("KNOWN")
    number = hma.bank_file("KNOWN", encoded(drawn(1)))
    match = {"KNOWN": [{"bank_content_id": number, "distance": "0"}]}
    assert hma.get("/m/lookup", params={"url": shown.url("/one.png")}).json() == {"pdq": match}
    alone = {"url": shown.url("/one.png"), "signal_type": "pdq"}
    assert hma.get("/m/lookup", params=alone).json() == match
