"""`takeback serve`, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

START = (sys.executable, "-m", "takeback", "serve", "--port", "0")
ROLES = {"administrator", "moderator", "auditor"}


@contextmanager
def _started(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [*START, "--data", str(folder / "data"), "--master-key-file", str(folder / "master.key"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _first_lines(process: subprocess.Popen[str], lines: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(lines)]


def _until_it_answers(address: str) -> None:
    for _ in range(300):
        try:
            if httpx2.get(f"{address}/health/live").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the service did not answer")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_keys_are_printed_once_and_a_signal_ends_it_in_order(tmp_path: Path, how: signal.Signals) -> None:
    with _started(tmp_path, "--json") as first:
        made = json.loads(_first_lines(first, 1)[0])
        _until_it_answers(made["address"])
        first.send_signal(how)
        assert first.wait(timeout=30) == 0
    assert made.keys() == {"address", "gates", "keys", "master_key"}
    assert made["address"].startswith("http://127.0.0.1:")
    assert made["keys"].keys() == ROLES
    assert made["master_key"] == str(tmp_path / "master.key")
    assert stat.S_IMODE(os.stat(tmp_path / "master.key").st_mode) == 0o600
    with _started(tmp_path, "--json") as second:
        again = json.loads(_first_lines(second, 1)[0])
        _until_it_answers(again["address"])
        second.terminate()
        second.wait(timeout=30)
    assert (again["keys"], again["master_key"]) == ({}, None)


def test_a_person_is_shown_address_keys_and_master_key(tmp_path: Path) -> None:
    with _started(tmp_path) as process:
        lines = _first_lines(process, 9)
        _until_it_answers(lines[0].split()[-1])
        process.terminate()
        _, log = process.communicate(timeout=30)
    assert lines[0].startswith("Takeback listens at http://127.0.0.1:")
    assert {line.split()[0] for line in lines[3:6]} == ROLES
    assert lines[7] == f"Master key, new: {tmp_path / 'master.key'}"
    assert "tb_" not in log


def test_a_taken_port_is_said_and_nothing_is_half_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        with _started(tmp_path, "--port", port, "--json") as process:
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    error = json.loads(err.splitlines()[-1])["error"]
    assert error["code"] == "bad-setting"
    assert port in error["message"]


def test_an_option_wins_over_the_environment_and_both_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data/takeback.toml").write_text("port = 1\nworkers = 0\n")
    (tmp_path / "data/takeback.db").touch()
    environment = {**os.environ, "TAKEBACK_WORKERS": "1"}
    command = [*START, "--json", "--data", str(tmp_path / "data"), "--master-key-file", str(tmp_path / "key")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)
    # Settings were accepted; what stops it is that data without a key could not be opened.
    assert done.returncode == 2
    assert "no master key" in json.loads(done.stderr.splitlines()[-1])["error"]["message"]


def test_a_secret_of_the_identity_provider_that_cannot_be_read_stops_it_before_it_listens(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data/takeback.toml").write_text(
        'openid_issuer = "https://id.example"\nopenid_client_id = "takeback"\nopenid_client_secret_file = "/nowhere"\n'
    )
    with _started(tmp_path, "--json") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "openid_client_secret_file" in json.loads(err.splitlines()[-1])["error"]["message"]
