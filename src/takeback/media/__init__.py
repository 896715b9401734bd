"""
Step 1: from bytes that nobody trusts to canonical pixels, in processes that can do nothing else.

The picture parsers are loaded when a decoding function is first asked for, not with the package: a
process that holds keys and only asks the decoders (`takeback.media.sandbox`) never loads one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from takeback.media.limits import MediaLimits

if TYPE_CHECKING:
    from takeback.media.image import Image, Luminance, decode_frames, decode_image, decode_luminance, decode_stored

__all__ = [
    "Image",
    "Luminance",
    "MediaLimits",
    "decode_frames",
    "decode_image",
    "decode_luminance",
    "decode_stored",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("takeback.media.image"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
