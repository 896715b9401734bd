"""Steps 1 and 2 together: from bytes to all that one file is known by. Runs in a decoder's process."""

from __future__ import annotations

from takeback.errors import InputError, UnreadableMedia
from takeback.fingerprint.digest import file_digest, pixel_digest
from takeback.fingerprint.orientation import pdq_orientations
from takeback.fingerprint.record import Fingerprints, FrameFingerprint
from takeback.media import Image, MediaLimits, decode_frames


def take_fingerprints(data: bytes, limits: MediaLimits) -> Fingerprints:
    """
    Decode `data` and return its digests, and the fingerprints of each distinct frame.

    Raises `UnreadableMedia` or `MediaTooLarge` when not even one frame could be read; when some could,
    they are returned and `incomplete` says what ended it. A picture of low quality is no error here.
    """
    frames: list[FrameFingerprint] = []
    first: Image | None = None
    incomplete: str | None = None
    try:
        for image in decode_frames(data, limits=limits):
            first = first or image
            frames.append(FrameFingerprint(pixel_digest(image.pixels), pdq_orientations(image.pixels)))
    except InputError as error:
        if first is None:
            raise
        incomplete = error.code
    if first is None:
        raise UnreadableMedia("The file holds no picture.")
    height, width = first.pixels.shape[:2]
    return Fingerprints(first.format, width, height, file_digest(data), tuple(frames), incomplete)


def fingerprint_handler(payload: bytes, options: dict[str, object]) -> dict[str, object]:
    """Run in a decoder (`takeback.media.sandbox`): `options` are the limits, the answer is `Fingerprints.to_json`."""
    return take_fingerprints(payload, MediaLimits.from_options(options)).to_json()
