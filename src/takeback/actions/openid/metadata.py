"""
What a provider says of itself (OpenID Connect Discovery 1.0, section 3).

It is the word of one address, fetched over TLS, and still only read for what is asked: that it is the provider which
the operator named, to the last character (section 4.3), and where it is reached.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from takeback.actions.destination import Destination, PrivateHosts
from takeback.actions.openid.id_token import ALGORITHMS
from takeback.errors import DeliveryError, OutsideError

PATH = "/.well-known/openid-configuration"
MAX_BYTES = 128 * 1024
"""Of a discovery document; the longest that we know of have 10 kB."""
_ADDRESS = re.compile(r"https?://[!#-;=?-\[\]_a-z~%&]+")
"""Printable, and without what ends an address in a page: quotes, angle brackets, backslashes, spaces."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider is asked, and how."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    """Where people sign out of the provider itself; empty where it names none."""
    secret_in_body: bool
    """Whether it takes our secret in the form alone, and not in a header (Core, section 9)."""
    names_itself: bool
    """Whether each of its answers says from whom it comes (RFC 9207)."""


def address_of(issuer: str) -> str:
    """Return where a provider says what it is (section 4.1)."""
    return issuer.removesuffix("/") + PATH


def read_metadata(body: bytes, issuer: str, allowed: PrivateHosts) -> Metadata:
    """
    Return what a provider says of itself; `OutsideError` where it is another, or does not do what is asked here.

    `allowed` are the hosts that may be spoken to without TLS.
    """
    said = read_object(body)
    # 1. It is the one.
    if said.get("issuer") != issuer:
        raise OutsideError(
            "The identity provider calls itself otherwise than the setting `openid_issuer` does.",
            permanent=True,
            advice=f"Compare it with `issuer` in {address_of(issuer)}: every character counts, the last slash too.",
        )
    # 2. It does what is asked.
    _require(said, "response_types_supported", "code")
    if not set(_texts(said, "id_token_signing_alg_values_supported") or ALGORITHMS) & set(ALGORITHMS):
        raise _lacks(f"signs ID tokens by none of {', '.join(ALGORITHMS)}")
    methods = _texts(said, "token_endpoint_auth_methods_supported") or ("client_secret_basic",)
    if not {"client_secret_basic", "client_secret_post"} & set(methods):
        raise _lacks("takes no client secret")
    if (challenges := _texts(said, "code_challenge_methods_supported")) and "S256" not in challenges:
        raise _lacks("takes no PKCE by S256")
    # 3. Where.
    return Metadata(
        issuer,
        _address(said, "authorization_endpoint", allowed),
        _address(said, "token_endpoint", allowed),
        _address(said, "jwks_uri", allowed),
        _address(said, "end_session_endpoint", allowed) if said.get("end_session_endpoint") else "",
        secret_in_body="client_secret_basic" not in methods,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def read_object(body: bytes) -> Mapping[str, object]:
    """Return a JSON object; `OutsideError` for anything else."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise OutsideError("The identity provider's answer is no JSON.") from problem
    if not isinstance(said, dict):
        raise OutsideError("The identity provider's answer is no JSON object.")
    return cast(Mapping[str, object], said)


def _require(said: Mapping[str, object], name: str, value: str) -> None:
    if (found := _texts(said, name)) and value not in found:
        raise _lacks(f"has no {value!r} in `{name}`")


def _texts(said: Mapping[str, object], name: str) -> tuple[str, ...]:
    """Return a list of texts; empty where it is not said, or is no list."""
    found = said.get(name)
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def _address(said: Mapping[str, object], name: str, allowed: PrivateHosts) -> str:
    """Return an address that may be opened: by https, or at a host that the operator allowed without."""
    found = said.get(name)
    if not isinstance(found, str) or not _ADDRESS.fullmatch(found) or "#" in found:
        raise _lacks(f"names no address as `{name}`")
    try:
        to = Destination.parse(found)
    except DeliveryError as problem:
        raise _lacks(f"names no address as `{name}`") from problem
    if to.scheme == "http" and not allowed.allow(to.host, to.port):
        raise _lacks(f"names a plain http address as `{name}`, which anyone on the way can read")
    return found


def _lacks(what: str) -> OutsideError:
    return OutsideError(
        f"The identity provider {what}.", permanent=True, advice="Look at its settings, or take another one."
    )
