"""
Photographs of things, animals and places, and the copies that people make of one.

The photographs are those that the package scikit-image ships; nothing of it is imported, the files are read.
What its documentation (`skimage/data/_fetchers.py`) says of each:

    coffee      a cup of coffee; CC0 by the photographer, Rachel Michetti, courtesy of Pikolo Espresso Bar
    chelsea     a cat; CC0 by the photographer, Stefan van der Walt
    rocket      launch of DSCOVR on a Falcon 9; SpaceX, released into the public domain
    hubble      Hubble eXtreme Deep Field; NASA, may be freely used, public domain
    coins       Greek coins from Pompeii; Brooklyn Museum, no known copyright restrictions
    brick       a brick wall; CC0, from CC0Textures
    gravel      gravel; CC0, from CC0Textures
    grass       grass; CC0, from DeviantArt (linolafett)

Its moon is left out, as no origin is given for it, and so are its pictures of people.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps
from PIL.Image import Transpose

from takeback.errors import InputError
from takeback.fingerprint import Orientation
from takeback.match import CopyClass

REPORTED = "coffee"
"""The photograph that stands for the picture that a person wants taken back."""

_FILES = {
    REPORTED: "coffee.png",
    "chelsea": "chelsea.png",
    "rocket": "rocket.jpg",
    "hubble": "hubble_deep_field.jpg",
    "coins": "coins.png",
    "brick": "brick.png",
    "gravel": "gravel.png",
    "grass": "grass.png",
}
_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class Edit:
    """
    One way in which a copy is made, and what Takeback has to say of it.

    `make` takes the file and returns another. `turned` is None where a digest decides and nothing is compared
    turned.
    """

    name: str
    make: Callable[[bytes], bytes]
    copy_class: CopyClass = CopyClass.SUBSTANTIALLY_SAME
    turned: Orientation | None = Orientation.UPRIGHT


def load_photos() -> dict[str, bytes]:
    """Return the files by name; `InputError` where the package that ships them is not installed."""
    found = find_spec("skimage")
    if found is None or found.origin is None:
        raise _not_installed()
    folder = Path(found.origin).parent / "data"
    try:
        return {name: (folder / file).read_bytes() for name, file in _FILES.items()}
    except OSError as problem:
        raise _not_installed() from problem


def _not_installed() -> InputError:
    return InputError("The photographs of the demonstration are not installed.", advice="pip install 'takeback[demo]'")


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def _saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def _same(data: bytes) -> bytes:
    return data


def _png(data: bytes) -> bytes:
    return _saved(_opened(data), "PNG", compress_level=1)


def _jpeg_30(data: bytes) -> bytes:
    return _saved(_opened(data), "JPEG", quality=30)


def _webp_50(data: bytes) -> bytes:
    return _saved(_opened(data), "WEBP", quality=50)


def _gif(data: bytes) -> bytes:
    return _saved(_opened(data), "GIF")


def _cmyk(data: bytes) -> bytes:
    return _saved(_opened(data).convert("CMYK"), "JPEG", quality=90)


def _grey(data: bytes) -> bytes:
    return _saved(_opened(data).convert("L"), "JPEG", quality=85)


def _third(data: bytes) -> bytes:
    return _saved(_opened(data).reduce(3), "JPEG", quality=85)


def _bright(data: bytes) -> bytes:
    return _saved(ImageEnhance.Brightness(_opened(data)).enhance(1.3), "JPEG", quality=85)


def _mirrored(data: bytes) -> bytes:
    return _saved(ImageOps.mirror(_opened(data)), "JPEG", quality=85)


def _rotated(data: bytes) -> bytes:
    # Pillow counts against the clock, Takeback with it.
    return _saved(_opened(data).transpose(Transpose.ROTATE_270), "JPEG", quality=85)


def _turned_by_exif(data: bytes) -> bytes:
    """Store the pixels on their side and say so in EXIF, as phones do: shown, it is upright."""
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = Orientation.ROTATED_270.exif
    return _saved(_opened(data).transpose(Transpose.ROTATE_90), "JPEG", quality=85, exif=exif)


def _cut(data: bytes) -> bytes:
    image = _opened(data)
    width, height = image.size
    middle = (width // 5, height // 5, width - width // 5, height - height // 5)
    return _saved(image.crop(middle), "PNG", compress_level=1)


def _cut_again(data: bytes) -> bytes:
    return _saved(_opened(_cut(data)), "JPEG", quality=40)


def _upside_down(data: bytes) -> bytes:
    return _saved(_opened(data).transpose(Transpose.ROTATE_180), "WEBP", quality=70)


def _mirrored_smaller(data: bytes) -> bytes:
    image = ImageOps.mirror(_opened(data))
    return _saved(image.resize((image.width * 2 // 3, image.height * 2 // 3)), "JPEG", quality=55)


EDITS = (
    Edit("the same file", _same, CopyClass.IDENTICAL, None),
    Edit("saved again as PNG", _png, CopyClass.IDENTICAL, None),
    Edit("JPEG, quality 30", _jpeg_30),
    Edit("WebP, quality 50", _webp_50),
    Edit("GIF, 256 colours", _gif),
    Edit("CMYK, for print", _cmyk),
    Edit("black and white", _grey),
    Edit("a third of the size", _third),
    Edit("brighter", _bright),
    Edit("mirrored", _mirrored, turned=Orientation.MIRRORED),
    Edit("rotated", _rotated, turned=Orientation.ROTATED_90),
    Edit("turned by EXIF", _turned_by_exif),
)
"""Copies that lie in the gallery before the notice: each is found by the fingerprint alone."""

LINKED = Edit("cut out, by its link", _cut, CopyClass.IDENTICAL, None)
"""Too much is cut off for the fingerprint of the whole; the person names its address."""

FOUND_BY_LINK = Edit("the cut-out as JPEG", _cut_again)
"""A copy of what was linked: found by what the link showed."""

MEANWHILE = Edit("upside down, later", _upside_down, turned=Orientation.ROTATED_180)
"""Uploaded while the notice is open."""

AFTERWARDS = Edit("mirrored, smaller", _mirrored_smaller, turned=Orientation.MIRRORED)
"""Uploaded after the decision, and again after the withdrawal."""
