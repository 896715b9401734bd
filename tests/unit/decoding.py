"""The decoder's own functions, without its process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from takeback.fingerprint import Fingerprints, Looked, RoutedFingerprint
from takeback.fingerprint.decoder import Glance
from takeback.fingerprint.take import glance_and_look, look_at, take_fingerprints
from takeback.media import MediaLimits, decode_image
from takeback.media.preview import Preview, preview_of


class InProcess:
    """Decodes where it is called, and counts how often it is asked, and how often for more than a glance."""

    def __init__(self, limits: MediaLimits | None = None) -> None:
        self.limits = limits or MediaLimits()
        self.asked = 0
        self.looks = 0

    def fingerprints(self, data: bytes) -> Fingerprints:
        self.asked += 1
        return take_fingerprints(data, self.limits)

    def looked_at(self, data: bytes) -> Looked:
        self.asked += 1
        return look_at(data, self.limits)

    def preview(self, data: bytes, *, blurred: bool) -> Preview:
        self.asked += 1
        return preview_of(decode_image(data).pixels, blurred=blurred)

    @contextmanager
    def glanced_at(self, data: bytes, *, miniatures: bool, reduced: bool = False) -> Iterator[Glance]:
        self.asked += 1
        stages = glance_and_look(data, self.limits, miniatures=miniatures, reduced=reduced)
        first = next(stages)
        assert isinstance(first, RoutedFingerprint)

        def look() -> Looked:
            self.looks += 1
            found = next(stages)
            assert isinstance(found, Looked)
            return found

        yield Glance(first, look)
