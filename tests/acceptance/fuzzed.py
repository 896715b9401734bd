"""
Broken files of every format through `examine` and `compare`, in the real decoders: `make fuzz FILES=20000`.

Each file is drawn, written in some format and mode, and then broken: bytes changed, left out, doubled, moved, spliced
with another file's; lengths and sizes made huge; of a PNG half of them with checksums made right again, so that what
lies behind them is read. Some are whole and only strange: one pixel, one row, one colour, noise. None has a side over
256 pixels before it is broken. It fails on a decoder that stopped (a crash, or an error that is none of ours), took
longer or more memory than it may, or answered in a form that it should not. Such a file is kept, with its number, by
which it is made again.
"""

from __future__ import annotations

import io
import random
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from takeback.errors import InputError
from takeback.examine import asked as examining
from takeback.examine.asked import PooledExaminer
from takeback.examine.compared import asked as comparing
from takeback.examine.compared.asked import PooledComparer
from takeback.media.limits import MIB, MediaLimits
from takeback.media.sandbox import temporary_pool
from takeback.media.sandbox.wire import STOPPED

SIDE = 256
LIMITS = MediaLimits(max_bytes=4 * MIB, max_pixels=1_000_000, max_memory_bytes=768 * MIB)
CPU_SECONDS, WALL_SECONDS = 20, 40
"""For a file of this size: what takes longer hangs."""
CHILDREN = 2
TOLD_EVERY = 500
_OVER = ("wall_seconds", "max_memory_bytes", "cpu_seconds")
_STRANGE = "not what a decoder sends"

