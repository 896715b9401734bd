"""
Content Credentials (C2PA 2.4): whether what a file was signed with holds, and who vouches for who signed.

c2pa-python, the extra `provenance`, reads and checks them; what it calls Invalid is taken apart here, since a
certificate that has expired is something else than a picture that was changed. It is told to ask the network for
nothing, and works on the bytes in memory. In a sandboxed child it has to have been called once before (`warm_up`).
"""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from takeback.provenance.manifest import SAID_NOTHING, Said, codes_of, listed, mapping, said_by, text
from takeback.provenance.trust import NO_LISTS, TrustLists, Vouching, distinct

MAX_JSON_CHARACTERS: Final = 8 << 20
"""Of a manifest as text; one with ten thousand steps takes a tenth of it."""

MAX_UNPACKED_MEGABYTES: Final = 16
"""Of a compressed manifest."""

_TYPES: Final = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "tiff": "image/tiff",
    "heic": "image/heic",
    "avif": "image/avif",
}
"""Media types of the formats that can carry a manifest."""

_OFFLINE: Final[Mapping[str, Any]] = {
    "version": 1,
    "core": {
        "allowed_network_hosts": [],
        "allow_redirects": False,
        # CAWG identities name web addresses (did:web) that would be asked.
        "decode_identity_assertions": False,
        # Nothing is put into a file, however large it is.
        "backing_store_memory_threshold_in_mb": 1 << 20,
        "max_decompressed_manifest_size_in_mb": MAX_UNPACKED_MEGABYTES,
    },
    "verify": {
        "verify_after_reading": True,
        "verify_trust": True,
        "verify_timestamp_trust": True,
        "ocsp_fetch": False,
        "remote_manifest_fetch": False,
    },
}

# C2PA 2.4, section 15: status codes.
_PICTURE_HOLDS: Final = frozenset(
    f"assertion.{kind}.match" for kind in ("dataHash", "boxesHash", "bmffHash", "collectionHash")
)
_SIGNATURE_HOLDS: Final = "claimSignature.validated"
_TAKEN_OUT: Final = "assertion.missing"
_VOUCHED_FOR: Final = "signingCredential.trusted"
_EXPIRED: Final = frozenset(("signingCredential.expired", "claimSignature.outsideValidity"))
_NO_PROFILE: Final = "signingCredential.invalid"
_SIGNER: Final = "signingCredential."
"""What is wrong with who signed, such as untrusted or revoked: nothing of it says that anything was changed."""
_LEFT_OUT: Final = ".additionalExclusionsPresent"
_STAMP: Final = "timeStamp."
_STAMP_HOLDS: Final = "timeStamp.trusted"


class Standing(StrEnum):
    """What is said of Content Credentials: four answers where they can be judged and are not vouched for."""

    NONE = "none"
    TRUSTED = "trusted"
    """They hold, and a trust list vouches for who signed."""
    UNKNOWN_SIGNER = "unknown_signer"
    """They hold, and no trust list vouches for who signed."""
    EXPIRED_SIGNER = "expired_signer"
    """They hold, and the certificate has expired, without a time stamp that is believed and shows it was valid."""
    BROKEN = "broken"
    """A hash or the signature does not hold: what was signed was changed."""
    UNJUDGED = "unjudged"
    """They do not keep to the standard, so that whether they hold cannot be said."""
    ELSEWHERE = "elsewhere"
    """The file names an address where they lie. It is not asked."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    The standing of a file's Content Credentials, and what they say.

    `code` is C2PA's word for what does not hold or could not be judged, `vouched_by` the name of the trust list,
    `host` where they lie elsewhere. `is_stamped`: a time stamp of an authority on a list holds. `is_partial`: a
    part of the file beside the credentials was left out of what was signed. `is_revoked`: the file itself holds the
    issuer's word that the certificate was revoked. `broken_ingredient` is C2PA's word for what does not hold of a
    picture that this one was made from.
    """

    standing: Standing
    said: Said = SAID_NOTHING
    code: str = ""
    vouched_by: str = ""
    host: str = ""
    is_stamped: bool = False
    is_partial: bool = False
    is_revoked: bool = False
    broken_ingredient: str = ""


def can_read_credentials() -> bool:
    """Say whether Content Credentials can be read here: whether c2pa-python (the extra `provenance`) runs here."""
    return _library() is not None


def read_credentials(data: bytes, format: str, trust: TrustLists = NO_LISTS) -> Credentials:
    """
    Return what the Content Credentials in a file say, and whether they hold; `format` as in `FORMATS`.

    Ask `can_read_credentials` before. Raises nothing for any file. By the clock of the library, which says whether a
    certificate has expired.
    """
    if format not in _TYPES:
        return Credentials(Standing.NONE)
    try:
        written = _written(data, _TYPES[format], trust)
        if len(written) > MAX_JSON_CHARACTERS:
            return Credentials(Standing.UNJUDGED, code="too long")
        store = json.loads(written)
    except Exception as problem:
        # The library's errors, and a text that is no JSON or nested too deep: all of them are the file's fault.
        return _unread(str(problem))
    return judged(mapping(store), trust)


