"""`takeback demo`: two real processes, told as a user tells them; and the same with a site that does not obey."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

STEPS = (
    "start",
    "site",
    "gallery",
    "fingerprint",
    "notice",
    "hold",
    "others",
    "meanwhile",
    "decision",
    "contest",
    "again",
    "withdrawal",
    "afterwards",
    "log",
)
DISOBEYING = """
import sys
from rich.console import Console
from takeback.demo.run import run_demo
sys.exit(run_demo(stay=False, as_json=True, console=Console(stderr=True), site_options=["--ignore-removals"],
                  patience_seconds=8))
"""


def test_the_demonstration_passes_stays_and_leaves_nothing_behind(tmp_path: Path) -> None:
    environ = {**os.environ, "TMPDIR": str(tmp_path), "TAKEBACK_PORT": "1"}
    command = [sys.executable, "-m", "takeback", "demo", "--stay", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ) as demo:
        assert demo.stdout is not None
        story = json.loads(demo.stdout.readline())
        _every_step_passed(story)
        _every_copy_was_found_held_and_removed(story)
        # It stays: both answer, and the keys are where it says, for nobody else.
        assert _status(story["service"], "/health/ready") == 200
        assert _status(story["site"], "/") == 200
        assert set(json.loads(Path(story["keys_file"]).read_text())) == {"administrator", "moderator", "auditor"}
        assert Path(story["keys_file"]).stat().st_mode & 0o077 == 0
        # It ends: nothing answers, nothing is stored, nothing else was said on stdout.
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(20) == 0
        assert demo.stdout.read() == b""
    for address in (story["service"], story["site"]):
        with pytest.raises(ConnectionRefusedError):
            _status(address, "/")
    assert list(tmp_path.iterdir()) == []


def test_a_site_that_does_not_remove_makes_it_fail_and_say_at_which_step() -> None:
    ended = subprocess.run([sys.executable, "-c", DISOBEYING], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    story = json.loads(ended.stdout)
    assert not story["passed"]
    *before, last = story["steps"]
    assert all(step["passed"] for step in before)
    assert (last["name"], last["passed"]) == ("decision", False)
    assert "still has copies" in last["happened"]
    assert all(copy["held_seconds"] is not None and copy["removed_seconds"] is None for copy in story["copies"])
    assert "✗ decision" in ended.stderr
    assert "The step “decision” failed" in ended.stderr


def _every_step_passed(story: dict[str, Any]) -> None:
    failed = [f"{step['name']}: {step['happened']}" for step in story["steps"] if not step["passed"]]
    assert failed == []
    assert story["passed"]
    assert tuple(step["name"] for step in story["steps"]) == STEPS


def _every_copy_was_found_held_and_removed(story: dict[str, Any]) -> None:
    copies = {copy["name"]: copy for copy in story["copies"]}
    assert len(copies) == 15
    for copy in copies.values():
        assert None not in (copy["found_seconds"], copy["held_seconds"], copy["removed_seconds"])
    assert copies["the same file"]["class"] == "identical"
    assert copies["JPEG, quality 30"]["class"] == "substantially_same"
    assert copies["mirrored"]["turned"] == "mirrored"
    assert copies["the cut-out as JPEG"]["distance"] <= 10


def _status(address: str, path: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()
