"""Her words under a seal: opened by each person of the desk, by nobody else, and never other than they were."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pyrage
import pytest
from pyrage import x25519
from tests.house import forms_of, notice_about

from takeback.cases import Contact, Role, law_packs, missing_fields
from takeback.cases.notice import FIELDS, SEALED_FIELDS, has_words, sealed_notice, words_of
from takeback.cases.sealed import (
    DeskKey,
    SealedWords,
    identities_in,
    new_identity,
    open_words,
    read_recipient,
    require_sealed,
    seal_again,
    seal_words,
)
from takeback.errors import InputError, MalformedHash, SealBroken

ADA, BO, EVE = new_identity(), new_identity(), new_identity()
KEYS = (DeskKey("ada", ADA[1]), DeskKey("bo", BO[1]))
NOTICE = replace(
    notice_about(),
    role=Role.HELPER,
    authority="Her sister, by her word of Tuesday.",
    statement="Ein Bild von mir – ohne mein Wissen. صورة",
    contact=Contact("Ada Secretname", "ada.secret@mail.example", "+44 7700 900982", mailbox=True),
)


def _sealed() -> SealedWords:
    sealed = sealed_notice(NOTICE, KEYS).sealed
    assert sealed is not None
    return sealed


@pytest.mark.parametrize("identity", [ADA[0], BO[0]], ids=["Ada", "Bo"])
def test_each_person_of_the_desk_opens_all_of_it(identity: str) -> None:
    assert open_words(_sealed(), [identity]) == words_of(NOTICE)


def test_nobody_else_opens_it() -> None:
    with pytest.raises(InputError, match="do not open"):
        open_words(_sealed(), [EVE[0]])


def test_nothing_of_it_stands_beside_the_seal() -> None:
    kept = json.dumps(_sealed().as_json()).encode()
    for secret in (NOTICE.statement, NOTICE.authority, NOTICE.signature, NOTICE.contact.name, NOTICE.contact.email):
        assert not any(form in kept for form in forms_of(secret.encode()))
    assert not has_words(sealed_notice(NOTICE, KEYS))


def test_two_seals_of_the_same_words_share_nothing_that_could_be_compared() -> None:
    one, other = _sealed(), _sealed()
    assert one.digest != other.digest
    assert one.age != other.age


def test_the_length_tells_how_much_she_wrote_only_roughly() -> None:
    lengths = {len(seal_words({"statement": "x" * count}, [], KEYS).age) // 256 for count in range(0, 800, 40)}
    assert len(lengths) == 1


@pytest.mark.parametrize("field", sorted({*FIELDS} - {"location"}))
def test_every_law_says_the_same_of_sealed_words_as_of_open_ones(field: str) -> None:
    nothing: dict[str, object] = {
        "role": None, "signature": " ", "statement": "", "intimate": False, "not_consensual": False,
        "good_faith": False, "contact": Contact(name="A"), "name": Contact(email="a@b.example"),
        "email": Contact(name="A", mailbox=True),
    }  # fmt: skip
    name = "contact" if field in ("name", "email") else field
    notice = replace(NOTICE, **{name: nothing[field]})  # type: ignore[arg-type]
    packs = list(law_packs().values())
    lacking = missing_fields(notice, packs)
    assert field in {each.field for each in lacking}
    assert missing_fields(sealed_notice(notice, KEYS), packs) == lacking


def test_what_is_filled_in_stands_beside_the_seal() -> None:
    assert _sealed().given == set(SEALED_FIELDS)
    bare = sealed_notice(replace(NOTICE, contact=Contact(mailbox=True), intimate=False), KEYS).sealed
    assert bare is not None
    assert bare.given == set(SEALED_FIELDS) - {"name", "email", "phone", "intimate"}


def test_sealed_again_it_is_the_same_to_other_people() -> None:
    again = seal_again(_sealed(), [BO[0]], [DeskKey("bo", BO[1]), DeskKey("eve", EVE[1])])
    assert open_words(again, [EVE[0]]) == words_of(NOTICE)
    assert (again.given, again.desk_keys) == (_sealed().given, ("bo", "eve"))
    with pytest.raises(InputError):
        open_words(again, [ADA[0]])


def test_other_words_under_the_same_digest_are_found() -> None:
    sealed = _sealed()
    recipients = [x25519.Recipient.from_str(key.recipient) for key in KEYS]
    forged = replace(sealed, age=bytes(pyrage.encrypt(b'{"statement": "I agree."}', recipients)))
    with pytest.raises(SealBroken, match="not what was received"):
        open_words(forged, [ADA[0]])


@pytest.mark.parametrize("inside", [b"[1]", b"no JSON", b"\xff"])
def test_what_is_no_notice_inside_is_said_and_breaks_nothing(inside: bytes) -> None:
    recipients = [x25519.Recipient.from_str(key.recipient) for key in KEYS]

    odd = SealedWords(
        bytes(pyrage.encrypt(inside, recipients)), frozenset(), sha256(inside).digest(), tuple(key.id for key in KEYS)
    )
    with pytest.raises(SealBroken, match="not what a notice holds"):
        open_words(odd, [ADA[0]])


def test_what_was_stored_comes_back_as_it_was() -> None:
    sealed = _sealed()
    assert SealedWords.from_json(json.loads(json.dumps(sealed.as_json()))) == sealed


@pytest.mark.parametrize("change", [{"age": "??"}, {"sha256": "zz"}])
def test_what_is_no_base64_or_no_digest_is_named(change: dict[str, str]) -> None:
    with pytest.raises(MalformedHash):
        SealedWords.from_json({**_sealed().as_json(), **change})


def test_what_is_sealed_to_fewer_people_than_it_says_is_refused() -> None:
    sealed = _sealed()
    require_sealed(sealed, SEALED_FIELDS)
    one = seal_words({}, [], KEYS[:1])
    for wrong in (
        one,
        replace(one, desk_keys=("ada", "bo")),
        replace(sealed, desk_keys=("ada",)),
        replace(sealed, desk_keys=("ada", "ada")),
        replace(sealed, desk_keys=("ada", "bo", "bo")),
        replace(sealed, age=b"age-encryption.org/v1\n"),
        replace(sealed, age=b"-----BEGIN AGE ENCRYPTED FILE-----"),
        replace(sealed, age=sealed.age + bytes(200_000)),
        replace(sealed, given=sealed.given | {"location"}),
    ):
        with pytest.raises(InputError):
            require_sealed(wrong, SEALED_FIELDS)


def test_a_public_key_is_read_however_it_was_pasted_and_a_secret_one_is_not() -> None:
    assert read_recipient(f"  {ADA[1]}\n") == ADA[1]
    for wrong in ("", "age1", ADA[0], ADA[1][:-1] + ("q" if ADA[1][-1] != "q" else "p")):
        with pytest.raises(InputError, match="no public key"):
            read_recipient(wrong)


def test_a_file_of_keys_is_read_without_its_comments() -> None:
    assert identities_in(f"# created: today\n# public key: {ADA[1]}\n{ADA[0]}\n\n{BO[0]}\n") == [ADA[0], BO[0]]
    with pytest.raises(InputError, match="no identity"):
        identities_in("# nothing\n")
    with pytest.raises(InputError, match="no identity of age"):
        open_words(_sealed(), ["AGE-SECRET-KEY-1NONSENSE"])


@pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed: its own program opens what we seal")
def test_the_program_age_opens_it(tmp_path: Path) -> None:
    (tmp_path / "ada.age").write_text(ADA[0])
    (tmp_path / "words").write_bytes(_sealed().age)
    command = ["age", "--decrypt", "--identity", str(tmp_path / "ada.age"), str(tmp_path / "words")]
    opened = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert opened["statement"] == NOTICE.statement
