"""How seldom chance alone gives so many, as natural logarithms: numbers far below what a float holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def log_tail(n: NDArray[np.float64], k: NDArray[np.float64], p: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Return a bound of the logarithm of P(at least `k` of `n`), each with chance `p`, independent.

    Chernoff's (Hoeffding, J. Am. Stat. Assoc. 58, 1963, theorem 1): n · KL(k / n ‖ p), never below the binomial tail,
    and for fractions of trials too. 0 where `k` is no more than expected.
    """
    share = np.clip(k / np.maximum(n, 1e-12), p, 1.0)
    rest = 1.0 - share
    apart = share * np.log(share / p) + np.where(rest > 0, rest * np.log(np.maximum(rest, 1e-300) / (1 - p)), 0.0)
    return np.asarray(-n * apart)
