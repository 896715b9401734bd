"""
All that one file is known by, as a decoder's process sends it home.

This module reads no picture: whoever only asks the decoders never loads a parser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from takeback.errors import MalformedHash, MediaTooLarge, UnreadableMedia
from takeback.fingerprint.orientation import Orientation
from takeback.fingerprint.pdq import MIN_QUALITY, PdqHash, code_from_hex
from takeback.fingerprint.route import Route
from takeback.media.limits import FORMATS, MediaLimits
from takeback.media.views import MAX_VIEWS, MIN_VIEW_SIDE, View, ViewKind

_DIGEST_HEX = re.compile(r"[0-9a-f]{64}")
_STOPPED_BY = (UnreadableMedia.code, MediaTooLarge.code)


@dataclass(frozen=True, slots=True)
class ViewFingerprint:
    """The PDQ fingerprint of one part of a picture, with detail enough to be compared, in the eight orientations."""

    view: View
    orientations: Mapping[Orientation, PdqHash]

    @property
    def upright(self) -> PdqHash:
        """The fingerprint of the part as it is shown."""
        return self.orientations[Orientation.UPRIGHT]

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values that `from_json` reads."""
        return {**asdict(self.view), "orientations": _turned_json(self.orientations)}

    @classmethod
    def from_json(cls, value: object, *, width: int, height: int) -> ViewFingerprint:
        """
        Read what `to_json` wrote of a picture of `width` × `height` pixels.

        Raises `UnreadableMedia` for anything else: a box that is not inside the picture or below
        `MIN_VIEW_SIDE`, the whole, or less quality than `MIN_QUALITY`.
        """
        fields = _record(value, "kind", "left", "top", "width", "height", "likely", "orientations")
        if fields["kind"] not in _PART_KINDS or type(fields["likely"]) is not bool:
            _refuse()
        across = _whole(fields["width"], MIN_VIEW_SIDE, width)
        down = _whole(fields["height"], MIN_VIEW_SIDE, height)
        left, top = _whole(fields["left"], 0, width - across), _whole(fields["top"], 0, height - down)
        view = View(ViewKind(fields["kind"]), left, top, across, down, fields["likely"])
        found = cls(view, _turned(fields["orientations"]))
        if found.upright.quality < MIN_QUALITY:
            _refuse()
        return found


_PART_KINDS = [kind for kind in ViewKind if kind is not ViewKind.WHOLE]


@dataclass(frozen=True, slots=True)
class FrameFingerprint:
    """
    One picture's `pixel_digest` (32 bytes) and its PDQ fingerprint in each of the eight orientations.

    `views` are its parts that may be copies of their own, at most `MAX_VIEWS` - 1, the likeliest first: what is
    left without a frame, the pictures in a screenshot.
    """

    pixel_digest: bytes
    orientations: Mapping[Orientation, PdqHash]
    views: tuple[ViewFingerprint, ...] = ()

    @property
    def upright(self) -> PdqHash:
        """The fingerprint of the picture as it is shown."""
        return self.orientations[Orientation.UPRIGHT]

    @property
    def quality(self) -> int:
        """0..100: below `MIN_QUALITY` the fingerprint says nothing."""
        return self.upright.quality

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values that `from_json` reads."""
        return {
            "pixel_digest": self.pixel_digest.hex(),
            "orientations": _turned_json(self.orientations),
            "views": [view.to_json() for view in self.views],
        }

    @classmethod
    def from_json(cls, value: object, *, width: int, height: int) -> FrameFingerprint:
        """Read what `to_json` wrote of a frame of `width` × `height` pixels; `UnreadableMedia` for anything else."""
        fields = _record(value, "pixel_digest", "orientations", "views")
        views = fields["views"]
        if not isinstance(views, list) or len(views) > MAX_VIEWS - 1:
            _refuse()
        return cls(
            _digest(fields["pixel_digest"]),
            _turned(fields["orientations"]),
            tuple(ViewFingerprint.from_json(view, width=width, height=height) for view in views),
        )


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """
    What one file is known by.

    `format` is the name that `media` gives it; `width` and `height` are the first frame's, in pixels,
    upright; `file_digest` is 32 bytes; `frames` holds one entry for a still and the distinct frames of
    an animation, at least one. `incomplete` is None, or the code of the error that ended the reading of
    an animation early: then a frame that was not seen may match, and the caller has to say so. `reduced`
    is the fingerprint of the first frame as other programs reduce it (`Route.NEAREST_512`), where it was
    asked for and is another one.
    """

    format: str
    width: int
    height: int
    file_digest: bytes
    frames: tuple[FrameFingerprint, ...]
    incomplete: str | None = None
    reduced: Mapping[Orientation, PdqHash] | None = None

    @property
    def telling_frames(self) -> tuple[FrameFingerprint, ...]:
        """
        The frames with enough detail to be told from others; all of them where none has it.

        The blank frame of an animation is in many: its digest would call them all identical.
        """
        telling = tuple(frame for frame in self.frames if frame.quality >= MIN_QUALITY)
        return telling or self.frames

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values that `from_json` reads."""
        return {
            "format": self.format,
            "width": self.width,
            "height": self.height,
            "file_digest": self.file_digest.hex(),
            "frames": [frame.to_json() for frame in self.frames],
            "incomplete": self.incomplete,
            "reduced": None if self.reduced is None else _turned_json(self.reduced),
        }

    @classmethod
    def from_json(cls, value: object, *, limits: MediaLimits = MediaLimits()) -> Fingerprints:
        """
        Read what `to_json` wrote in a process that decodes what strangers send, and so may be theirs.

        Raises `UnreadableMedia` for a field missing, unknown, of another type or out of `limits`, and
        for a fingerprint that no picture has.
        """
        fields = _record(value, "format", "width", "height", "file_digest", "frames", "incomplete", "reduced")
        frames = fields["frames"]
        if fields["format"] not in FORMATS or fields["incomplete"] not in (None, *_STOPPED_BY):
            _refuse()
        if not isinstance(frames, list) or not 1 <= len(frames) <= limits.max_frames:
            _refuse()
        width, height = _size(fields, limits)
        return cls(
            format=fields["format"],
            width=width,
            height=height,
            file_digest=_digest(fields["file_digest"]),
            frames=_frames(frames, width, height, limits),
            incomplete=fields["incomplete"],
            reduced=None if fields["reduced"] is None else _turned(fields["reduced"]),
        )


