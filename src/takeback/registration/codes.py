"""
Codes of local features: 256 signs of a turned SIFT descriptor, so that Hamming distance stands for its angle.

RootSIFT (Arandjelović, Zisserman, "Three things everyone should know to improve object retrieval", 2012) less its
mean, projected on 256 fixed directions, of which the signs are kept (Charikar, "Similarity estimation techniques from
rounding algorithms", 2002). A code is stored for years and compared with codes made elsewhere, so every step is in
whole numbers that float32 holds exactly, in whatever order a machine adds them: equal descriptors have equal codes
everywhere. The directions are computed from SHA-256, the mean is the table below; neither changes under one `VERSION`.
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

VERSION = 1
"""Of the mean and the directions. Codes of different versions are never compared."""

DESCRIPTOR_VALUES = 128
"""SIFT: 4 × 4 cells of 8 directions each (Lowe, "Distinctive image features", 2004, section 6)."""

ROOT_ONE = 256
"""What the root of a descriptor's whole weight is written as."""

_MEAN = (
    "120f0d0d100b090b1f140e0d100c0c131f120c0c100e0e15110b090b100e0d0f"
    "170f0d10130e0b0e2a170f1114100e1928170d1016131118160d0b0e15100e0f"
    "170e0b0e13100d0f2a190e1014110f172818111316100d17160f0e10150e0b0d"
    "120b090b100d0d0f1f130c0c100d0e141f150e0e100c0c12110f0d0e100b090b"
)
"""Of the roots of 63,220 descriptors of 157 photographs and of their mirrored pictures, a byte each."""


def codes_of(descriptors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the codes uint8 [n, 32] of SIFT `descriptors` uint8 [n, 128]."""
    weights = descriptors.astype(np.float32)
    whole = np.maximum(weights.sum(axis=1, keepdims=True), 1)
    roots = np.rint(ROOT_ONE * np.sqrt(weights / whole))
    # No sum, nor any part of one, exceeds 256 · 362 (Cauchy and Schwarz), and float32 is exact up to 2**24.
    return np.packbits((roots - _mean()) @ directions() > 0, axis=1)


def mirrored_descriptors(descriptors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what the `descriptors` uint8 [n, 128] are in the picture whose left and right are exchanged."""
    row, column, angle = np.ogrid[0:4, 0:4, 0:8]
    # The patch is turned to the feature's own angle, so that mirroring exchanges its first axis.
    exchanged = ((3 - row) * 4 + column) * 8 + (-angle) % 8
    return descriptors[:, exchanged.ravel()]


@cache
def directions() -> NDArray[np.float32]:
    """Return two turnings of the 128 values, whole numbers within ±127 and 362 long, float32 [128, 256]."""
    both = np.concatenate([_turning("first"), _turning("second")], axis=1)
    return np.clip(np.rint(both / 4), -127, 127).astype(np.float32)


def _turning(name: str) -> NDArray[np.int64]:
    """Three times: exchange signs as a digest says, then mix by a Hadamard matrix. A turning but for its length."""
    hadamard = np.ones((1, 1), np.int64)
    while len(hadamard) < DESCRIPTOR_VALUES:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    turning = np.eye(DESCRIPTOR_VALUES, dtype=np.int64)
    for step in range(3):
        digest = hashlib.sha256(f"takeback local features {VERSION} {name} {step}".encode()).digest()
        signs = 2 * np.unpackbits(np.frombuffer(digest, np.uint8))[:DESCRIPTOR_VALUES].astype(np.int64) - 1
        turning = turning @ (hadamard * signs)
    return turning


@cache
def _mean() -> NDArray[np.float32]:
    return np.frombuffer(bytes.fromhex(_MEAN), np.uint8).astype(np.float32)
