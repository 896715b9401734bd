"""The command line called as a user calls it, and pictures for it to read."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.acceptance.serving import Service, serving
from tests.house import MASTER, Pixels, drawn

from takeback.cli.run import run
from takeback.config import Settings


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code, and what it wrote to each stream."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """A JSON document for each line of stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> dict[str, str]:
        """The JSON error: the last line on stderr."""
        error: dict[str, str] = json.loads(self.err.splitlines()[-1])["error"]
        return error


type Call = Callable[..., Done]


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("TAKEBACK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run `takeback ARGUMENTS…` in this process."""

    def run_command(*arguments: str | Path, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        return Done(code, *capsys.readouterr())

    return run_command


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """Save a drawn picture: by its seed, or its pixels."""

    def save(name: str, what: int | Pixels, **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawn(what) if isinstance(what, int) else what).save(path, **options)
        return path

    return save


type Save = Callable[..., Path]


@dataclass(frozen=True)
class House:
    """A data directory with its master key, and the options that name both."""

    settings: Settings

    @property
    def options(self) -> tuple[str, ...]:
        return "--data", str(self.settings.data), "--master-key-file", self.settings.master_key_file


@pytest.fixture
def house(tmp_path: Path, new_data: Path) -> House:
    """A data directory as the first `takeback serve` leaves it."""
    settings = Settings(data=tmp_path / "data", master_key_file=str(tmp_path / "keys" / "master.key"))
    MASTER.write(settings.master_key_path)
    shutil.copytree(new_data, settings.data)
    return House(settings)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running Takeback."""
    with serving(tmp_path_factory.mktemp("service")) as service:
        yield service


class Recorder:
    """Something on loopback that writes down what it is asked, and answers what it is told; None breaks off."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, object] | None] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                recorder.requests.append((f"{self.command} {self.path}", headers, body))
                answer = recorder.answers.pop(0) if recorder.answers else None
                if answer is None:
                    self.close_connection = True
                    return
                status, said = answer
                self._answer(status, said if isinstance(said, bytes) else json.dumps(said).encode())

            do_POST = do_GET

            def _answer(self, status: int, body: bytes) -> None:
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # whoever asked had heard enough

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def site() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.stop()
