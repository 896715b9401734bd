"""`takeback import hma`, out of a real PostgreSQL with HMA's tables."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.house import AT, MASTER, drawn
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.their_database import Server, TheirDatabase, server

from takeback.assembly import Parts
from takeback.audit.log import verify_log
from takeback.cli.run import run
from takeback.errors import BadSetting, InputError, OutsideError
from takeback.fingerprint import pdq_hash
from takeback.store.hma_database import HmaDatabase
from takeback.workflow.hma_import import Moved, move_from_hma

ONE, TWO, THREE = (pdq_hash(drawn(seed)).hex() for seed in (1, 2, 3))
STOP_NCII = {"subscription_key": "sub-hunter2", "fetch_function_key": "fetch-hunter2"}
NCMEC = {"environment": "https://exttest.cybertip.org/hashsharing"}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture
def theirs(postgresql: Server) -> TheirDatabase:
    return postgresql.database()


def move(parts: Parts, theirs: TheirDatabase, *decided: str, at: Any = None) -> Moved:
    with HmaDatabase.open(theirs.url) as source:
        return move_from_hma(
            parts.store, source, decided=decided, step=lambda: None, actor="command-line", now=at or (lambda: AT)
        )


def test_what_was_put_into_hma_matches_here_under_its_number(hma: Hma, parts: Parts, theirs: TheirDatabase) -> None:
    bank = theirs.bank("KNOWN")
    for number, pdq in ((7, ONE), (1_000, TWO)):
        theirs.content(bank, number=number, pdq=pdq)
    moved = move(parts, theirs)
    assert (moved.contents, moved.banks_made, moved.left, moved.renumbered) == (2, ["KNOWN"], {}, {})
    assert hma.lookup(ONE) == {"KNOWN": [{"bank_content_id": 7, "distance": "0"}]}
    assert hma.lookup(TWO) == {"KNOWN": [{"bank_content_id": 1_000, "distance": "0"}]}
    # Our own come after.
    assert hma.bank_signal("KNOWN", THREE) == 1_001
    with parts.store.read() as tx:
        assert verify_log(tx.audit.entries(), tx.audit.head(), parts.store.keyring.log_key) > 0


def test_what_is_told_of_content_and_its_rest_are_moved(hma: Hma, parts: Parts, theirs: TheirDatabase) -> None:
    bank, later = theirs.bank("KNOWN", ratio=0.5), int((AT + timedelta(days=9)).timestamp())
    numbers = [
        theirs.content(bank, pdq=ONE, until=0, uri="https://forum.example/1"),
        theirs.content(bank, pdq=TWO, until=later),
        theirs.content(bank, pdq=THREE, until=later - 86_400 * 20),
    ]
    theirs.tell(numbers[0], "from the desk", {"content_id": "7", "json": {"a": 1}})
    move(parts, theirs)
    assert hma.get("/c/bank/KNOWN").json()["matching_enabled_ratio"] == 0.5
    first = hma.get(f"/c/bank/KNOWN/content/{numbers[0]}").json()
    assert (first["note"], first["metadata"]) == ("from the desk", {"content_id": "7", "json": {"a": 1}})
    assert (first["original_media_uri"], first["disable_until_ts"]) == ("https://forum.example/1", 0)
    assert [bool(hma.lookup(pdq, bypass_coinflip="true")) for pdq in (ONE, TWO, THREE)] == [False, False, True]
    assert hma.get(f"/c/bank/KNOWN/content/{numbers[1]}").json()["disable_until_ts"] == later


def test_called_again_it_moves_only_what_is_new(hma: Hma, parts: Parts, theirs: TheirDatabase) -> None:
    bank = theirs.bank("KNOWN")
    theirs.content(bank, pdq=ONE)
    theirs.exchange("LIST", "sample")
    move(parts, theirs)
    theirs.content(bank, pdq=TWO)
    again = move(parts, theirs)
    assert (again.contents, again.moved_before, again.banks_made) == (1, 1, [])
    assert (again.exchanges_made, again.exchanges_there) == ([], ["LIST"])
    assert len(hma.lookup(ONE)["KNOWN"]) == len(hma.lookup(TWO)["KNOWN"]) == 1


def test_what_was_taken_out_here_does_not_come_back(hma: Hma, parts: Parts, theirs: TheirDatabase) -> None:
    number = theirs.content(theirs.bank("KNOWN"), pdq=ONE)
    move(parts, theirs)
    hma.delete(f"/c/bank/KNOWN/content/{number}")
    assert move(parts, theirs).moved_before == 1
    assert hma.lookup(ONE) == {}


def test_a_number_that_is_taken_becomes_another_and_the_report_says_which(
    hma: Hma, parts: Parts, theirs: TheirDatabase
) -> None:
    hma.new_bank("KNOWN")
    assert hma.bank_signal("KNOWN", THREE) == 1
    theirs.content(theirs.bank("KNOWN"), number=1, pdq=ONE)
    moved = move(parts, theirs)
    assert moved.banks_there == ["KNOWN"]
    assert moved.renumbered == {1: 2}
    assert hma.lookup(ONE)["KNOWN"][0]["bank_content_id"] == 2
    assert move(parts, theirs).moved_before == 1


def test_two_databases_do_not_stand_for_each_other(parts: Parts, postgresql: Server) -> None:
    for pdq in (ONE, TWO):
        theirs = postgresql.database()
        theirs.content(theirs.bank("KNOWN"), number=1, pdq=pdq)
        assert move(parts, theirs).contents == 1


def test_what_cannot_be_compared_here_stays_behind_with_its_reason(parts: Parts, theirs: TheirDatabase) -> None:
    bank = theirs.bank("KNOWN")
    video = theirs.content(bank, video_md5="a" * 32)
    both = theirs.content(bank, pdq=ONE, video_md5="a" * 32)
    clip = theirs.content(bank, vpdq="[]", video_md5="b" * 32)
    bad = [theirs.content(bank, pdq=text) for text in ("zz", "f" * 64, "0" * 64)]
    none = theirs.content(bank)
    long = theirs.content(theirs.bank("A" * 101), pdq=TWO)
    moved = move(parts, theirs)
    reasons = {why: left.numbers for why, left in moved.left.items()}
    assert moved.contents == 1
    assert moved.signals_left == {"video_md5": 1}
    assert both not in [number for numbers in reasons.values() for number in numbers]
    assert reasons["signals of type video_md5 are not compared here"] == [video]
    assert reasons["signals of type video_md5, vpdq are not compared here"] == [clip]
    assert reasons["it has no signal"] == [none]
    assert sorted(number for why, found in reasons.items() if "its PDQ is none" in why for number in found) == bad
    assert [found for why, found in reasons.items() if "name of its bank" in why] == [[long]]
    assert not [why for why in reasons if ONE in why or "f" * 64 in why]


def test_exchanges_are_moved_with_sealed_credentials(hma: Hma, parts: Parts, theirs: TheirDatabase) -> None:
    own = theirs.exchange("STOP", "stop_ncii", credentials=STOP_NCII, enabled=False)
    theirs.bank("STOP", exchange=own)
    theirs.exchange("CSAM", "ncmec", {**NCMEC, "only_esp_ids": None})
    theirs.exchange("ODD", "techagainstterrorism")
    theirs.exchange("BROKEN", "ncmec", {"environment": "https://elsewhere.example"})
    theirs.run(
        "insert into exchange_api_config (api, default_credentials_json) values ('ncmec', %s), ('sample', '{}')",
        json.dumps({"user": "forum", "password": "hunter2"}),
    )
    theirs.exchange("PART", "fb_threatexchange", {"privacy_group": 5}, credentials={"token": "hunter2"})
    moved = move(parts, theirs)
    assert moved.exchanges_made == ["STOP", "CSAM", "PART"]
    assert set(moved.exchanges_left) == {"ODD", "BROKEN", "PART"}
    assert "techagainstterrorism" in moved.exchanges_left["ODD"]
    assert "credentials" in moved.exchanges_left["PART"]
    stop = hma.get("/c/exchange/STOP").json()
    assert (stop["name"], stop["api"], stop["enabled"]) == ("STOP", "stop_ncii", False)
    assert stop["credential_status"]["source"] == "exchange"
    assert hma.get("/c/exchange/CSAM").json()["environment"] == NCMEC["environment"]
    assert hma.get("/c/exchange/PART/credentials").json()["has_credentials"] is False
    with parts.store.read() as tx:
        opened = {each.name: tx.exchanges.credentials(each) for each in tx.exchanges.every()}
    assert opened == {"STOP": STOP_NCII, "CSAM": {"user": "forum", "password": "hunter2"}, "PART": None}
    assert "hunter2" not in str(moved)
    stored = b"".join(path.read_bytes() for path in parts.settings.data.iterdir() if path.is_file())
    assert b"hunter2" not in stored


def test_what_exchanges_brought_stays_behind_unless_it_is_decided(
    hma: Hma, parts: Parts, theirs: TheirDatabase
) -> None:
    """HMA 1.1.7 keeps what was withdrawn at StopNCII, and nothing in its database says which that is."""
    for name, api, pdq in (("STOP", "stop_ncii", ONE), ("CSAM", "ncmec", TWO), ("OTHER", "sample", THREE)):
        exchange = theirs.exchange(name, api, NCMEC if api == "ncmec" else {})
        theirs.content(theirs.bank(name, exchange=exchange), exchange=exchange, pdq=pdq)
    moved = move(parts, theirs)
    assert moved.contents == 0
    assert sorted(left.count for left in moved.left.values()) == [1, 1, 1]
    assert [why for why in moved.left if "withdrawn" in why]
    for name in ("STOP", "CSAM", "ABSENT"):
        with pytest.raises(InputError, match=name):
            move(parts, theirs, name)
    assert move(parts, theirs, "OTHER").contents == 1
    assert (hma.lookup(ONE), hma.lookup(TWO), set(hma.lookup(THREE))) == ({}, {}, {"OTHER"})


def test_the_first_version_of_hmas_tables_is_read_too(hma: Hma, parts: Parts, postgresql: Server) -> None:
    theirs = postgresql.database(newest=False)
    theirs.content(theirs.bank("KNOWN"), pdq=ONE)
    theirs.exchange("LIST", "sample")
    moved = move(parts, theirs)
    assert (moved.contents, moved.exchanges_made) == (1, ["LIST"])
    assert hma.lookup(ONE)


def test_one_moment_is_read_whatever_is_written_meanwhile(parts: Parts, theirs: TheirDatabase) -> None:
    bank = theirs.bank("KNOWN")
    theirs.many(bank, 250)
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 1:
            theirs.content(bank, pdq=ONE)
            theirs.run("delete from bank_content where id between 201 and 220")

    with HmaDatabase.open(theirs.url) as source:
        count = source.count()
        theirs.content(bank, pdq=TWO)
        moved = move_from_hma(parts.store, source, step=step, actor="command-line", now=lambda: AT)
    assert (count, steps, moved.contents) == (250, 250, 250)


def test_nothing_is_written_there(theirs: TheirDatabase) -> None:
    with HmaDatabase.open(theirs.url) as source, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        source._connection.execute("delete from bank_content")


def test_what_is_no_database_of_hmas_is_said_to_be_none(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for url, kind in (
        (postgresql.url("postgres"), InputError),
        ("mysql://root@host/hma", InputError),
        (f"postgresql://postgres:hunter2@/absent?host={postgresql.folder}", OutsideError),
        ("postgresql://postgres:hunter2@/x?host=/nowhere", OutsideError),
    ):
        with pytest.raises(kind) as raised, HmaDatabase.open(url):
            pass
        assert "hunter2" not in f"{raised.value.message} {raised.value.advice}"
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadSetting, match="not installed") as missing, HmaDatabase.open("postgresql://x/y"):
        pass
    assert "takeback[hma]" in missing.value.advice


# The command


@pytest.fixture
def house(parts: Parts, tmp_path: Path) -> list[str]:
    MASTER.write(tmp_path / "master.key")
    return ["--data", str(parts.settings.data), "--master-key-file", str(tmp_path / "master.key")]


def test_the_command_says_what_was_moved_and_what_was_not(
    hma: Hma, theirs: TheirDatabase, house: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    bank = theirs.bank("KNOWN")
    theirs.content(bank, pdq=ONE)
    theirs.content(bank, video_md5="a" * 32)
    address = theirs.url.replace("postgresql://", "postgresql+psycopg2://")
    assert run(["import", "hma", address, *house]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Contents moved: 1;" in out
    assert "Contents that stay behind: 1, since signals of type video_md5 are not compared here." in out
    assert hma.lookup(ONE)
    assert run(["import", "hma", address, *house, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["contents"], told["moved_before"]) == (0, 1)
    (left,) = told["left"].values()
    assert left == {"count": 1, "numbers": [2]}


def test_a_move_that_is_killed_goes_on_and_loses_and_doubles_nothing(
    hma: Hma, parts: Parts, theirs: TheirDatabase, house: list[str]
) -> None:
    theirs.many(theirs.bank("KNOWN"), 3_000)
    command = [sys.executable, "-m", "takeback", "import", "hma", theirs.url, *house, "--json"]
    moving = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while (before := _count(parts)) < 100 and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(moving.pid, signal.SIGKILL)
    moving.communicate()
    assert 100 <= before < 3_000
    done = subprocess.run(command, capture_output=True, check=True)
    told = json.load(io.BytesIO(done.stdout))
    assert told["moved_before"] >= before
    assert told["moved_before"] + told["contents"] == _count(parts) == 3_000
    assert hma.get("/m/index/status").json()["pdq"]["size"] == 3_000


def _count(parts: Parts) -> int:
    with parts.store.read() as tx:
        return sum(bank.entries for bank in tx.banks.all_banks())
