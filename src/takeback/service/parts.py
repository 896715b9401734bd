"""The parts that a request is served with."""

from __future__ import annotations

from fastapi import Request

from takeback.assembly import Parts


def parts_of(request: Request) -> Parts:
    """Return the parts that the application was made with."""
    parts: Parts = request.app.state.parts
    return parts


async def parts_here(request: Request) -> Parts:
    """Return the same as a dependency: a plain function would wait for the turn of a thread."""
    return parts_of(request)
