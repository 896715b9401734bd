"""
An identity provider of our own on loopback: it keeps to OpenID Connect, and lies where a test asks it to.

Tokens are put together and signed here, with `cryptography` alone, so that none of what reads them made them.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256, sha512
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CLIENT_ID = "takeback desk"
"""With a space: what goes into a header is form-encoded before."""
SECRET = "s3cret:with&signs+"

type Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def new_key(algorithm: str) -> Key:
    """Make a key for an algorithm."""
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def usual_key(algorithm: str) -> Key:
    """Return the key that every provider begins with: making one takes a while."""
    return new_key(algorithm)


def public_jwk(key: Key, **more: str) -> dict[str, str]:
    """Return the public part of a key (RFC 7517)."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), **more}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": b64(point.x.to_bytes(32)), "y": b64(point.y.to_bytes(32)), **more}
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key().public_bytes_raw()), **more}


def signed(header: Mapping[str, object], claims: object, key: Key | bytes | None) -> str:
    """Return a token: signed by a key, under a shared secret (bytes), or by nobody."""
    parts = ".".join(b64(json.dumps(each).encode()) for each in (header, claims))
    return f"{parts}.{b64(_signature(str(header['alg']), parts.encode(), key))}"


def pem_of(key: Key) -> bytes:
    """Return the public part of a key as a file has it."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def at_hash(algorithm: str, access_token: str) -> str:
    """Return what binds an access token to an ID token (Core, section 3.1.3.6)."""
    digest = (sha512 if algorithm == "EdDSA" else sha256)(access_token.encode()).digest()
    return b64(digest[: len(digest) // 2])


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8))


def _signature(algorithm: str, message: bytes, key: Key | bytes | None) -> bytes:
    if key is None:
        return b""
    if isinstance(key, bytes):
        return hmac.digest(key, message, sha256)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    if algorithm == "PS256":
        return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


@dataclass
class Asked:
    """What a browser came to the provider with."""

    query: dict[str, str]
    subject: str


@dataclass
class IdentityProvider:
    """One provider; everything that a test may want to be otherwise is a field."""

    now: Callable[[], float] = time.time
    algorithm: str = "RS256"
    kid: str = "one"
    subject: str = "248289761001"
    claims: dict[str, object] = field(default_factory=dict)
    """What every token says besides, or otherwise."""
    discovery: dict[str, object] = field(default_factory=dict)
    """What the provider says of itself besides, or otherwise."""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    """What is answered at a path in place of what belongs there."""
    token: Callable[[dict[str, object], IdentityProvider], str] | None = None
    """How a token is made of its claims, in place of honestly."""
    wait_seconds: float = 0.0
    wrong_date: str = ""
    """What time it says it is, in place of what it is."""
    asked_for: list[str] = field(default_factory=list)
    """Every path that was asked for."""
    published: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, Asked] = field(default_factory=dict)
    key: Key = field(init=False)
    port: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._name(usual_key(self.algorithm), self.kid)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """As `allowed_private_hosts` names it."""
        return f"127.0.0.1:{self.port}"

    def change_key(self, kid: str) -> None:
        """Sign by a new key from now on, and name that alone."""
        self._name(new_key(self.algorithm), kid)

    def _name(self, key: Key, kid: str) -> None:
        self.key, self.kid = key, kid
        self.published = [public_jwk(self.key, kid=kid, use="sig", alg=self.algorithm)]

    def sign_in(self, address: str) -> str:
        """Do what a browser does there with somebody who signs in; return the address that it is sent back to."""
        query = dict(parse_qsl(urlsplit(address).query))
        assert query["response_type"] == "code", query
        assert query["client_id"] == CLIENT_ID, query
        assert "openid" in query["scope"].split(), query
        assert query["code_challenge_method"] == "S256", query
        assert min(len(query[name]) for name in ("state", "nonce", "code_challenge")) == 43, query
        assert query["redirect_uri"].endswith("/desk/openid/answer"), query
        code = secrets.token_urlsafe(16)
        self.codes[code] = Asked(query, self.subject)
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def _metadata(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/out",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.discovery,
        }

    def _exchange(self, headers: Mapping[str, str], body: str) -> tuple[int, dict[str, object]]:
        form = dict(parse_qsl(body))
        if "client_secret" in form:
            pair = (form["client_id"], form["client_secret"])
        else:
            given = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")
            pair = (unquote_plus(given[0]), unquote_plus(given[2]))
        asked = self.codes.pop(form.get("code", ""), None)
        if pair != (CLIENT_ID, SECRET):
            return 401, {"error": "invalid_client"}
        if asked is None or form["redirect_uri"] != asked.query["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if b64(sha256(form["code_verifier"].encode()).digest()) != asked.query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, self.answer_for(asked)

    def answer_for(self, asked: Asked) -> dict[str, object]:
        access_token = secrets.token_urlsafe(16)
        claims = {
            "iss": self.issuer,
            "sub": asked.subject,
            "aud": CLIENT_ID,
            "exp": int(self.now()) + 300,
            "iat": int(self.now()),
            "auth_time": int(self.now()),
            "nonce": asked.query["nonce"],
            "at_hash": at_hash(self.algorithm, access_token),
            **self.claims,
        }
        make = self.token or honest
        token = make({name: value for name, value in claims.items() if value is not None}, self)
        return {"id_token": token, "access_token": access_token, "token_type": "Bearer", "expires_in": 300}

    def _answer(
        self, method: str, path: str, headers: Mapping[str, str], body: str
    ) -> tuple[int, dict[str, str], bytes]:
        time.sleep(self.wait_seconds)
        at = urlsplit(path)
        self.asked_for.append(at.path)
        if at.path in self.answers:
            return self.answers[at.path]
        if at.path == "/authorize":
            return self._page(method, path, body)
        if at.path == "/out":
            return self._out(at.query)
        if at.path == "/token" and method == "POST":
            status, said = self._exchange(headers, body)
            return status, {"Content-Type": "application/json"}, json.dumps(said).encode()
        known: dict[str, object] = {
            "/.well-known/openid-configuration": self._metadata(),
            "/keys": {"keys": self.published},
        }
        if at.path in known:
            return 200, {"Content-Type": "application/json"}, json.dumps(known[at.path]).encode()
        return 404, {}, b""

    def _page(self, method: str, path: str, body: str) -> tuple[int, dict[str, str], bytes]:
        """Ask a browser's person who they are; whatever they write, they are."""
        if method == "POST":
            self.subject = parse_qs(body)["who"][0]
            return 303, {"Location": self.sign_in(path)}, b""
        page = f'<!doctype html><title>Provider</title><form method="post" action="{escape(path)}">'
        page += '<label>Who are you? <input name="who"></label> <button>Sign in</button></form>'
        return 200, {"Content-Type": "text/html"}, page.encode()

    def _out(self, query: str) -> tuple[int, dict[str, str], bytes]:
        asked = dict(parse_qsl(query))
        assert asked["client_id"] == CLIENT_ID, asked
        return 303, {"Location": asked["post_logout_redirect_uri"]}, b""

    @contextmanager
    def listening(self) -> Iterator[IdentityProvider]:
        """Answer over HTTP for the length of a `with` block."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply("GET")

            def do_POST(self) -> None:
                self._reply("POST")

            def _reply(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, said, answer = provider._answer(method, self.path, headers, body)
                try:
                    self.send_response(status)
                    for name, value in {**said, "Content-Length": str(len(answer))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # whoever asked has had enough

            def date_time_string(self, timestamp: float | None = None) -> str:
                return provider.wrong_date or super().date_time_string(timestamp)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def honest(claims: dict[str, object], provider: IdentityProvider) -> str:
    return signed({"alg": provider.algorithm, "kid": provider.kid, "typ": "JWT"}, claims, provider.key)


def unsigned(claims: dict[str, object], provider: IdentityProvider) -> str:
    return signed({"alg": "none", "kid": provider.kid}, claims, None)


def shared_secret(claims: dict[str, object], provider: IdentityProvider) -> str:
    """Signed under a shared secret: the very bytes that everybody can fetch as the provider's public key."""
    return signed({"alg": "HS256", "kid": provider.kid}, claims, pem_of(provider.key))


def of_another(claims: dict[str, object], provider: IdentityProvider) -> str:
    """Signed by a stranger who says to be the provider."""
    return signed({"alg": provider.algorithm, "kid": provider.kid}, claims, new_key(provider.algorithm))


def changed(claims: dict[str, object], provider: IdentityProvider) -> str:
    """Signed, and written over afterwards."""
    head, _, signature = honest(claims, provider).split(".")
    return f"{head}.{b64(json.dumps({**claims, 'sub': 'somebody-else'}).encode())}.{signature}"


def bringing_its_key(claims: dict[str, object], provider: IdentityProvider) -> str:
    """Signed by a key that the token itself holds (RFC 7515, section 4.1.3)."""
    key = new_key(provider.algorithm)
    header = {"alg": provider.algorithm, "kid": provider.kid, "jwk": public_jwk(key)}
    return signed(cast(dict[str, Any], header), claims, key)
