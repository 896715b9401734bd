"""Shares with their intervals, as every benchmark of the tests counts them."""

from __future__ import annotations

import math


def share(k: int, n: int) -> dict[str, object]:
    """Return `k` of `n` as a share, with Wilson's interval, 95 %."""
    if not n:
        return {"n": 0, "count": 0, "share": None, "interval_95": None}
    z, part = 1.96, k / n
    middle, half = part + z * z / (2 * n), z * math.sqrt(part * (1 - part) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return {"n": n, "count": k, "share": round(part, 5), "interval_95": [round(max(0.0, low), 5), round(high, 5)]}
