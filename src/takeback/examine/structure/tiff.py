"""The directories of a TIFF structure (TIFF 6.0, section 2), as EXIF and the multi-picture format have them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

MAX_ENTRIES: Final = 500
"""Of one directory; a camera's largest has some sixty."""

MAX_VALUE_BYTES: Final = 4 << 10
"""Of one value that is kept."""

_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8}
_WHOLE: Final = {1: "B", 3: "H", 4: "I"}


@dataclass(frozen=True, slots=True)
class Directory:
    """
    A directory: `tags` in their order, the values by tag as bytes, and where the next one stands (0: nowhere).

    `order` is that of the bytes, as in the module struct.
    """

    order: str = "<"
    tags: tuple[int, ...] = ()
    values: dict[int, tuple[int, bytes]] = field(default_factory=dict, repr=False)
    next: int = 0

    def number(self, tag: int) -> int:
        """Return a whole number, 0 where there is none."""
        kind, value = self.values.get(tag, (0, b""))
        form = _WHOLE.get(kind)
        if form is None or len(value) < struct.calcsize(form):
            return 0
        told: int = struct.unpack_from(self.order + form, value)[0]
        return told

    def text(self, tag: int) -> str:
        """Return a text, empty where there is none."""
        kind, value = self.values.get(tag, (0, b""))
        return value.split(b"\0", 1)[0].decode("ascii", "replace").strip() if kind == 2 else ""


def first_directory(data: bytes) -> Directory:
    """Return the first directory of the structure in `data`; an empty one where it is none."""
    orders = {b"II": "<", b"MM": ">"}
    order = orders.get(data[:2])
    if order is None or len(data) < 8:
        return Directory()
    return read_directory(data, struct.unpack_from(f"{order}I", data, 4)[0], order)


def read_directory(data: bytes, start: int, order: str) -> Directory:
    """Return the directory at `start`; an empty one where there is none, and what lies in `data` of a damaged one."""
    if not 8 <= start <= len(data) - 2:
        return Directory(order)
    count = min(struct.unpack_from(f"{order}H", data, start)[0], MAX_ENTRIES, (len(data) - start - 2) // 12)
    tags: list[int] = []
    values: dict[int, tuple[int, bytes]] = {}
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, amount = struct.unpack_from(f"{order}HHI", data, entry)
        tags.append(tag)
        size = _SIZES.get(kind, 0) * amount
        place = entry + 8 if size <= 4 else struct.unpack_from(f"{order}I", data, entry + 8)[0]
        if 0 < size <= MAX_VALUE_BYTES and place + size <= len(data):
            values.setdefault(tag, (kind, data[place : place + size]))
    after = data[start + 2 + 12 * count : start + 6 + 12 * count]
    following = struct.unpack(f"{order}I", after)[0] if len(after) == 4 else 0
    return Directory(order, tuple(tags), values, following)
