"""The door of other instances: nobody passes but by a key that the operator named, once, and with what was signed."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.testclient import TestClient
from tests.house import Clock, drawn, prints_of, reported
from tests.instances import Instance, two_instances
from tests.unit.service.at_desk import Desk
from tests.unit.service.conftest import Keys

from takeback.actions.message_signature import key_id_of, sign_request, verify_answer
from takeback.audit.keys import instance_signer
from takeback.audit.note import Signer
from takeback.cli.list_checks import list_troubles
from takeback.errors import NotAllowed, NotFound
from takeback.exchanges.interface import Algorithm, Signal
from takeback.store import Store
from takeback.store.sites import Site
from takeback.workflow.banks import remove_bank
from takeback.workflow.instances import MAX_PER_MINUTE, NamedInstance, add_instance, change_instance, own_signer
from takeback.workflow.list_standing import list_standings
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.received import MAX_PICTURES, Decided, ForwardedNotice, ForwardedPicture, take_notice
from takeback.workflow.upload import Action, Upload, check_upload

PATH = "/api/v1/forwarded"
PDQ = reported(drawn(1)).pdq
assert PDQ is not None
PICTURE = {"name": "0123456789abcdef", "standing": "decided", "pdq": [PDQ.hex()]}


def notice(**changes: Any) -> dict[str, Any]:
    return {
        "reference": "a" * 32, "laws": ["eu-dsa-16"], "received_on": "2026-11-22", "pictures": [PICTURE], **changes
    }  # fmt: skip


class Other:
    """The first instance, as it asks the second by hand."""

    def __init__(self, first: Instance, second: Instance) -> None:
        self.first, self.second = first, second
        self.signer = own_signer(first.store, first.parts.settings.log_name)
        self.nonce = ""
        self.client = httpx2.Client(base_url=second.url)

    def headers(
        self, body: bytes, *, path: str = PATH, signer: Signer | None = None, **minutes: float
    ) -> dict[str, str]:
        self.nonce = secrets.token_hex(16)
        at = self.first.clock() + timedelta(**minutes)
        return sign_request(
            signer or self.signer, "POST", path, body, to=self.second.key, nonce=self.nonce, at=at
        ) | {"Content-Type": "application/json"}  # fmt: skip

    def send(self, said: object, *, path: str = PATH, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return self.client.post(path, content=body, headers=headers or self.headers(body, path=path))

    def takes_nothing(self) -> bool:
        """Whether the second has nothing of what was sent."""
        return self.second.standing().looked_for_here == 0 and self.second.action(1) is Action.ALLOW


@pytest.fixture
def other(tmp_path: Path, clock: Clock) -> Iterator[Other]:
    with two_instances(tmp_path, clock) as (first, second):
        second.names(first, accepts=True)
        asking = Other(first, second)
        with asking.client:
            yield asking


def other_signature(given: str) -> str:
    """Change the first character of a signature, whichever it is."""
    name, _, value = given.partition("=:")
    return f"{name}=:{'B' if value[0] == 'A' else 'A'}{value[1:]}"


def problem(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_an_instance_is_no_outside_list_and_nothing_is_put_down_to_be_told_to_it(other: Other) -> None:
    other.send(notice())
    other.second.upload(1)
    (case,) = other.second.cases()
    other.second.decide(case)
    later = other.second.clock() + timedelta(days=3)
    with other.second.store.read() as tx:
        (row,) = tx.exchanges.with_instances()
        # No page and no command of lists has it: nobody fetches it, and none is late.
        assert (tx.exchanges.every(), tx.exchanges.due(later), list_standings(tx)) == ([], [], [])
        with pytest.raises(NotFound):
            tx.exchanges.by_name(row.name)
        assert not list(list_troubles(tx.connection, other.second.store.keyring, later))
        assert tx.exchanges.words_waiting(row.id) == 0
    assert other.send({"reference": "a" * 32}, path=f"{PATH}/answer").json()["stands"] == "decided"


# ---- Who passes -----------------------------------------------------------------------------------------


def test_a_notice_is_taken_and_the_answer_is_signed_for_whoever_asked(other: Other) -> None:
    answer = other.send(notice())
    assert answer.status_code == 200
    assert answer.json()["stands"] == "looking"
    assert other.second.action(1) is Action.HOLD
    headers = {name.lower(): value for name, value in answer.headers.items()}
    to = key_id_of(other.first.key)
    signed = (headers, answer.content, other.second.key)
    now, nonce = other.first.clock(), other.nonce
    verify_answer(200, *signed, to=to, answers=nonce, at=now)
    for status, changed, key, for_whom, answers, at in (
        (200, answer.content, other.second.key, to, "0" * 32, now),
        (200, answer.content, other.second.key, "0" * 32, nonce, now),
        (200, answer.content, other.second.key, to, nonce, now + timedelta(hours=1)),
        (200, answer.content.replace(b"looking", b"decided"), other.second.key, to, nonce, now),
        (500, answer.content, other.second.key, to, nonce, now),
        (200, answer.content, other.first.key, to, nonce, now),
    ):
        with pytest.raises(NotAllowed):
            verify_answer(status, headers, changed, key, to=for_whom, answers=answers, at=at)


def test_the_signature_is_that_of_the_rfc(other: Other) -> None:
    """Built here line by line from RFC 9421, section 2.5, and RFC 9530, section 2."""
    body = json.dumps(notice()).encode()
    headers = other.headers(body)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert headers["Content-Digest"] == f"sha-256=:{digest}:"
    params = headers["Signature-Input"].removeprefix("sig1=")
    base = (
        '"@method": POST\n"@path": /api/v1/forwarded\n'
        f'"content-digest": sha-256=:{digest}:\n"takeback-to": {headers["Takeback-To"]}\n"@signature-params": {params}'
    )
    assert params.startswith('("@method" "@path" "content-digest" "takeback-to");created=')
    made = base64.b64decode(headers["Signature"].removeprefix("sig1=:").removesuffix(":"))
    Ed25519PublicKey.from_public_bytes(other.first.key.public).verify(made, base.encode())


def test_a_strangers_key_opens_nothing(other: Other) -> None:
    stranger = instance_signer(secrets.token_bytes(32), "stranger.example")
    body = json.dumps(notice()).encode()
    assert problem(other.send(body, headers=other.headers(body, signer=stranger))) == (401, "not-allowed")
    # Nor does it under the name of one that is allow-listed.
    headers = other.headers(body, signer=stranger)
    renamed = headers["Signature-Input"].replace(key_id_of(stranger.key), key_id_of(other.first.key))
    assert problem(other.send(body, headers={**headers, "Signature-Input": renamed})) == (401, "not-allowed")
    assert problem(other.send(body, headers={"Content-Type": "application/json"})) == (401, "not-allowed")
    assert other.takes_nothing()


def test_a_request_is_taken_once(other: Other) -> None:
    body = json.dumps(notice()).encode()
    headers = other.headers(body)
    assert other.send(body, headers=headers).status_code == 200
    assert problem(other.send(body, headers=headers)) == (401, "not-allowed")
    # For as long as its date would let it in.
    other.first.clock.pass_(seconds=299)
    assert other.send({"reference": "b" * 32}, path=f"{PATH}/answer").status_code == 200
    assert problem(other.send(body, headers=headers)) == (401, "not-allowed")


def test_a_withdrawal_cannot_be_undone_by_sending_the_notice_again(other: Other) -> None:
    body = json.dumps(notice()).encode()
    late = other.headers(body)
    assert other.send(notice()).status_code == 200
    assert other.send({"reference": "a" * 32}, path=f"{PATH}/withdrawal").json()["stands"] == "ended"
    assert other.send(body, headers=late).json()["stands"] == "ended"
    assert other.takes_nothing()


def test_a_withdrawal_that_overtakes_its_notice_ends_it(other: Other) -> None:
    assert other.send({"reference": "a" * 32}, path=f"{PATH}/withdrawal").json()["stands"] == "ended"
    assert other.send(notice()).json()["stands"] == "ended"
    assert other.takes_nothing()


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24])
def test_a_request_of_another_time_is_refused(other: Other, minutes: int) -> None:
    body = json.dumps(notice()).encode()
    answer = other.send(body, headers=other.headers(body, minutes=minutes))
    assert problem(answer) == (401, "not-allowed")
    assert "clocks" in answer.json()["advice"]
    assert other.takes_nothing()


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_be_a_little_apart(other: Other, minutes: int) -> None:
    body = json.dumps(notice()).encode()
    assert other.send(body, headers=other.headers(body, minutes=minutes)).status_code == 200


def test_what_was_changed_on_the_way_is_refused(other: Other) -> None:
    body = json.dumps(notice()).encode()
    headers = other.headers(body)
    changed = json.dumps(notice(laws=[])).encode()
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(changed).digest()).decode()}:"
    tried: list[tuple[bytes, dict[str, str], str]] = [
        (changed, headers, PATH),
        (changed, {**headers, "Content-Digest": digest}, PATH),
        (body, {**headers, "Takeback-To": "0" * 32}, PATH),
        (body, {**headers, "Signature": other_signature(headers["Signature"])}, PATH),
        (body, {**headers, "Signature": "sig1=:AAAA:"}, PATH),
        (body, {**headers, "Signature-Input": headers["Signature-Input"].replace('"@path" ', "")}, PATH),
        (body, {**headers, "Signature-Input": headers["Signature-Input"].replace("created=", "expires=")}, PATH),
        (body, {**headers, "Signature-Input": "x" * 5_000}, PATH),
        (body, {name: value for name, value in headers.items() if name != "Content-Digest"}, PATH),
        (json.dumps({"reference": "a" * 32}).encode(), headers, f"{PATH}/withdrawal"),
        (body, headers, f"{PATH}/answer"),
    ]  # fmt: skip
    for sent, with_headers, path in tried:
        assert problem(other.send(sent, path=path, headers=with_headers)) == (401, "not-allowed")
    assert other.takes_nothing()
    # It was good as it was.
    assert other.send(body, headers=headers).status_code == 200


def test_what_was_meant_for_another_instance_is_refused(other: Other, tmp_path: Path) -> None:
    third = Instance(tmp_path / "third", "third", other.first.clock)
    body = json.dumps(notice()).encode()
    headers = sign_request(
        other.signer, "POST", PATH, body, to=third.key, nonce=secrets.token_hex(16), at=other.first.clock()
    ) | {"Content-Type": "application/json"}  # fmt: skip
    assert problem(other.send(body, headers=headers)) == (401, "not-allowed")
    assert other.takes_nothing()
    third.store.close()


# ---- What is taken --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "short"}, {"reference": "A" * 32}, {"pictures": []}, {"pictures": [PICTURE] * (MAX_PICTURES + 1)},
        {"pictures": [{**PICTURE, "standing": "certain"}]}, {"pictures": [{**PICTURE, "pdq": ["00" * 32]}]},
        {"pictures": [{**PICTURE, "pdq": ["zz"]}]}, {"pictures": [{**PICTURE, "pdq": []}]},
        {"pictures": [{**PICTURE, "sha256": "12"}]}, {"pictures": [{**PICTURE, "name": "../../etc"}]},
        {"pictures": [{**PICTURE, "words": "hers"}]}, {"statement": "hers"}, {"received_on": "yesterday"},
        {"laws": ["x" * 41]}, {"laws": "eu-dsa-16"},
    ],
)  # fmt: skip
def test_what_is_no_notice_is_refused_whole(other: Other, changes: dict[str, Any]) -> None:
    answer = other.send(notice(**changes))
    assert answer.status_code == 422
    assert problem(answer)[1] in ("bad-input", "malformed-hash")
    assert other.takes_nothing()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"reference": NaN}', b"\xff\xfe"])
def test_what_is_no_json_is_refused(other: Other, body: bytes) -> None:
    assert problem(other.send(body)) == (422, "bad-input")


@pytest.mark.parametrize("size", [70_000, 2_000_000])
def test_a_huge_body_is_refused(other: Other, size: int) -> None:
    assert problem(other.send({"reference": "a" * 32, "more": "x" * size}, path=f"{PATH}/answer"))[0] == 413


def test_laws_that_are_not_known_here_are_passed_over(other: Other) -> None:
    other.send(notice(laws=["zz-another-law", "uk-osa-20a"]))
    other.second.upload(1)
    assert other.second.cases()[0].laws == ("uk-osa-20a",)


def test_the_same_notice_twice_is_one(other: Other) -> None:
    for _ in range(2):
        other.send(notice())
    with other.second.store.read() as tx:
        bank = tx.banks.bank_by_name("instance-first")
    assert bank.entries == 1


def test_a_picture_that_is_named_no_more_has_ended(other: Other) -> None:
    second = reported(drawn(2)).pdq
    assert second is not None
    both = [PICTURE, {**PICTURE, "name": "f" * 16, "pdq": [second.hex()]}]
    other.send(notice(pictures=both))
    assert (other.second.action(1, "a"), other.second.action(2, "b")) == (Action.HOLD, Action.HOLD)
    other.send(notice(pictures=both[:1]))
    assert (other.second.action(1, "c"), other.second.action(2, "d")) == (Action.HOLD, Action.ALLOW)


def test_an_instance_is_told_nothing_of_what_another_forwarded(other: Other, tmp_path: Path) -> None:
    other.send(notice())
    third = Instance(tmp_path / "third", "third", other.first.clock)
    other.second.names(third, accepts=True)
    asking = Other(third, other.second)
    assert asking.send({"reference": "a" * 32}, path=f"{PATH}/answer").json()["stands"] == "unknown"
    asking.send({"reference": "a" * 32}, path=f"{PATH}/withdrawal")
    asking.client.close()
    assert other.second.action(1) is Action.HOLD
    third.store.close()


def test_an_instance_that_asks_too_much_has_to_wait(other: Other) -> None:
    with other.second.store.write() as tx:
        (asking,) = tx.instances.all()
        for number in range(MAX_PER_MINUTE - 1):
            tx.instances.remember_nonce(asking.id, f"{number:032x}", other.second.clock())
    assert other.send({"reference": "c" * 32}, path=f"{PATH}/answer").status_code == 200
    answer = other.send(notice())
    assert problem(answer) == (429, "rate-limited")
    assert answer.headers["Retry-After"] == "60"
    other.first.clock.pass_(seconds=61)
    assert other.send(notice()).status_code == 200


def test_an_instance_has_only_so_many_notices_here(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("takeback.workflow.received.MAX_NOTICES", 1)
    assert other.send(notice()).status_code == 200
    assert problem(other.send(notice(reference="b" * 32))) == (429, "rate-limited")
    # What is there may change, and end; then there is room.
    assert other.send(notice(laws=[])).status_code == 200
    other.send({"reference": "a" * 32}, path=f"{PATH}/withdrawal")
    assert other.send(notice(reference="b" * 32)).status_code == 200


def test_an_instance_of_which_none_are_taken_may_still_end_what_it_forwarded(other: Other) -> None:
    other.send(notice())
    there = other.second.standing().instance.public_id
    change_instance(
        other.second.store, there, sends=True, accepts=False, actor="key/a", at=other.second.clock()
    )  # fmt: skip
    assert problem(other.send(notice(reference="b" * 32))) == (409, "illegal-transition")
    assert other.send({"reference": "a" * 32}, path=f"{PATH}/withdrawal").json()["stands"] == "ended"
    assert other.takes_nothing()


# ---- The operator's side --------------------------------------------------------------------------------


KEY = str(instance_signer(b"k" * 32, "other.example").key)
OTHER = {"name": "other", "url": "https://takeback.other.example", "key": KEY, "sends": True}


def test_an_instance_is_named_listed_changed_and_removed(client: TestClient, keys: Keys) -> None:
    admin = keys["administrator"]
    made = client.post("/api/v1/instances", headers=admin, json={**OTHER, "accepts": True})
    assert made.status_code == 201, made.text
    path = f"/api/v1/instances/{made.json()['id']}"
    assert client.get("/api/v1/instances", headers=admin).json() == [made.json()]
    assert client.get(path, headers=admin).json() == made.json()
    changed = client.patch(path, headers=admin, json={"sends": False, "holds": False}).json()
    assert (changed["sends"], changed["accepts"], changed["holds"]) == (False, True, False)
    assert client.delete(path, headers=admin).status_code == 204
    assert client.get("/api/v1/instances", headers=admin).json() == []
    assert client.get(path, headers=admin).status_code == 404
    # Its name and key are free again.
    assert client.post("/api/v1/instances", headers=admin, json={**OTHER, "accepts": True}).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "two words"}, {"url": "ftp://other.example"}, {"url": "https://other.example/path"},
        {"url": "https://a@other.example"}, {"key": "no key"}, {"key": KEY[:-4] + "AAAA"}, {"sends": False},
    ],
)  # fmt: skip
def test_an_instance_that_cannot_be_one_is_refused(client: TestClient, keys: Keys, changes: dict[str, Any]) -> None:
    answer = client.post("/api/v1/instances", headers=keys["administrator"], json={**OTHER, **changes})
    assert answer.status_code == 422, answer.text


def test_no_two_instances_have_one_name_or_key_and_none_is_this_one(client: TestClient, keys: Keys) -> None:
    admin, own = keys["administrator"], client.get("/api/v1/instance").json()["key"]
    assert client.post("/api/v1/instances", headers=admin, json=OTHER).status_code == 201
    for changes in ({"name": "else"}, {"key": own}, {"key": str(instance_signer(b"l" * 32, "x").key)}):
        assert client.post("/api/v1/instances", headers=admin, json={**OTHER, **changes}).status_code == 422


def test_an_instance_whose_bank_was_removed_may_forward_again(other: Other) -> None:
    other.send(notice())
    remove_bank(other.second.store, "instance-first", actor="key/a", at=other.second.clock())
    assert problem(other.send(notice())) == (409, "illegal-transition")
    there = other.second.standing().instance.public_id
    change_instance(other.second.store, there, accepts=True, actor="key/a", at=other.second.clock())
    assert other.send(notice()).status_code == 200
    assert other.second.action(1) is Action.HOLD


def test_a_metric_says_which_instance_does_not_answer(client: TestClient, keys: Keys, store: Store) -> None:
    client.post("/api/v1/instances", headers=keys["administrator"], json={**OTHER, "accepts": True})
    with store.write() as tx:
        (named,) = tx.instances.all()
        tx.instances.change(named.id, problem="It did not answer.")
    metrics = client.get("/metrics", headers=keys["auditor"]).text
    assert 'takeback_instance_trouble{instance="other"} 1.0' in metrics
    assert "instance-other" not in metrics


@pytest.mark.parametrize("role", ["moderator", "upload", "auditor"])
def test_only_an_administrator_names_instances(client: TestClient, keys: Keys, role: str) -> None:
    assert client.post("/api/v1/instances", headers=keys[role], json=OTHER).status_code == 403
    assert client.get("/api/v1/instances", headers=keys[role]).status_code == 403


def test_anyone_reads_who_this_is_and_to_whom_a_notice_may_go(client: TestClient, keys: Keys, store: Store) -> None:
    assert client.get("/api/v1/notices/instances").json() == []
    admin = keys["administrator"]
    made = client.post("/api/v1/instances", headers=admin, json=OTHER).json()
    source = {"name": "from", "key": str(instance_signer(b"m" * 32, "y").key), "sends": False, "accepts": True}
    client.post("/api/v1/instances", headers=admin, json={**OTHER, **source})
    offered = [{"id": made["id"], "name": "other", "url": OTHER["url"]}]
    assert client.get("/api/v1/notices/instances").json() == offered
    assert client.get("/api/v1/instance").json()["key"] == str(own_signer(store, "").key)


# ---- The desk -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("standing", "is_hidden"), [(Decided.COVERED, True), (Decided.NOT_YET, False)])
def test_the_desk_reads_from_which_instance_a_case_came(
    desk: Desk, site: Site, standing: Decided, is_hidden: bool
) -> None:
    named = NamedInstance("Meadow", "https://meadow.example", KEY, sends=False, accepts=True)
    own = own_signer(desk.store, "").key
    made = add_instance(desk.store, named, own=own, actor="key/a", at=desk.parts.now())
    assert PDQ is not None
    picture = ForwardedPicture("0" * 16, standing, (Signal(Algorithm.PDQ, PDQ.code),))
    sent = ForwardedNotice("a" * 32, ("eu-dsa-16",), (picture,))
    take_notice(desk.store, made.instance, sent, at=desk.parts.now())
    query = query_of_fingerprints(prints_of(drawn(1)))
    where = Upload(site, "1", "https://forum.example/1")
    check_upload(desk.store, desk.parts.replica, query, where, at=desk.parts.now())
    desk.join()
    with desk.store.read() as tx:
        (case,) = tx.cases.queue()
    page = desk.get(f"/desk/cases/{case.public_id}").text
    assert "somebody sent one to the Takeback Meadow" in page
    assert ("at Meadow nobody has decided" in page) is not is_hidden
