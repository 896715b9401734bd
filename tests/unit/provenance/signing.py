"""Signers that a test makes, and pictures that they sign: C2PA's own library writes what ours reads."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import c2pa
import PIL.Image
import pillow_heif
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

pillow_heif.register_heif_opener()

TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
}
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_QUIET = {"verify": {"verify_after_sign": False}, "builder": {"thumbnail": {"enabled": False}}}


@dataclass(frozen=True)
class Signer:
    """A certificate below a root, and its key; `root` in PEM. `stands_for`: the expired one that takes its place."""

    certificate: x509.Certificate
    root_certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    stands_for: x509.Certificate | None = None

    @property
    def root(self) -> str:
        return self.root_certificate.public_bytes(Encoding.PEM).decode()


def signer(
    organisation: str = "Test Office",
    *,
    days: tuple[float, float] = (-2, 300),
    self_signed: bool = False,
) -> Signer:
    """Make a signer whose certificate is valid between two `days` from now."""
    root_key, key = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    root_name, name = _name("Test Roots", "A test root"), _name(organisation, "A test signer")
    root = _certificate(root_name, root_name, root_key.public_key(), root_key, (-900, 3000), is_root=True)
    if self_signed:
        alone = _certificate(name, name, key.public_key(), key, days)
        return Signer(alone, root, key)
    own = _certificate(name, root_name, key.public_key(), root_key, days)
    if days[1] > 0:
        return Signer(own, root, key)
    # The library signs by no expired certificate: it is given one that is equal but for its days, of the same length.
    valid = _certificate(name, root_name, key.public_key(), root_key, (-2, 300))
    return Signer(valid, root, key, stands_for=own)


def picture(kind: str = "JPEG", **parameters: Any) -> bytes:
    """Return a small picture in a format."""
    file = io.BytesIO()
    PIL.Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(file, kind, **parameters)
    return file.getvalue()


def manifest(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a manifest as the library takes it; by default of a picture that was made and edited."""
    listed = list(actions) or [{"action": "c2pa.created", "digitalSourceType": GENERATED}, {"action": "c2pa.edited"}]
    return {
        "claim_generator_info": [{"name": "Test Camera", "version": "1.0"}],
        "title": "a title",
        "assertions": [{"label": "c2pa.actions", "data": {"actions": listed}}],
        **more,
    }


def signed(
    data: bytes,
    by: Signer,
    says: dict[str, Any] | None = None,
    *,
    kind: str = "JPEG",
    ingredients: tuple[tuple[str, str, bytes], ...] = (),
    elsewhere: str | None = None,
    authority: str | None = None,
) -> bytes:
    """Return a picture with credentials: `ingredients` are title, relationship and JPEG file."""

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(by.key.sign(_as_if_expired(message, by), ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    chain = "".join(each.public_bytes(Encoding.PEM).decode() for each in (by.certificate, by.root_certificate))
    out = io.BytesIO()
    with (
        c2pa.Context.from_dict(_QUIET) as context,
        c2pa.Signer.from_callback(sign, c2pa.C2paSigningAlg.ES256, chain, authority) as using,
        c2pa.Builder(manifest() if says is None else says, context=context) as builder,
    ):
        for title, relationship, file in ingredients:
            told = {"title": title, "relationship": relationship}
            builder.add_ingredient(told, "image/jpeg", io.BytesIO(file))
        if elsewhere is not None:
            builder.set_no_embed()
            builder.set_remote_url(elsewhere)
        builder.sign(using, TYPES[kind], io.BytesIO(data), out)
    return _as_if_expired(out.getvalue(), by)


def _as_if_expired(data: bytes, by: Signer) -> bytes:
    if by.stands_for is None:
        return data
    valid, expired = (each.public_bytes(Encoding.DER) for each in (by.certificate, by.stands_for))
    assert len(valid) == len(expired)
    assert valid in data
    return data.replace(valid, expired)


def _name(organisation: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _certificate(
    name: x509.Name,
    issuer: x509.Name,
    key: Any,
    signing: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    days: tuple[float, float],
    *,
    is_root: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(0x1000_0000 + x509.random_serial_number() % 0x1000_0000)
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(_usage(is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if not is_root:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, critical=False)
    if isinstance(signing, ed25519.Ed25519PrivateKey):
        return builder.sign(signing, None)
    return builder.sign(signing, hashes.SHA256())


def _usage(is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
