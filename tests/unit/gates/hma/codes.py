"""Fingerprints at known distances."""

from __future__ import annotations


def at_distance(pdq: str, distance: int) -> str:
    """Flip as many ones as zeros of a fingerprint, so that it stays one that a photograph can have."""
    bits = f"{int(pdq, 16):0256b}"
    flipped = list(bits)
    for value in "01":
        places = [place for place, bit in enumerate(bits) if bit == value]
        for place in places[: distance // 2 + (distance % 2 if value == "1" else 0)]:
            flipped[place] = "1" if value == "0" else "0"
    return f"{int(''.join(flipped), 2):064x}"
