"""Asking a sandboxed child how a camera builds a file, and checking what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from takeback.errors import UnreadableMedia
from takeback.examine.answers import text
from takeback.examine.sentences import MAX_VALUE_CHARACTERS
from takeback.examine.structure.signatures import SIGNATURE_DIGITS

SIGNATURE_HANDLER: Final = "takeback.examine.structure.apart:signature_handler"


def signature_told(told: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the camera and the signature that a child told; None where it told none, `UnreadableMedia` for a lie."""
    if not told:
        return None
    try:
        camera, signature = text(told["camera"], MAX_VALUE_CHARACTERS), text(told["signature"], SIGNATURE_DIGITS)
        if len(bytes.fromhex(signature)) * 2 != SIGNATURE_DIGITS:
            raise ValueError("not a signature")
    except (KeyError, TypeError, ValueError):
        raise UnreadableMedia("The decoder's answer is not what a decoder sends.") from None
    return camera, signature
