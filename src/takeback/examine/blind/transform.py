"""The transform of JPEG's blocks."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

SIDE: Final = 8
"""Pixels of a block's side."""

COSINES: Final = np.array(
    [
        [math.sqrt((1 if u == 0 else 2) / SIDE) * math.cos((2 * x + 1) * u * math.pi / (2 * SIDE)) for x in range(SIDE)]
        for u in range(SIDE)
    ]
)
"""Float64 [frequency, sample]: the orthonormal DCT-II of eight samples (ITU-T T.81, A.3.3)."""
