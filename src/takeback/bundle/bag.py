"""
Files as a BagIt folder (RFC 8493), signed and packed into a ZIP.

    bagit.txt  bag-info.txt  manifest-sha256.txt     what is below data/, file by file, with its SHA-256
    tagmanifest-sha256.txt                           the same of every other file
    bundle.note                                      who made it and when, signed over the tag manifest
    read-me.txt  verify.py                           how to check it, and what does
    data/                                            what it holds
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib import resources

from takeback.audit.event import canonical_moment
from takeback.audit.note import Signer
from takeback.bundle.offline import MANIFEST, SIGNATURE, TAG_MANIFEST

MAX_BUNDLE_BYTES = 200 * 1024 * 1024
"""Of a bundle on its way in, unpacked: captures of a hundred pages, and proofs by the thousand."""

_BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_FIRST_LINE = "takeback-bundle/1"


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands on a bundle: which `version` it is, `about` which case or copy, when it was made, how to read it."""

    version: str
    about: str
    at: datetime
    read_me: str


@dataclass(frozen=True, slots=True)
class Bag:
    """A signed bundle: every file by its name, and the SHA-256 of its tag manifest, which stands for all of them."""

    files: Mapping[str, bytes]
    digest: bytes

    def zipped(self, at: datetime) -> bytes:
        """Return the ZIP; the same bag gives the same bytes."""
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as folder:
            for name in sorted(self.files):
                entry = zipfile.ZipInfo(name, at.timetuple()[:6])
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                folder.writestr(entry, self.files[name])
        return written.getvalue()


def bag(data: Mapping[str, bytes], cover: Cover, signer: Signer) -> Bag:
    """Return the bundle that holds `data`, by names below `data/`."""
    payload = {f"data/{name}": content for name, content in data.items()}
    size = sum(map(len, payload.values()))
    tags = {
        "bagit.txt": _BAGIT.encode(),
        "bag-info.txt": f"Bagging-Date: {cover.at:%Y-%m-%d}\nPayload-Oxum: {size}.{len(payload)}\n".encode(),
        "read-me.txt": cover.read_me.encode(),
        "verify.py": verifier(),
        MANIFEST: _manifest(payload),
    }
    tag_manifest = _manifest(tags)
    digest = sha256(tag_manifest).digest()
    note = _note(cover, digest, signer)
    return Bag({**payload, **tags, TAG_MANIFEST: tag_manifest, SIGNATURE: note}, digest)


def verifier() -> bytes:
    """Return the program that checks a bundle: a file of its own, which needs nothing of ours."""
    return (resources.files(__package__) / "offline.py").read_bytes()


def _manifest(files: Mapping[str, bytes]) -> bytes:
    return "".join(f"{sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def _note(cover: Cover, digest: bytes, signer: Signer) -> bytes:
    lines = [_FIRST_LINE, cover.version, cover.about, canonical_moment(cover.at), base64.b64encode(digest).decode()]
    text = "\n".join(lines) + "\n"
    return f"{text}\n{signer.line(text)}".encode()
