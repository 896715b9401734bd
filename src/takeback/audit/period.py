"""
One entry of the public log: what happened until a moment, in two roots.

The service adds one every few minutes, whether anything happened or not, so that the size of the public log says how
long the service has run and nothing else. `attested` is the root of the period's attestations behind their veil;
`audit_log` that of the whole audit log as it stood, which is what holds the operator to it: neither root tells how
many entries there are.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from takeback.audit.checkpoint import unbase64_hash
from takeback.audit.event import canonical_moment
from takeback.audit.merkle import leaf_hash
from takeback.errors import ProofBroken

_FIRST_LINE = "takeback-period/1"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@dataclass(frozen=True, slots=True)
class Period:
    """`until` is an aware UTC moment, at which both roots, 32 bytes each, were taken."""

    until: datetime
    attested: bytes
    audit_log: bytes

    def text(self) -> str:
        """Return the entry as it stands in the log: four lines."""
        roots = "\n".join(base64.b64encode(root).decode() for root in (self.attested, self.audit_log))
        return f"{_FIRST_LINE}\n{canonical_moment(self.until)}\n{roots}\n"

    def leaf(self) -> bytes:
        """Return the entry's leaf hash, 32 bytes."""
        return leaf_hash(self.text().encode())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` wrote; `ProofBroken` on anything else."""
        lines = text.split("\n")
        if len(lines) != 5 or lines[0] != _FIRST_LINE or lines[4] or not _MOMENT.fullmatch(lines[1]):
            raise ProofBroken("This is no entry of a public log.")
        try:
            until = datetime.fromisoformat(lines[1]).astimezone(UTC)
        except ValueError:
            raise ProofBroken("The entry of the public log names no moment.") from None
        return cls(until, unbase64_hash(lines[2]), unbase64_hash(lines[3]))
