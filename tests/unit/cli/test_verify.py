"""`takeback verify`: the log is whole, or the first entry that is not is named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.acceptance.serving import Service
from tests.unit.cli.conftest import Call, House

from takeback.store import MasterKey
from takeback.store.database import DATABASE_NAME


def _change(house: House, statement: str) -> None:
    connection = sqlite3.connect(house.settings.data / DATABASE_NAME)
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_whole_log_verifies(call: Call, house: House) -> None:
    done = call("verify", *house.options)
    assert (done.code, done.out) == (0, "The audit log is whole: 3 entries verify.\n")
    assert call("verify", *house.options, "--json").json == {
        "verified": True,
        "entries": 3,
        "first_broken": None,
        "why": None,
    }


def test_the_first_changed_entry_is_named_with_exit_code_5(call: Call, house: House) -> None:
    _change(house, "update event set actor = 'someone' where \"index\" = 1")
    done = call("verify", *house.options, "--json")
    assert (done.code, done.json["verified"], done.json["first_broken"]) == (5, False, 1)
    human = call("verify", *house.options)
    assert human.code == 5
    assert "Entry 1 of the audit log was changed after it was written." in human.out
    assert "restore from a backup" in human.err


def test_a_log_that_lost_its_end_is_broken(call: Call, house: House) -> None:
    _change(house, 'delete from event where "index" = 2')
    done = call("verify", *house.options, "--json")
    assert (done.code, done.json["first_broken"]) == (5, 2)


def test_another_master_key_is_told_from_a_whole_log(call: Call, house: House, tmp_path: Path) -> None:
    MasterKey.generate().write(tmp_path / "other.key")
    done = call("verify", "--data", house.settings.data, "--master-key-file", tmp_path / "other.key", "--json")
    assert (done.code, done.out, done.error["code"]) == (5, "", "seal-broken")


def test_the_log_of_a_running_service_is_verified(call: Call, service: Service) -> None:
    options = ("--data", service.data, "--master-key-file", service.folder / "master.key")
    done = call("verify", *options, "--json")
    assert (done.code, done.json["verified"]) == (0, True)
    assert done.json["entries"] >= 3
