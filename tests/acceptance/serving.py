"""A real `takeback serve` in a process of its own, and a site that takes its orders."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
import psutil

from takeback.cases.sealed import new_identity
from takeback.cli.run import run

READY_SECONDS = 90.0


class Service:
    """One service over one data directory; it can be killed and started again on the same port."""

    def __init__(self, folder: Path, *options: str, notices_per_hour: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder / "data"
        self.options = options
        self.environment = os.environ | {"TAKEBACK_NOTICES_PER_HOUR": str(notices_per_hour)}
        self.port = free_port()
        self.keys: dict[str, str] = {}
        self.ready_seconds = 0.0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until it is ready."""
        began = time.perf_counter()
        command = [
            *(sys.executable, "-m", "takeback", "serve", "--json", "--data", str(self.data)),
            *("--port", str(self.port), "--master-key-file", str(self.folder / "master.key")),
            *self.options,
        ]
        log = (self.folder / "service.log").open("ab")
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True, env=self.environment
        )
        log.close()
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError((self.folder / "service.log").read_text())
        self.keys |= json.loads(line)["keys"]
        while time.perf_counter() - began < READY_SECONDS:
            try:
                if httpx2.get(f"{self.url}/health/ready", timeout=5).status_code == 200:
                    self.ready_seconds = time.perf_counter() - began
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.01)
        self.kill()
        raise AssertionError("the service did not become ready")

    def kill(self) -> None:
        """`kill -9` the supervisor, and wait until the kernel has ended its children too."""
        assert self._process is not None
        tree = psutil.Process(self.pid).children(recursive=True)
        os.kill(self.pid, signal.SIGKILL)
        self._reap()
        _, alive = psutil.wait_procs(tree, timeout=10)
        assert not alive, "children outlived the supervisor"

    def stop(self) -> int:
        """Stop in good order and return the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        return self._reap()

    def pss_bytes(self) -> dict[str, int]:
        """Return the proportional set size of every process of the tree."""
        processes = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        return {f"{process.pid}": process.memory_full_info().pss for process in processes}

    def headers(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}"}

    def add_site(self, receiver: Receiver) -> None:
        """Add the receiver as a site; its upload key becomes `self.keys["upload"]`."""
        body = {"name": f"site-{receiver.port}", "base_url": receiver.url, "webhook_url": f"{receiver.url}/hook"}
        answer = httpx2.post(f"{self.url}/api/v1/sites", headers=self.headers("administrator"), json=body)
        assert answer.status_code == 201, answer.text
        self.keys["upload"] = answer.json()["upload_key"]
        receiver.secret = bytes.fromhex(answer.json()["webhook_secret"])

    def add_desk_key(self, name: str) -> str:
        """Give a person of the desk a key; return its secret part, which the service is never given."""
        identity, recipient = new_identity()
        self._desk("add", name, "--recipient", recipient)
        return identity

    def invite(self, name: str, role: str) -> str:
        """Return the link by which a person of the desk comes in."""
        link: str = json.loads(self._desk("invite", name, "--role", role, "--json"))["link"]
        return link

    def retire_desk_keys(self) -> list[str]:
        """Retire every key of the desk, as lost ones are; return their ids."""
        ids = [key["id"] for key in json.loads(self._desk("list", "--json")) if key["retired_at"] is None]
        for key_id in ids:
            self._desk("retire", key_id, "--lost")
        return ids

    def send_notice(self, link: str) -> dict[str, Any]:
        """Send a notice about a link; return what the person gets."""
        body = {
            "links": [link], "role": "me", "statement": "Mine.", "signature": "A. B.", "intimate": True,
            "not_consensual": True, "good_faith": True, "contact": {"mailbox": True},
        }  # fmt: skip
        answer = httpx2.post(f"{self.url}/api/v1/notices", json=body)
        assert answer.status_code == 201, answer.text
        received: dict[str, Any] = answer.json()
        return received

    def publish(self) -> None:
        """Add an entry to the public log now: what was attested can be proven."""
        self.run("log", "publish")

    def _desk(self, *arguments: str) -> str:
        """Run a command of the desk in this process: one of its own takes many times as long to begin as it runs."""
        printed, wrong = io.StringIO(), io.StringIO()
        with patch.dict(os.environ, self.environment, clear=True), redirect_stdout(printed), redirect_stderr(wrong):
            code = run(["desk", *arguments, *self._where])
        assert code == 0, wrong.getvalue()
        return printed.getvalue()

    @property
    def _where(self) -> tuple[str, ...]:
        return "--data", str(self.data), "--master-key-file", str(self.folder / "master.key")

    def run(self, *arguments: str) -> str:
        """Run a command on the data directory, beside the service; return what it printed."""
        command = [sys.executable, "-m", "takeback", *arguments, *self._where]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _reap(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        code = self._process.wait(timeout=30)
        self._process.stdout.close()
        return code


class Receiver:
    """A site that remembers every order that it was given, says that none of its items is gone, and shows pictures."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, dict[str, Any]]] = []
        self.pictures: dict[str, bytes] = {}
        """What it shows, by path."""
        self.fetches: list[tuple[str, dict[str, str]]] = []
        """Each time that somebody fetched one: the path, and the headers by their names in lower case."""
        self.secret = b""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if body["action"] != "reconcile":
                    receiver.orders.append((self.headers["Takeback-Delivery"], body))
                answer = b'{"gone": []}'
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except BrokenPipeError:
                    pass  # whoever gave the order was killed; it will come again

            def do_GET(self) -> None:
                body = receiver.pictures.get(self.path)
                if body is None:
                    self.send_error(501)
                    return
                receiver.fetches.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver for the length of a `with` block."""
    receiver = Receiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Service]:
    """A started service for the length of a `with` block."""
    service = Service(folder, *options)
    service.start()
    try:
        yield service
    finally:
        service.stop()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
