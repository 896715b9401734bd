"""
Tables that programs share: those of libjpeg at a quality, mozjpeg's, and the standard's Huffman tables.

mozjpeg scales one table of its own for both luminance and colour, as libjpeg does its two
(`takeback.examine.libjpeg`). It was read from files that mozjpeg wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from takeback.examine.libjpeg import CHROMINANCE, LARGEST, LUMINANCE, Table, scaled

MOZJPEG: Final[Table] = (
    16, 16, 16, 18, 25, 37, 56, 85, 16, 17, 20, 27, 34, 40, 53, 75, 16, 20, 24, 31, 43, 62, 91, 135, 18, 27, 31, 40, 53,
    74, 106, 156, 25, 34, 43, 53, 69, 94, 131, 189, 37, 40, 62, 74, 94, 124, 169, 238, 56, 53, 91, 106, 131, 169, 226,
    311, 85, 75, 135, 156, 189, 238, 311, 418,
)  # fmt: skip

# T.81, tables K.3 to K.6, as they stand in a file: class and number, how many codes of each length, the values.
_STANDARD_HUFFMAN: Final = tuple(
    bytes.fromhex(each)
    for each in (
        "0000010501010101010100000000000000000102030405060708090a0b",
        "100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f024"
        "33627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a7374"
        "75767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9ca"
        "d2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
        "0100030101010101010101010000000000000102030405060708090a0b",
        "1100020102040403040705040400010277000102031104052131061241510761711322328108144291a1b1c109233352f015"
        "6272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a73"
        "7475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8"
        "c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
    )
)


def libjpeg_quality(tables: Sequence[Table]) -> int | None:
    """
    Return the quality at which libjpeg writes these tables, luminance first; None where it writes them at none.

    Of qualities that give equal tables, the highest. One table alone is of a grey picture.
    """
    return _quality(tables, (LUMINANCE, CHROMINANCE))


def mozjpeg_quality(tables: Sequence[Table]) -> int | None:
    """Return the quality at which mozjpeg writes these tables, as `libjpeg_quality` does."""
    return _quality(tables, (MOZJPEG, MOZJPEG))


def are_standard(huffman: Sequence[bytes]) -> bool:
    """Say whether all Huffman tables are among the standard's; others were made for this picture or by a device."""
    return bool(huffman) and all(each in _STANDARD_HUFFMAN for each in huffman)


def _quality(tables: Sequence[Table], bases: tuple[Table, Table]) -> int | None:
    if not tables:
        return None
    # 255 is the most that a baseline file holds; mozjpeg leaves it, and writes steps of 16 bits.
    largest = 32_767 if MOZJPEG in bases else LARGEST
    wanted = [tables[0], *(each for each in tables[1:2])]
    for quality in range(100, 0, -1):
        if all(each == scaled(base, quality, largest) for each, base in zip(wanted, bases, strict=False)):
            return quality
    return None
