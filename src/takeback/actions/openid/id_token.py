"""
An ID token: what a provider says of who signed in, and what of it is believed (OpenID Connect Core, section 3.1.3.7).

The signature is PyJWT's to check, under algorithms that are named here and by keys of the right kind; `none` and shared
secrets are none of them. Each claim is compared here, and the moment is an argument.
"""

from __future__ import annotations

import base64
import hmac
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256, sha512
from typing import cast

import jwt

from takeback.errors import NotAllowed, OutsideError

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_KINDS = {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
"""The kind of key, and its curve, that each algorithm takes (RFC 7518, section 3.1; RFC 8037, section 3.1)."""
_HASHES = {"EdDSA": sha512}
"""Of `at_hash`, where it is not SHA-256: the hash that Ed25519 itself uses."""

SKEW = timedelta(seconds=60)
"""By how much the provider's clock may be another than ours."""
OLDEST = timedelta(minutes=10)
"""How long ago a token may have been made: it comes straight from the provider, for a sign-in of no longer."""
MAX_TOKEN = 32 * 1024
"""Characters of a token: those with many groups have some thousand."""
MAX_KEYS = 100
MAX_SUBJECT = 255
"""Core, section 2."""


class TokenRefused(NotAllowed):
    """What a provider answered does not hold; `why` is a word for the log."""

    def __init__(self, why: str, what: str) -> None:
        super().__init__(
            f"The identity provider's answer was not accepted: {what}.",
            known=True,
            advice="Sign in once more; if it stays so, whoever runs the service asks `takeback doctor`.",
        )
        self.why = why


class UnknownKey(TokenRefused):
    """It is signed by a key that the provider was not known to have."""

    def __init__(self) -> None:
        super().__init__("key", "it is signed by a key that the provider does not name")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token has to say, beside its signature."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    max_age: timedelta | None = None
    acr_values: Sequence[str] = ()
    amr_values: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Claims:
    """Who signed in, by the provider's word: an issuer, a subject, and whatever else it says."""

    issuer: str
    subject: str
    others: Mapping[str, object] = field(repr=False)


class KeySet:
    """The public keys of a provider (RFC 7517); those of other kinds, and those for encryption, are passed over."""

    def __init__(self, keys: Sequence[Mapping[str, object]]) -> None:
        self._keys = keys

    @classmethod
    def read(cls, said: Mapping[str, object]) -> KeySet:
        """Read a JWK set; `OutsideError` where it is none."""
        keys = said.get("keys")
        if not isinstance(keys, list) or len(keys) > MAX_KEYS:
            raise OutsideError("The identity provider's keys are no JWK set, or too many.")
        return cls([each for each in keys if isinstance(each, dict) and each.get("use", "sig") == "sig"])

    def find(self, key_id: str | None, algorithm: str) -> jwt.PyJWK:
        """Return the key that a token names, or the only one that it can be; `UnknownKey` where there is none."""
        kind, curve = _KINDS[algorithm]
        fitting = [
            each
            for each in self._keys
            if each.get("kty") == kind
            and (curve is None or each.get("crv") == curve)
            and each.get("alg", algorithm) == algorithm
            and (key_id is None or each.get("kid") == key_id)
        ]
        if len(fitting) != 1:
            raise UnknownKey
        try:
            return jwt.PyJWK(dict(fitting[0]), algorithm)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as problem:
            raise UnknownKey from problem


def check_id_token(token: str, keys: KeySet, expected: Expected, *, access_token: str, at: datetime) -> Claims:
    """
    Return what a token says; `TokenRefused` where one thing of it does not hold, `UnknownKey` for another key.

    `access_token` is what came with it, for `at_hash`; `at` is now.
    """
    # 1. Who signed it, and how.
    algorithm, key_id = _header(token)
    said = _verified(token, keys.find(key_id, algorithm), algorithm)
    # 2. From whom, for whom, in answer to what.
    if said.get("iss") != expected.issuer:
        raise TokenRefused("iss", "it comes from another provider")
    _check_audience(said, expected.client_id)
    nonce = said.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise TokenRefused("nonce", "it answers another sign-in")
    # 3. When.
    _check_times(said, expected, at)
    # 4. What came with it, and how the person proved who they are.
    _check_access_token(said, algorithm, access_token)
    _check_means(said, expected)
    subject = said.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
        raise TokenRefused("sub", "it says of nobody")
    return Claims(expected.issuer, subject, said)


def _header(token: str) -> tuple[str, str | None]:
    if len(token) > MAX_TOKEN:
        raise TokenRefused("token", "it is longer than any that is taken here")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, RecursionError) as problem:
        raise TokenRefused("token", "it is no signed token") from problem
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise TokenRefused("alg", f"it is signed by none of {', '.join(ALGORITHMS)}")
    return str(algorithm), None if key_id is None else str(key_id)


def _verified(token: str, key: jwt.PyJWK, algorithm: str) -> Mapping[str, object]:
    """Return the claims of a token whose signature holds."""
    try:
        options: jwt.types.SigOptions = {"verify_signature": True, "enforce_minimum_key_length": True}
        payload = jwt.api_jws.decode(token, key, [algorithm], options)
        said = json.loads(payload)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as problem:
        raise TokenRefused("signature", "its signature does not hold") from problem
    if not isinstance(said, dict):
        raise TokenRefused("token", "it says nothing")
    return cast(Mapping[str, object], said)


def _check_audience(said: Mapping[str, object], client_id: str) -> None:
    """Ours alone, or ours among others where it says besides that it was made for us (`azp`)."""
    told = said.get("aud")
    audience = [told] if isinstance(told, str) else told
    if not isinstance(audience, list) or client_id not in audience:
        raise TokenRefused("aud", "it is for another service")
    if said.get("azp", None if len(audience) > 1 else client_id) != client_id:
        raise TokenRefused("azp", "it was made for another service")


def _check_times(said: Mapping[str, object], expected: Expected, at: datetime) -> None:
    now, skew = at.timestamp(), SKEW.total_seconds()
    if _seconds(said, "exp") <= now - skew:
        raise TokenRefused("exp", "it has expired")
    made = _seconds(said, "iat")
    if made > now + skew or ("nbf" in said and _seconds(said, "nbf") > now + skew):
        raise TokenRefused("iat", "it is of the future: one of the two clocks is wrong")
    if made <= now - skew - OLDEST.total_seconds():
        raise TokenRefused("iat", "it was made too long ago")
    if expected.max_age is not None and _seconds(said, "auth_time") < now - skew - expected.max_age.total_seconds():
        raise TokenRefused("auth_time", "it is too long ago that who you are was proven there")


def _seconds(said: Mapping[str, object], name: str) -> float:
    found = said.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise TokenRefused(name, f"it does not say `{name}`")
    return found


def _check_access_token(said: Mapping[str, object], algorithm: str, access_token: str) -> None:
    """Compare `at_hash`, where there is one (section 3.1.3.8)."""
    if "at_hash" not in said:
        return
    digest = _HASHES.get(algorithm, sha256)(access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
    if said["at_hash"] != half:
        raise TokenRefused("at_hash", "something else came with it than what it was made with")


def _check_means(said: Mapping[str, object], expected: Expected) -> None:
    if expected.acr_values and said.get("acr") not in expected.acr_values:
        raise TokenRefused("acr", "you did not prove there who you are in a way that is asked for here")
    used = said.get("amr")
    methods = used if isinstance(used, list) else []
    if expected.amr_values and not any(each in methods for each in expected.amr_values):
        raise TokenRefused("amr", "it does not say that you proved who you are by a method that is asked for here")
