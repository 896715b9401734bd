"""Content Credentials: what holds, what does not, and who vouches for who signed."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.timestamp_authority import TimestampAuthority
from tests.unit.provenance.signing import GENERATED, TYPES, Signer, manifest, picture, signed, signer

from takeback.provenance import c2pa
from takeback.provenance.c2pa import Standing, judged, read_credentials
from takeback.provenance.manifest import MAX_NAMED, Ingredient
from takeback.provenance.trust import TrustList, TrustLists, Vouching

FORMATS = {"JPEG": "jpeg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "TIFF": "tiff", "AVIF": "avif", "HEIF": "heic"}


@pytest.fixture(scope="module")
def office() -> Signer:
    return signer()


@pytest.fixture(scope="module")
def photograph(office: Signer) -> bytes:
    return signed(picture(), office)


def believing(*names_and_signers: tuple[str, Signer]) -> TrustLists:
    return TrustLists(tuple(TrustList(name, Vouching.SIGNERS, each.root) for name, each in names_and_signers))


# Who signed


def test_a_signer_whom_no_list_vouches_for_is_unknown(photograph: bytes) -> None:
    read = read_credentials(photograph, "jpeg")
    assert read.standing is Standing.UNKNOWN_SIGNER
    assert read.said.signer == "Test Office"
    assert not read.vouched_by


def test_a_signer_on_a_list_is_trusted_by_the_name_of_that_list(photograph: bytes, office: Signer) -> None:
    read = read_credentials(photograph, "jpeg", believing(("official", signer()), ("our own", office)))
    assert read.standing is Standing.TRUSTED
    assert read.vouched_by == "our own"


def test_a_list_of_others_vouches_for_nobody_else(photograph: bytes) -> None:
    assert read_credentials(photograph, "jpeg", believing(("official", signer()))).standing is Standing.UNKNOWN_SIGNER


def test_a_list_for_times_vouches_for_no_signer(photograph: bytes, office: Signer) -> None:
    lists = TrustLists((TrustList("times", Vouching.TIMES, office.root),))
    assert read_credentials(photograph, "jpeg", lists).standing is Standing.UNKNOWN_SIGNER


def test_a_signer_on_a_list_is_trusted_though_a_list_for_times_has_the_same_root(
    photograph: bytes, office: Signer
) -> None:
    own, times = (TrustList(each.value, each, office.root) for each in (Vouching.SIGNERS, Vouching.TIMES))
    for lists in ((own, times), (times, own)):
        assert read_credentials(photograph, "jpeg", TrustLists(lists)).vouched_by == own.name


def test_who_signs_by_a_certificate_of_their_own_is_unknown() -> None:
    read = read_credentials(signed(picture(), signer("A person", self_signed=True)), "jpeg")
    assert read.standing is Standing.UNKNOWN_SIGNER
    assert read.said.signer == "A person"


@pytest.mark.parametrize("is_listed", [False, True])
def test_an_expired_signer_is_called_that_whether_listed_or_not(is_listed: bool) -> None:
    late = signer("Late Office", days=(-400, -30))
    read = read_credentials(signed(picture(), late), "jpeg", believing(*[("own", late)] * is_listed))
    assert read.standing is Standing.EXPIRED_SIGNER
    assert read.said.signer == "Late Office"
    assert not read.code


# What was changed


def test_a_changed_pixel_breaks_it(photograph: bytes, office: Signer) -> None:
    changed = bytearray(photograph)
    changed[-100] ^= 1
    read = read_credentials(bytes(changed), "jpeg", believing(("own", office)))
    assert read.standing is Standing.BROKEN
    assert read.code == "assertion.dataHash.mismatch"


@pytest.mark.parametrize(
    ("said", "code"), [(b"Test Camera", "claimSignature.mismatch"), (b"c2pa.edited", "assertion.hashedURI.mismatch")]
)
def test_a_changed_word_of_what_was_signed_breaks_it(photograph: bytes, said: bytes, code: str) -> None:
    changed = bytearray(photograph)
    changed[photograph.index(said) + 6] ^= 1
    read = read_credentials(bytes(changed), "jpeg")
    assert (read.standing, read.code) == (Standing.BROKEN, code)


def test_what_is_expired_and_changed_is_broken() -> None:
    changed = bytearray(signed(picture(), signer(days=(-400, -30))))
    changed[-100] ^= 1
    assert read_credentials(bytes(changed), "jpeg").standing is Standing.BROKEN


def test_an_ingredient_that_was_changed_is_told_and_breaks_nothing_else(photograph: bytes, office: Signer) -> None:
    changed = bytearray(photograph)
    changed[-100] ^= 1
    ours = signed(picture(), office, ingredients=(("before", "parentOf", bytes(changed)),))
    read = read_credentials(ours, "jpeg")
    assert read.standing is Standing.UNKNOWN_SIGNER
    assert read.broken_ingredient == "assertion.dataHash.mismatch"


# When


async def _stamped(by: Signer, authority: TimestampAuthority) -> bytes:
    async with authority.listening() as address:
        return await asyncio.to_thread(signed, picture(), by, authority=address)


def test_a_time_stamp_shows_that_it_was_signed_before_the_certificate_expired(tmp_path: Path) -> None:
    authority, begins = TimestampAuthority(tmp_path / "authority"), time.time()
    brief = signer(days=(-1, 4 / 86_400))
    file = asyncio.run(_stamped(brief, authority))
    lists = TrustLists((TrustList("times", Vouching.TIMES, authority.roots.read_text()),))
    own = TrustList("own", Vouching.SIGNERS, brief.root)
    time.sleep(max(0.0, begins + 5 - time.time()))

    unknown, stamped = read_credentials(file, "jpeg"), read_credentials(file, "jpeg", lists)
    trusted = read_credentials(file, "jpeg", TrustLists((*lists.lists, own)))

    assert (unknown.standing, unknown.is_stamped) == (Standing.EXPIRED_SIGNER, False)
    assert (stamped.standing, stamped.is_stamped) == (Standing.UNKNOWN_SIGNER, True)
    assert (trusted.standing, trusted.vouched_by) == (Standing.TRUSTED, "own")
    at = datetime.fromisoformat(stamped.said.signed_at)
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=5)


# What it says


def test_what_it_says_is_read(office: Signer, photograph: bytes) -> None:
    edited = [{"action": "c2pa.opened"}, *[{"action": "c2pa.cropped"}] * 3, {"action": "org.test.own"}]
    captured = {"action": "c2pa.created", "digitalSourceType": GENERATED.replace("trainedAlgorithmicMedia", "print")}
    file = signed(
        picture(), office, manifest(captured, *edited), ingredients=(("generated", "componentOf", photograph),)
    )
    said = read_credentials(file, "jpeg").said
    assert said.program == "Test Camera 1.0"
    assert dict(said.steps)["c2pa.cropped"] == 3
    assert dict(said.steps)["org.test.own"] == 1
    assert said.origins == (captured["digitalSourceType"],)
    assert said.earlier_origins == (GENERATED,)
    assert said.ingredients == (Ingredient("generated", "componentOf"),)
    assert said.signed_at == ""


@pytest.mark.parametrize("kind", TYPES)
def test_every_format_that_can_carry_credentials(kind: str, office: Signer) -> None:
    plain = picture(kind)
    assert read_credentials(plain, FORMATS[kind]).standing is Standing.NONE
    assert read_credentials(signed(plain, office, kind=kind), FORMATS[kind]).standing is Standing.UNKNOWN_SIGNER


def test_a_format_that_can_carry_none_has_none() -> None:
    assert read_credentials(picture("BMP"), "bmp").standing is Standing.NONE


# What is not asked


def test_credentials_elsewhere_are_not_fetched(office: Signer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.c2pa"
        read = read_credentials(signed(picture(), office, elsewhere=address), "jpeg")
        assert (read.standing, read.host) == (Standing.ELSEWHERE, "127.0.0.1")
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_library_knows_every_setting_that_keeps_it_from_the_network() -> None:
    """It takes unknown names silently: a value of the wrong kind shows that it knows one."""
    for part in ("core", "verify"):
        for name in c2pa._OFFLINE[part]:
            with pytest.raises(Exception, match="invalid type"):
                c2pa._library().Context.from_dict({part: {name: {"of": "another kind"}}})


# What strangers make


def test_ten_thousand_steps_are_counted(office: Signer) -> None:
    steps = [{"action": "c2pa.created", "digitalSourceType": GENERATED}, *[{"action": "c2pa.edited"}] * 10_000]
    kinds = [{"action": f"org.test.kind{number}"} for number in range(50)]
    read = read_credentials(signed(picture(), office, manifest(*steps, *kinds)), "jpeg")
    assert read.standing is Standing.UNKNOWN_SIGNER
    assert dict(read.said.steps)["c2pa.edited"] == 10_000
    assert len(read.said.steps) == MAX_NAMED
    assert read.said.step_kinds == 52


def test_what_is_longer_than_any_manifest_is_not_judged(photograph: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c2pa, "MAX_JSON_CHARACTERS", 500)
    read = read_credentials(photograph, "jpeg")
    assert (read.standing, read.code) == (Standing.UNJUDGED, "too long")


def test_pictures_made_from_pictures_made_from_pictures(office: Signer) -> None:
    file = picture()
    for number in range(12):
        file = signed(
            file, office, manifest(title=f"<script>alert({number})</script>"), ingredients=(("x", "parentOf", file),)
        )
    began = time.perf_counter()
    read = read_credentials(file, "jpeg")
    assert read.standing is Standing.UNKNOWN_SIGNER
    assert read.said.ingredient_count == 1
    assert time.perf_counter() - began < 5


def test_a_picture_that_says_it_was_made_from_itself(office: Signer) -> None:
    """The name of the ingredient's manifest becomes that of the manifest itself; both have one length."""
    before = signed(picture(), office)
    file = signed(picture(), office, ingredients=(("before", "parentOf", before),))
    names = sorted(set(_names(file)), key=file.count)
    assert len(names) == 2
    for one, other in (names, names[::-1]):
        read = read_credentials(file.replace(one, other), "jpeg")
        assert read.standing in (Standing.BROKEN, Standing.UNJUDGED)


