"""Step 3: fingerprints by key, searched exactly by distance."""

from takeback.index.hamming import HammingIndex
from takeback.index.interface import FingerprintIndex, Neighbors
from takeback.index.linear import LinearIndex
from takeback.index.local import LocalIndex

__all__ = ["FingerprintIndex", "HammingIndex", "LinearIndex", "LocalIndex", "Neighbors"]
