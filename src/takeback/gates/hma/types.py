"""What HMA calls content types and signal types: which there are, and which of them are here."""

from __future__ import annotations

from takeback.errors import InputError
from takeback.fingerprint import PdqHash

PHOTO, VIDEO = "photo", "video"
CONTENT_TYPES = {PHOTO: True, VIDEO: False}
"""HMA's content types, and whether they are taken here."""
PDQ = "pdq"
SIGNAL_TYPES = {PDQ: 1.0, "video_md5": 0.0}
"""HMA's signal types, and in how many requests they are used here."""


def require_content_type(name: str) -> None:
    """Raise `InputError` for a content type that is not taken, as HMA does for one that is switched off."""
    if name not in CONTENT_TYPES:
        raise InputError(f"There is no content_type {name[:64]!r}.", advice="Send a photo.")
    if not CONTENT_TYPES[name]:
        raise InputError(f"The content_type {name} is disabled here.", advice="Send a photo.")


def require_signal_type(name: str) -> None:
    """Raise `InputError` for a signal type that is not compared here."""
    if name not in SIGNAL_TYPES:
        raise InputError(f"There is no signal type {name[:64]!r}.", advice="Send pdq.")
    if not SIGNAL_TYPES[name]:
        raise InputError(f"The signal type {name} is not enabled here.", advice="Send pdq.")


def read_types(text: str | None) -> None:
    """Raise `InputError` unless `types`, names with commas between, asks for PDQ and nothing else."""
    if text is None:
        return
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        require_signal_type(name)
    if not names:
        raise InputError("`types` selects no signal type.", advice="Leave it out, or send pdq.")


def read_pdq(text: object) -> PdqHash:
    """Read a fingerprint; `MalformedHash` where it is none, or one that no photograph has."""
    if not isinstance(text, str):
        raise InputError("A signal of type pdq is a text of 64 hexadecimal digits.")
    return PdqHash.from_hex(text)


def read_flag(name: str, text: str | None) -> bool:
    """Read `true` or `false`, in the spellings that HMA takes; absent is false."""
    words = {"true": True, "1": True, "false": False, "0": False}
    if text is None:
        return False
    if text.lower() not in words:
        raise InputError(f"`{name}` is true or false.")
    return words[text.lower()]
