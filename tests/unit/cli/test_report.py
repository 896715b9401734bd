"""`takeback report`."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.house import LAWS, keyring_in
from tests.unit.cli.conftest import Call, House

from takeback.store import Store
from takeback.store.database import sqlite_url


def fill(data: Path, month: datetime, notices: int) -> None:
    store = Store.open(sqlite_url(data), keyring_in(data))
    with store.write() as tx:
        for _ in range(notices):
            tx.tallies.add("notices", laws=LAWS, at=month)
    store.close()


def test_the_public_numbers_are_those_of_half_years_that_are_over(call: Call, house: House) -> None:
    fill(house.settings.data, datetime(2020, 2, 1, tzinfo=UTC), 3)
    done = call("report", "transparency", *house.options)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(done.out.splitlines()))
    assert {row["from"] for row in rows} == {"2020-01"}
    (notices,) = [row for row in rows if (row["figure"], row["division"]) == ("notices", "total")]
    assert notices["number"] == "<5"
    (report,) = call("report", "transparency", "--json", *house.options).json
    assert report["figures"]["notices"]["total"] == "<5"


def test_with_months_the_operator_sees_every_number_and_is_warned(call: Call, house: House) -> None:
    fill(house.settings.data, datetime(2020, 2, 1, tzinfo=UTC), 3)
    done = call("report", "transparency", "--from", "2020-02", "--to", "2020-02", "--json", *house.options)
    (report,) = done.json
    assert report["figures"]["notices"] == {
        "total": 3,
        "laws": dict.fromkeys(sorted(LAWS), 3),
        "months": {"2020-02": 3},
    }
    assert "Not to be published" in done.err


def test_where_nothing_was_counted_it_says_so(call: Call, house: House) -> None:
    done = call("report", "transparency", *house.options)
    assert done.code == 0
    assert "nothing to tell yet" in done.err


@pytest.mark.parametrize("months", [("2026-13", "2026-13"), ("", "2026-12"), ("2026", "2026")])
def test_a_month_that_is_none_is_named(call: Call, house: House, months: tuple[str, str]) -> None:
    done = call("report", "transparency", "--from", months[0], "--to", months[1], *house.options)
    assert done.code == 2
    assert "is no month" in done.err


def test_statements_go_into_a_new_file_that_only_its_owner_reads(call: Call, house: House, tmp_path: Path) -> None:
    file = tmp_path / "statements.jsonl"
    done = call("report", "dsa", file, "--since", "2026-01-01", "--calls", "--json", *house.options)
    assert done.json == {"file": str(file), "statements": 0, "lines": 0}
    assert file.read_text() == ""
    assert file.stat().st_mode & 0o777 == 0o600
    again = call("report", "dsa", file, *house.options)
    assert again.code == 2
    assert "is there already" in again.err


def test_the_tables_of_a_year_go_into_a_new_folder(call: Call, house: House, tmp_path: Path) -> None:
    fill(house.settings.data, datetime(2020, 2, 1, tzinfo=UTC), 3)
    folder = tmp_path / "report"
    done = call("report", "yearly", folder, "--year", "2020", "--service", "Forum", "--json", *house.options)
    assert sorted(done.json["files"]) == sorted(path.name for path in folder.iterdir())
    (row,) = csv.DictReader((folder / "4_notices.csv").read_text().splitlines())
    assert (row["Number of notices received "], row["Service"]) == ("3", "Forum")
    assert call("report", "yearly", folder, "--year", "2020", *house.options).code == 2
