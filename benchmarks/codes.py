"""
Codes and queries for the index: random ones, those of real photographs, and the worst that one could be given.

The photographs' codes are PDQ of random crops at random scales of ../shared/photos, of quality 50 and more, as
Takeback and HMA bank them. They are some ten thousand. For more, real codes are recombined: of two real ones,
drawn with repetition, the child has one to four pairs of 16-bit chunks of the second and the others of the first;
then bits are flipped at random until 128 are one, as in every PDQ of a photograph. So each pair of chunks, which
is what the tables of the index file a code by, is a real one but for those flips (a handful), and children of one
parent lie about 16 to 64 bits from it: many distant copies and some close ones. Random flips make them a little more
even than real codes are, and what is lost is how pairs of chunks go together. On the other hand, a million photographs
are more varied than these few hundred.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from takeback.fingerprint import MIN_QUALITY, pdq_hash

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "photos"
CROPS = 150
"""Of each photograph."""
LONG_SIDE = 768
"""Pixels to which a photograph is reduced before it is cropped."""
NEAR = 31
"""Bits: planted queries lie 0 .. 31 from a stored code."""
BLOCK = 1 << 20
"""Codes made at a time."""

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Questions:
    """Queries uint8 [q, 32]; each even row lies at most 31 bits from row `planted[row // 2]` of what is stored."""

    codes: Codes
    planted: NDArray[np.int64]

    def rows(self) -> list[Codes]:
        """Return each query as the array [1, 32] that an index is asked with."""
        return [self.codes[row : row + 1] for row in range(len(self.codes))]


def random_codes(count: int, *, seed: int) -> Codes:
    """Return uniformly random codes uint8 [count, 32]."""
    return np.frombuffer(np.random.default_rng(seed).bytes(32 * count), np.uint8).reshape(count, 32)


def clustered_codes(count: int, *, seed: int) -> Codes:
    """Return codes of which any two differ in at most 30 bits: each is one centre with 1 .. 15 bits flipped."""
    rng = np.random.default_rng(seed)
    return flipped(np.tile(random_codes(1, seed=seed), (count, 1)), rng.integers(1, 16, count), rng)


def photograph_codes() -> Codes | None:
    """Return the codes of crops of every photograph, or None where the photographs are not beside the project."""
    if not PHOTOS.is_dir():
        return None
    rng = np.random.default_rng(7)
    found = [_codes_of(path, rng) for path in sorted([*PHOTOS.glob("camera/*"), *PHOTOS.glob("scenes/*")])]
    return np.unique(np.concatenate(found), axis=0)


def _codes_of(path: Path, rng: np.random.Generator) -> Codes:
    with PIL.Image.open(path) as picture:
        picture.draft("RGB", (LONG_SIDE, LONG_SIDE))
        whole = picture.convert("RGB")
    whole.thumbnail((LONG_SIDE, LONG_SIDE))
    codes = []
    for _ in range(CROPS):
        width, height = (side * share for side, share in zip(whole.size, rng.uniform(0.35, 1, 2), strict=True))
        left, top = rng.uniform(0, whole.width - width), rng.uniform(0, whole.height - height)
        scale = rng.uniform(0.3, 0.8)
        size = max(64, int(width * scale)), max(64, int(height * scale))
        box = (left, top, left + width, top + height)
        pdq = pdq_hash(np.array(whole.resize(size, PIL.Image.Resampling.BILINEAR, box)))
        if pdq.quality >= MIN_QUALITY:
            codes.append(np.frombuffer(pdq.code, np.uint8))
    return np.array(codes, np.uint8).reshape(-1, 32)


def recombined(real: Codes, count: int, *, seed: int) -> Codes:
    """Return `count` codes made of `real` ones as the module says; the real ones come first."""
    rng = np.random.default_rng(seed)
    made = np.empty((count, 32), np.uint8)
    kept = min(count, len(real))
    made[:kept] = real[:kept]
    for first in range(kept, count, BLOCK):
        made[first : first + BLOCK] = _children(real, min(BLOCK, count - first), rng)
    return made


def _children(real: Codes, count: int, rng: np.random.Generator) -> Codes:
    # A pair of chunks is four bytes.
    first, second = (real[rng.integers(0, len(real), count)].reshape(count, 8, 4) for _ in range(2))
    order = rng.permuted(np.tile(np.arange(8, dtype=np.uint8), (count, 1)), axis=1)
    from_second = order < rng.integers(1, 5, (count, 1))
    return _balanced(np.where(from_second[:, :, np.newaxis], second, first).reshape(count, 32), rng)


def _balanced(codes: Codes, rng: np.random.Generator) -> Codes:
    """Flip random bits until each code has 128 ones."""
    surplus = np.bitwise_count(codes).sum(axis=1, dtype=np.int64) - 128
    uneven = np.flatnonzero(surplus)
    while len(uneven):
        byte, mask = rng.integers(0, 32, len(uneven)), (1 << rng.integers(0, 8, len(uneven))).astype(np.uint8)
        is_one = (codes[uneven, byte] & mask) != 0
        wanted = is_one == (surplus[uneven] > 0)
        rows = uneven[wanted]
        codes[rows, byte[wanted]] ^= mask[wanted]
        surplus[rows] -= np.sign(surplus[rows])
        uneven = uneven[surplus[uneven] != 0]
    return codes


def flipped(codes: Codes, bits: NDArray[np.int64], rng: np.random.Generator) -> Codes:
    """Return `codes` with `bits` [n] different bits of each flipped."""
    changed = np.unpackbits(codes, axis=1)
    order = rng.permuted(np.tile(np.arange(256, dtype=np.uint8), (len(codes), 1)), axis=1)
    changed ^= (order < bits[:, np.newaxis]).astype(np.uint8)
    return np.packbits(changed, axis=1)


def questions(stored: Codes, elsewhere: Codes, *, seed: int) -> Questions:
    """Return twice as many queries as `elsewhere` has codes: one planted, one of `elsewhere`, in turn."""
    rng = np.random.default_rng(seed)
    count = len(elsewhere)
    planted = rng.integers(0, len(stored), count)
    codes = np.empty((2 * count, 32), np.uint8)
    codes[0::2] = flipped(stored[planted], np.arange(count) % (NEAR + 1), rng)
    codes[1::2] = elsewhere
    return Questions(codes, planted)
