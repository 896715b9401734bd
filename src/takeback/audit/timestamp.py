"""
Timestamps of the public log (RFC 3161): an authority signs that it saw the SHA-256 of a head by a certain moment.

It learns that digest and nothing else, and has no say in the log. What it signs proves to people who trust neither the
service nor its witnesses that everything below that head existed by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.x509 import Certificate, ObjectIdentifier, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from takeback.audit.checkpoint import LogCheckpoint
from takeback.errors import BadSetting, ProofBroken

MAX_STAMP_BYTES = 64 * 1024
"""Of an answer: a token with a chain of certificates takes under 8,000."""

QUERY_TYPE, REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"
"""RFC 3161, section 3.4."""

_SHA256 = ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_GRANTED = (0, 1)
"""PKIStatus of an answer that holds a token (section 2.4.2)."""


@dataclass(frozen=True, slots=True)
class StampQuery:
    """A question to an authority: the bytes that are sent, the digest in them, and the number that comes back."""

    body: bytes
    digest: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority answered; `is_verified` where its signature was checked under roots of the operator's."""

    at: datetime
    token: bytes
    is_verified: bool


def digest_of(head: LogCheckpoint) -> bytes:
    """Return what is stamped: SHA-256 of the three lines that the log signs, 32 bytes."""
    return hashlib.sha256(head.text().encode()).digest()


def query_about(head: LogCheckpoint) -> StampQuery:
    """Return the question about a head, with a random nonce."""
    builder = TimestampRequestBuilder().data(head.text().encode()).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.cert_request(cert_request=True).nonce(nonce=True).build()
    if request.nonce is None or request.message_imprint.message != digest_of(head):
        raise ValueError("the request is of something else than the head")
    return StampQuery(request.as_bytes(), request.message_imprint.message, request.nonce)


def read_stamp(answer: bytes, query: StampQuery, roots: Sequence[Certificate]) -> Stamp:
    """
    Return the stamp in an authority's answer.

    Raises `ProofBroken` where it refuses, or answers another question; with `roots`, also where its signature or
    its chain of certificates does not verify. Without, the signature is not checked.
    """
    response = _decoded(answer)
    if response.status not in _GRANTED:
        raise ProofBroken("The authority gave no timestamp.", advice="Ask its operator what it takes.")
    try:
        info = response.tst_info
        nonce, imprint, at = info.nonce, info.message_imprint, info.gen_time
    except ValueError:
        raise ProofBroken("The authority's answer holds no timestamp.") from None
    if imprint.hash_algorithm != _SHA256 or imprint.message != query.digest or nonce != query.nonce:
        raise ProofBroken("The authority answered another question than ours.")
    if roots:
        _verify(response, query.digest, roots)
    return Stamp(at.astimezone(UTC), answer, bool(roots))


def verify_stamp(token: bytes, digest: bytes, roots: Sequence[Certificate]) -> datetime:
    """Return when a stamp says that `digest` existed; `ProofBroken` where it does not verify under `roots`."""
    response = _decoded(token)
    _verify(response, digest, roots)
    return response.tst_info.gen_time.astimezone(UTC)


def read_roots(pem: bytes) -> list[Certificate]:
    """Return the certificates that are believed, in PEM; `BadSetting` where there is none."""
    try:
        return load_pem_x509_certificates(pem)
    except ValueError as problem:
        raise BadSetting(
            "This is no file with root certificates.", advice="Save the authority's root as PEM (BEGIN CERTIFICATE)."
        ) from problem


def _decoded(answer: bytes) -> TimeStampResponse:
    if len(answer) > MAX_STAMP_BYTES:
        raise ProofBroken("This is too large for a timestamp.")
    try:
        return decode_timestamp_response(answer)
    except ValueError:
        raise ProofBroken("This is no timestamp.") from None


def _verify(response: TimeStampResponse, digest: bytes, roots: Sequence[Certificate]) -> None:
    """Check signature, chain and purpose of the certificate (RFC 3161, section 2.3), and the digest."""
    try:
        VerifierBuilder(roots=list(roots)).build().verify(response, digest)
    except (VerificationError, ValueError) as problem:
        raise ProofBroken(
            "The signature of this timestamp does not verify under the roots that were named."
        ) from problem
