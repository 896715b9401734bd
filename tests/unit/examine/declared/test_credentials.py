"""Content Credentials in sentences: four that differ, and none of them calls expired or unknown what it is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.provenance.packets import exif, packet, with_texts
from tests.unit.provenance.signing import GENERATED, Signer, manifest, picture, signed, signer

from takeback.examine import examine_image
from takeback.examine.asked import HANDLER, WARM_UP, PooledExaminer, pool_limits
from takeback.examine.beside import Beside
from takeback.examine.declared.credentials import outcome_of
from takeback.examine.outcome import Outcome, Test
from takeback.examine.sentences import SENTENCES
from takeback.media import MediaLimits
from takeback.media.sandbox import temporary_pool
from takeback.provenance import c2pa
from takeback.provenance.c2pa import Credentials, Standing
from takeback.provenance.manifest import MAX_NAMED, Ingredient, Said
from takeback.provenance.trust import NO_LISTS, TrustList, TrustLists, Vouching

EXIF, XMP = exif(software="Editor"), packet(attributes='xmp:CreatorTool="Editor"')
PART = "content_credentials"


@pytest.fixture(scope="module")
def office() -> Signer:
    return signer("The Office")


@pytest.fixture(scope="module")
def photograph(office: Signer) -> bytes:
    return signed(picture(), office)


def outcome(data: bytes, trust: TrustLists = NO_LISTS) -> Outcome:
    (found,) = (
        each for each in examine_image(data, beside=Beside(trust)).outcomes if each.test is Test.CONTENT_CREDENTIALS
    )
    return found


def keys(found: Outcome) -> set[str]:
    said = [*found.facts, *(finding.text for finding in found.findings), *([found.why_not] if found.why_not else [])]
    assert all(str(each) for each in said)
    return {each.key for each in said}


def broken(file: bytes) -> bytes:
    changed = bytearray(file)
    changed[-100] ^= 1
    return bytes(changed)


# The answers


def test_no_credentials_say_nothing_of_the_picture() -> None:
    found = outcome(picture())
    assert keys(found) == {f"{PART}.none"}
    assert "says nothing of the picture" in str(found.why_not)


def test_a_signer_on_a_list_is_named_with_that_list(photograph: bytes, office: Signer) -> None:
    found = outcome(photograph, TrustLists((TrustList("our own", Vouching.SIGNERS, office.root),)))
    assert f"{PART}.trusted_signer" in keys(found)
    assert "The trust list our own vouches for who signed: The Office." in str(found.facts[0])
    assert not found.findings


def test_an_unknown_signer_is_no_finding(photograph: bytes) -> None:
    found = outcome(photograph)
    assert {f"{PART}.unknown_signer", f"{PART}.no_lists"} <= keys(found)
    assert not found.findings
    assert found.why_not is None
    listed = outcome(photograph, TrustLists((TrustList("others", Vouching.SIGNERS, signer().root),)))
    assert f"{PART}.unknown_signer" in keys(listed)
    assert f"{PART}.no_lists" not in keys(listed)


def test_an_expired_signer_is_no_finding() -> None:
    found = outcome(signed(picture(), signer("Late Office", days=(-400, -30))))
    assert f"{PART}.expired_signer" in keys(found)
    assert "Late Office has expired" in str(found.facts[0])
    assert not found.findings


def test_what_was_changed_after_it_was_signed_is_a_finding_that_is_decided(photograph: bytes) -> None:
    (finding,) = outcome(broken(photograph)).findings
    assert finding.text.key == f"{PART}.broken"
    assert finding.nfa is None
    assert "assertion.dataHash.mismatch" in str(finding.text)
    assert examine_image(broken(photograph)).findings[0].text.key == f"{PART}.broken"


def test_only_what_was_changed_is_called_anything_like_broken() -> None:
    held = [SENTENCES[f"{PART}.{name}"] for name in ("unknown_signer", "expired_signer", "trusted_signer", "none")]
    assert len(set(held)) == 4
    for text in (*held, SENTENCES[f"{PART}.broken"]):
        assert "nvalid" not in text
    for text in held:
        assert "do not hold" not in text


def test_the_page_has_the_answers_word_for_word() -> None:
    page = (Path(__file__).parents[4] / "docs" / "credentials.md").read_text("utf-8")
    for name in ("broken", "unknown_signer", "expired_signer", "none", "trusted_signer"):
        assert f"| {SENTENCES[f'{PART}.{name}']} |" in page


def test_credentials_elsewhere_are_told(office: Signer) -> None:
    found = outcome(signed(picture(), office, elsewhere="http://credentials.example/one.c2pa"))
    assert keys(found) == {f"{PART}.elsewhere"}
    assert "at credentials.example." in str(found.why_not)


@pytest.fixture
def _without_the_extra(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "c2pa", None)  # Python's own word for a module that cannot be imported
    c2pa._library.cache_clear()
    yield
    c2pa._library.cache_clear()


@pytest.mark.usefixtures("_without_the_extra")
def test_without_the_extra_they_are_not_applicable(photograph: bytes) -> None:
    found = outcome(photograph)
    assert keys(found) == {f"{PART}.not_installed"}
    assert "not installed" in str(found.why_not)


# What they say


def test_what_they_say_is_told_in_plain_words(photograph: bytes, office: Signer) -> None:
    made = {"action": "c2pa.created", "digitalSourceType": GENERATED}
    file = signed(
        picture(), office, manifest(made, {"action": "c2pa.cropped"}, {"action": "org.test.own"}),
        ingredients=(("before", "componentOf", broken(photograph)),),
    )  # fmt: skip
    said = [str(each) for each in outcome(file).facts]
    assert "The credentials say that Test Camera 1.0 wrote them." in said
    assert "The credentials say how it came to be: made by a generator, trained on pictures." in said
    assert "The credentials list a step of making it: it was cropped (1 ×)." in said
    assert "The credentials list a step of making it: org.test.own (1 ×)." in said
    assert "The credentials say that before is a part of it." in said
    assert any("do not hold (assertion.dataHash.mismatch)" in each for each in said)
    assert any("how a picture that it was made from came to be" in each for each in said)


def test_every_sentence_can_be_said() -> None:
    relations = ("parentOf", "componentOf", "inputTo", "of no kind")
    steps = [key.removeprefix("step.") for key in SENTENCES if key.startswith("step.")]
    full = Said(
        signer="",
        signed_at="2026-01-01T00:00:00+00:00",
        program="A program",
        steps=tuple((f"c2pa.{step}", 1) for step in steps),
        step_kinds=1_000,
        origins=(GENERATED, "of no vocabulary"),
        earlier_origins=(GENERATED,),
        ingredients=tuple(Ingredient("", relation) for relation in relations),
        ingredient_count=1_000,
    )
    said: set[str] = set()
    for standing in Standing:
        for stamped in (False, True):
            read = Credentials(standing, full, "a.code", "a list", "", stamped, stamped, stamped, "a.code")
            said |= keys(outcome_of(read, NO_LISTS))
    named = {f"{PART}.not_installed", f"{PART}.nobody", f"{PART}.no_host", f"{PART}.untitled"}
    assert said | named == {key for key in SENTENCES if key.startswith(f"{PART}.")}
    facts = [str(each) for each in outcome_of(Credentials(Standing.TRUSTED, full), NO_LISTS).facts]
    assert any(SENTENCES[f"{PART}.nobody"] in each for each in facts)
    assert any(SENTENCES[f"{PART}.untitled"] in each for each in facts)
    for step in steps:
        assert any(SENTENCES[f"step.{step}"] in each for each in facts)
    assert SENTENCES[f"{PART}.no_host"] in str(outcome_of(Credentials(Standing.ELSEWHERE), NO_LISTS).why_not)


# What strangers make


def test_words_of_strangers_are_short_and_on_one_line(office: Signer) -> None:
    script = "<script>alert(1)</script>\r\n\x1b[31m" + "x" * 5_000
    made = {"action": "c2pa.created", "digitalSourceType": GENERATED}
    kinds = [{"action": f"org.test.{number}.{script}"} for number in range(40)]
    told = manifest(made, *kinds, claim_generator_info=[{"name": script, "version": script}])
    parents = tuple((script, "componentOf", picture()) for _ in range(12))
    found = outcome(signed(picture(), office, told, ingredients=parents))
    assert len(found.facts) <= 5 * MAX_NAMED
    for each in found.facts:
        assert len(str(each)) < 400
        assert str(each).isprintable()
    assert {f"{PART}.more_steps", f"{PART}.more_ingredients"} <= keys(found)


def test_it_works_where_nothing_can_be_opened_or_asked(photograph: bytes, office: Signer) -> None:
    late = signed(picture(), signer(days=(-400, -30)))
    kinds = [signed(picture(kind, exif=EXIF), office, kind=kind) for kind in ("PNG", "WEBP", "TIFF", "AVIF", "HEIF")]
    said_only = [picture("JPEG", xmp=XMP), with_texts(("parameters", "Steps: 20, Sampler: Euler"), packed=True)]
    files = [
        photograph,
        broken(photograph),
        late,
        picture(),
        *kinds,
        signed(picture("GIF"), office, kind="GIF"),
        *said_only,
    ]
    own = TrustLists((TrustList("our own", Vouching.SIGNERS, office.root),))
    limits = MediaLimits()
    with temporary_pool(HANDLER, children=1, limits=pool_limits(limits), warm_up=WARM_UP) as pool:
        said = [PooledExaminer(pool, limits, Beside(own)).examine(file).as_json() for file in files]
    examinations = [examine_image(file, beside=Beside(own)) for file in files]
    assert [each.as_json() for each in examinations] == said
    assert [finding.text.key for each in examinations for finding in each.findings] == [f"{PART}.broken"]
    assert sum(fact.key == f"{PART}.trusted_signer" for each in examinations for _, fact in each.facts) == 7
