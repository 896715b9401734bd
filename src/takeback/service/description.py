"""`/docs` and `/openapi.json`: what the HTTP interface takes and answers, as a page without scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, JSONResponse

from takeback.service.auth import ROLES, Reader
from takeback.service.problem import MEDIA_TYPE

router = APIRouter(include_in_schema=False)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; }
h2 { font: 600 1rem/1.5 ui-monospace, monospace; margin: 2rem 0 .25rem; }
h2 b { color: #0b6e4f; } p { margin: .25rem 0; }
pre { background: #f4f4f2; padding: .75rem; overflow-x: auto; font-size: .85rem; }
"""
_PROBLEM = {
    "description": "What happened, and what to do next.",
    "content": {
        MEDIA_TYPE: {
            "schema": {
                "title": "Problem",
                "type": "object",
                "required": ["type", "title", "status", "detail", "advice"],
                "properties": {
                    "type": {"type": "string", "description": "urn:takeback:problem: and the code"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string", "description": "What happened."},
                    "advice": {"type": "string", "description": "What to do next."},
                },
            }
        }
    },
}
_CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@router.get("/openapi.json")
def openapi(request: Request, _caller: Reader) -> JSONResponse:
    """Return the OpenAPI description."""
    return JSONResponse(description_of(request.app))


@router.get("/docs")
def docs(request: Request, _caller: Reader) -> HTMLResponse:
    """Return the same as a page."""
    return HTMLResponse(_page(description_of(request.app)), headers={"Content-Security-Policy": _CONTENT_POLICY})


def description_of(app: FastAPI) -> dict[str, Any]:
    """
    Return the OpenAPI description, with what FastAPI does not know: which key an address needs, and that every error is
    a problem (RFC 9457), of whatever status.
    """
    described = app.openapi()
    components = described.setdefault("components", {})
    if "responses" in components:
        return described
    components["responses"] = {"Problem": _PROBLEM}
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for name in ("HTTPValidationError", "ValidationError"):
        components.get("schemas", {}).pop(name, None)
    for route in (route for router in app.state.routers for route in router.routes):
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _complete(described["paths"][route.path_format][method.lower()], route)
    return described


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    roles = sorted({role for call in _calls(route.dependant) for role in getattr(call, ROLES, ())})
    if roles:
        operation["security"] = [{"key": []}]
        operation["description"] = f"{operation.get('description', '')}\n\nKey of role {', '.join(roles)}."


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from _calls(each)


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
