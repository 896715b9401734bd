"""
The typed face of the C++ kernel (`native/`).

Arrays are NumPy arrays on this machine; nothing is converted or copied. The interpreter is free while
the kernel works, so the caller must not write to an array that another thread has handed in. Every
function raises `TypeError` for what is no array or not uint8, and `ValueError` for a wrong shape.

The kernel uses the best instructions that the processor has; the environment variable `TAKEBACK_KERNEL`
names others: portable, neon, avx2, avx512. Importing raises `ImportError`, saying what there is, where
it names what this machine lacks. Answers never depend on it.
"""

from numpy import int32, int64, uint8, uint64
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

def find_views(pixels: NDArray[uint8], most: int) -> list[tuple[bool, int, int, int, int]]:
    """
    Return at most `most` parts of `pixels` in which another picture may lie, the most promising first.

    Each is (whether it is what a border leaves, left, top, width, height), in pixels, at least 32 high and
    wide, and never the whole. Work and memory are bounded whatever the picture shows. Raises as `pdq_hash`
    does, and `TypeError` where `most` is negative.
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