def _names(file: bytes) -> list[bytes]:
    start, found = 0, []
    while (start := file.find(b"urn:c2pa:", start)) >= 0:
        found.append(file[start : start + 45])
        start += 45
    return found


@pytest.mark.parametrize("step", range(7))
def test_a_damaged_manifest_is_never_called_whole(photograph: bytes, step: int) -> None:
    """Every few bytes of it one is flipped: some are padding, which nothing depends on."""
    at = photograph.index(b"jumb")
    standings = set()
    for place in range(at + step * 61, at + 2_600, 7 * 61):
        changed = bytearray(photograph)
        changed[place] ^= 0x55
        read = read_credentials(bytes(changed), "jpeg")
        standings.add(read.standing)
        assert read.standing is not Standing.TRUSTED
    assert standings & {Standing.BROKEN, Standing.UNJUDGED, Standing.NONE}


@pytest.mark.parametrize(
    "store",
    [
        {},
        {"manifests": [], "active_manifest": 5, "validation_results": "x"},
        {"manifests": {"a": {"assertions": [{"label": "c2pa.actions", "data": {"actions": [5, {"action": {}}]}}, 7]}}},
        {"manifests": {"a": 5}, "active_manifest": "a", "validation_results": {"activeManifest": {"failure": [1, {}]}}},
        {"validation_results": {"ingredientDeltas": [1, {"validationDeltas": 2}]}},
    ],
)
def test_what_is_of_another_kind_than_it_should_be_is_not_judged(store: dict[str, Any]) -> None:
    assert judged(store).standing is Standing.UNJUDGED


