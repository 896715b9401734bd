"""At which quality of libjpeg's a table was written, as nearly as can be said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.examine.libjpeg import luminance_steps


def nearest_quality(steps: NDArray[np.uint16]) -> int:
    """Return the quality whose steps are nearest to `steps` [64], by their logarithms."""
    apart = np.abs(np.log(luminance_steps()[1:]) - np.log(steps.astype(np.float64)))
    return 1 + int(apart.mean(axis=1).argmin())
