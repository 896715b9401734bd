"""Fingerprints and digests as they come over HTTP."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from takeback.cases.notice import ReportedPicture
from takeback.errors import InputError, MalformedHash
from takeback.fingerprint import DESCRIPTOR_VALUES, Descriptor, Orientation, PdqHash
from takeback.fingerprint.crops import MAX_CROPS
from takeback.fingerprint.tiles import TILE_BYTES, Tiles
from takeback.registration import MAX_FEATURE_BYTES, LocalFeatures

HEX_DIGITS = 64
MAX_ADDRESS_CHARACTERS = 2_000
"""Longest address of an item; what browsers and proxies pass on without trouble."""
_HEX_CHARACTERS_READ = 4 * HEX_DIGITS
"""Above what a fingerprint or digest has, so that `malformed-hash` says what is wrong with one."""

type _Hex = Annotated[str, Field(max_length=_HEX_CHARACTERS_READ)]
_DESCRIPTOR_CHARACTERS_READ = 1_000
_FEATURES_CHARACTERS_READ = 4 * (MAX_FEATURE_BYTES // 3 + 1)
_TILES_CHARACTERS_READ = 4 * (TILE_BYTES // 3 + 1)


class Strict(BaseModel):
    """A form that knows each of its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class UnjudgedOut(Strict):
    """Something that could not be compared. It is never answered with "no match"."""

    code: str
    why: str


class DescriptorIn(Strict):
    """A learned copy descriptor; those of different models are never compared."""

    model: str = Field(
        pattern=r"^[0-9a-f]{16}$", max_length=16, description="First 16 hexadecimal digits of the model file's SHA-256."
    )
    values: str = Field(
        max_length=_DESCRIPTOR_CHARACTERS_READ, description="512 whole numbers of one byte each, signed, in base64."
    )

    def descriptor(self) -> Descriptor:
        """Return it in the program's own terms; `MalformedHash` where it is none."""
        values = _decoded(self.values)
        if len(values) != DESCRIPTOR_VALUES:
            raise MalformedHash(f"A copy descriptor has {DESCRIPTOR_VALUES} values of one byte each, in base64.")
        return Descriptor(self.model, values)

    @classmethod
    def of(cls, descriptor: Descriptor) -> DescriptorIn:
        """Return it as it goes out."""
        return cls(model=descriptor.model_id, values=encoded(descriptor.values))


class GivenIn(Strict):
    """What an owner may give of a picture beside its fingerprint."""

    crops: list[_Hex] = Field(
        default_factory=list, max_length=MAX_CROPS, description="PDQ of crops of the picture: copies cut out of it."
    )
    descriptor: DescriptorIn | None = Field(None, description="The learned copy descriptor, where its owner agrees.")
    local_features: str | None = Field(
        None,
        max_length=_FEATURES_CHARACTERS_READ,
        description="Local features, where its owner agrees; as sensitive as the picture itself.",
    )

    def given(self) -> ReportedPicture:
        """Return it in the program's own terms; `MalformedHash` where a field is none of its kind."""
        return ReportedPicture(
            crops=tuple(PdqHash.from_hex(crop) for crop in self.crops),
            descriptor=None if self.descriptor is None else self.descriptor.descriptor(),
            local=None if self.local_features is None else LocalFeatures.from_bytes(_decoded(self.local_features)),
        )

    @staticmethod
    def fields_of(picture: ReportedPicture) -> dict[str, Any]:
        """Return the fields of what goes out of `picture`."""
        return {
            "crops": [crop.hex() for crop in picture.crops],
            "descriptor": None if picture.descriptor is None else DescriptorIn.of(picture.descriptor),
            "local_features": None if picture.local is None else encoded(picture.local.to_bytes()),
        }


class PictureIn(GivenIn):
    """One picture as its owner's device describes it: at least a fingerprint or a digest."""

    algorithm: Literal["pdq"] = "pdq"
    pdq: _Hex | None = Field(None, description="PDQ of the upright full-resolution picture, 64 hexadecimal digits.")
    quality: StrictInt = Field(100, ge=0, le=100, description="PDQ quality; below 50 the fingerprint is not compared.")
    orientations: dict[_Hex, _Hex] | None = Field(
        None,
        max_length=2 * len(Orientation),
        description="PDQ of the eight orientations by name; estimated from `pdq` where it is left out.",
    )
    nearest_512: _Hex | None = Field(
        None,
        description="PDQ of the picture as it is stored, neither turned nor converted, of 512 × 512 pixels: what "
        "StopNCII's list holds. Kept for that list, and compared with nothing here.",
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
        if self.pdq is None and (self.nearest_512 or self.crops or self.descriptor or self.local_features):
            raise InputError(
                "`nearest_512`, `crops`, `descriptor` and `local_features` need `pdq` beside them, of the same picture."
            )
        return replace(
            self.given(),
            pdq=None if self.pdq is None else PdqHash.from_hex(self.pdq, quality=self.quality),
            orientations=self._orientations(),
            nearest_512=None if self.nearest_512 is None else PdqHash.from_hex(self.nearest_512),
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


class OriginalIn(GivenIn):
    """An ordinary picture, as its owner's device describes it: altered copies of it are looked for."""

    pdq: _Hex = Field(description="PDQ of the upright full-resolution picture, 64 hexadecimal digits.")
    quality: StrictInt = Field(100, ge=0, le=100, description="PDQ quality; below 50 the fingerprint is not compared.")
    tiles: str = Field(
        max_length=_TILES_CHARACTERS_READ,
        description="PDQ of 121 parts of the picture, in base64 (`takeback.fingerprint.tiles`).",
    )

    def reported(self) -> ReportedPicture:
        """Return the picture in the program's own terms; `MalformedHash` where a field is none of its kind."""
        pdq, tiles = PdqHash.from_hex(self.pdq, quality=self.quality), Tiles.from_bytes(_decoded(self.tiles))
        return replace(self.given(), pdq=pdq, tiles=tiles)

    @classmethod
    def of(cls, original: ReportedPicture) -> OriginalIn:
        """Return what goes out of an original that has a fingerprint and tiles."""
        assert original.pdq is not None
        assert original.tiles is not None
        return cls(
            pdq=original.pdq.hex(),
            quality=original.pdq.quality,
            tiles=encoded(original.tiles.to_bytes()),
            **cls.fields_of(original),
        )


def encoded(value: bytes) -> str:
    """Return `value` in base64, as bytes travel in JSON here."""
    return base64.b64encode(value).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as problem:
        raise MalformedHash("What was sent as base64 is none.") from problem


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
