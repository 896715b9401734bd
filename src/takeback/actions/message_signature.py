"""
Signatures between instances: HTTP Message Signatures (RFC 9421) by Ed25519, over a digest of the body (RFC 9530).

    Content-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:
    Takeback-To: 5d1c…
    Signature-Input: sig1=("@method" "@path" "content-digest" "takeback-to");created=1795339800;keyid="…";nonce="…";
        alg="ed25519"
    Signature: sig1=:…:

`Takeback-To` names the key of whom it is for, so that a request cannot be shown to anyone else. An answer is signed
too, over its status in place of method and path, and over `Takeback-Answers`, the nonce of what it answers. Of all that
the RFC allows exactly these two forms are taken.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from takeback.audit.note import Signer, VerifierKey
from takeback.errors import NotAllowed

WINDOW_SECONDS = 300
"""How far the two clocks may be apart, plus the way: as for the webhook."""
NONCE_DIGITS = 32
_KEY_DIGITS = 32
_OF_REQUEST = ("@method", "@path", "content-digest", "takeback-to")
_OF_ANSWER = ("@status", "content-digest", "takeback-to", "takeback-answers")
_PARAMS = re.compile(
    r'created=(?P<created>[1-9][0-9]{0,11});keyid="(?P<key>[0-9a-f]{32})";nonce="(?P<nonce>[0-9a-f]{32})"'
    r';alg="ed25519"'
)
_SIGNATURE = re.compile(r"sig1=:(?P<value>[A-Za-z0-9+/]{86}==):")
_MAX_HEADER = 1_000

type Headers = Mapping[str, str]
"""Headers by their names in lower case."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it arrived, before anything of it is believed."""

    method: str
    path: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """Who says to have signed, and when; `nonce` is new with each request."""

    key_id: str
    created: int
    nonce: str


def key_id_of(key: VerifierKey) -> str:
    """Return how a signature names its key: the beginning of its SHA-256, in hexadecimal."""
    return hashlib.sha256(key.public).hexdigest()[:_KEY_DIGITS]


def sign_request(
    signer: Signer, method: str, path: str, body: bytes, *, to: VerifierKey, nonce: str, at: datetime
) -> dict[str, str]:
    """Return the headers that sign a request for whoever has the key `to`."""
    covered = {"@method": method, "@path": path, "content-digest": _digest(body), "takeback-to": key_id_of(to)}
    headers = {"Content-Digest": covered["content-digest"], "Takeback-To": covered["takeback-to"]}
    return headers | _signed(signer, covered, nonce, at)


def sign_answer(
    signer: Signer, status: int, body: bytes, *, to: str, answers: str, nonce: str, at: datetime
) -> dict[str, str]:
    """Return the headers that sign the answer to the request with nonce `answers`, which the key `to` signed."""
    covered = {
        "@status": str(status), "content-digest": _digest(body), "takeback-to": to, "takeback-answers": answers
    }  # fmt: skip
    headers = {"Content-Digest": covered["content-digest"], "Takeback-To": to, "Takeback-Answers": answers}
    return headers | _signed(signer, covered, nonce, at)


def read_request(headers: Headers) -> Signed:
    """Return who says to have signed a request; `NotAllowed` where it is not signed in this form."""
    return _read(headers, _OF_REQUEST)


def verify_request(request: SignedRequest, key: VerifierKey, *, to: VerifierKey, at: datetime) -> Signed:
    """
    Return what a request says of its signature, if `key` made it for `to` less than five minutes from `at`.

    Raises `NotAllowed` otherwise. Whether its nonce is new is for the caller to know.
    """
    signed = _read(request.headers, _OF_REQUEST)
    covered = {
        "@method": request.method, "@path": request.path, "content-digest": _digest(request.body),
        "takeback-to": key_id_of(to),
    }  # fmt: skip
    _verify(request.headers, covered, signed, key, at)
    return signed


def verify_answer(status: int, headers: Headers, body: bytes, key: VerifierKey, *, to: str, answers: str,
                  at: datetime) -> None:  # fmt: skip
    """Return if `key` signed this answer to the request with nonce `answers`; `NotAllowed` otherwise."""
    covered = {
        "@status": str(status), "content-digest": _digest(body), "takeback-to": to, "takeback-answers": answers
    }  # fmt: skip
    _verify(headers, covered, _read(headers, _OF_ANSWER), key, at)


def _signed(signer: Signer, covered: Mapping[str, str], nonce: str, at: datetime) -> dict[str, str]:
    params = f'created={int(at.timestamp())};keyid="{key_id_of(signer.key)}";nonce="{nonce}";alg="ed25519"'
    made = signer.sign(_base(covered, params))
    return {
        "Signature-Input": f"sig1={_names(tuple(covered))};{params}",
        "Signature": f"sig1=:{base64.b64encode(made).decode()}:",
    }


def _verify(headers: Headers, covered: Mapping[str, str], signed: Signed, key: VerifierKey, at: datetime) -> None:
    # 1. What was sent is what was signed: the digest is of this body, and it is meant for us.
    for name in ("content-digest", "takeback-to", "takeback-answers"):
        if name in covered and headers.get(name, "") != covered[name]:
            raise _refusal(f"The header {name} does not fit what came with it.")
    # 2. By this key.
    params = headers["signature-input"].partition(";")[2]
    if signed.key_id != key_id_of(key) or not key.has_signed(_signature(headers), _base(covered, params)):
        raise _refusal("The signature does not belong to this request and key.")
    # 3. Now.
    if abs(int(at.timestamp()) - signed.created) > WINDOW_SECONDS:
        raise _refusal("The signature is too old, or from the future.", advice="Set the clocks of both machines.")


def _read(headers: Headers, components: Sequence[str]) -> Signed:
    text = headers.get("signature-input", "")
    beginning = f"sig1={_names(components)};"
    found = _PARAMS.fullmatch(text.removeprefix(beginning)) if text.startswith(beginning) else None
    if len(text) > _MAX_HEADER or found is None:
        raise _refusal("The request is not signed, or in another form.")
    return Signed(found["key"], int(found["created"]), found["nonce"])


def _signature(headers: Headers) -> bytes:
    found = _SIGNATURE.fullmatch(headers.get("signature", "")[:_MAX_HEADER])
    if found is None:
        raise _refusal("The request is not signed, or in another form.")
    try:
        return base64.b64decode(found["value"], validate=True)
    except binascii.Error as problem:
        raise _refusal("The request is not signed, or in another form.") from problem


def _base(covered: Mapping[str, str], params: str) -> bytes:
    """Return what is signed (RFC 9421, section 2.5)."""
    lines = [f'"{name}": {value}' for name, value in covered.items()]
    return "\n".join([*lines, f'"@signature-params": {_names(tuple(covered))};{params}']).encode()


def _names(components: Sequence[str]) -> str:
    return "(" + " ".join(f'"{name}"' for name in components) + ")"


def _digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _refusal(message: str, *, advice: str = "Sign it as docs/instances.md says, by the key that is allow-listed."
             ) -> NotAllowed:  # fmt: skip
    return NotAllowed(message, advice=advice)
