"""What the C library does with memory that was freed: kept for the next picture, since getting it back costs time."""

from __future__ import annotations

import ctypes
from typing import Final

KEPT_BYTES: Final = 32 << 20
"""The pixels of a picture of 10 megapixels; also the most that glibc lets the first limit be on 64 bits."""

# malloc.h of glibc
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> bool:
    """
    Have this process, and what it forks, keep up to `KEPT_BYTES` that were freed; say whether the library does.

    glibc gives every large block back at once and takes it anew, page by page, for the next picture: a fifth of
    the time that a decoder needs for one of 1600 pixels. Other C libraries have no such switch, and go on as before.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is None:
        return False
    return all(tune(ctypes.c_int(name), ctypes.c_int(KEPT_BYTES)) for name in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD))
