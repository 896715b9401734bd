"""Other instances on her pages: each with a box of its own, which nobody ticks but her."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from takeback.assembly import Parts
from takeback.workflow.instances import offered_instances

TICK = "forward-"
"""How the name of such a box begins; the instance's id follows."""


def offered(parts: Parts) -> list[dict[str, str]]:
    """Return those that a notice may be forwarded to, as the pages show them."""
    return [
        {"id": each.public_id, "name": each.name, "host": urlsplit(each.url).hostname or ""}
        for each in offered_instances(parts.store)
    ]


def forwarded_to(sent: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of those that she ticked."""
    return tuple(name.removeprefix(TICK) for name, value in sent.items() if name.startswith(TICK) and value)


def names_of(parts: Parts, ids: Sequence[str]) -> list[str]:
    """Return how those that she ticked are called."""
    return [each["name"] for each in offered(parts) if each["id"] in ids]
