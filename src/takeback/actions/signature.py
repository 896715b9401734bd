"""
The signature on every request to a site. A receiving site may copy this file; it needs nothing but Python.

    Takeback-Signature: t=1795339800,v1=36cb193a1c3c07fd78ec869c3a6b237a6c41419b15c93d8f55b5ade96256f18d

`v1` is HMAC-SHA256 over the digits of `t`, a full stop, and the body as it came, in hex. While a secret is
being changed there is a `v1` for each; one that fits is enough. The window stops a copied request from being
sent again later; within it, a repeat is recognised by `delivery` in the body.

Where Takeback looks at a picture that a notice linked to, there is no body: `fetch_body` of its address is
signed instead, so that the site can show a held picture to Takeback and to nobody else.
"""

from __future__ import annotations

import hashlib
import hmac

from takeback.errors import NotAllowed

HEADER = "Takeback-Signature"
WINDOW_SECONDS = 300
"""How far the two clocks may be apart, plus the way: what other signed webhooks allow."""

MAX_PARTS = 8
"""Most parts of a header that are looked at: one `t`, and a `v1` for each secret in use."""

MAX_DIGITS = 12
"""Most digits of `t`: Unix time for the next thirty thousand years."""


def fetch_body(url: str) -> bytes:
    """Return what is signed when `url` is fetched; no order's body can begin like this."""
    return b"GET " + url.encode()


def sign(secret: bytes, timestamp: int, body: bytes, *, former_secret: bytes | None = None) -> str:
    """Return the header's value for `body` at `timestamp` (Unix seconds), under one secret or two."""
    secrets = [secret] if former_secret is None else [secret, former_secret]
    return ",".join([f"t={timestamp}", *(f"v1={_digest(each, timestamp, body)}" for each in secrets)])


def verify(secret: bytes, header: str, body: bytes, *, now: int, window_seconds: int = WINDOW_SECONDS) -> None:
    """
    Return if `body` was signed with `secret` less than `window_seconds` from `now` (Unix seconds).

    Raises `NotAllowed` otherwise.
    """
    # 1. The header has its form: one t, at least one v1. Parts of other names are for later versions.
    timestamp, signatures = _parts(header)
    # 2. One signature fits, compared in constant time.
    expected = _digest(secret, timestamp, body)
    if not any(hmac.compare_digest(each, expected) for each in signatures):
        raise _refusal("The signature does not belong to this body and secret.")
    # 3. The request is fresh.
    if abs(now - timestamp) > window_seconds:
        raise _refusal("The signature is too old, or from the future.")


def _parts(header: str) -> tuple[int, list[str]]:
    parts = [part.split("=", 1) for part in header.split(",")]
    times = [part[1] for part in parts if part[0] == "t" and len(part) == 2]
    signatures = [part[1] for part in parts if part[0] == "v1" and len(part) == 2]
    if not header.isascii() or len(parts) > MAX_PARTS or len(times) != 1 or not signatures:
        raise _refusal("The signature header is missing or malformed.")
    digits = times[0]
    if not (digits.isdecimal() and len(digits) <= MAX_DIGITS and digits == str(int(digits))):
        raise _refusal("The signature header is missing or malformed.")
    return int(digits), signatures


def _digest(secret: bytes, timestamp: int, body: bytes) -> str:
    return hmac.new(secret, b"%d.%b" % (timestamp, body), hashlib.sha256).hexdigest()


def _refusal(message: str) -> NotAllowed:
    refusal = NotAllowed(message)
    refusal.advice = "Check that both sides have the same secret and the right time."
    return refusal
