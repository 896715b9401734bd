"""Step 1: bytes to canonical pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile

from takeback.errors import InputError, MediaTooLarge, UnreadableMedia
from takeback.media.colour import apply_profile, changes_colour, icc_profile, srgb_pixels, stored_pixels
from takeback.media.formats import check_size, open_picture
from takeback.media.frames import DistinctFrames
from takeback.media.jpeg import holds_luminance, plain_jpeg
from takeback.media.limits import MediaLimits
from takeback.media.orientation import exif_orientation, turn_upright
from takeback.media.sniff import sniff_format


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """
    A picture as a person sees it.

    `pixels` uint8 [height, width, 3], C-contiguous, upright, sRGB, laid over white where it was
    transparent. `format` is "jpeg", "png", "webp", "gif", "bmp", "tiff", "heic" or "avif".
    """

    pixels: NDArray[np.uint8]
    format: str


@dataclass(frozen=True, slots=True, eq=False)
class Luminance:
    """
    The luminance plane of a JPEG file as it is stored, not turned.

    `plane` uint8 [height, width]: Y of YCbCr, full range (ITU-T T.871). `orientation` 1..8 is EXIF's: what
    is still to be done for a person to see it upright.
    """

    plane: NDArray[np.uint8]
    orientation: int


def decode_image(data: bytes, *, limits: MediaLimits = MediaLimits()) -> Image:
    """
    Return the picture in `data`: of an animation or a collection, what a viewer shows first.

    The format is told by the bytes. Raises `UnreadableMedia` for anything that is not a whole picture
    in one of eight formats and `MediaTooLarge` for one over the limits, and nothing else. Warning
    filters are the process's own: decode from one thread at a time, as the decoder's processes do.
    """
    with _only_our_errors():
        name, picture = open_picture(data, limits)
        return Image(_upright_pixels(data, name, picture), name)


def decode_luminance(data: bytes, *, limits: MediaLimits = MediaLimits()) -> Luminance | None:
    """
    Return the luminance plane of the JPEG in `data`, without working out colour.

    None where that plane is not the picture's luminance, or the file is no JPEG: RGB or CMYK in a JPEG, a
    profile that changes colours, a layout that libjpeg-turbo's short cut does not know; then
    `decode_image` is the way. Limits and errors are those of `decode_image`.
    """
    with _only_our_errors():
        if len(data) <= limits.max_bytes and sniff_format(data) != "jpeg":
            return None
        _, picture = open_picture(data, limits)
        profile = icc_profile(picture)
        if profile is not None and changes_colour(profile, picture.mode):
            return None
        if not holds_luminance(data, picture):
            return None
        plane = plain_jpeg(data, picture, "GRAY")
        return None if plane is None else Luminance(plane[..., 0], exif_orientation(picture))


def decode_stored(data: bytes, *, limits: MediaLimits = MediaLimits()) -> Image:
    """
    Return the first picture in `data` as most hashing tools see it: RGB by Pillow's `convert`, no more.

    No ICC profile is applied, EXIF turns nothing, transparency is dropped. (libheif turns a HEIC picture
    all the same.) Limits and errors are those of `decode_image`.
    """
    with _only_our_errors():
        name, picture = open_picture(data, limits)
        if name == "jpeg" and picture.mode in ("RGB", "L"):
            pixels = plain_jpeg(data, picture, "RGB")
            if pixels is not None:
                return Image(pixels, name)
        picture.load()
        return Image(stored_pixels(picture), name)


def decode_frames(data: bytes, *, limits: MediaLimits = MediaLimits()) -> Iterator[Image]:
    """
    Yield the distinct frames in `data`, in order: one for a still, at most `limits.max_frames`.

    Of a GIF, an animated WebP, PNG or AVIF, a multi-page TIFF or a HEIC collection, every frame is
    looked at up to `max_decoded_frames` and `max_decoded_pixels`, and the most different are kept.
    When the rest of the file is over those limits or damaged, what was seen is yielded first, then
    `MediaTooLarge` or `UnreadableMedia` says that there was more: a caller may use both.
    """
    with _only_our_errors():
        name, picture = open_picture(data, limits)
        frames = DistinctFrames(max_frames=limits.max_frames, max_pixels=limits.max_pixels)
        frames.offer(_upright_pixels(data, name, picture))
    rest = _offer_the_rest(name, picture, frames, limits)
    for pixels in frames.kept():
        yield Image(pixels, name)
    if rest is not None:
        raise rest


def _offer_the_rest(name: str, picture: ImageFile, frames: DistinctFrames, limits: MediaLimits) -> InputError | None:
    """Offer every frame but the one already decoded; return what stopped us before the end."""
    if name in ("jpeg", "bmp"):
        return None
    first, decoded, decoded_pixels = picture.tell(), 1, picture.width * picture.height
    index = 0 if first else 1
    try:
        with _only_our_errors():
            while _seek(picture, index):
                # 1. Each frame may have a size of its own, and all of them together have a price.
                check_size(picture.size, limits)
                decoded, decoded_pixels = decoded + 1, decoded_pixels + picture.width * picture.height
                _check_work(decoded, decoded_pixels, limits)
                # 2. Only then is it decoded.
                frames.offer(_upright_pixels(b"", name, picture))
                index += 2 if index + 1 == first else 1
    except InputError as error:
        return error
    return None


def _seek(picture: ImageFile, index: int) -> bool:
    try:
        picture.seek(index)
    except EOFError:
        return False
    return True


def _check_work(frames: int, pixels: int, limits: MediaLimits) -> None:
    if frames > limits.max_decoded_frames:
        raise MediaTooLarge(
            f"The animation has more frames than the limit max_decoded_frames ({limits.max_decoded_frames:,})."
        )
    if pixels > limits.max_decoded_pixels:
        raise MediaTooLarge(
            "The animation's frames together have more pixels than the limit max_decoded_pixels "
            f"({limits.max_decoded_pixels:,})."
        )


def _upright_pixels(data: bytes, name: str, picture: ImageFile) -> NDArray[np.uint8]:
    pixels = _jpeg_pixels(data, picture) if name == "jpeg" else None
    if pixels is None:
        picture.load()
        pixels = srgb_pixels(picture)
    # libheif has turned a HEIC picture already, by the file's own box; EXIF in it only repeats that.
    orientation = 1 if name == "heic" else exif_orientation(picture)
    return turn_upright(pixels, orientation)


def _jpeg_pixels(data: bytes, picture: ImageFile) -> NDArray[np.uint8] | None:
    """
    Decode a plain JPEG straight into an array; None leaves an unusual one to Pillow.

    The pixels are Pillow's to the bit (both use libjpeg-turbo), in half the time. A grey one's profile is
    left to Pillow too.
    """
    profile = icc_profile(picture)
    if picture.mode != "RGB" and (picture.mode != "L" or profile is not None):
        return None
    pixels = plain_jpeg(data, picture, "RGB")
    if pixels is not None and profile is not None:
        apply_profile(pixels, profile)
    return pixels


@contextmanager
def _only_our_errors() -> Iterator[None]:
    """Let Pillow's warnings not leak, and turn whatever it raises into the two errors that callers expect."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except InputError:
            raise
        except (MemoryError, PIL.Image.DecompressionBombError):
            raise MediaTooLarge("Decoding the picture would take more memory than it may.") from None
        except Exception:
            raise UnreadableMedia("The picture is damaged, or not what its first bytes say.") from None