@pytest.mark.parametrize(
    ("failure", "success", "standing"),
    [
        (("signingCredential.expired", "signingCredential.untrusted"), (), Standing.EXPIRED_SIGNER),
        (("claimSignature.outsideValidity",), (), Standing.EXPIRED_SIGNER),
        (("signingCredential.revoked",), ("signingCredential.trusted",), Standing.UNKNOWN_SIGNER),
        (("signingCredential.invalid",), (), Standing.UNKNOWN_SIGNER),
        (("signingCredential.ocsp.revoked",), ("signingCredential.trusted",), Standing.UNKNOWN_SIGNER),
        (("signingCredential.invalid",), ("signingCredential.trusted",), Standing.UNJUDGED),
        (("timeStamp.mismatch", "signingCredential.untrusted"), (), Standing.UNKNOWN_SIGNER),
        ((), ("signingCredential.trusted",), Standing.UNKNOWN_SIGNER),
        (("assertion.missing",), (), Standing.BROKEN),
        (("assertion.undeclared",), (), Standing.UNJUDGED),
        (("a.code.of.tomorrow",), (), Standing.UNJUDGED),
    ],
)
def test_what_follows_from_the_codes(failure: tuple[str, ...], success: tuple[str, ...], standing: Standing) -> None:
    holds = ("claimSignature.validated", "assertion.dataHash.match", *success)
    results = {"failure": [{"code": code} for code in failure], "success": [{"code": code} for code in holds]}
    read = judged({"validation_results": {"activeManifest": results}})
    assert read.standing is standing
    assert read.is_revoked == any(code.endswith(".revoked") for code in failure)


def test_what_was_left_out_of_what_was_signed_is_known() -> None:
    holds = [{"code": code} for code in ("claimSignature.validated", "assertion.dataHash.match")]
    results: dict[str, Any] = {"success": holds}
    assert not judged({"validation_results": {"activeManifest": results}}).is_partial
    results["informational"] = [{"code": "assertion.dataHash.additionalExclusionsPresent"}]
    read = judged({"validation_results": {"activeManifest": results}})
    assert (read.standing, read.is_partial) == (Standing.UNKNOWN_SIGNER, True)


def test_what_says_nothing_of_the_picture_is_not_judged() -> None:
    results = {"success": [{"code": "claimSignature.validated"}]}
    assert judged({"validation_results": {"activeManifest": results}}).code == "incomplete"


def test_a_nested_answer_of_the_library_is_not_judged(photograph: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c2pa, "_written", lambda *_: "[" * 200_000)
    assert read_credentials(photograph, "jpeg").code == "not readable"
