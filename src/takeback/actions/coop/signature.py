"""
The signature on every request of a Coop.

    Coop-Signature: bG9uZyBiYXNlNjQ…

RSASSA-PKCS1-v1_5 with SHA-256 over the body as it came, in base64, by a key pair of 2,048 bits that each organization
has (roostorg/coop: `docs/development/api-auth.md`; `sign` and `createSigningKeys` in `server/services/
signingKeyPairService`, `fetchHTTP` in `server/services/networkingService`). So another organization's word does not
verify. Neither a moment nor anything used once is signed: that the same bytes come again has to be noticed by who takes
them. Where a Coop has no key yet it sends no signature at all, and its request is refused.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from takeback.errors import BadSetting, NotAllowed

HEADER = "Coop-Signature"
MAX_HEADER = 2_000
"""Characters: a signature of 8,192 bits takes 1,368."""
MIN_BITS = 2_048
"""What Coop makes, and the least that is held to be safe (NIST SP 800-131A)."""
MAX_KEYS = 4

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----")


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The keys of one organization: two while one takes the other's place, and any may have signed."""

    keys: Sequence[RSAPublicKey]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read PEM, one key after the other; raises `BadSetting` where there is none, or one that is none of Coop's."""
        found = _PEM.findall(text)
        if not 1 <= len(found) <= MAX_KEYS:
            raise _no_key("there is none in it, or more than four")
        return cls([_key(each) for each in found])

    def verify(self, header: str, body: bytes) -> None:
        """Return if one of the keys signed `body`; raises `NotAllowed` otherwise."""
        if not header or len(header) > MAX_HEADER:
            raise _refused("There is no signature of Coop's on this.")
        try:
            signature = base64.b64decode(header, validate=True)
        except ValueError:
            raise _refused("The signature is not base64.") from None
        if not any(_fits(key, signature, body) for key in self.keys):
            raise _refused("The signature does not belong to this body and to this organization's key.")


def _fits(key: RSAPublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _key(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        raise _no_key("it cannot be read") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_BITS:
        raise _no_key(f"it is no RSA key of {MIN_BITS} bits at least")
    return key


def _no_key(why: str) -> BadSetting:
    return BadSetting(
        f"The file that `coop_public_key_file` names holds no key of Coop's: {why}.",
        advice="Copy the webhook signature verification key from Settings → API Keys in Coop.",
    )


def _refused(message: str) -> NotAllowed:
    return NotAllowed(
        message,
        advice="Check `coop_public_key_file` against Settings → API Keys in Coop; a new key goes beside the old.",
    )
