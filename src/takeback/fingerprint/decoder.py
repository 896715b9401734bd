"""Fingerprints from the sandboxed pool: what every process that holds a key asks instead of decoding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from takeback.errors import Overloaded, UnreadableMedia
from takeback.fingerprint.looked import Looked
from takeback.fingerprint.record import Fingerprints, RoutedFingerprint
from takeback.fingerprint.route import Route
from takeback.media.limits import MediaLimits
from takeback.media.preview import Preview
from takeback.media.sandbox import Answer, DecoderPool

DECODER_HANDLER = "takeback.fingerprint.take:fingerprint_handler"
"""What runs in a decoder: bytes to fingerprints, with no key, file or network in reach."""

ROUTE_HANDLER = "takeback.fingerprint.take:route_handler"
"""The same for one route: bytes to a `RoutedFingerprint`."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The fingerprint of a file's first frame, and what to call for all that it is known by."""

    first: RoutedFingerprint
    look: Callable[[], Looked]
    """Call it inside the block, once; the errors are those of `DecoderPool.run`."""


class PooledDecoder:
    """
    Asks a pool, and checks its answer like any outsider's.

    `tries` is how often a file is handed in while every decoder is busy or being replaced.
    """

    def __init__(self, pool: DecoderPool, limits: MediaLimits, *, tries: int = 1) -> None:
        self._pool = pool
        self._limits = limits
        self._tries = tries

    def fingerprints(self, data: bytes) -> Fingerprints:
        """Return the fingerprints of the picture in `data`; see `DecoderPool.run` for the errors."""
        answer = _answer(self._pool, data, self._limits.as_options(), self._tries)
        return Fingerprints.from_json(_unattached(answer), limits=self._limits)

    def looked_at(self, data: bytes) -> Looked:
        """Return the same, and miniatures for whoever goes on to describe the picture; errors are the same."""
        options = {**self._limits.as_options(), "miniatures": True}
        return Looked.from_answer(_answer(self._pool, data, options, self._tries), limits=self._limits)

    def preview(self, data: bytes, *, blurred: bool) -> Preview:
        """Return what a person is shown of it, and nothing else; errors are the same."""
        options = {**self._limits.as_options(), "preview": "blurred" if blurred else "clear"}
        answer = _answer(self._pool, data, options, self._tries)
        return Preview.from_bytes(answer.attachment, blurred=blurred)

    @contextmanager
    def glanced_at(self, data: bytes, *, miniatures: bool, reduced: bool = False) -> Iterator[Glance]:
        """
        Yield a first glance, before the rest is taken; `miniatures`, and the `reduced` fingerprint, are made only then,
        and only if set.
        """
        options = {**self._limits.as_options(), "glance": True, "miniatures": miniatures, "reduced": reduced}
        with self._pool.stages(data, options) as stages:
            first = RoutedFingerprint.from_json(_unattached(next(stages)), limits=self._limits)
            yield Glance(first, lambda: Looked.from_answer(next(stages), limits=self._limits))


class RouteDecoder:
    """The same by one `Route`; the pool's handler is `ROUTE_HANDLER`."""

    def __init__(self, pool: DecoderPool, limits: MediaLimits, route: Route, *, tries: int = 1) -> None:
        self._pool = pool
        self._limits = limits
        self._route = route
        self._tries = tries

    def fingerprint(self, data: bytes) -> RoutedFingerprint:
        """Return the fingerprint of the picture in `data`; see `DecoderPool.run` for the errors."""
        options = {**self._limits.as_options(), "route": str(self._route)}
        answer = _answer(self._pool, data, options, self._tries)
        return RoutedFingerprint.from_json(_unattached(answer), limits=self._limits)


def _unattached(answer: Answer) -> Mapping[str, object]:
    """Return the result of an answer to which nothing was to be attached."""
    if answer.attachment:
        raise UnreadableMedia("The decoder's answer is not what a decoder sends.")
    return answer.result


def _answer(pool: DecoderPool, data: bytes, options: Mapping[str, object], tries: int) -> Answer:
    for _ in range(tries - 1):
        try:
            return pool.run(data, options)
        except Overloaded:
            continue
    return pool.run(data, options)
