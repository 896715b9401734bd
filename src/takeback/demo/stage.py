"""Two real processes on this machine: the service, started as an operator starts it, and the sample site."""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

from takeback.config import PREFIX
from takeback.demo.client import Client
from takeback.errors import OutsideError

START_SECONDS = 30.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02
_MASTER_KEY = "master.key"


class Stage:
    """
    Starts both in `folder`, which is empty and private, and stops them at the end of a `with`.

    The site listens before it has its settings: only the service can give it them, and it has to know the
    site's port first.
    """

    def __init__(self, folder: Path, *, site_options: Sequence[str] = ()) -> None:
        self.data = folder / "data"
        self.master_key_file = folder / _MASTER_KEY
        self.service_address = ""
        self.keys: dict[str, str] = {}
        self._folder = folder
        self._site_options = site_options
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, port = self._listener.getsockname()
        self.site_address = f"http://{host}:{port}"
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def keys_file(self) -> Path:
        """Where the keys of the service's first start are written."""
        return self._folder / "keys.json"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start both; return once the service is ready. `OutsideError` where it does not come up."""
        private = self.site_address.removeprefix("http://")
        serve = ["serve", "--data", str(self.data), "--port", "0", "--master-key-file", str(self.master_key_file)]
        service = self._run("service", ["takeback", *serve, "--allowed-private-host", private, "--json"])
        fd = self._listener.fileno()
        self._run("site", ["takeback.demo.site", "--fd", str(fd), *self._site_options], fds=(fd,))
        self._listener.close()  # it is the site's alone now: when the site ends, its port does
        assert service.stdout is not None
        first = self._first_line(service.stdout)
        self.service_address, self.keys = first["address"], first["keys"]
        self.keys_file.touch(mode=0o600)
        self.keys_file.write_text(json.dumps(self.keys, indent=2))
        self._wait_until_ready()

    def give_site(self, settings: Mapping[str, str]) -> None:
        """Give the site its settings, over its standard input; from then on it serves."""
        site = self._processes[1]
        assert site.stdin is not None
        try:
            with site.stdin as stdin:
                stdin.write(json.dumps(settings).encode() + b"\n")
        except BrokenPipeError as problem:
            raise OutsideError(f"The site did not start. {self._last_words('site')}") from problem

    def stop(self) -> None:
        """Stop both and wait for their end."""
        for process in self._processes:
            process.terminate()
        ends = time.monotonic() + STOP_SECONDS
        for process in self._processes:
            try:
                process.wait(max(0.0, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        self._processes.clear()
        self._listener.close()

    def _run(self, name: str, module: Sequence[str], *, fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        # The demonstration has its own settings: those of a service on this machine are not for it.
        environ = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        with self._log(name).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environ,
                pass_fds=fds,
            )
        self._processes.append(process)
        return process

    def _first_line(self, stdout: IO[bytes]) -> dict[str, Any]:
        """Read the line in which the service says its address and first keys."""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            line = stdout.readline() if selector.select(START_SECONDS) else b""
        try:
            first: dict[str, Any] = json.loads(line)
        except ValueError as problem:
            raise OutsideError(f"The service did not start. {self._last_words('service')}") from problem
        return first

    def _wait_until_ready(self) -> None:
        client, ends = Client(self.service_address), time.monotonic() + START_SECONDS
        while client.get("/health/ready").status != 200:
            if time.monotonic() > ends:
                raise OutsideError(f"The service is not ready. {self._last_words('service')}")
            time.sleep(_POLL_SECONDS)
        client.close()

    def _last_words(self, name: str) -> str:
        lines = self._log(name).read_text("utf-8", "replace").strip().splitlines()
        return f"Its log ends: {lines[-1]}" if lines else "Its log is empty."

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
