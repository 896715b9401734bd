"""Whatever happens: words on stderr, one exit code from the table, and never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Call, House, Save

from takeback import errors
from takeback.cli.exit_code import MEANING, ExitCode, exit_code_of
from takeback.cli.terminal import shown

TAKEBACK = (sys.executable, "-m", "takeback")
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
"""Streams as a user has them: what is still buffered at the end fails then."""


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (errors.UnreadableMedia("x"), 2),
        (errors.BadSetting("x"), 2),
        (errors.NotAllowed("x"), 2),
        (errors.NotFound("x"), 2),
        (errors.IllegalTransition("x"), 2),
        (errors.DeliveryError("x"), 3),
        (errors.Overloaded("x"), 3),
        (errors.StoreError("x"), 4),
        (errors.LogBroken("x"), 5),
        (errors.SealBroken("x"), 5),
    ],
)
def test_each_error_has_its_exit_code(problem: errors.TakebackError, code: int) -> None:
    assert exit_code_of(problem) == code


def test_every_exit_code_is_explained() -> None:
    assert set(MEANING) == set(ExitCode)


def test_an_error_says_what_happened_and_what_to_do_and_leaves_stdout_empty(call: Call) -> None:
    done = call("verify", "--data", "nowhere")
    assert (done.code, done.out) == (ExitCode.INPUT, "")
    assert done.err.splitlines() == [
        "There is no database in nowhere.",
        "Name the data directory with --data; the first `takeback serve` makes one.",
    ]


def test_with_json_an_error_is_an_object_on_stderr(call: Call) -> None:
    done = call("verify", "--data", "nowhere", "--json")
    assert (done.code, done.out) == (ExitCode.INPUT, "")
    assert done.error.keys() == {"code", "message", "advice"}
    assert done.error["code"] == "not-found"


def test_a_wrong_call_is_an_error_like_any_other(call: Call) -> None:
    done = call("match", "--json")
    assert done.code == ExitCode.INPUT
    assert done.error["advice"] == "`takeback match --help` says how it is called."
    assert call("match", "x", "--agianst", "y").code == ExitCode.INPUT


def test_a_closed_pipe_ends_quietly(picture: Save, tmp_path: Path) -> None:
    for number in range(4):
        picture(f"many/{number}.png", number)
    process = subprocess.Popen(
        [*TAKEBACK, "hash", str(tmp_path / "many")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=BUFFERED
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), said) == (ExitCode.PIPE_CLOSED, b"")


def test_a_closed_pipe_ends_json_quietly_too(house: House) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*TAKEBACK, "key", "list", "--json", *house.options],
        stdout=write,
        stderr=subprocess.PIPE,
        env=BUFFERED,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (ExitCode.PIPE_CLOSED, b"")


def test_ctrl_c_ends_quietly_and_leaves_no_process(picture: Save, tmp_path: Path) -> None:
    # So many that it is at work for seconds after its first line.
    drawn_once = [picture(f"known/{seed}.png", seed) for seed in range(3)]
    (tmp_path / "many").mkdir()
    for number in range(1_000):
        os.link(drawn_once[number % 3], tmp_path / "many" / f"{number}.png")
    process = subprocess.Popen(
        [*TAKEBACK, "match", str(tmp_path / "many"), "--against", str(tmp_path / "known"), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has them ignore it, and so whatever they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    began = time.perf_counter()
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (ExitCode.INTERRUPTED, "")
    assert time.perf_counter() - began < 10


def test_a_defect_says_where_and_never_what(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_text: str) -> dict[str, object]:
        raise RuntimeError("her own words")

    # A broken standard library stands for a defect anywhere.
    monkeypatch.setattr("tomllib.loads", fail)
    Path("data").mkdir()
    Path("data/takeback.toml").write_text("port = 1\n")
    done = call("config")
    assert (done.code, done.out) == (ExitCode.DEFECT, "")
    assert "RuntimeError at" in done.err
    assert "Traceback" not in done.err
    assert "her own words" not in done.err


def test_a_files_name_cannot_steer_the_terminal(call: Call, tmp_path: Path) -> None:
    (tmp_path / "\x1b]0;owned\x07.jpg").write_text("not a picture")
    (tmp_path / os.fsdecode(b"\xff.jpg")).write_text("not a picture")
    done = call("hash", tmp_path)
    assert "\x1b" not in done.err
    assert r"\x1b]0;owned\x07.jpg" in done.err
    assert r"\udcff.jpg" in done.err
    assert shown("über\tuns\n") == "über\\tuns\n"


def test_json_holds_any_name_losslessly(call: Call, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \xf0\x9f\x93\xb7.jpg")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / name).write_text("not a picture")
    done = call("hash", tmp_path / "folder", "--json")
    assert done.out.isascii()
    assert Path(json.loads(done.out)["file"]).name == name


def test_a_kernel_that_this_machine_has_not_is_a_bad_setting(tmp_path: Path) -> None:
    environ = {**os.environ, "TAKEBACK_KERNEL": "sse9"}
    command = [*TAKEBACK, "hash", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert (done.returncode, done.stdout) == (ExitCode.INPUT, "")
    assert 'TAKEBACK_KERNEL is "sse9"; this machine has: portable' in done.stderr
    assert "Traceback" not in done.stderr
