"""
The typed face of the C++ kernel (`native/`).

Arrays are NumPy arrays on this machine; nothing is converted or copied. The interpreter is free while
the kernel works, so the caller must not write to an array that another thread has handed in. Every
function raises `TypeError` for what is no array or not uint8, and `ValueError` for a wrong shape.

The kernel uses the best instructions that the processor has; the environment variable `TAKEBACK_KERNEL`
names others: portable, neon, avx2, avx512. Importing raises `ImportError`, saying what there is, where
it names what this machine lacks. Answers never depend on it.
"""

from numpy import float32, int8, int16, int32, int64, uint8, uint16, uint64
from numpy.typing import NDArray

LEVEL: str
"""The instructions in use."""

LEVELS: tuple[str, ...]
"""Those that this processor has, the best last."""

def pdq_hash(pixels: NDArray[uint8]) -> tuple[bytes, int]:
    """
    Return the PDQ code (32 bytes, bit 255 first) and quality (0..100) of `pixels`.

    `pixels` uint8 [height, width, 3] (RGB) or [height, width]; rows may lie apart in memory, the pixels
    of one row may not. Each is read once. The answer is that of facebook/ThreatExchange
    `pdq/cpp/hashing` over float64 luminance rounded to float32 (as the package `pdqhash` has it), bit
    for bit.
    """

def nearest_512(pixels: NDArray[uint8]) -> NDArray[uint8]:
    """
    Return `pixels` by nearest neighbours at 512 × 512, uint8 [512, 512, 3] or [512, 512], aspect ignored.

    Sample (y, x) is the pixel (y · height // 512, x · width // 512), as facebook/ThreatExchange's C++ tool
    and WASM build take it. Raises as `pdq_hash` does.
    """

def pdq_orientations(pixels: NDArray[uint8]) -> tuple[tuple[bytes, int], ...]:
    """
    Return code and quality of `pixels` turned each way, in the order of `Orientation`.

    One reading of the pixels. The first equals `pdq_hash`.
    """

def find_views(pixels: NDArray[uint8], most: int) -> list[tuple[str, int, int, int, int, bool]]:
    """
    Return at most `most` views of a picture, the likeliest first: kind, box, and `View.likely`.

    The kind is as `ViewKind` has it; a box is left, top, width and height. `pixels` uint8 [height, width, 3] or
    [height, width].
    """

def cleared(pixels: NDArray[uint8]) -> NDArray[uint8] | None:
    """
    Return a picture without what was drawn over all of it in one colour, uint8 [h, w, 3]; None where nothing was.

    No side is longer than 384: it is reduced by a whole number each way. `pixels` as in `find_views`.
    """

def resample(pixels: NDArray[uint8], height: int, width: int) -> NDArray[uint8]:
    """
    Return `pixels` as uint8 [height, width, 3] or [height, width], whichever they are; the aspect may change.

    A direction that shrinks is averaged over the area that each sample stands for; one that grows lies between
    the two nearest samples. Rounded once. Raises as `pdq_hash` does, and `ValueError` for a side out of
    1..65535 or more than 256 times shorter than it was.
    """

def resample_luminance(pixels: NDArray[uint8], height: int, width: int) -> NDArray[uint8]:
    """Return 0.299 R + 0.587 G + 0.114 B of `resample` before it rounds, uint8 [height, width]."""

class DamagedJpeg(ValueError):
    """A file is no JPEG, or a damaged one; the text says what is wrong with it."""

class UnsupportedJpeg(ValueError):
    """A JPEG file is of a kind that is not read, or holds more than is allowed; the text says which."""

def jpeg_coefficients(
    data: bytes, components: int, max_blocks: int
) -> tuple[int, int, bool, list[tuple[NDArray[int16], NDArray[uint16], int, int]]]:
    """
    Return width, height, whether it is progressive, and of the first `components` components what the file holds.

    Of each the quantised coefficients int16 [rows of blocks, columns of blocks, 64] in natural order, the steps uint16
    [64], and the sampling factors across and down. Raises `DamagedJpeg`, and `UnsupportedJpeg` for arithmetic codes,
    samples of other than 8 bits, lossless and hierarchical files, more than 100 scans or `max_blocks` blocks.
    """

def grid_votes(luminance: NDArray[uint8]) -> tuple[NDArray[uint8], NDArray[uint8]]:
    """
    Return zeros and votes for the origin of a JPEG's blocks, of `luminance` uint8 [height, width].

    Zeros, uint8 [height - 7, width - 7] (none of a picture with a side below 8), are how many coefficients, but the
    first, of the 8 × 8 block from there on are below 0.5; 0 where all its rows or all its columns are of one value
    each. Votes, uint8 [height, width], are 8 · (row % 8) + column % 8 of the block with the most zeros that covers
    the pixel; 255 where two have as many, and within 7 pixels of the edge. After IPOL 2021.390;
    `takeback.examine.blind.jpeg_grid.reference` is the readable twin, equal bit for bit.
    """

def parts_of(mask: NDArray[uint8], reach: int) -> tuple[NDArray[int32], int]:
    """
    Return the parts of a mask of 0 and 1 that hang together, int32 [height, width], from 1 on, and their number.

    Each cell hangs together with those up to `reach` (1 to 8) rows and columns away.
    """

class CorruptSnapshot(ValueError):
    """A file is no whole, unchanged snapshot of an index; the text says what is wrong with it."""

class HammingIndex:
    """Codes of 32 bytes by key; `takeback.index.HammingIndex` says what each call does. Arrays are C-contiguous."""

    def __init__(self, threads: int = 0) -> None: ...
    @staticmethod
    def open(path: str, threads: int = 0) -> HammingIndex:
        """Raise `CorruptSnapshot`, or `OSError` where the file cannot be read and written."""

    def add(self, keys: NDArray[uint64], codes: NDArray[uint8]) -> None: ...
    def remove(self, keys: NDArray[uint64]) -> None: ...
    def contains(self, keys: NDArray[uint64]) -> NDArray[uint8]:
        """Return 1 or 0 for each key."""

    def search(self, queries: NDArray[uint8], radius: int) -> tuple[NDArray[int64], NDArray[uint64], NDArray[int32]]:
        """Return query (row), key and distance of each neighbour, ordered by query, distance, key."""

    def save(self, path: str, seq: int) -> None:
        """Raise `OSError` where the file cannot be written."""

    def settle(self) -> None: ...
    @property
    def seq(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def nbytes(self) -> int: ...

class EmbeddingIndex:
    """Descriptors of 512 bytes by key; `takeback.index.EmbeddingIndex` says what each call does. Arrays as above."""

    def __init__(self, threads: int = 0) -> None: ...
    def add(self, keys: NDArray[uint64], values: NDArray[int8]) -> None: ...
    def remove(self, keys: NDArray[uint64]) -> None: ...
    def contains(self, keys: NDArray[uint64]) -> NDArray[uint8]:
        """Return 1 or 0 for each key."""

    def search(
        self, queries: NDArray[int8], at_least: float
    ) -> tuple[NDArray[int64], NDArray[uint64], NDArray[float32]]:
        """Return query (row), key and similarity, ordered by query, similarity from the highest, key."""

    @property
    def size(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
