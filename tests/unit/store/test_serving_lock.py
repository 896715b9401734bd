"""The lock of a data directory: shared by what serves it, refused to what has to be alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from takeback.errors import IllegalTransition, StoreError
from takeback.store.serving_lock import serving, stopped


def test_two_services_share_a_directory_and_nothing_that_must_be_alone_does(tmp_path: Path) -> None:
    with serving(tmp_path), serving(tmp_path):
        with pytest.raises(IllegalTransition, match=r"^A service runs on this data directory\.$") as raised:
            stopped(tmp_path).__enter__()
        assert "Stop it" in raised.value.advice
    with stopped(tmp_path):
        pass


def test_no_service_starts_while_a_command_has_the_directory_to_itself(tmp_path: Path) -> None:
    with stopped(tmp_path):
        for other in (serving, stopped):
            with pytest.raises(IllegalTransition):
                other(tmp_path).__enter__()
    with serving(tmp_path):
        pass


def test_the_lock_lasts_as_long_as_a_forked_child_though_the_parent_is_gone(tmp_path: Path) -> None:
    program = (
        "import os, sys, time; from pathlib import Path; from takeback.store.serving_lock import serving\n"
        "with serving(Path(sys.argv[1])):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        sys.stdin.read(); os._exit(0)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE)
    assert parent.stdin is not None
    assert parent.wait(timeout=20) == 0
    with pytest.raises(IllegalTransition):
        stopped(tmp_path).__enter__()
    parent.stdin.close()  # the child ends
    for _ in range(200):
        try:
            with stopped(tmp_path):
                return
        except IllegalTransition:
            time.sleep(0.05)
    raise AssertionError("the lock outlived every process that held it")


def test_a_program_that_is_executed_does_not_inherit_the_lock(tmp_path: Path) -> None:
    with serving(tmp_path):
        done = subprocess.run(
            ["/bin/ls", "-l", "/proc/self/fd"], capture_output=True, text=True, check=True, close_fds=False
        )
    assert "serving.lock" not in done.stdout


def test_the_lock_is_private_and_makes_the_directory_that_it_needs(tmp_path: Path) -> None:
    with serving(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "new" / "data" / "serving.lock").stat().st_mode & 0o777 == 0o600


def test_a_directory_that_cannot_be_locked_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be locked"):
        serving(tmp_path / "file" / "data").__enter__()
    assert os.listdir(tmp_path) == ["file"]
