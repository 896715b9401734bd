"""Banks and what is in them, as HMA's clients keep them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.house import AT, LAWS, Clock, drawn, notice_about, reported
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.conftest import Encoded

from takeback.assembly import Parts
from takeback.audit.event import EventKind
from takeback.audit.log import verify_log
from takeback.bank import EntryState, Thresholds
from takeback.fingerprint import pdq_hash
from takeback.workflow.banks import finish_removals
from takeback.workflow.intake import receive_notice
from takeback.workflow.register import add_bank

PDQ = pdq_hash(drawn(1)).hex()


def test_a_new_store_shows_the_bank_of_notices_and_no_other(hma: Hma) -> None:
    assert hma.get("/c/banks").json() == [{"name": "notices", "matching_enabled_ratio": 1.0}]


@pytest.mark.parametrize("name", ["01_BANK", "my_bank", "", "A B", "Ä", "A" * 101, 5, None])
def test_a_bank_is_named_in_hmas_spelling(hma: Hma, name: object) -> None:
    answer = hma.post("/c/banks", json={"name": name})
    assert answer.status_code == 400
    assert set(answer.json()) == {"message"}


def test_a_taken_name_is_refused_with_the_words_that_clients_look_for(hma: Hma) -> None:
    hma.new_bank("ONE")
    hma.new_bank("TWO")
    answer = hma.post("/c/banks", json={"name": "ONE"})
    assert answer.status_code == 403
    assert "already exists" in answer.json()["message"]
    assert hma.put("/c/bank/ONE", json={"name": "TWO"}).status_code == 403


@pytest.mark.parametrize(
    ("given", "ratio"),
    [
        ({}, 1.0), ({"enabled": False}, 0.0), ({"enabled": "false"}, 0.0), ({"enabled": "true"}, 1.0),
        ({"enabled_ratio": 0.25}, 0.25), ({"enabled_ratio": "0.5"}, 0.5), ({"enabled": False, "enabled_ratio": 1}, 1.0),
    ],
)  # fmt: skip
def test_a_bank_begins_as_it_is_asked_to(hma: Hma, given: dict[str, object], ratio: float) -> None:
    """HMA switches a bank on that is asked to begin switched off."""
    answer = hma.post("/c/banks", json={"name": "BANK", **given})
    assert answer.json() == {"name": "BANK", "matching_enabled_ratio": ratio}
    assert hma.get("/c/bank/BANK").json() == answer.json()


@pytest.mark.parametrize("ratio", [-0.1, 1.1, "much", float("nan"), True, [1]])
def test_a_ratio_is_a_share(hma: Hma, ratio: object) -> None:
    hma.new_bank("BANK")
    text = '{"enabled_ratio": NaN}' if ratio != ratio else None
    if text is not None:
        assert hma.put("/c/bank/BANK", content=text).status_code == 400
        return
    assert hma.post("/c/banks", json={"name": "OTHER", "enabled_ratio": ratio}).status_code == 400
    assert hma.put("/c/bank/BANK", json={"enabled_ratio": ratio}).status_code == 400
    assert hma.get("/c/bank/OTHER").status_code == 404


def test_a_renamed_bank_keeps_what_is_in_it(hma: Hma) -> None:
    hma.new_bank("OLD")
    number = hma.bank_signal("OLD", PDQ)
    assert hma.put("/c/bank/OLD", json={"name": "NEW", "enabled_ratio": 0.5}).json() == {
        "name": "NEW", "matching_enabled_ratio": 0.5
    }  # fmt: skip
    assert hma.get("/c/bank/OLD").status_code == 404
    assert set(hma.lookup(PDQ, bypass_coinflip="true")) == {"NEW"}
    assert hma.get(f"/c/bank/NEW/content/{number}").json()["bank"]["name"] == "NEW"


def test_a_removed_bank_is_gone_with_all_that_is_in_it_and_its_name_is_free(hma: Hma, parts: Parts) -> None:
    hma.new_bank("BANK")
    for seed in (1, 2, 3):
        hma.bank_signal("BANK", pdq_hash(drawn(seed)).hex())
    assert hma.delete("/c/bank/BANK").json() == {"message": "Done"}
    assert hma.delete("/c/bank/BANK").status_code == 200
    assert hma.lookup(PDQ, bypass_coinflip="true") == {}
    assert len(hma.get("/c/banks").json()) == 1
    with parts.store.read() as tx:
        key_ids = tx.banks.withdrawn_key_ids()
        assert len(key_ids) == 3
        assert not parts.store.keyring.data_keys(key_ids)
        assert len(parts.replica.entries.pdq) == 0
    hma.new_bank("BANK")
    assert hma.lookup(PDQ) == {}


def test_what_a_crash_left_of_a_removed_bank_matches_nothing_and_is_erased_later(hma: Hma, parts: Parts) -> None:
    hma.new_bank("BANK")
    hma.bank_signal("BANK", PDQ)
    with parts.store.write() as tx:
        tx.banks.remove_bank(tx.banks.bank_by_name("BANK").id, AT)
    assert hma.lookup(PDQ) == {}
    assert finish_removals(parts.store, actor="takeback", at=AT) == 1
    assert finish_removals(parts.store, actor="takeback", at=AT) == 0
    with parts.store.read() as tx:
        assert not parts.store.keyring.data_keys(tx.banks.withdrawn_key_ids())


@pytest.mark.parametrize("name", ["notices", "originals"])
def test_the_banks_of_notices_are_nobodys_to_change(hma: Hma, parts: Parts, name: str) -> None:
    if name == "originals":
        with parts.store.write() as tx:
            tx.banks.originals_bank(AT)
    expected = 403 if name == "notices" else 404
    assert hma.put(f"/c/bank/{name}", json={"enabled": False}).status_code == expected
    assert hma.put(f"/c/bank/{name}", json={"name": "OTHER"}).status_code == expected
    assert hma.post(f"/c/bank/{name}/signal", json={"pdq": PDQ}).status_code == expected
    assert hma.delete(f"/c/bank/{name}").status_code == (403 if name == "notices" else 200)
    with parts.store.read() as tx:
        assert tx.banks.bank_by_name(name).enabled_ratio == 1.0


def test_banks_of_our_own_are_seen_by_their_own_names(hma: Hma, parts: Parts) -> None:
    add_bank(parts.store, "known.2026", Thresholds(), actor="test", at=AT)
    hma.bank_signal("known.2026", PDQ)
    assert set(hma.lookup(PDQ)) == {"known.2026"}


# Content


def test_content_is_told_without_its_fingerprint(hma: Hma) -> None:
    hma.new_bank("BANK")
    number = hma.bank_signal("BANK", PDQ)
    answer = hma.get(f"/c/bank/BANK/content/{number}", params={"include_signals": "true"})
    assert answer.json() == {
        "id": number,
        "disable_until_ts": 1,
        "original_media_uri": None,
        "bank": {"name": "BANK", "matching_enabled_ratio": 1.0},
    }
    assert PDQ not in answer.text


def test_content_of_another_bank_is_neither_shown_nor_changed_nor_deleted(hma: Hma) -> None:
    """HMA deletes by number, whatever bank the address names."""
    hma.new_bank("MINE")
    hma.new_bank("YOURS")
    number = hma.bank_signal("YOURS", PDQ)
    assert hma.get(f"/c/bank/MINE/content/{number}").status_code == 404
    assert hma.put(f"/c/bank/MINE/content/{number}", json={"disable_until_ts": 0}).status_code == 404
    assert hma.delete(f"/c/bank/MINE/content/{number}").json() == {"deleted": 0}
    assert hma.lookup(PDQ)
    assert hma.delete(f"/c/bank/YOURS/content/{number}").json() == {"deleted": 1}
    assert hma.delete(f"/c/bank/YOURS/content/{number}").json() == {"deleted": 0}
    assert hma.get(f"/c/bank/YOURS/content/{number}").status_code == 404
    assert hma.lookup(PDQ) == {}


def test_a_number_is_never_given_twice(hma: Hma) -> None:
    hma.new_bank("BANK")
    first = hma.bank_signal("BANK", PDQ)
    hma.delete(f"/c/bank/BANK/content/{first}")
    assert hma.bank_signal("BANK", PDQ) > first


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "a", str(2**63), "9" * 400])
def test_what_is_no_number_of_content_is_not_there(hma: Hma, number: str) -> None:
    hma.new_bank("BANK")
    path = f"/c/bank/BANK/content/{number}"
    assert hma.get(path).status_code == 404
    gone = hma.delete(path)
    assert (gone.status_code, "message" in gone.json()) == (404, True) or gone.json() == {"deleted": 0}


@pytest.mark.parametrize("text", ['{"json": {"a": NaN}}', '{"content_id": "\\ud800"}', '{"json": {"\\udfff": 1}}'])
def test_metadata_that_could_not_be_shown_again_is_not_taken(hma: Hma, encoded: Encoded, text: str) -> None:
    hma.new_bank("BANK")
    file = {"photo": ("a.png", encoded(drawn(1)))}
    assert hma.post("/c/bank/BANK/content", files=file, data={"metadata": text}).status_code == 400
    assert hma.post("/c/bank/BANK/content", files=file, params={"metadata": text}).status_code == 400
    body, kind = f'{{"metadata": {text}}}'.encode(), {"Content-Type": "application/json"}
    assert hma.post("/c/bank/BANK/content?url=https://a.example/b", content=body, headers=kind).status_code == 400


def test_content_rests_until_a_moment_and_then_matches_by_itself(hma: Hma, clock: Clock) -> None:
    hma.new_bank("BANK")
    number = hma.bank_signal("BANK", PDQ)
    until = int((AT + timedelta(days=2)).timestamp())
    changed = hma.put(f"/c/bank/BANK/content/{number}", json={"disable_until_ts": until}).json()
    assert changed["disable_until_ts"] == until
    assert hma.lookup(PDQ) == {}
    clock.pass_(days=2)
    assert hma.lookup(PDQ)
    assert hma.get(f"/c/bank/BANK/content/{number}").json()["disable_until_ts"] == until


def test_content_is_switched_off_and_on(hma: Hma, parts: Parts) -> None:
    hma.new_bank("BANK")
    number = hma.bank_signal("BANK", PDQ)
    for until, found in ((0, {}), (1, {"BANK": [{"bank_content_id": number, "distance": "0"}]})):
        answer = hma.put(f"/c/bank/BANK/content/{number}", json={"disable_until_ts": until})
        assert answer.json()["disable_until_ts"] == until
        assert hma.lookup(PDQ) == found
        assert hma.lookup(PDQ, bypass_coinflip="true") == found
    with parts.store.read() as tx:
        entries = list(tx.audit.entries())
        assert [entry.kind for entry in entries[-2:]] == [EventKind.GATE_ENTRY_CLOSED, EventKind.GATE_ENTRY_OPENED]
        assert verify_log(entries, tx.audit.head(), parts.store.keyring.log_key) == len(entries)


@pytest.mark.parametrize("until", [-1, 9_999_999_999, "soon", None, True, 1.5])
def test_a_rest_is_a_moment_within_five_years(hma: Hma, until: object) -> None:
    hma.new_bank("BANK")
    number = hma.bank_signal("BANK", PDQ)
    assert hma.put(f"/c/bank/BANK/content/{number}", json={"disable_until_ts": until}).status_code == 400
    assert hma.lookup(PDQ)


def test_metadata_and_note_are_kept_in_every_manner_in_which_clients_send_them(hma: Hma, encoded: Encoded) -> None:
    hma.new_bank("BANK")
    whole = {"content_id": "7", "content_uri": "https://forum.example/7", "json": {"severity": 3}}
    file = encoded(drawn(1))
    # HMA's own manner, and FetLife's: `metadata` whole.
    one = hma.bank_file("BANK", file, metadata=json.dumps(whole), note="first")
    # Coop's: two fields, and in `metadata` what belongs under `json`.
    two = hma.bank_file(
        "BANK", file, metadata=json.dumps({"severity": 3}), content_id="7", content_uri="https://forum.example/7"
    )
    for number in (one, two):
        assert hma.get(f"/c/bank/BANK/content/{number}").json()["metadata"] == whole
    shown = hma.get(f"/c/bank/BANK/content/{one}", params={"include_metadata": "false"}).json()
    assert ("metadata" in shown, shown["note"]) == (False, "first")
    changed = hma.put(f"/c/bank/BANK/content/{one}", json={"note": "second"}).json()
    assert (changed["note"], changed["user_metadata"], changed["disable_until_ts"]) == ("second", whole, 1)
    assert hma.put(f"/c/bank/BANK/content/{one}", json={"note": None}).json()["note"] is None
    assert "note" not in hma.get(f"/c/bank/BANK/content/{one}").json()


def test_what_is_written_beside_a_picture_lies_sealed(hma: Hma, encoded: Encoded, parts: Parts) -> None:
    hma.new_bank("BANK")
    number = hma.bank_file("BANK", encoded(drawn(1)), note="an old friend", metadata='{"content_id": "acct-77"}')
    stored = b"".join(path.read_bytes() for path in parts.settings.data.iterdir() if path.is_file())
    assert b"an old friend" not in stored
    assert b"acct-77" not in stored
    hma.delete(f"/c/bank/BANK/content/{number}")
    with parts.store.read() as tx:
        assert tx.hma_contents.by_number(number).told.is_empty


@pytest.mark.parametrize(
    "fields",
    [
        {"note": "x" * 256}, {"metadata": "no json"}, {"metadata": "[]"}, {"metadata": '{"json": 5}'},
        {"metadata": '{"content_id": 7}'}, {"metadata": '{"json": {"a": "' + "x" * 10_001 + '"}}'},
    ],
)  # fmt: skip
def test_metadata_and_notes_have_a_form_and_nothing_is_put_in_without_it(
    hma: Hma, encoded: Encoded, fields: dict[str, str]
) -> None:
    hma.new_bank("BANK")
    answer = hma.post("/c/bank/BANK/content", files={"photo": ("a.png", encoded(drawn(1)))}, data=fields)
    assert answer.status_code == 400
    assert hma.lookup(PDQ) == {}


def test_unknown_metadata_beside_an_address_is_refused_as_hma_does(hma: Hma) -> None:
    hma.new_bank("BANK")
    answer = hma.post("/c/bank/BANK/content?url=https://a.example/b", json={"metadata": {"other": 5}})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body", [{}, {"note": "alone"}, {"video_md5": "a" * 32}, {"vpdq": "[]"}, {"pdq": "ff"}, {"pdq": 7}, [PDQ], "x"]
)
def test_a_signal_that_cannot_be_compared_is_not_put_in(hma: Hma, body: object) -> None:
    hma.new_bank("BANK")
    assert hma.post("/c/bank/BANK/signal", json=body).status_code == 400


@pytest.mark.parametrize(("field", "status"), [("video", 400), ("audio", 400)])
def test_only_photos_are_taken(hma: Hma, encoded: Encoded, field: str, status: int) -> None:
    hma.new_bank("BANK")
    for path in ("/c/bank/BANK/content", "/h/hash", "/m/lookup"):
        assert hma.post(path, files={field: ("a", encoded(drawn(1)))}).status_code == status


def test_one_request_has_one_file(hma: Hma, encoded: Encoded) -> None:
    hma.new_bank("BANK")
    for path in ("/c/bank/BANK/content", "/h/hash", "/m/lookup"):
        assert hma.post(path).status_code == 400
        assert hma.post(path, data={"note": "no file"}).status_code == 400
        two = [("photo", ("a.png", encoded(drawn(1)))), ("photo", ("b.png", encoded(drawn(2))))]
        assert hma.post(path, files=two).status_code == 400


def test_what_the_operator_puts_in_counts_as_decided(hma: Hma, encoded: Encoded, parts: Parts) -> None:
    hma.new_bank("BANK")
    hma.bank_file("BANK", encoded(drawn(1)))
    with parts.store.read() as tx:
        (entry,) = set(tx.banks.entries(range(1, 50)).values())
    assert (entry.state, entry.case_id, entry.source) == (EntryState.GATED, None, "hma")


def test_what_belongs_to_a_case_stays_with_it(hma: Hma, parts: Parts) -> None:
    notice = notice_about(reported(drawn(1)))
    receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=AT)
    with parts.store.write() as tx:
        (entry_id,) = [entry.id for entry in tx.banks.of_case(1)]
        number = tx.hma_contents.number_all([entry_id])[entry_id]
    path = f"/c/bank/notices/content/{number}"
    assert hma.get(path).json()["disable_until_ts"] == 1
    assert hma.put(path, json={"disable_until_ts": 0}).status_code == 403
    assert hma.delete(path).status_code == 403


def test_signal_types_stay_as_they_are(hma: Hma) -> None:
    types = [{"name": "pdq", "enabled_ratio": 1.0}, {"name": "video_md5", "enabled_ratio": 0.0}]
    assert hma.get("/c/signal_type").json() == types
    assert hma.put("/c/signal_type/pdq", json={"enabled_ratio": 1.0}).status_code == 204
    assert hma.put("/c/signal_type/pdq", json={"enabled_ratio": 0.0}).status_code == 501
    assert hma.put("/c/signal_type/video_md5", json={"enabled_ratio": 1}).status_code == 501
    assert hma.put("/c/signal_type/pdq", json={"enabled_ratio": 2}).status_code == 400
    assert hma.put("/c/signal_type/other", json={"enabled_ratio": 1}).status_code == 400
    kinds = [{"name": "photo", "enabled": True}, {"name": "video", "enabled": False}]
    assert hma.get("/c/content_type").json() == kinds