def judged(store: Mapping[str, Any], trust: TrustLists = NO_LISTS) -> Credentials:
    """Return what follows from a manifest store, as the library writes it in JSON, with its status codes."""
    results = mapping(store.get("validation_results"))
    active = results.get("activeManifest")
    success, failure = set(codes_of(active, "success")), codes_of(active, "failure")
    standing, code = _standing(success, failure)
    vouched_by = _vouched_by(results, trust) if standing is Standing.TRUSTED else ""
    if standing is Standing.TRUSTED and not vouched_by:
        # The library takes any list for anything: one for times vouches for nobody who signs.
        standing = Standing.UNKNOWN_SIGNER
    return Credentials(
        standing,
        said_by(store),
        code=code,
        vouched_by=vouched_by,
        is_stamped=_STAMP_HOLDS in success,
        is_partial=any(code.endswith(_LEFT_OUT) for code in (*codes_of(active, "informational"), *failure)),
        is_revoked=any(code.startswith(_SIGNER) and code.endswith("revoked") for code in failure),
        broken_ingredient=_broken_ingredient(store),
    )


def warm_up() -> None:
    """Read a picture without credentials, so that a sandboxed child finds all loaded and the library's calls made."""
    if can_read_credentials():
        read_credentials(b"\xff\xd8\xff\xd9", "jpeg")


def _standing(success: set[str], failure: tuple[str, ...]) -> tuple[Standing, str]:
    # 1. What was signed was changed, whoever signed it.
    changed = next((code for code in failure if _is_change(code)), None)
    if changed is not None:
        return Standing.BROKEN, changed
    # 2. What is neither that, nor a matter of who signed and when.
    other = next((code for code in failure if code not in _EXPIRED and not code.startswith((_SIGNER, _STAMP))), None)
    if other is not None:
        return Standing.UNJUDGED, other
    if _SIGNATURE_HOLDS not in success or not success & _PICTURE_HOLDS:
        return Standing.UNJUDGED, "incomplete"
    # 3. It holds; the rest is who signed.
    if _EXPIRED.intersection(failure):
        return Standing.EXPIRED_SIGNER, ""
    if _VOUCHED_FOR in success and _NO_PROFILE in failure:
        return Standing.UNJUDGED, _NO_PROFILE
    if _VOUCHED_FOR in success and not any(code.startswith(_SIGNER) for code in failure):
        return Standing.TRUSTED, ""
    return Standing.UNKNOWN_SIGNER, ""


def _is_change(code: str) -> bool:
    """Say whether a status code says that something is not what was signed; a time stamp is not a part of that."""
    return code == _TAKEN_OUT or (code.endswith(".mismatch") and not code.startswith(_STAMP))


def _vouched_by(results: Mapping[str, Any], trust: TrustLists) -> str:
    """Return which list for signers vouches; empty where it is another one."""
    named = text(results.get("trustListUri"))
    for place, each in enumerate(distinct(trust)):
        if _address(place) == named and each.vouching is Vouching.SIGNERS:
            return each.name
    return ""


def _broken_ingredient(store: Mapping[str, Any]) -> str:
    """Return what does not hold of an ingredient: as who signed saw it, or as it is now."""
    active = mapping(mapping(store.get("manifests")).get(text(store.get("active_manifest"))))
    seen = [mapping(mapping(each).get("validation_results")) for each in listed(active.get("ingredients"))]
    results = [each.get("activeManifest") for each in seen]
    deltas = listed(mapping(store.get("validation_results")).get("ingredientDeltas"))
    results += [mapping(each).get("validationDeltas") for each in deltas]
    return next((code for each in results for code in codes_of(each, "failure") if _is_change(code)), "")


def _unread(message: str) -> Credentials:
    """Say what an error means, by how its message begins: of the library's, with its kind."""
    kind, _, rest = message.partition(": ")
    if kind in ("ManifestNotFound", "NotSupported"):
        return Credentials(Standing.NONE)
    if kind == "Remote":
        return Credentials(Standing.ELSEWHERE, host=_host(rest.rpartition(" ")[2]))
    return Credentials(Standing.UNJUDGED, code=kind if kind.isalpha() else "not readable")


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _written(data: bytes, kind: str, trust: TrustLists) -> str:
    """Return the manifest store in JSON; raises the library's own errors."""
    c2pa = _library()
    # A context made before a fork does not work after it.
    with (
        c2pa.Context.from_dict({**_OFFLINE, "trust": {"anchors": _anchors(trust)}}) as context,
        c2pa.Reader(kind, io.BytesIO(data), context=context) as reader,
    ):
        written: str = reader.json()
    return written


def _anchors(trust: TrustLists) -> list[dict[str, str]]:
    return [
        {"trust_anchors": each.pem, "trust_uri": _address(place), "trust_kind": each.vouching.value}
        for place, each in enumerate(distinct(trust))
    ]


def _address(place: int) -> str:
    """Return what the library is told that a list is called: a name of ours, which no file can have chosen."""
    return f"takeback:{place}"


@cache
def _library() -> Any:
    """Return the library, or None: asked once, since a sandboxed child can look for nothing."""
    try:
        return importlib.import_module("c2pa")
    except (ImportError, OSError, RuntimeError):
        # Absent, or a build for other machines.
        return None
