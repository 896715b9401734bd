"""How EXIF is built (CIPA DC-008), and the small picture in it; what it says of its origin is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from takeback.examine.structure.tiff import Directory, first_directory, read_directory
from takeback.media.formats import open_picture
from takeback.provenance.embedded import DECODED_BEFORE

_EXIF_POINTER, _GPS_POINTER, _INTEROPERABILITY_POINTER = 0x8769, 0x8825, 0xA005
_MODIFIED, _TAKEN, _WIDTH, _HEIGHT = 0x0132, 0x9003, 0xA002, 0xA003
_THUMBNAIL, _THUMBNAIL_BYTES = 0x0201, 0x0202
_HEADER: Final = b"Exif\0\0"


@dataclass(frozen=True, slots=True)
class Exif:
    """
    What EXIF has: the tags of each directory by its name, in their order, and a few values.

    `directories`: "main", "exif", "interoperability", "thumbnail"; not that of the place, which comes and goes. `size`
    is width and height that EXIF gives the picture, (0, 0) where it gives none. `taken` and `modified` are as written.
    """

    directories: dict[str, tuple[int, ...]] = field(default_factory=dict)
    size: tuple[int, int] = (0, 0)
    taken: str = ""
    modified: str = ""
    thumbnail: bytes = field(default=b"", repr=False)


def read_exif(data: bytes) -> Exif:
    """Return how the EXIF of a picture's file is built; nothing of a file without. Raises nothing."""
    block = _block(data).removeprefix(_HEADER)
    main = first_directory(block)
    if not main.tags:
        return Exif()
    told = read_directory(block, main.number(_EXIF_POINTER), main.order)
    thumbnail = read_directory(block, main.next, main.order)
    directories = {
        "main": tuple(tag for tag in main.tags if tag != _GPS_POINTER),
        "exif": told.tags,
        "interoperability": read_directory(block, told.number(_INTEROPERABILITY_POINTER), main.order).tags,
        "thumbnail": thumbnail.tags,
    }
    size = (told.number(_WIDTH), told.number(_HEIGHT))
    return Exif(directories, size, told.text(_TAKEN), main.text(_MODIFIED), _thumbnail(block, thumbnail))


def _thumbnail(block: bytes, directory: Directory) -> bytes:
    start, size = directory.number(_THUMBNAIL), directory.number(_THUMBNAIL_BYTES)
    held = block[start : start + size]
    return held if held.startswith(b"\xff\xd8") else b""


def _block(data: bytes) -> bytes:
    """Return the EXIF of a file of any format, as Pillow finds it."""
    try:
        _, picture = open_picture(data, DECODED_BEFORE)
        block = picture.info.get("exif", b"")
    except Exception:
        # A damaged file of a stranger's: Pillow raises many kinds for it.
        return b""
    return block if isinstance(block, bytes) else b""
