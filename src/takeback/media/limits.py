"""What may be decoded, and how much of anything one picture may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from takeback.errors import BadSetting

if TYPE_CHECKING:
    from takeback.config import Settings

MIB = 1 << 20

FORMATS = ("jpeg", "png", "webp", "gif", "bmp", "tiff", "heic", "avif")
"""Every format that is decoded; here, where no parser is loaded."""


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """
    Bounds on one file, on its decoding, and on the process that decodes it.

    `max_bytes`, `max_pixels` (width × height) and `max_side` are checked against the file's own header
    before anything of that size is allocated. The frame limits bound an animation: `max_decoded_frames`
    frames and `max_decoded_pixels` pixels in all are decoded, of which the `max_frames` most different
    are kept. `max_memory_bytes` (address space above what the warm process holds), `cpu_seconds` and
    `wall_seconds` bound one job and are enforced from outside it, so only in a decoder's process.
    Raises `BadSetting` unless each is a whole number, 1 or more.
    """

    max_bytes: int = 50 * MIB
    # 100 million: the largest phone and medium-format cameras; 300 MB of canonical pixels.
    max_pixels: int = 100_000_000
    # JPEG's own bound (ITU-T T.81 § B.2.2: 16-bit X and Y).
    max_side: int = 65_535
    max_frames: int = 16
    max_decoded_frames: int = 2_000
    # About four seconds of GIF decoding on one 2020 server core.
    max_decoded_pixels: int = 400_000_000
    max_memory_bytes: int = 1_024 * MIB
    cpu_seconds: int = 10
    wall_seconds: int = 20

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < 1:
                raise BadSetting(f"The media limit {field.name} has to be a whole number, 1 or more.")

    @classmethod
    def of(cls, settings: Settings) -> MediaLimits:
        """Return the bounds that an operator set."""
        return cls(
            max_bytes=settings.max_upload_bytes,
            max_pixels=settings.max_pixels,
            max_frames=settings.max_frames,
            max_memory_bytes=settings.decode_memory_bytes,
            cpu_seconds=settings.decode_cpu_seconds,
            wall_seconds=settings.decode_wall_seconds,
        )

    def as_options(self) -> dict[str, object]:
        """Return every limit by name, to travel as JSON to a decoder."""
        return dict(asdict(self))

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> MediaLimits:
        """
        Read what `as_options` wrote; a limit that is absent keeps its default.

        Raises `BadSetting` for a name that is no limit, or a value that is not a positive whole number.
        """
        unknown = set(options) - {field.name for field in fields(cls)}
        if unknown:
            raise BadSetting(f"There is no media limit called {min(unknown)!r}.")
        return cls(**options)
