"""Doors of the quarantine: bytes leave by one alone, for the site's signature; what cannot be kept, people settle."""

from __future__ import annotations

from hashlib import sha256

import pytest
from starlette.testclient import TestClient
from tests.house import AT, Clock
from tests.unit.service.at_desk import Desk
from tests.unit.service.conftest import Keys
from tests.unit.service.on_case import OnCase

from takeback.actions import signature
from takeback.assembly import Parts
from takeback.store import Store
from takeback.store.access import KeyRole
from takeback.store.copies import Copy
from takeback.store.outbox import Delivery, DeliveryState
from takeback.store.quarantine import KeptState
from takeback.store.sites import Site
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.intake import Received
from takeback.workflow.put_back import Answer
from takeback.workflow.quarantine import Sent, due_bytes, fail_bytes, keep_bytes
from takeback.workflow.quarantine_give import path_of
from takeback.workflow.register import new_key, set_quarantine

PICTURE = b"a drawn picture, as its site had it" * 100
REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one")


@pytest.fixture
def keys(store: Store, site: Site) -> Keys:
    """Headers with a key of each role, the upload key that of the site."""
    made = {
        role: new_key(store, role, name="test", site=site if role is KeyRole.UPLOAD else None, actor="test", at=AT)
        for role in (KeyRole.UPLOAD, KeyRole.MODERATOR, KeyRole.ADMINISTRATOR, KeyRole.AUDITOR)
    }
    return {role.value: {"Authorization": f"Bearer {text}"} for role, text in made.items()}


@pytest.fixture
def removed(store: Store, received: Received, site: Site) -> Received:
    """A case whose identical copy (item 1) is to be removed; its site cannot keep it."""
    set_quarantine(store, site.public_id, True, actor="test", at=AT)
    decide(store, received.case.public_id, REMOVE, at=AT)
    return received


def _copy(store: Store, received: Received) -> Copy:
    with store.read() as tx:
        return next(copy for copy in tx.copies.of_case(received.case.id) if copy.site_item_id == "1")


def _last(store: Store, received: Received) -> Delivery:
    with store.read() as tx:
        return tx.outbox.of_copy(_copy(store, received).id)[-1]


def _fail(store: Store) -> None:
    ((found, _),) = due_bytes(store, at=AT, limit=2)
    fail_bytes(store, found, "The site answered <404>.", permanent=True, at=AT)


def test_the_bytes_leave_by_the_sites_signature_alone(
    client: TestClient, keys: Keys, parts: Parts, site: Site, removed: Received, clock: Clock
) -> None:
    store = parts.store
    ((found, _),) = due_bytes(store, at=AT, limit=2)
    keep_bytes(store, parts.quarantine, found, Sent(PICTURE, {"content-type": "text/html"}), max_bytes=1 << 20, at=AT)
    contest(store, site, "1", "I drew it.", at=AT)
    pass_on_contest(store, removed.case.public_id, "It is said to be drawn.", actor="key/two", at=AT)
    now, drawn = clock.pass_(hours=72), Answer("Drawn.", "key/two", ("intimate",))
    answer_contest(store, removed.case.public_id, drawn, put_back=True, at=now)
    path = path_of(_last(store, removed).public_id)
    for role in ("upload", "moderator", "administrator", "auditor"):
        assert client.get(path, headers=keys[role]).status_code == 401
    signed = signature.sign(site.secret, int(now.timestamp()), signature.fetch_body(path))
    given = client.get(path, headers={signature.HEADER: signed})
    assert (given.status_code, given.content) == (200, PICTURE)
    assert given.headers["content-type"] == "application/octet-stream"
    assert (given.headers["cache-control"], given.headers["x-content-type-options"]) == ("no-store", "nosniff")
    name = next(iter(parts.quarantine.names()))
    changed = bytearray((parts.quarantine.path / name).read_bytes())
    changed[-20] ^= 1
    (parts.quarantine.path / name).write_bytes(changed)
    broken = client.get(path, headers={signature.HEADER: signed})
    assert (broken.status_code, broken.json()["type"]) == (500, "urn:takeback:problem:seal-broken")


def test_no_case_tells_what_was_kept(client: TestClient, keys: Keys, parts: Parts, removed: Received) -> None:
    ((found, _),) = due_bytes(parts.store, at=AT, limit=2)
    keep_bytes(parts.store, parts.quarantine, found, Sent(PICTURE, {}), max_bytes=1 << 20, at=AT)
    case = client.get(f"/api/v1/cases/{removed.case.public_id}", headers=keys["moderator"])
    first = next(each for each in case.json()["copies"] if each["item_id"] == "1")
    assert (first["bytes"], first["bytes_problem"]) == ("kept", None)
    assert sha256(PICTURE).hexdigest() not in case.text


def test_a_moderator_chooses_by_the_interface(client: TestClient, keys: Keys, store: Store, removed: Received) -> None:
    path = f"/api/v1/cases/{removed.case.public_id}/copies/{_copy(store, removed).public_id}/bytes"
    _fail(store)
    assert client.post(path, json={"choice": "without"}, headers=keys["auditor"]).status_code == 403
    assert client.post(path, json={"choice": "else"}, headers=keys["moderator"]).status_code == 422
    assert _last(store, removed).next_attempt_at is None
    answer = client.post(path, json={"choice": "without"}, headers=keys["moderator"])
    assert answer.status_code == 200
    assert {each["bytes"] for each in answer.json()["copies"] if each["item_id"] == "1"} == {"waived"}
    assert _last(store, removed).next_attempt_at == AT
    assert client.post(path, json={"choice": "without"}, headers=keys["moderator"]).status_code == 409


def test_an_administrator_turns_it_on_and_off(client: TestClient, keys: Keys, site: Site) -> None:
    path = f"/api/v1/sites/{site.public_id}/quarantine"
    assert client.put(path, json={"on": True}, headers=keys["moderator"]).status_code == 403
    assert client.put(path, json={"on": True}, headers=keys["administrator"]).json()["quarantine"] is True
    assert client.put(path, json={"on": False}, headers=keys["administrator"]).json()["quarantine"] is False


def test_the_desk_is_told_and_chooses(desk: Desk, here: OnCase, removed: Received) -> None:
    store = desk.store
    assert "once its bytes are kept" in here.read()
    _fail(store)
    assert here.now().deadline_at is not None, "the case is in nobody's queue"
    page = here.read()
    assert "The site answered &lt;404&gt;." in page
    assert "Remove it without" in page
    token, path = {"token": here.form["token"]}, f"{here.path}/copies/{_copy(store, removed).public_id}/bytes"
    assert desk.post(path, choice="", **token).status_code == 422
    assert desk.post(path, choice="again", **token).status_code == 303
    with store.read() as tx:
        assert [each.state for each in tx.quarantine.of_case(here.case.id)] == [KeptState.WAITING]
    assert desk.post(path, choice="without", **token).status_code == 303
    order = _last(store, removed)
    assert (order.kind, order.state, order.next_attempt_at) == ("remove", DeliveryState.WAITING, AT)
    assert "nothing can bring them back" in here.read()
