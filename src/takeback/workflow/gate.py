"""A gate: where uploads come through that no site names one by one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from takeback.store.sites import Site


class Space(StrEnum):
    """Who sees what is posted behind a gate."""

    PUBLIC = "public"
    """Anyone."""
    LIMITED = "limited"
    """A group or followers, as chosen by whoever posts."""
    PRIVATE = "private"
    """The people of one conversation. Nothing is looked at there unless the operator turned it on."""


@dataclass(frozen=True, slots=True)
class Gate:
    """
    The protocol that uploads are asked about in, and the space behind it.

    `site` is the site whose uploads they are, None where several share the gate. The protocol says neither which item
    an upload becomes nor where it will be, so nothing of it is remembered, and it cannot be held.
    """

    protocol: str
    space: Space
    site: Site | None = None
    alert_routes: tuple[str, ...] = ()
    """Where the desk is told that something passed which may be a copy (`Settings.alert_routes`)."""

    @property
    def name(self) -> str:
        """How reports call it."""
        return f"{self.protocol} {self.space.value}"

    @property
    def actor(self) -> str:
        """How the audit log names whoever asked."""
        return f"gate/{self.protocol}" if self.site is None else f"site/{self.site.public_id}"
