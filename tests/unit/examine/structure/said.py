"""A file for every sentence that the test of the structure can say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tests.unit.examine.structure.files import (
    OWN_TABLE,
    PREVIEW,
    UNDEFINED,
    Pixels,
    gain_map,
    jpeg,
    saved,
    scene,
    small,
    with_exif,
    with_pictures,
    with_segment,
)

from takeback.examine.structure.tables import MOZJPEG

_MAIN = scene()
_CAMERA_JPEG = jpeg(_MAIN, qtables=[OWN_TABLE, OWN_TABLE])


def changed(pixels: Pixels) -> Pixels:
    """Put something else into a part of a picture: 120 pixels wide and high from (400, 100)."""
    edited = pixels.copy()
    edited[100:220, 400:520] = scene(9)[200:320, 100:220]
    return edited


def _flat() -> Pixels:
    return np.full((120, 160, 3), 90, np.uint8)


def _turned() -> Pixels:
    return np.ascontiguousarray(np.rot90(_MAIN))


def _cropped() -> Pixels:
    return np.ascontiguousarray(_MAIN[60:420, 20:500])


def _small_pictures(name: str, put: Callable[[Pixels, Pixels], bytes]) -> dict[str, Callable[[], bytes]]:
    return {
        f"{name}_same": lambda: put(_MAIN, small(_MAIN)),
        f"{name}_changed": lambda: put(changed(_MAIN), small(_MAIN)),
        f"{name}_other": lambda: put(_MAIN, small(scene(5))),
        f"{name}_turned": lambda: put(_turned(), small(_MAIN)),
        f"{name}_more": lambda: put(_cropped(), small(_MAIN)),
        f"{name}_unclear": lambda: put(_MAIN, _flat()),
    }


def _with_thumbnail(main: Pixels, thumbnail: Pixels) -> bytes:
    return with_exif(jpeg(main), jpeg(thumbnail))


def _with_preview(main: Pixels, preview: Pixels) -> bytes:
    return with_pictures(jpeg(main), [(PREVIEW, jpeg(preview))])


def _with_gain_map(pixels: Pixels) -> bytes:
    return with_pictures(jpeg(_MAIN), [(UNDEFINED, gain_map(pixels))])


def _photoshop() -> bytes:
    with_resources = with_segment(_CAMERA_JPEG, 0xED, b"Photoshop 3.0\0" + b"8BIM")
    return with_segment(with_resources, 0xEE, b"Adobe\0\x64\0\0\0\0\x01")


def _mozjpeg() -> bytes:
    table = [min(max((step * 20 + 50) // 100, 1), 255) for step in MOZJPEG]
    return jpeg(_MAIN, qtables=[table, table])


def _film() -> bytes:
    return jpeg(_MAIN) + b"\0\0\0\x18ftypmp42" + bytes(12)


FILES: dict[str, Callable[[], bytes]] = {
    **_small_pictures("thumbnail", _with_thumbnail),
    **_small_pictures("preview", _with_preview),
    "gain_map_fits": lambda: _with_gain_map(small(_MAIN)),
    "gain_map_other_shape": lambda: _with_gain_map(small(_MAIN[:, 100:400], 75, 120)),
    "gain_map_other_edges": lambda: _with_gain_map(small(scene(7))),
    "gain_map_unclear": lambda: _with_gain_map(_flat()),
    "nothing_inside": lambda: jpeg(_MAIN),
    "other_pictures": lambda: with_pictures(jpeg(_MAIN), [(UNDEFINED, jpeg(scene(3)))]),
    "other_size": lambda: with_exif(jpeg(_MAIN), size=(3000, 2000)),
    "modified_before": lambda: with_exif(jpeg(_MAIN), taken="2024:05:01 12:00:00", modified="2023:05:01 12:00:00"),
    "libjpeg": lambda: jpeg(_MAIN, quality=83),
    "mozjpeg": _mozjpeg,
    "photoshop": _photoshop,
    "own_tables": lambda: _CAMERA_JPEG,
    "saved_again": lambda: with_exif(jpeg(_MAIN), camera="A camera"),
    "progressive": lambda: jpeg(_MAIN, progressive=True),
    "own_huffman": lambda: jpeg(_MAIN, optimize=True),
    "comment": lambda: jpeg(_MAIN, comment=b"Seen by nobody"),
    "no_end": lambda: jpeg(_MAIN)[:-2],
    "after_jpeg": lambda: jpeg(_MAIN) + jpeg(scene(2)),
    "after_film": _film,
    "after_zip": lambda: jpeg(_MAIN) + b"PK\x03\x04" + bytes(20),
    "after_rar": lambda: jpeg(_MAIN) + b"Rar!\x1a\x07\x01",
    "after_pdf": lambda: jpeg(_MAIN) + b"%PDF-1.7",
    "after_png": lambda: jpeg(_MAIN) + saved(small(_MAIN), "PNG"),
    "after_riff": lambda: jpeg(_MAIN) + saved(small(_MAIN), "WEBP"),
    "after_zeros": lambda: jpeg(_MAIN) + bytes(512),
    "after_unknown": lambda: jpeg(_MAIN) + b"notes of a phone",
    "chunks": lambda: saved(_MAIN, "PNG"),
    "zlib": lambda: saved(_MAIN, "PNG", compress_level=9),
    "brands": lambda: saved(_MAIN, "HEIF"),
    "items": lambda: saved(_MAIN, "AVIF"),
}
"""By the sentence's name: what makes the file of which it is said."""

LEARNT = ("built_alike", "built_unlike", "built_as_other", "none_known")
"""Sentences that need files of a camera beside it."""
