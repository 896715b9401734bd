"""Step 3: fingerprints by key, searched exactly: by distance, and learned descriptors by cosine."""

from takeback.index.embedding import EmbeddingIndex
from takeback.index.embedding_linear import LinearEmbeddingIndex
from takeback.index.hamming import HammingIndex
from takeback.index.interface import DescriptorIndex, FingerprintIndex, Neighbors, SimilarNeighbors
from takeback.index.linear import LinearIndex
from takeback.index.local import LocalIndex

__all__ = [
    "DescriptorIndex",
    "EmbeddingIndex",
    "FingerprintIndex",
    "HammingIndex",
    "LinearEmbeddingIndex",
    "LinearIndex",
    "LocalIndex",
    "Neighbors",
    "SimilarNeighbors",
]
