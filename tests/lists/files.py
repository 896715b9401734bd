"""Files at addresses on a loopback port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lists.serving import Quiet, answering


@contextmanager
def serving() -> Iterator[tuple[str, dict[str, str]]]:
    """Serve texts by name as long as the block lasts; yield the address and the texts."""
    texts: dict[str, str] = {}

    class Handler(Quiet):
        def do_GET(self) -> None:
            text = texts.get(self.path.lstrip("/"))
            self.answer(404 if text is None else 200, b"" if text is None else text.encode())

    with answering(Handler) as port:
        yield f"http://127.0.0.1:{port}", texts
