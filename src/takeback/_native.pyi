"""
The typed face of the C++ kernel (`native/`).

Arrays are NumPy arrays on this machine; nothing is converted or copied. The interpreter is free while
the kernel works, so the caller must not write to an array that another thread has handed in. Every
function raises `TypeError` for what is no array or not uint8, and `ValueError` for a wrong shape.

The kernel uses the best instructions that the processor has; the environment variable `TAKEBACK_KERNEL`
names others: portable, neon, avx2, avx512. Importing raises `ImportError`, saying what there is, where
it names what this machine lacks. Answers never depend on it.
"""

from numpy import int32, int64, uint8
from numpy.typing import NDArray

LEVEL: str
"""The instructions in use."""

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

def hamming_within(query: NDArray[uint8], codes: NDArray[uint8], radius: int) -> tuple[NDArray[int64], NDArray[int32]]:
    """
    Return position (ascending) and distance of every row of `codes` at most `radius` bits from `query`.

    `query` uint8 [32]; `codes` uint8 [n, 32], C-contiguous.
    """
