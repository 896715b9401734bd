"""Files and folders of pictures, each decoded in the sandbox: what comes from anywhere is hostile input."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from takeback.config import load_settings
from takeback.errors import InputError, MediaTooLarge, TakebackError
from takeback.fingerprint import Route
from takeback.fingerprint.decoder import DECODER_HANDLER, ROUTE_HANDLER, PooledDecoder, RouteDecoder
from takeback.media import MediaLimits
from takeback.media.sandbox import DecoderPool, temporary_pool
from takeback.workflow.picture import Decoder

_TRIES = 3
"""Times that a file is handed in while decoders that crashed are being replaced."""

_AHEAD = 4
"""Files for each decoder that are read ahead of the one whose answer is awaited."""


@dataclass(frozen=True, slots=True)
class Read[T]:
    """What came of one file: a value, or the problem that kept it from being read."""

    path: Path
    value: T | None
    problem: TakebackError | None
    seconds: float
    """From opening the file to the answer."""


def files_below(paths: Sequence[Path]) -> list[Path]:
    """
    Return the files named, and those below the folders named, in order of their names.

    Links to folders are not followed, so that none is walked twice. `InputError` where a folder holds no
    file; what is not there stays in the list, and is a problem when it is read.
    """
    found: list[Path] = []
    for path in paths:
        below = _walk(path) if path.is_dir() else [path]
        if not below:
            raise InputError(f"There is no file in {path}.", advice="Name pictures, or a folder that holds some.")
        found += below
    return found


def _walk(folder: Path) -> list[Path]:
    return sorted(parent / name for parent, _, names in folder.walk() for name in names if (parent / name).is_file())


class PictureReader[D]:
    """Reads files through a pool of decoders, as many at a time as there are decoders; `D` is how it is asked."""

    def __init__(self, decoder: D, threads: ThreadPoolExecutor, limits: MediaLimits, children: int) -> None:
        self._decoder = decoder
        self._threads = threads
        self._limits = limits
        self._ahead = children * _AHEAD

    def each[T](self, paths: Sequence[Path], work: Callable[[D, bytes], T]) -> Iterator[Read[T]]:
        """Yield what `work` made of each file, in order; a file that fails stops none of the others."""
        waiting: list[Future[Read[T]]] = []
        for path in paths:
            waiting.append(self._threads.submit(self._read, path, work))
            if len(waiting) > self._ahead:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()

    def _read[T](self, path: Path, work: Callable[[D, bytes], T]) -> Read[T]:
        began = time.perf_counter()
        try:
            value, problem = work(self._decoder, read_file(path, self._limits.max_bytes)), None
        except TakebackError as failed:
            value, problem = None, failed
        return Read(path, value, problem, time.perf_counter() - began)


@contextmanager
def picture_reader() -> Iterator[PictureReader[Decoder]]:
    """Start a decoder for each processor, for a `with` block; the bounds on a picture are the settings'."""
    with _reader(DECODER_HANDLER, lambda pool, limits: PooledDecoder(pool, limits, tries=_TRIES)) as reader:
        yield reader


@contextmanager
def route_reader(route: Route) -> Iterator[PictureReader[RouteDecoder]]:
    """Start decoders as `picture_reader` does, which take one fingerprint of each file, by `route`."""
    with _reader(ROUTE_HANDLER, lambda pool, limits: RouteDecoder(pool, limits, route, tries=_TRIES)) as reader:
        yield reader


@contextmanager
def _reader[D](handler: str, ask: Callable[[DecoderPool, MediaLimits], D]) -> Iterator[PictureReader[D]]:
    limits = MediaLimits.of(load_settings({}, os.environ))
    children = len(os.sched_getaffinity(0))
    with ExitStack() as stack:
        pool = stack.enter_context(temporary_pool(handler, children=children, limits=limits))
        threads = ThreadPoolExecutor(children, thread_name_prefix="picture")
        stack.callback(lambda: threads.shutdown(wait=True, cancel_futures=True))
        yield PictureReader(ask(pool, limits), threads, limits, children)


def read_file(path: Path, max_bytes: int) -> bytes:
    """Return a regular file's bytes; `InputError` where it cannot be read, `MediaTooLarge` where it is too large."""
    try:
        if not path.is_file():
            raise InputError(f"There is no file {path}.", advice="Check the name.")
        size = path.stat().st_size
        if size > max_bytes:
            raise MediaTooLarge(f"The file has {size:,} bytes; the limit max_bytes is {max_bytes:,}.")
        return path.read_bytes()
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror}.", advice="Check its permissions.") from problem
