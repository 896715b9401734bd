"""Two services that watch each other's public logs, over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.acceptance.serving import Service

from takeback.audit.note import VerifierKey
from takeback.audit.receipt import Proof, verify_proof

pytestmark = pytest.mark.slow


def shown(service: Service) -> Any:
    return json.loads(service.run("log", "show", "--json"))


def has_begun(service: Service) -> bool:
    return httpx2.get(f"{service.url}/api/v1/log/checkpoint").status_code == 200


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.5)


def test_each_signs_the_others_log_and_a_proof_says_so(tmp_path: Path) -> None:
    ours, theirs = Service(tmp_path / "ours"), Service(tmp_path / "theirs")
    for service, other in ((ours, theirs), (theirs, ours)):
        service.options = ("--allowed-private-host", f"127.0.0.1:{other.port}")
        service.environment["TAKEBACK_LOG_PERIOD_MINUTES"] = "0.02"
        service.start()
    try:
        until(lambda: has_begun(ours) and has_begun(theirs))
        for service, other in ((ours, theirs), (theirs, ours)):
            other.run("log", "watch", shown(service)["log_key"])
            service.run("log", "ask", shown(other)["witness_key"], "--url", f"{other.url}/api/v1/witness")
        receipt = ours.send_notice("https://elsewhere.example/p")["receipt"]
        witness = VerifierKey.parse(shown(theirs)["witness_key"])
        log = VerifierKey.parse(shown(ours)["log_key"])

        def witnessed() -> bool:
            found = httpx2.post(f"{ours.url}/api/v1/notices/proofs", json={"receipt": receipt}).json()
            proven = [verify_proof(Proof.parse(text), log, [witness]) for text in found["proofs"]]
            return found["waiting"] == 0 and all(len(one.witnesses) == 1 for one in proven)

        until(witnessed)
        assert all(log["size"] > 0 for log in (*shown(ours)["watched"], *shown(theirs)["watched"]))
        assert [one["problem"] for one in shown(ours)["witnesses"]] == [None]
    finally:
        ours.stop()
        theirs.stop()


def test_a_witness_that_is_restored_is_told_where_the_log_stands_and_one_that_is_gone_is_named(tmp_path: Path) -> None:
    ours, theirs = Service(tmp_path / "ours"), Service(tmp_path / "theirs")
    ours.options = ("--allowed-private-host", f"127.0.0.1:{theirs.port}")
    ours.environment["TAKEBACK_LOG_PERIOD_MINUTES"] = "0.02"
    ours.start()
    theirs.start()
    try:
        until(lambda: has_begun(ours))
        theirs.run("log", "watch", shown(ours)["log_key"])
        ours.run("log", "ask", shown(theirs)["witness_key"], "--url", f"{theirs.url}/api/v1/witness")
        until(lambda: shown(ours)["witnesses"][0]["size"] > 0)
        # It forgets what it signed last, as one that is restored from a backup does.
        theirs.run("log", "unwatch", VerifierKey.parse(shown(ours)["log_key"]).name)
        theirs.run("log", "watch", shown(ours)["log_key"])
        before = shown(ours)["witnesses"][0]["size"]
        until(lambda: shown(ours)["witnesses"][0]["size"] > before)
        theirs.stop()
        until(lambda: shown(ours)["witnesses"][0]["problem"])
    finally:
        ours.stop()
        theirs.stop()
