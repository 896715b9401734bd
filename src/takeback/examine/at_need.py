"""
A child that examines or compares, started for one job: hardly anybody needs one, and each holds a hundred megabytes.

Starting it takes a second or two. One at a time in each process; others wait, and are turned away after a while.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from takeback.errors import BadSetting, Overloaded
from takeback.examine import asked as examining
from takeback.examine.asked import PooledExaminer, Progress
from takeback.examine.beside import Beside
from takeback.examine.compared import asked as comparing
from takeback.examine.compared.asked import PooledComparer
from takeback.examine.compared.comparison import Comparison
from takeback.examine.examination import Examination
from takeback.examine.shown import Shown
from takeback.examine.structure.asked import SIGNATURE_HANDLER, signature_told
from takeback.examine.structure.signatures import NOTHING_LEARNT, Signatures, counted
from takeback.media.limits import MediaLimits
from takeback.media.sandbox import DecoderPool, temporary_pool
from takeback.media.sandbox.process import WARM_UP as DECODERS_WARM_UP
from takeback.provenance.trust import NO_LISTS, TrustLists
from takeback.registration import can_register

WAIT_SECONDS = 20.0
"""How long a job waits for the one before it."""


class AtNeed:
    """
    Examines, and compares with an original, in a child for each job.

    `trust` is asked for with each examination, so that a list is read when it is needed; and how cameras build
    their files, once it was told to `learn` that. Raises `BadSetting` without
    OpenCV, `Overloaded` where another job takes too long, and as `PooledExaminer` and `PooledComparer` do.
    """

    def __init__(self, limits: MediaLimits, trust: Callable[[], TrustLists] = lambda: NO_LISTS) -> None:
        self._limits = limits
        self._trust = trust
        self._cameras = NOTHING_LEARNT
        self._turn = threading.Semaphore(1)

    def examine(
        self, data: bytes, progress: Progress = lambda _done: None, shown: Shown = Shown.LEFT_OUT
    ) -> Examination:
        """Return what `examine_image` says of a file."""
        beside = Beside(self._trust(), self._cameras)
        with self._pool(examining.HANDLER, examining.WARM_UP, examining.pool_limits(self._limits)) as pool:
            return PooledExaminer(pool, self._limits, beside).examine(data, progress, shown)

    def learn(self, files: Iterable[bytes]) -> Signatures:
        """Learn from files that are as cameras wrote them how these build theirs, for what is examined from now on."""
        with self._pool(SIGNATURE_HANDLER, DECODERS_WARM_UP, self._limits) as pool:
            told = (signature_told(pool.run(data, {}).result) for data in files)
            self._cameras = counted(each for each in told if each is not None)
        return self._cameras

    def compare(self, original: bytes, suspect: bytes) -> Comparison:
        """Return what `compare_images` says of two files."""
        with self._pool(comparing.HANDLER, comparing.WARM_UP, comparing.pool_limits(self._limits)) as pool:
            return PooledComparer(pool, self._limits).compare(original, suspect)

    @contextmanager
    def _pool(self, handler: str, warm_up: str, limits: MediaLimits) -> Iterator[DecoderPool]:
        if not can_register():
            raise BadSetting(
                "Examining and comparing pictures needs OpenCV, which is not installed.",
                advice='Install the extra "copies" (pip install "takeback[copies]").',
            )
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise Overloaded("Another picture is being examined.")
        try:
            with temporary_pool(handler, children=1, limits=limits, warm_up=warm_up) as pool:
                yield pool
        finally:
            self._turn.release()
