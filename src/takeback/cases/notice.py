"""What a person sends: enough to be valid in law, and never a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from takeback.cases.law import LawPack
from takeback.cases.link import names_a_place
from takeback.cases.sealed import DeskKey, SealedWords, seal_words
from takeback.fingerprint import Descriptor, Orientation, PdqHash
from takeback.fingerprint.tiles import Tiles
from takeback.registration import LocalFeatures

MAX_LINKS = 200
"""Links to items of this site in one notice; each has its own state."""
MAX_FINGERPRINTS = 32
"""Pictures in one notice."""
MAX_ORIGINALS = 8
"""Ordinary pictures in one notice: each is compared with uploads at length."""


class Role(StrEnum):
    """Who signs."""

    ME = "me"
    """The person shown."""
    PARENT = "parent"
    """A parent or guardian of the person shown."""
    HELPER = "helper"
    """Someone the person authorised; `authority` says how."""


class Level(StrEnum):
    """How much of a picture its owner gives; each level holds the ones before it."""

    FINGERPRINT = "fingerprint"
    """256 bits of it and of each of its crops: finds copies that were saved again, turned, cut or framed."""
    DESCRIPTOR = "descriptor"
    """512 numbers that a model makes of it: finds nearly every edited copy, and tells more of what is shown."""
    FEATURES = "features"
    """Hundreds of details with their places: finds it in screenshots and collages; as sensitive as the picture."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How she can be reached; all of it may be absent, since the receipt is a mailbox."""

    name: str = ""
    email: str = ""
    phone: str = ""
    mailbox: bool = False
    """She chose the receipt's mailbox as the way to reach her."""

    @property
    def reachable(self) -> bool:
        """Whether there is any way to reach her."""
        return bool(self.email or self.phone or self.mailbox)


@dataclass(frozen=True, slots=True)
class ReportedPicture:
    """What her device computed from one picture: fingerprints and digests, nothing else."""

    pdq: PdqHash | None = None
    orientations: Mapping[Orientation, PdqHash] | None = None
    """The eight orientations where her device computed them; else they are estimated from `pdq`."""
    file_digest: bytes | None = None
    pixel_digest: bytes | None = None
    nearest_512: PdqHash | None = None
    """PDQ by `Route.NEAREST_512`: what StopNCII's list holds of the same picture."""
    crops: tuple[PdqHash, ...] = ()
    """PDQ of the crops that people make of it (`takeback.fingerprint.pdq_crops`)."""
    descriptor: Descriptor | None = None
    """The learned copy descriptor: where she agreed to give more than fingerprints."""
    local: LocalFeatures | None = None
    """Local features: where she agreed to give them, or where the site hosts the picture itself."""
    tiles: Tiles | None = None
    """Of an ordinary picture: what is needed to tell an altered copy of it from an unaltered one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it arrived; anything may be missing, and `missing_fields` says what."""

    laws: tuple[str, ...]
    pictures: tuple[ReportedPicture, ...] = ()
    links: tuple[str, ...] = ()
    originals: tuple[ReportedPicture, ...] = ()
    """Ordinary pictures of hers that forgeries were made of, or may be: nobody's proof of harm."""
    role: Role | None = None
    authority: str = ""
    statement: str = ""
    signature: str = ""
    intimate: bool = False
    not_consensual: bool = False
    good_faith: bool = False
    contact: Contact = Contact()
    under_18: bool = False
    forward_to: tuple[str, ...] = ()
    """Other instances that she asks to look too, by their ids here; none unless she ticked it."""
    sealed: SealedWords | None = None
    """All of what she says, where it came sealed; the fields between `role` and `contact` are empty then."""


FIELDS: Mapping[str, Callable[[Notice], bool]] = {
    "signature": lambda notice: bool(notice.signature.strip()),
    "role": lambda notice: notice.role is not None and (notice.role is Role.ME or bool(notice.authority.strip())),
    "location": lambda notice: bool(notice.pictures or notice.originals) or any(map(names_a_place, notice.links)),
    "statement": lambda notice: bool(notice.statement.strip()),
    "intimate": lambda notice: notice.intimate,
    "not_consensual": lambda notice: notice.not_consensual,
    "good_faith": lambda notice: notice.good_faith,
    "contact": lambda notice: notice.contact.reachable,
    "name": lambda notice: bool(notice.contact.name.strip()),
    "email": lambda notice: bool(notice.contact.email.strip()),
}
"""Every field that a law may ask for, and when it counts as given in words that are not sealed."""
SEALED_FIELDS = (*(name for name in FIELDS if name != "location"), "phone")
"""What stands beside sealed words, of each field whether it is filled in."""


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field that a law asks for and the notice lacks."""

    law: str
    field: str
    section: str


def missing_fields(notice: Notice, packs: Sequence[LawPack]) -> tuple[MissingField, ...]:
    """Return, law by law, each field that is asked for and not given; nothing is affirmed by default."""
    return tuple(
        MissingField(pack.id, name, section)
        for pack in packs
        for name, section in pack.fields.items()
        if not _is_given(notice, name)
    )


def _is_given(notice: Notice, name: str) -> bool:
    """Whether a field is filled in; of sealed words, as it is said beside them."""
    if notice.sealed is not None and name in SEALED_FIELDS:
        return name in notice.sealed.given
    return FIELDS[name](notice)


def is_valid(notice: Notice, packs: Sequence[LawPack]) -> bool:
    """
    Whether the notice is valid under at least one of the laws it names.

    One law is enough to act on: a notice that leaves the DSA's e-mail open and is complete under the
    TAKE IT DOWN Act starts its clock.
    """
    lacking = {missing.law for missing in missing_fields(notice, packs)}
    return any(pack.id not in lacking for pack in packs)


def nearest_law(notice: Notice, packs: Sequence[LawPack]) -> LawPack:
    """
    Return the law under which a notice is soonest complete: the one that lacks least.

    A law that still asks who she is comes after those that do not: nobody is told to give a name where another law
    does without. `packs` holds at least one.
    """

    def far(pack: LawPack) -> tuple[bool, int]:
        lacking = {missing.field for missing in missing_fields(notice, [pack])}
        return not lacking.isdisjoint({"name", "email"}), len(lacking)

    return min(packs, key=far)


_NO_WORDS: Mapping[str, Any] = {
    "role": None,
    "authority": "",
    "statement": "",
    "signature": "",
    "intimate": False,
    "not_consensual": False,
    "good_faith": False,
    "contact": Contact(),
}


def words_of(notice: Notice) -> dict[str, object]:
    """Return what she says and who she is: what is sealed."""
    return {
        "role": None if notice.role is None else notice.role.value,
        "authority": notice.authority,
        "statement": notice.statement,
        "signature": notice.signature,
        "intimate": notice.intimate,
        "not_consensual": notice.not_consensual,
        "good_faith": notice.good_faith,
        "contact": asdict(notice.contact),
    }


def sealed_notice(notice: Notice, keys: Sequence[DeskKey]) -> Notice:
    """Return the notice with what she says sealed to `keys`; as it is where it came sealed."""
    if notice.sealed is not None:
        return notice
    given = [name for name in SEALED_FIELDS if name in FIELDS and FIELDS[name](notice)]
    given += ["phone"] if notice.contact.phone.strip() else []
    sealed = seal_words(words_of(notice), given, keys)
    return replace(notice, **_NO_WORDS, sealed=sealed)


def has_words(notice: Notice) -> bool:
    """Whether anything of what she says stands in clear."""
    return any(getattr(notice, name) != nothing for name, nothing in _NO_WORDS.items())
