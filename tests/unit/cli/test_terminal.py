"""Results on stdout, talk on stderr, and what a terminal is shown."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.unit.cli.conftest import Call, Save

TAKEBACK = (sys.executable, "-m", "takeback")


def _on_terminal(*arguments: str, only_stderr: bool = False) -> tuple[str, str]:
    """Return what a terminal is sent, and what a pipe is."""
    parent, child = pty.openpty()
    stdout = subprocess.PIPE if only_stderr else child
    process = subprocess.Popen([*TAKEBACK, *arguments], stdin=child, stdout=stdout, stderr=child)
    os.close(child)
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # the terminal's other end is closed
            break
        if not part:
            break
        shown += part
    os.close(parent)
    piped, _ = process.communicate(timeout=30)
    return shown.decode(), (piped or b"").decode()


def test_json_on_stdout_is_never_mixed_with_talk(call: Call, picture: Save, tmp_path: Path) -> None:
    picture("known/one.png", 1)
    (tmp_path / "known/notes.txt").write_text("no picture")
    done = call("match", "known/one.png", "--against", "known", "--json")
    assert len(done.lines) == 1
    assert "Skipped" in done.err
    assert "1 compared with 1" in done.err


def test_a_bar_is_shown_on_a_terminal_while_results_go_elsewhere(picture: Save, tmp_path: Path) -> None:
    path = str(picture("one.png", 1))
    shown, piped = _on_terminal("hash", path, path, "--json", only_stderr=True)
    assert "Hashing" in shown
    assert "/2" in shown
    assert len(piped.splitlines()) == 2


def test_no_bar_stands_among_results_on_the_same_terminal(picture: Save) -> None:
    shown, _ = _on_terminal("hash", str(picture("one.png", 1)))
    assert "Hashing" not in shown
    assert "SHA-256" in shown


def test_without_a_terminal_there_is_no_bar_and_no_colour(call: Call, picture: Save) -> None:
    done = call("match", picture("one.png", 1), "--against", picture("two.png", 2))
    assert "\x1b" not in done.out + done.err
    assert "Reading" not in done.err
