"""A site names what it has no more: quickly where most is unknown, and never what came again meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event
from tests.house import AT, drawn, prints_of

from takeback.store import Store
from takeback.store.sites import Site
from takeback.workflow.gone import forget_items
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload


@pytest.fixture
def remembered(store: Store, replica: Replica, site: Site) -> list[str]:
    """The ids of 60 items."""
    query = query_of_fingerprints(prints_of(drawn(1)))
    ids = [str(number) for number in range(60)]
    for each in ids:
        check_upload(store, replica, query, Upload(site, each, f"https://forum.example/{each}"), at=AT)
    return ids


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def test_unknown_ids_cost_a_few_statements_and_no_write(store: Store, site: Site) -> None:
    with statements(store) as said:
        assert forget_items(store, site, [f"unknown-{number}" for number in range(5_000)], at=AT) == 0
    assert len(said) < 30
    assert "begin immediate" not in said


def test_known_items_are_forgotten_in_slices(store: Store, site: Site, remembered: list[str]) -> None:
    named = [*(f"unknown-{number}" for number in range(1_000)), *remembered, *remembered]
    with statements(store) as said:
        assert forget_items(store, site, named, at=AT) == 60
    assert said.count("begin immediate") == 2
    with store.read() as tx:
        assert tx.items.count() == 0


def test_an_item_that_was_checked_again_since_the_question_is_kept(
    store: Store, replica: Replica, site: Site, remembered: list[str]
) -> None:
    asked = dict.fromkeys(remembered, AT)
    later = AT + timedelta(seconds=1)
    query = query_of_fingerprints(prints_of(drawn(1)))
    check_upload(store, replica, query, Upload(site, "7", "https://forum.example/7"), at=later)
    assert forget_items(store, site, ["6", "7"], at=later, unless_checked_after=asked) == 1
    with store.read() as tx:
        assert tx.items.find(site.id, "6") is None
        assert tx.items.find(site.id, "7") is not None
