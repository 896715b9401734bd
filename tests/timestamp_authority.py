"""A timestamp authority of our own: a root, a certificate below it, and openssl, which answers queries (RFC 3161)."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIGURATION = """
[tsa]
default_tsa = ours
[ours]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
"""

_SIGNING_ALONE = x509.KeyUsage(True, False, False, False, False, False, False, False, False)


class TimestampAuthority:
    """Answers queries, and keeps them."""

    def __init__(self, folder: Path, name: str = "A test authority") -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl, which is the timestamp authority here, is not installed")
        folder.mkdir(parents=True)
        self._folder = folder
        self.queries: list[bytes] = []
        self.status = 200
        root_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
        root = _certificate(f"Root of {name}", root_key, None, root_key)
        own = _certificate(name, key, root, root_key)
        self.roots = folder / "root.pem"
        self.roots.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        (folder / "own.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM))
        (folder / "own.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(_CONFIGURATION.format(folder=folder))

    def reply(self, query: bytes) -> bytes:
        """Return what the authority answers."""
        self.queries.append(query)
        asked, answered = self._folder / "query.tsq", self._folder / "reply.tsr"
        asked.write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "ours", "-queryfile", str(asked)]
        command += ["-signer", "own.pem", "-inkey", "own.key", "-out", str(answered)]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True)
        return answered.read_bytes()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Answer over HTTP."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/tsr"
        finally:
            server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert "content-type: application/timestamp-query" in head
        length = int(head.partition("content-length: ")[2].split("\r\n")[0])
        body = await asyncio.to_thread(self.reply, await reader.readexactly(length))
        said = (
            f"HTTP/1.1 {self.status} X\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {len(body)}\r\n"
        )
        writer.write(f"{said}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


def _certificate(
    name: str, key: rsa.RSAPrivateKey, issuer: x509.Certificate | None, signing: rsa.RSAPrivateKey
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if issuer is not None:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=True).add_extension(_SIGNING_ALONE, critical=True)
    return builder.sign(signing, hashes.SHA256())
