"""Step 2: what a picture is known by: fingerprints for copies, digests for equals."""

from takeback.fingerprint.digest import file_digest, pixel_digest
from takeback.fingerprint.orientation import Orientation, pdq_orientations, turned_codes
from takeback.fingerprint.pdq import MATCH_RADIUS, MIN_QUALITY, PdqHash, pdq_hash
from takeback.fingerprint.record import Fingerprints, FrameFingerprint

__all__ = [
    "MATCH_RADIUS",
    "MIN_QUALITY",
    "Fingerprints",
    "FrameFingerprint",
    "Orientation",
    "PdqHash",
    "file_digest",
    "pdq_hash",
    "pdq_orientations",
    "pixel_digest",
    "turned_codes",
]
