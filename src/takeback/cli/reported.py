"""What stands for a picture: fingerprints and digests, in the form that the HTTP interface takes."""

from __future__ import annotations

from takeback.fingerprint import MIN_QUALITY, Fingerprints, FrameFingerprint
from takeback.service.prints import PictureIn


def as_reported(prints: Fingerprints) -> list[PictureIn]:
    """Return one description for each telling frame; of one with too little detail, its digests alone."""
    return [_frame(prints, frame) for frame in prints.telling_frames]


def _frame(prints: Fingerprints, frame: FrameFingerprint) -> PictureIn:
    file, pixels = prints.file_digest.hex(), frame.pixel_digest.hex()
    if frame.quality < MIN_QUALITY:
        return PictureIn(quality=frame.quality, file_sha256=file, pixels_sha256=pixels)
    return PictureIn(
        pdq=frame.upright.hex(),
        quality=frame.quality,
        orientations={name.value: pdq.hex() for name, pdq in frame.orientations.items()},
        file_sha256=file,
        pixels_sha256=pixels,
    )
