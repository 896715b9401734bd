"""A suspect against an original: two files of whoever asks, compared where they are and kept nowhere."""

from __future__ import annotations

from typing import Protocol

from takeback.examine.compared.comparison import Comparison


class Comparer(Protocol):
    """Whatever compares two files without trusting them."""

    def compare(self, original: bytes, suspect: bytes) -> Comparison:
        """Return what the suspect is to the original; `UnreadableMedia`, `MediaTooLarge` or `Overloaded`."""


def compare_files(comparer: Comparer, original: bytes, suspect: bytes) -> Comparison:
    """Say whether `suspect` shows the picture of `original`, and what of it was changed; nothing of either is kept."""
    return comparer.compare(original, suspect)
