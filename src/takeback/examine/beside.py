"""What an examination is told besides the file: it travels behind the file into the decoder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from takeback.examine.structure.signatures import NOTHING_LEARNT, Signatures
from takeback.provenance.trust import NO_LISTS, TrustLists


@dataclass(frozen=True, slots=True)
class Beside:
    """Whom the operator believes of those who sign pictures, and how cameras that are known build their files."""

    trust: TrustLists = NO_LISTS
    cameras: Signatures = NOTHING_LEARNT

    def as_bytes(self) -> bytes:
        """Return all of it, for `from_bytes`."""
        return json.dumps([self.trust.as_bytes().decode(), self.cameras.as_json()]).encode()

    @classmethod
    def from_bytes(cls, written: bytes) -> Beside:
        """Read what `as_bytes` wrote."""
        trust, cameras = json.loads(written)
        return cls(TrustLists.from_bytes(trust.encode()), Signatures.from_json(cameras))


NOTHING_BESIDE: Final = Beside()
