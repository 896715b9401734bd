"""STUB"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Miniatures:
    squares: NDArray[np.uint8]
    square_views: tuple[str, ...]
    plane: NDArray[np.uint8]
    width: int
    height: int
