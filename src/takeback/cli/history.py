"""What a service shows of its public log now, against what someone was shown before."""

from __future__ import annotations

from takeback.audit.checkpoint import LogCheckpoint, unbase64_hash
from takeback.audit.note import VerifierKey, signatures_of
from takeback.audit.proof import is_consistent
from takeback.cli.server import Server
from takeback.errors import NotFound, ProofBroken

_KEEP = (
    "Keep the proof, and what the service shows at /api/v1/log/checkpoint: both are signed, and together they prove it."
)


def key_of(server: Server, pinned: VerifierKey | None) -> VerifierKey:
    """Return the key by which a service signs; `ProofBroken` where it is another than the one known from elsewhere."""
    shown = VerifierKey.parse(str(server.get("/api/v1/log/keys")["log"]))
    if pinned is not None and shown.public != pinned.public:
        raise ProofBroken("The service signs with another key than the one you have.", advice=_KEEP)
    return pinned or shown


def witnesses_of(server: Server) -> list[VerifierKey]:
    """Return the keys of the witnesses that a service names; none where it is an older one."""
    return [VerifierKey.parse(str(each)) for each in server.get("/api/v1/log/keys").get("witnesses", ())]


def check_history(server: Server, note: str, key: VerifierKey) -> None:
    """
    Check that the log which a service shows now grew out of the one in `note`.

    `ProofBroken` where it did not: then someone was shown another history. `NotFound` where the service began its log
    anew, after a restore, so that the two cannot be compared.
    """
    before = LogCheckpoint.parse(note)
    shown_note = server.text("/api/v1/log/checkpoint")
    shown = LogCheckpoint.parse(shown_note)
    if shown.origin != before.origin:
        raise NotFound(
            f"The service began its log anew; it was {before.origin} and is {shown.origin}.",
            advice="What was signed before still verifies by itself: leave --service out.",
        )
    if not signatures_of(shown_note, key):
        raise ProofBroken("The service shows a head that its log did not sign.", advice=_KEEP)
    if shown.size < before.size:
        raise ProofBroken("The log of the service is shorter than it was.", advice=_KEEP)
    if shown.size == before.size:
        proof: list[bytes] = []
    else:
        answer = server.get(f"/api/v1/log/consistency?first={before.size}&second={shown.size}")
        proof = [unbase64_hash(str(each)) for each in answer["proof"]]
    if not is_consistent(before.size, shown.size, before.root, shown.root, proof):
        raise ProofBroken("The log of the service did not grow out of the one in this proof.", advice=_KEEP)
