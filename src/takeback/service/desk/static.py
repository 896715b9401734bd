"""The desk's own files, served as they lie here."""

from __future__ import annotations

from functools import cache
from importlib import resources

from fastapi import APIRouter, Response

from takeback.errors import NotFound
from takeback.service.pages.answer import PAGE_HEADERS

router = APIRouter(include_in_schema=False)

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_HEADERS = {name: PAGE_HEADERS[name] for name in ("Cross-Origin-Resource-Policy", "Cross-Origin-Embedder-Policy")}


@router.get("/desk/static/{name}")
def static_file(name: str) -> Response:
    """Return one of them."""
    content = files().get(name)
    if content is None:
        raise NotFound("There is no such file.")
    return Response(content, media_type=_TYPES[name[name.rindex(".") :]], headers=_HEADERS)


@cache
def files() -> dict[str, bytes]:
    """Return every file by its name."""
    folder = resources.files(__package__) / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(tuple(_TYPES))}
