"""Which frames of a picture say what it is."""

from __future__ import annotations

from takeback.fingerprint import MIN_QUALITY, Fingerprints, FrameFingerprint


def telling_frames(prints: Fingerprints) -> list[FrameFingerprint]:
    """
    Return the frames with enough detail to be told from others; all of them where none has it.

    The blank frame of an animation is in many: its digest would call them all identical.
    """
    telling = [frame for frame in prints.frames if frame.quality >= MIN_QUALITY]
    return telling or list(prints.frames)