@dataclass(frozen=True, slots=True)
class RoutedFingerprint:
    """
    The PDQ fingerprint of a file's first picture by one `Route`, in each of the eight orientations.

    `route` is the one that was gone: `PIXELS` where `LUMINANCE` was asked for and the file has no such plane.
    `width` and `height` are those of what was decoded, in pixels, before any reduction.
    """

    route: Route
    format: str
    width: int
    height: int
    orientations: Mapping[Orientation, PdqHash]

    @property
    def upright(self) -> PdqHash:
        """The fingerprint of the picture as it is shown; by the routes of others, as it lies in the file."""
        return self.orientations[Orientation.UPRIGHT]

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values that `from_json` reads."""
        return {
            "route": str(self.route),
            "format": self.format,
            "width": self.width,
            "height": self.height,
            "orientations": _turned_json(self.orientations),
        }

    @classmethod
    def from_json(cls, value: object, *, limits: MediaLimits = MediaLimits()) -> RoutedFingerprint:
        """Read what `to_json` wrote in a decoder's process; raises `UnreadableMedia` as `Fingerprints.from_json`."""
        fields = _record(value, "route", "format", "width", "height", "orientations")
        if fields["format"] not in FORMATS or fields["route"] not in list(Route):
            _refuse()
        width, height = _size(fields, limits)
        return cls(Route(fields["route"]), fields["format"], width, height, _turned(fields["orientations"]))


def _record(value: object, *names: str) -> dict[str, Any]:
    """Return `value` if it is an object with exactly these fields."""
    if not isinstance(value, dict) or value.keys() != set(names):
        _refuse()
    return value


def _frames(values: list[object], width: int, height: int, limits: MediaLimits) -> tuple[FrameFingerprint, ...]:
    first = FrameFingerprint.from_json(values[0], width=width, height=height)
    # The pages of a TIFF or a HEIC collection have sizes of their own, within the limits.
    side = limits.max_side
    return (first, *(FrameFingerprint.from_json(value, width=side, height=side) for value in values[1:]))


def _size(fields: Mapping[str, object], limits: MediaLimits) -> tuple[int, int]:
    width, height = (_whole(fields[side], 1, limits.max_side) for side in ("width", "height"))
    return width, _whole(height, 1, limits.max_pixels // width)


def _turned(value: object) -> Mapping[Orientation, PdqHash]:
    turned = _record(value, *Orientation)
    return {name: _pdq_hash(turned[name]) for name in Orientation}


def _turned_json(orientations: Mapping[Orientation, PdqHash]) -> dict[str, list[object]]:
    return {str(name): [each.hex(), each.quality] for name, each in orientations.items()}


def _whole(value: object, least: int, most: int) -> int:
    # bool is an int to Python, not here.
    if type(value) is not int or not least <= value <= most:
        _refuse()
    return value


def _digest(value: object) -> bytes:
    if not isinstance(value, str) or _DIGEST_HEX.fullmatch(value) is None:
        _refuse()
    return bytes.fromhex(value)


def _pdq_hash(value: object) -> PdqHash:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        _refuse()
    try:
        return PdqHash(code_from_hex(value[0]), _whole(value[1], 0, 100))
    except MalformedHash:
        _refuse()


def _refuse() -> NoReturn:
    raise UnreadableMedia("The decoder's answer is not what a decoder sends.")
