"""A site's certificate is checked against its name, whatever address it is reached at."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.errors import DeliveryError

if TYPE_CHECKING:
    from tests.unit.actions.conftest import Serve

PATIENT = Timeouts(connect_seconds=30, read_seconds=30, total_seconds=60)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for `site.example` that signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("site.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "site.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


async def _to_loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def _get(serve: Serve, certificate: Path, host: str, trusted: ssl.SSLContext | None) -> bytes:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)

    async def run() -> bytes:
        async with serve(OK, server) as site:
            door = OutgoingHttp([host], timeouts=PATIENT, resolver=_to_loopback, tls=trusted)
            return (await door.get(f"https://{host}:{site.port}/", 1_000)).body

    return asyncio.run(run())


def test_a_site_with_the_certificate_of_its_name_is_spoken_to(serve: Serve, certificate: Path) -> None:
    trusted = ssl.create_default_context(cafile=certificate)

    assert _get(serve, certificate, "site.example", trusted) == b"ok"


@pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
def test_a_certificate_of_another_name_is_named_and_may_be_put_right(
    serve: Serve, certificate: Path, host: str
) -> None:
    trusted = ssl.create_default_context(cafile=certificate)
    with pytest.raises(DeliveryError, match="TLS certificate is not valid") as failure:
        _get(serve, certificate, host, trusted)

    assert not failure.value.permanent
    assert host not in failure.value.message


def test_a_certificate_of_an_unknown_authority_is_named(serve: Serve, certificate: Path) -> None:
    with pytest.raises(DeliveryError, match="TLS certificate is not valid"):
        _get(serve, certificate, "site.example", None)


def test_a_site_without_tls_is_not_taken_for_one_with_it(serve: Serve) -> None:
    async def run() -> None:
        async with serve(OK) as site:
            # Whichever comes first, that there is no handshake or that it takes too long.
            door = OutgoingHttp([site.name], timeouts=Timeouts(0.5, 0.5, 1.0))
            await door.get(site.url.replace("http:", "https:"), 1_000)

    with pytest.raises(DeliveryError) as failure:
        asyncio.run(run())

    assert not failure.value.permanent


def test_an_old_tls_is_no_way_to_speak(serve: Serve, certificate: Path) -> None:
    trusted = ssl.create_default_context(cafile=certificate)
    trusted.minimum_version = ssl.TLSVersion.TLSv1_3
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    server.maximum_version = ssl.TLSVersion.TLSv1_2

    async def run() -> None:
        async with serve(OK, server) as site:
            door = OutgoingHttp(["site.example"], timeouts=PATIENT, resolver=_to_loopback, tls=trusted)
            await door.get(f"https://site.example:{site.port}/", 1_000)

    with pytest.raises(DeliveryError, match="no way to speak TLS"):
        asyncio.run(run())