type Break = Callable[[random.Random, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one file."""

    number: int
    data: bytes
    told: str
    seconds: float

    @property
    def is_failure(self) -> bool:
        return self.told.startswith("!")


# ---- Files ----------------------------------------------------------------------------------------------


def _pixels(rng: random.Random) -> NDArray[np.uint8]:
    """Draw something: blobs mostly; at times a single pixel, a row, one colour, noise, or a pattern that repeats."""
    draw = np.random.default_rng(rng.getrandbits(32))
    height, width = (rng.choice((1, 2, 7, 8, 9, 16, 33, 64, 100, 128, 200, 255, SIDE)) for _ in range(2))
    kind = rng.random()
    if kind < 0.1:
        return np.full((height, width, 3), draw.integers(0, 256, 3), np.uint8)
    if kind < 0.2:
        return draw.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if kind < 0.3:
        tile = draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        return np.tile(tile, (height // 8 + 1, width // 8 + 1, 1))[:height, :width]
    small = draw.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    drawn = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
    return np.clip(drawn.astype(np.int16) + draw.integers(-6, 7, drawn.shape), 0, 255).astype(np.uint8)


def _written(rng: random.Random) -> tuple[str, bytes]:
    """Write a drawn picture in some format and mode; return the format and the file."""
    pixels = Image.fromarray(_pixels(rng))
    kind = rng.choice(("JPEG",) * 4 + ("PNG",) * 3 + ("WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"))
    modes = {
        "JPEG": ("RGB", "RGB", "L", "CMYK"), "PNG": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
        "GIF": ("P",), "BMP": ("RGB", "L", "P", "1"), "TIFF": ("RGB", "RGBA", "L", "CMYK", "1", "I;16"),
    }  # fmt: skip
    mode = rng.choice(modes.get(kind, ("RGB", "RGBA")))
    picture = pixels.convert("I").convert("I;16") if mode == "I;16" else pixels.convert(mode)
    options: dict[str, object] = {}
    if kind == "JPEG":
        options = {
            "quality": rng.randint(1, 100), "progressive": rng.random() < 0.3, "optimize": rng.random() < 0.3,
            "restart_marker_blocks": rng.choice((0, 0, 1, 7)),
        }  # fmt: skip
        if mode == "RGB":
            options["subsampling"] = rng.choice((0, 1, 2))
    elif kind == "TIFF":
        options = {"compression": rng.choice((None, "tiff_lzw", "tiff_adobe_deflate", "packbits"))}
    elif kind == "WEBP":
        options = {"lossless": rng.random() < 0.5, "quality": rng.randint(0, 100)}
    if kind in ("JPEG", "PNG", "WEBP") and rng.random() < 0.5:
        options["exif"] = _exif(rng, pixels)
    if kind in ("JPEG", "PNG", "WEBP") and rng.random() < 0.3:
        options["xmp"] = _XMP
    file = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(picture).save(file, quality=rng.choice((10, 50, 90)))
    else:
        picture.save(file, kind, **options)
    return kind, file.getvalue()


_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="a program" '
    b'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    b'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"/></rdf:RDF></x:xmpmeta>'
)


def _exif(rng: random.Random, pixels: Image.Image) -> bytes:
    """Return EXIF with a maker, an orientation that need not be one, and at times a thumbnail."""
    exif = Image.Exif()
    exif[271], exif[272], exif[305] = "Maker", "Model", "Program"
    exif[274] = rng.choice((1, 1, 3, 6, 8, 0, 99))
    written = exif.tobytes()
    if rng.random() < 0.4:
        small = io.BytesIO()
        pixels.resize((160, 120)).save(small, "JPEG")
        # IFD1 behind IFD0, in the byte order that Pillow chose: offset and length of the thumbnail.
        body = bytearray(written[6:])
        order = "<" if body[:2] == b"II" else ">"
        (first,) = struct.unpack_from(f"{order}I", body, 4)
        (entries,) = struct.unpack_from(f"{order}H", body, first)
        struct.pack_into(f"{order}I", body, first + 2 + 12 * entries, len(body))
        at = len(body) + 2 + 24 + 4
        size = len(small.getvalue())
        body += struct.pack(f"{order}HHHIIHHIII", 2, 0x0201, 4, 1, at, 0x0202, 4, 1, size, 0)
        return b"Exif\0\0" + bytes(body) + small.getvalue()
    return written


# ---- Breaking them --------------------------------------------------------------------------------------


def _place(rng: random.Random, data: bytes) -> int:
    """Return a place, half of the time among the first: that is where sizes and tables stand."""
    return rng.randrange(min(len(data), 700)) if rng.random() < 0.5 else rng.randrange(len(data))


def _changed(rng: random.Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        found[_place(rng, data)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(found)


def _flipped(rng: random.Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 10))):
        found[_place(rng, data)] ^= 1 << rng.randrange(8)
    return bytes(found)


def _cut(rng: random.Random, data: bytes) -> bytes:
    return data[: _place(rng, data)] or data[:1]


def _left_out(rng: random.Random, data: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + data[at + rng.choice((1, 2, 4, 16, 200)) :] or data[:1]


def _doubled(rng: random.Random, data: bytes) -> bytes:
    at, size = _place(rng, data), rng.choice((1, 4, 64, 1000))
    return data[: at + size] + data[at : at + size] * rng.choice((1, 1, 30)) + data[at + size :]


def _inserted(rng: random.Random, data: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 8, 300))) + data[at:]


def _huge(rng: random.Random, data: bytes) -> bytes:
    found = bytearray(data)
    at = min(_place(rng, data), max(0, len(data) - 4))
    found[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xff\xff", b"\0\1\0\0"))
    return bytes(found)


def _spliced(rng: random.Random, data: bytes) -> bytes:
    _, other = _written(rng)
    return data[: _place(rng, data)] + other[_place(rng, other) :] or data


_BREAKS: Sequence[Break] = (
    _changed,
    _changed,
    _flipped,
    _flipped,
    _cut,
    _left_out,
    _doubled,
    _inserted,
    _huge,
    _spliced,
)


def _with_right_checksums(data: bytes) -> bytes:
    """Return a broken PNG whose chunks have the checksums of what is in them now."""
    found, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        if at + 12 + size > len(data):
            break
        chunk = data[at + 4 : at + 8 + size]
        found += data[at : at + 4] + chunk + struct.pack(">I", zlib.crc32(chunk))
        at += 12 + size
    return bytes(found) + data[at:]


def made(number: int) -> bytes:
    """Return the file of a number: the same each time."""
    rng = random.Random(number)
    kind, data = _written(rng)
    if rng.random() < 0.12:
        return data
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(_BREAKS)(rng, data)
    return _with_right_checksums(data) if kind == "PNG" and rng.random() < 0.5 else data


# ---- Trying them ----------------------------------------------------------------------------------------


@cache
def _original() -> bytes:
    """Return a whole picture that broken ones are compared with."""
    file = io.BytesIO()
    Image.fromarray(_pixels(random.Random(-1))).resize((SIDE, SIDE)).save(file, "JPEG", quality=92)
    return file.getvalue()


def _told(ask: Callable[[], object]) -> str:
    try:
        ask()
    except InputError as problem:
        message = str(problem)
        if message == STOPPED or _STRANGE in message:
            return f"! {message}"
        return f"! {message}" if any(name in message for name in _OVER) else "refused"
    except Exception as problem:
        return f"! {type(problem).__name__}: {problem}"
    return "read"


def tried(number: int, examiner: PooledExaminer, comparer: PooledComparer) -> Tried:
    """Examine the file of a number, and compare it both ways with a whole one."""
    data, began = made(number), time.perf_counter()
    both = (_original(), data) if number % 2 else (data, _original())
    told = _told(lambda: examiner.examine(data))
    compared = _told(lambda: comparer.compare(*both))
    if compared.startswith("!"):
        told = f"{compared} (compared)"
    return Tried(number, data, told, time.perf_counter() - began)


def main(count: int, first: int = 0, kept: Path = Path("build/fuzzed")) -> int:
    """Try `count` files from a number on; return the exit code."""
    limits = replace(LIMITS, cpu_seconds=CPU_SECONDS, wall_seconds=WALL_SECONDS)
    for_examining = replace(examining.pool_limits(limits), cpu_seconds=CPU_SECONDS, wall_seconds=WALL_SECONDS)
    for_comparing = replace(comparing.pool_limits(limits), cpu_seconds=CPU_SECONDS, wall_seconds=WALL_SECONDS)
    counted: Counter[str] = Counter()
    slowest, failed = Tried(0, b"", "", 0.0), 0
    with (
        temporary_pool(examining.HANDLER, children=CHILDREN, limits=for_examining, warm_up=examining.WARM_UP) as one,
        temporary_pool(comparing.HANDLER, children=CHILDREN, limits=for_comparing, warm_up=comparing.WARM_UP) as two,
        ThreadPoolExecutor(CHILDREN) as threads,
    ):
        examiner, comparer = PooledExaminer(one, limits), PooledComparer(two, limits)
        for done, each in enumerate(
            threads.map(lambda number: tried(number, examiner, comparer), range(first, first + count)), start=1
        ):
            counted["failed" if each.is_failure else each.told] += 1
            slowest = max(slowest, each, key=lambda one: one.seconds)
            if each.is_failure:
                failed += 1
                kept.mkdir(parents=True, exist_ok=True)
                (kept / f"{each.number}.bin").write_bytes(each.data)
                print(f"{each.number}: {each.told}; kept as {kept / f'{each.number}.bin'}", flush=True)
            if done % TOLD_EVERY == 0:
                print(f"{done:,} of {count:,}: {dict(counted)}", flush=True)
    print(f"{count:,} files: {dict(counted)}; the slowest, {slowest.number}, took {slowest.seconds:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
