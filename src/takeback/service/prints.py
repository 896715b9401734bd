"""Fingerprints and digests as they come over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from takeback.cases.notice import ReportedPicture
from takeback.errors import InputError, MalformedHash
from takeback.fingerprint import Orientation, PdqHash

HEX_DIGITS = 64
MAX_ADDRESS_CHARACTERS = 2_000
"""Longest address of an item; what browsers and proxies pass on without trouble."""
_HEX_CHARACTERS_READ = 4 * HEX_DIGITS
"""Above what a fingerprint or digest has, so that `malformed-hash` says what is wrong with one."""

type _Hex = Annotated[str, Field(max_length=_HEX_CHARACTERS_READ)]


class Strict(BaseModel):
    """A form that knows each of its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class UnjudgedOut(Strict):
    """Something that could not be compared. It is never answered with "no match"."""

    code: str
    why: str


class PictureIn(Strict):
    """One picture as its owner's device describes it: at least a fingerprint or a digest."""

    algorithm: Literal["pdq"] = "pdq"
    pdq: _Hex | None = Field(None, description="PDQ of the upright full-resolution picture, 64 hexadecimal digits.")
    quality: int = Field(100, ge=0, le=100, description="PDQ quality; below 50 the fingerprint is not compared.")
    orientations: dict[_Hex, _Hex] | None = Field(
        None,
        max_length=2 * len(Orientation),
        description="PDQ of the eight orientations by name; estimated from `pdq` where it is left out.",
    )
    file_sha256: _Hex | None = Field(None, description="SHA-256 of the file, 64 hexadecimal digits.")
    pixels_sha256: _Hex | None = Field(None, description="SHA-256 of the canonical pixels.")

    def reported(self) -> ReportedPicture:
        """Return the picture in the program's own terms; `MalformedHash` where a field is none of its kind."""
        if self.pdq is None and self.file_sha256 is None and self.pixels_sha256 is None:
            raise InputError(
                "A picture needs a fingerprint or a digest.",
                advice="Send `pdq`, `file_sha256` or `pixels_sha256`.",
            )
        return ReportedPicture(
            pdq=None if self.pdq is None else PdqHash.from_hex(self.pdq, quality=self.quality),
            orientations=self._orientations(),
            file_digest=_digest(self.file_sha256),
            pixel_digest=_digest(self.pixels_sha256),
        )

    def _orientations(self) -> dict[Orientation, PdqHash] | None:
        if self.orientations is None:
            return None
        if self.pdq is None or set(self.orientations) != {orientation.value for orientation in Orientation}:
            names = ", ".join(orientation.value for orientation in Orientation)
            raise InputError(f"`orientations` needs `pdq` beside it and each of: {names}.")
        found = {
            Orientation(name): PdqHash.from_hex(text, quality=self.quality) for name, text in self.orientations.items()
        }
        if found[Orientation.UPRIGHT].hex() != self.pdq.lower():
            raise InputError("`orientations.upright` is not `pdq`.", advice="Send the same fingerprint in both.")
        return found


def _digest(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        value = bytes.fromhex(text)
    except ValueError as problem:
        raise MalformedHash("A SHA-256 digest has 64 hexadecimal digits.") from problem
    if len(text) != HEX_DIGITS or len(value) != HEX_DIGITS // 2:
        raise MalformedHash("A SHA-256 digest has 64 hexadecimal digits.")
    return value
