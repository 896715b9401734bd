"""The pages' own files: few, fixed, read when the program starts, and served as they lie here."""

from __future__ import annotations

from functools import cache
from importlib import resources

from fastapi import APIRouter, Response

from takeback.errors import NotFound
from takeback.service.pages.answer import PAGE_HEADERS

router = APIRouter(include_in_schema=False)

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}

_HEADERS = {name: PAGE_HEADERS[name] for name in ("Cross-Origin-Resource-Policy", "Cross-Origin-Embedder-Policy")}

WORKERS = ("worker.js", "solver.js")

WORKER_POLICY = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"
"""Of a worker, above all the one that reads pictures: it loads its own modules, and can connect to nothing."""


@router.get("/page/{name}")
def static_file(name: str) -> Response:
    """Return one of them."""
    content = files().get(name)
    if content is None:
        raise NotFound("There is no such file.")
    kind = _TYPES[name[name.rindex(".") :]]
    policy = {"Content-Security-Policy": WORKER_POLICY} if name in WORKERS else {}
    return Response(content, media_type=kind, headers={**_HEADERS, **policy})


@cache
def files() -> dict[str, bytes]:
    """Return every file by its name."""
    folder = resources.files(__package__) / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(tuple(_TYPES))}
