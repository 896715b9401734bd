"""Sealed words as they come over HTTP, and the public keys to seal them to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from takeback.cases.notice import SEALED_FIELDS
from takeback.cases.sealed import MAX_DESK_KEYS, MAX_SEALED_BYTES, SealedWords
from takeback.service.prints import Strict

_AGE_CHARACTERS_READ = 2 * MAX_SEALED_BYTES
_LINE = 100

type _Line = Annotated[str, Field(max_length=_LINE)]


class SealedIn(Strict):
    """What she says and who she is, sealed to people of the desk; this service cannot open it."""

    age: str = Field(
        max_length=_AGE_CHARACTERS_READ,
        description="An age file (age-encryption.org/v1, X25519) in base64: JSON of the open fields, and a `salt`.",
    )
    given: list[_Line] = Field(
        max_length=len(SEALED_FIELDS), description="The fields that are filled in: " + ", ".join(SEALED_FIELDS) + "."
    )
    sha256: str = Field(max_length=_LINE, description="SHA-256 of what is inside, 64 hexadecimal digits.")
    desk_keys: list[_Line] = Field(max_length=MAX_DESK_KEYS, description="The ids of the keys that it is sealed to.")

    def words(self) -> SealedWords:
        """Return them in the program's own terms; `MalformedHash` where a field is none of its kind."""
        return SealedWords.from_json(self.model_dump())


class DeskKeyOut(Strict):
    """The public key of one person of the desk; whose it is, is the desk's business."""

    id: str
    recipient: str
