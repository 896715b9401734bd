"""Pictures that a script draws, and files that no encoder would write."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import PIL.Image
import pillow_heif
import pytest
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
SaveFile = Callable[..., bytes]


@pytest.fixture(scope="session")
def drawing() -> Pixels:
    """A smooth picture, 96 high and 128 wide, none of whose eight orientations look alike."""
    row, column = np.mgrid[0:96, 0:128]
    pixels = np.stack([row * 255 // 95, column * 255 // 127, (row * 2 + column) % 256], axis=-1).astype(np.uint8)
    pixels[8:40, 8:24] = (250, 20, 20)
    pixels[60:70, 90:120] = (20, 240, 240)
    return pixels


@pytest.fixture(scope="session")
def save_file() -> SaveFile:
    """Encode a Pillow picture or pixels in a format by Pillow's name ("HEIF" by pillow-heif)."""

    def save(picture: PIL.Image.Image | Pixels, kind: str, **parameters: object) -> bytes:
        image = PIL.Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
        file = io.BytesIO()
        if kind == "HEIF":
            pillow_heif.from_pillow(image).save(file, **parameters)
        else:
            image.save(file, kind, **parameters)
        return file.getvalue()

    return save


@pytest.fixture(scope="session")
def png_file() -> Callable[..., bytes]:
    """Put a PNG together from raw rows and more chunks, true or not."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def build(
        size: tuple[int, int],
        rows: bytes,
        *,
        depth: int = 8,
        colour: int = 2,
        more: Sequence[tuple[bytes, bytes]] = (),
    ) -> bytes:
        return b"".join(
            (
                b"\x89PNG\r\n\x1a\n",
                chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)),
                *(chunk(kind, body) for kind, body in more),
                chunk(b"IDAT", zlib.compress(rows)),
                chunk(b"IEND", b""),
            )
        )

    return build
