"""Coop at the door: its callbacks over HTTP, and what the desk sees of what it was told and said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.unit.coop import ANOTHER, callback, settings_of, signature_of
from tests.unit.service.at_desk import ORIGIN, Desk
from tests.unit.service.on_case import OnCase, noticed

from takeback.assembly import Parts
from takeback.cases import CopyState
from takeback.service.app import open_over
from takeback.store.access import KeyRole
from takeback.store.coop_reports import CoopReportRow, CoopState
from takeback.workflow.coop import begin_reports, report_failed, report_told
from takeback.workflow.intake import Received
from takeback.workflow.register import new_key

ACTIONS = "/api/v1/coop/actions"


@pytest.fixture
def desk(app: FastAPI, parts: Parts, tmp_path: Path) -> Iterator[Desk]:
    """The same desk with a Coop beside it."""
    settings = replace(parts.settings, desk_origin=ORIGIN, **settings_of(tmp_path))  # type: ignore[arg-type]
    open_ = replace(parts, settings=settings)
    open_over(app, open_)
    with TestClient(app, base_url=ORIGIN, raise_server_exceptions=False) as client:
        yield Desk(open_, client)


@pytest.fixture
def row(desk: Desk, received: Received) -> CoopReportRow:
    """What Coop was told of the case."""
    begin_reports(desk.store, most=20, at=desk.parts.now())
    with desk.store.read() as tx:
        (made,) = tx.coop_reports.by_state(CoopState.WAITING)
    return made


def _send(desk: Desk, body: bytes, signature: str | None) -> tuple[int, dict[str, object]]:
    headers = {"Content-Type": "application/json"} | ({} if signature is None else {"coop-signature": signature})
    answer = desk.client.post(ACTIONS, content=body, headers=headers)
    return answer.status_code, answer.json()


def test_what_a_moderator_removes_in_coop_is_their_decision_at_the_desk(
    desk: Desk, here: OnCase, row: CoopReportRow
) -> None:
    report_told(desk.store, row, at=desk.parts.now())
    assert "was told" in here.read()
    body = callback(row.public_id)
    assert _send(desk, body, signature_of(body)) == (200, {"taken": "decided", "why": None})
    assert set(here.states()) == {CopyState.REMOVED}
    page = here.read()
    assert "found covered there, Ada; <strong>this is the decision</strong>" in page
    assert "An action was taken at Coop" in page
    assert _send(desk, body, signature_of(body)) == (200, {"taken": "repeated", "why": None})


def test_what_a_stranger_does_there_is_an_opinion_that_the_desk_reads(
    desk: Desk, here: OnCase, row: CoopReportRow
) -> None:
    body = callback(row.public_id, actor="zoe@forum.example")
    status, said = _send(desk, body, signature_of(body))
    assert (status, said["taken"]) == (200, "noted")
    assert set(here.states()) == {CopyState.HELD}
    page = here.read()
    assert "<strong>no decision</strong>" in page
    assert "names nobody by whom this action was taken" in page
    assert "zoe@" not in page


def test_what_coop_did_not_sign_is_not_let_in(desk: Desk, row: CoopReportRow) -> None:
    body = callback(row.public_id)
    for signature in (None, "", signature_of(body, ANOTHER), signature_of(b"{}")):
        status, said = _send(desk, body, signature)
        assert (status, said["type"]) == (401, "urn:takeback:problem:not-allowed")
    assert _send(desk, b"x" * 70_000, signature_of(body))[0] == 413
    assert _send(desk, b"{}", signature_of(b"{}"))[0] == 422
    other = callback("0" * 32)
    assert _send(desk, other, signature_of(other))[0] == 404


def test_where_no_coop_is_set_up_there_is_no_such_door(client: TestClient) -> None:
    answer = client.post(ACTIONS, content=b"{}", headers={"coop-signature": signature_of(b"{}")})
    assert answer.status_code == 404


def test_what_coop_did_not_take_is_told_again_from_the_page(desk: Desk, here: OnCase, row: CoopReportRow) -> None:
    report_failed(desk.store, row, "Coop does not accept the API key.", None, at=desk.parts.now())
    page = here.read()
    assert "could not be told" in page
    assert "Coop does not accept the API key." in page
    assert here.send(f"coop/{row.public_id}")[0] == 303
    with desk.store.read() as tx:
        assert tx.coop_reports.by_id(row.id).state is CoopState.WAITING
    assert here.send(f"coop/{row.public_id}")[0] == 409
    another = OnCase(desk, noticed(desk, seed=5).case)
    another.form = here.form
    assert another.send(f"coop/{row.public_id}")[0] == 404


def test_a_moderators_key_lists_reports_and_has_them_told_again(
    desk: Desk, received: Received, row: CoopReportRow
) -> None:
    path = "/api/v1/coop/reports"
    key = new_key(desk.store, KeyRole.MODERATOR, name="test", site=None, actor="test", at=desk.parts.now())
    mine = {"Authorization": f"Bearer {key}"}
    assert desk.client.get(path).status_code == 401
    assert desk.client.get(path, headers=mine).json() == []
    report_failed(desk.store, row, "Coop is away.", None, at=desk.parts.now())
    (listed,) = desk.client.get(path, headers=mine).json()
    assert (listed["id"], listed["case"]) == (row.public_id, received.case.public_id)
    assert (listed["state"], listed["problem"], listed["decided"]) == ("failed", "Coop is away.", False)
    again = desk.client.post(f"{path}/{row.public_id}/retry", headers=mine)
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert desk.client.post(f"{path}/{row.public_id}/retry", headers=mine).status_code == 409
