"""The fenced blocks of a document, and a shell that lives through them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 15.0
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\w+\.py)\n")
_ANYTHING = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, and where it begins."""

    place: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A command of a console block, and what the document shows of its output."""

    place: str
    command: str
    expected: str


def blocks_of(path: Path) -> list[Block]:
    """Return every fenced block of a document, in order."""
    text = path.read_text("utf-8")
    return [
        Block(f"{path.name}:{text.count(chr(10), 0, found.start()) + 1}", found[1], found[2])
        for found in _FENCE.finditer(text)
    ]


def commands_of(block: Block) -> Iterator[Shown]:
    """Yield each command of a console block: a line after `$ `, those after `> ` that go on with it, its output."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        first, *rest = part.splitlines()
        more = [line for line in rest if line.startswith("> ")]
        expected = "\n".join(rest[len(more) :])
        yield Shown(block.place, "\n".join([first, *(line.removeprefix("> ") for line in more)]), expected)


def fits(expected: str, output: str) -> bool:
    """Whether an output is what a document shows; `…` stands for anything on its line."""
    parts = [re.escape(part) for part in expected.strip().split(_ANYTHING)]
    return re.fullmatch("[^\n]*".join(parts), output.strip()) is not None


class Reader:
    """Someone who goes through a document from its first block to its last, in one shell and an empty folder."""

    def __init__(self, folder: Path, ports: Sequence[int]) -> None:
        self.folder = folder
        self._ports = {str(port): str(_free_port()) for port in ports}
        self._shown: list[Shown] = []

    def go_through(self, blocks: Iterable[Block], *, timeout_seconds: float = 300.0) -> None:
        """Run every block; `AssertionError` names the first that fails, or whose output is not what is shown."""
        script = self.folder / "blocks.sh"
        script.write_text("\n".join(["set -euo pipefail", *(self._lines(block) for block in blocks)]), "utf-8")
        log = self.folder / "blocks.log"
        with log.open("wb") as output:
            shell = subprocess.Popen(
                ["bash", script.name],
                cwd=self.folder,
                env=self._environ(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                code = shell.wait(timeout_seconds)
            finally:
                _end(shell)
        assert code == 0, log.read_text("utf-8", "replace")[-4_000:]
        for number, shown in enumerate(self._shown):
            output_text = (self.folder / f"shown-{number}").read_text("utf-8")
            expected = self._here(shown.expected)
            assert fits(expected, output_text), f"{shown.place}: {shown.command}\n{output_text}\nis not\n{expected}"

    def _lines(self, block: Block) -> str:
        if block.language == "python":
            name = _FILE.match(block.text)
            assert name is not None, f"{block.place}: the first line of a Python block names its file"
            (self.folder / name[1]).write_text(self._here(block.text), "utf-8")
            return ""
        if block.language == "sh":
            return f"echo '{block.place}'\n{self._here(block.text)}"
        if block.language == "json":
            json.loads(block.text)
            return ""
        assert block.language == "console", f"{block.place}: nobody runs {block.language or 'this'}"
        return "\n".join(map(self._line, commands_of(block)))

    def _line(self, shown: Shown) -> str:
        self._shown.append(shown)
        number = len(self._shown) - 1
        return f"echo '{shown.place}'\n{{ {self._here(shown.command)}\n}} > shown-{number}"

    def _here(self, text: str) -> str:
        for port, free in self._ports.items():
            text = text.replace(port, free)
        return text

    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("LANG", "LC_ALL", "TMPDIR")}
        path = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        own = {"PATH": os.pathsep.join(path), "HOME": str(home)}
        if "8470" in self._ports:
            port = self._ports["8470"]
            own |= {"TAKEBACK_PORT": port, "TAKEBACK_SERVER": f"http://127.0.0.1:{port}"}
        return kept | own


def has_shell() -> bool:
    """Whether the programs that the documents use besides Takeback are there."""
    return all(shutil.which(name) for name in ("bash", "curl", "sed", "grep"))


def has_json_option() -> bool:
    """Whether curl is of 7.82 or later."""
    curl = shutil.which("curl")
    said = "" if curl is None else subprocess.run([curl, "--version"], capture_output=True, text=True).stdout
    found = re.match(r"curl (\d+)\.(\d+)", said)
    return found is not None and (int(found[1]), int(found[2])) >= (7, 82)


def _end(shell: subprocess.Popen[bytes]) -> None:
    """End whatever the shell started and did not end."""
    ends = time.monotonic() + STOP_SECONDS
    number = signal.SIGTERM
    while True:
        shell.poll()
        try:
            os.killpg(shell.pid, number)
        except ProcessLookupError:
            break
        if time.monotonic() > ends:
            number = signal.SIGKILL
        time.sleep(0.05)
    shell.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
