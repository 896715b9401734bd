"""A picture by itself: the file of whoever asks, examined where it is and kept nowhere."""

from __future__ import annotations

from typing import Protocol

from takeback.examine.asked import Progress
from takeback.examine.examination import Examination
from takeback.examine.shown import Shown


class Examiner(Protocol):
    """Whatever examines a file without trusting it."""

    def examine(self, data: bytes, progress: Progress, shown: Shown) -> Examination:
        """Return what its tests say; `UnreadableMedia`, `MediaTooLarge` or `Overloaded`."""


def examine_file(
    examiner: Examiner, data: bytes, progress: Progress = lambda _done: None, shown: Shown = Shown.LEFT_OUT
) -> Examination:
    """Say what a file gives away of what was done to its picture; nothing of it is kept."""
    return examiner.examine(data, progress, shown)
