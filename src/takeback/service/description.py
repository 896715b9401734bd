"""`/docs` and `/openapi.json`: what the HTTP interface takes and answers, as a page without scripts."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse

from takeback.service.auth import Reader

router = APIRouter(include_in_schema=False)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; }
h2 { font: 600 1rem/1.5 ui-monospace, monospace; margin: 2rem 0 .25rem; }
h2 b { color: #0b6e4f; } p { margin: .25rem 0; }
pre { background: #f4f4f2; padding: .75rem; overflow-x: auto; font-size: .85rem; }
"""
_CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@router.get("/openapi.json")
def openapi(request: Request, _caller: Reader) -> JSONResponse:
    """Return the OpenAPI description."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
def docs(request: Request, _caller: Reader) -> HTMLResponse:
    """Return the same as a page."""
    return HTMLResponse(_page(request.app.openapi()), headers={"Content-Security-Policy": _CONTENT_POLICY})


def _page(description: dict[str, Any]) -> str:
    operations = [
        _operation(path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = description.get("components", {}).get("schemas", {})
    forms = [f"<h2 id='{escape(name)}'>{escape(name)}</h2>{_block(schema)}" for name, schema in schemas.items()]
    title = f"Takeback {escape(description['info']['version'])}"
    head = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"
    lead = "<p>Keys go into <code>Authorization: Bearer KEY</code>. Errors are problem+json (RFC 9457).</p>"
    return f"{head}<h1>{title}</h1>{lead}{''.join(operations)}<h1>Forms</h1>{''.join(forms)}</html>"


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    text = escape(operation.get("description") or operation.get("summary") or "")
    body = operation.get("requestBody", {}).get("content", {})
    shown = "".join(f"<p>{escape(kind)}</p>{_block(form.get('schema', {}))}" for kind, form in body.items())
    return f"<h2><b>{escape(method.upper())}</b> {escape(path)}</h2><p>{text}</p>{shown}"


def _block(schema: dict[str, Any]) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=1, ensure_ascii=False))}</pre>"
