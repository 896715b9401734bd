"""A server on loopback that shows pictures, under the names that HMA's recordings use."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from takeback.actions.outgoing import OutgoingHttp


class Shown:
    """What is shown at which path: a content type and bytes; and what was asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []

    @classmethod
    @contextmanager
    def serving(cls) -> Iterator[Shown]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shown.asked.append(self.path)
                kind, body = shown.pages.get(self.path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        shown = cls(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield shown
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def url(self, path: str, host: str = "pictures.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def outgoing(self, *hosts: str) -> OutgoingHttp:
        """Return the house's own door, for which those names lead here."""

        async def here(_host: str, _port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        return OutgoingHttp(("pictures.example", *hosts), resolver=here)
