"""`/desk`: what is due, first what is due first."""

from __future__ import annotations

from fastapi import APIRouter, Response

from takeback.service.desk.answer import DeskRoute, desk_page
from takeback.service.desk.door import Signed

router = APIRouter(include_in_schema=False, route_class=DeskRoute)


@router.get("/desk")
def queue_page(here: Signed) -> Response:
    """Show the queue."""
    return desk_page("queue.html", here=here)
