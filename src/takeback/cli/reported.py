"""What stands for a picture: fingerprints and digests, in the form that the HTTP interface takes."""

from __future__ import annotations

from takeback.fingerprint import MIN_QUALITY, Fingerprints, FrameFingerprint
from takeback.service.prints import PictureIn


def telling_frames(prints: Fingerprints) -> list[FrameFingerprint]:
    """
    Return the frames with enough detail to be told from others; all of them where none has it.

    The blank frame of an animation is in many: its digest would call them all identical.
    """
    telling = [frame for frame in prints.frames if frame.quality >= MIN_QUALITY]
    return telling or list(prints.frames)


def as_reported(prints: Fingerprints) -> list[PictureIn]:
    """Return one description for each telling frame; of one with too little detail, its digests alone."""
    return [_frame(prints, frame) for frame in telling_frames(prints)]


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
