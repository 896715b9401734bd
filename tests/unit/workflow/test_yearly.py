"""The yearly report: the rows that are counted here, in the template's own columns, and every number as it is."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.house import LAWS

from takeback.cases.dsa import EU_LAW
from takeback.store import Store
from takeback.workflow.yearly import APPEAL_COLUMNS, NOTICE_COLUMNS, yearly_tables

MAY = datetime(2026, 5, 1, tzinfo=UTC)


def count(store: Store, name: str, part: str = "", *, times: int = 1, law: str = EU_LAW, at: datetime = MAY) -> None:
    with store.write() as tx:
        for _ in range(times):
            tx.tallies.add(name, part, laws=[law], at=at)


def fill(store: Store) -> None:
    count(store, "notices", times=12)
    count(store, "notices", times=3, law=LAWS[0])
    count(store, "notices", at=datetime(2027, 1, 1, tzinfo=UTC))
    count(store, "found", "named", times=8)
    count(store, "removed", "identical", times=20)
    count(store, "decided_within", "90", times=6)
    count(store, "contested", times=4)
    count(store, "upheld", times=3)
    count(store, "restored", "contest")
    count(store, "restored", "refusal", times=5)
    count(store, "uploads", "contested", times=20)
    count(store, "uploads", "upheld", times=14)
    count(store, "uploads", "let", times=6)
    count(store, "measures", "warning", times=2)
    count(store, "measures", "suspension")


def test_notices_are_those_under_art_16_of_that_year(store: Store) -> None:
    fill(store)
    head, row = yearly_tables(store, 2026, "Forum")["4_notices.csv"]
    assert tuple(head) == NOTICE_COLUMNS
    assert len(row) == len(head) == 25
    cells = dict(zip(head, row, strict=True))
    assert cells["Service"] == "Forum"
    assert cells["Reporting period"] == "2026-01-01/2026-12-31"
    assert cells["Category of illegal content"] == "TOTAL"
    assert cells["Number of notices received "] == "12"
    assert cells["Number of specific items of information included in the total number of notices"] == "8"
    assert cells["Median time to take action"] == "1.50"
    assert cells["Number of actions taken on the basis of the law"] == "20"
    assert cells["Number of notices received from Trusted flaggers"] == ""


def test_complaints_and_suspensions_are_told_apart(store: Store) -> None:
    fill(store)
    head, *rows = yearly_tables(store, 2026, "Forum")["7_appeals_and_recidivism.csv"]
    assert tuple(head) == APPEAL_COLUMNS
    told = {(row[4].rpartition(" manifestly ")[2], row[5]): row[6] for row in rows}
    complaints = "Number of complaints submitted to the internal-complaints mechanism"
    assert told == {
        (complaints, "Total number"): "24",
        (complaints, "Decisions upheld"): "17",
        (complaints, "Decisions reversed"): "7",
        ("illegal content", "Total number"): "1",
        ("unfounded notices", "Total number"): "0",
        ("unfounded complaints", "Total number"): "0",
    }


def test_what_else_is_counted_stands_by_its_article(store: Store) -> None:
    fill(store)
    rows = yearly_tables(store, 2026, "Forum")["counted_by_takeback.csv"]
    told = {row[3]: row[4] for row in rows[1:]}
    assert told["notices, under every law"] == "15"
    assert told["accounts that were warned"] == "2"
    assert told["notices on which a program alone decided"] == "0"


def test_a_year_in_which_nothing_was_counted_has_its_rows_all_the_same(store: Store) -> None:
    tables = yearly_tables(store, 2025, "")
    assert [len(rows) for rows in tables.values()] == [2, 7, 9]
    assert all(len(row) == len(rows[0]) for rows in tables.values() for row in rows)
