"""The pages' own files: few, fixed, read when the program starts, and served as they lie here."""

from __future__ import annotations

from functools import cache
from importlib import resources

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from takeback.errors import NotFound
from takeback.service.auth import ServiceParts
from takeback.service.pages.answer import PAGE_HEADERS

router = APIRouter(include_in_schema=False)

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_MODEL_TYPES = {".mjs": _TYPES[".js"], ".wasm": "application/wasm", ".onnx": "application/octet-stream"}

_HEADERS = {name: PAGE_HEADERS[name] for name in ("Cross-Origin-Resource-Policy", "Cross-Origin-Embedder-Policy")}

WORKER_POLICY = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"
"""Of a worker, above all the one that reads pictures: it loads its own modules, and can connect to nothing."""

DESCRIBER = "describer.js"
"""The worker that runs a model; it is there only where the operator has one for browsers."""
DESCRIBER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; frame-ancestors 'none'"
"""It connects to nothing either: the page hands it the model. It compiles WebAssembly, and no script from text."""

WORKERS = {"worker.js": WORKER_POLICY, "solver.js": WORKER_POLICY, DESCRIBER: DESCRIBER_POLICY}


@router.get("/page/{name}")
def static_file(name: str, parts: ServiceParts) -> Response:
    """Return one of them."""
    content = files().get(name)
    if content is None or (name == DESCRIBER and parts.page_model is None):
        raise NotFound("There is no such file.")
    kind = _TYPES[name[name.rindex(".") :]]
    policy = {"Content-Security-Policy": WORKERS[name]} if name in WORKERS else {}
    return Response(content, media_type=kind, headers={**_HEADERS, **policy})


@router.get("/page/model/{name}")
def model_file(name: str, parts: ServiceParts) -> Response:
    """Return a file of the operator's model for browsers, or of what runs it there."""
    model = parts.page_model
    if model is None or name not in model.files:
        raise NotFound("There is no such file.")
    path = model.folder / name
    return FileResponse(path, media_type=_MODEL_TYPES.get(path.suffix, "text/plain; charset=utf-8"), headers=_HEADERS)


@cache
def files() -> dict[str, bytes]:
    """Return every file by its name."""
    folder = resources.files(__package__) / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(tuple(_TYPES))}
