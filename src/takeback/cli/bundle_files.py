"""Evidence bundles as files: written for their owner alone, sealed words opened beside them, and checked."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from takeback.audit.timestamp import verify_stamp
from takeback.bundle.bag import MAX_BUNDLE_BYTES
from takeback.bundle.offline import MALFORMED, OPENED, Believed, Broken, check
from takeback.cases.sealed import SealedWords, inside_of
from takeback.errors import InputError, ProofBroken
from takeback.workflow.timestamping import roots_in

_SEALED_ENDING = ".age"
_BELOW = "data/"


def write_bundle(path: Path, content: bytes) -> None:
    """Write a bundle, readable by its owner alone; `InputError` where it cannot be, or something lies there."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError as problem:
        raise InputError(f"{path} is there already.", advice="Name another file.") from problem
    except OSError as problem:
        raise InputError(f"{path} cannot be written: {problem.strerror}.", advice="Name another file.") from problem


def with_opened(content: bytes, identities: Sequence[str]) -> tuple[bytes, int]:
    """
    Return a bundle with what was sealed opened beside it, and how many files were.

    What is inside goes in byte by byte: its SHA-256 is the digest that the log has of it, so that the verifier finds
    that it is what was sealed. Raises what `open_words` does.
    """
    files = read_bundle(content)
    opened = {}
    for name, data in files.items():
        if name.endswith(_SEALED_ENDING):
            said = name.removesuffix(_SEALED_ENDING) + ".json"
            about = json.loads(files[said])["sealed"]
            sealed = SealedWords(data, frozenset(), bytes.fromhex(about["sha256"]), ())
            opened[OPENED + said.removeprefix(_BELOW)] = inside_of(sealed, identities)
    written = io.BytesIO(content)
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as folder:
        for name, data in opened.items():
            folder.writestr(name, data)
    return written.getvalue(), len(opened)


def read_bundle(content: bytes) -> dict[str, bytes]:
    """Return the files of a bundle by their names; `ProofBroken` where it is none, or is too large to be one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as folder:
            entries = [entry for entry in folder.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > MAX_BUNDLE_BYTES:
                raise ProofBroken("This is too large for a bundle.")
            if len({entry.filename for entry in entries}) != len(entries):
                raise ProofBroken("This holds two files of one name, so that two readers could see two things.")
            return {entry.filename: folder.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as problem:
        raise ProofBroken("This is no bundle, or it is damaged.") from problem


def verify_bundle(path: Path, believed: Believed) -> list[str]:
    """Check a bundle and return what holds, a sentence each; `ProofBroken` names the first thing that does not."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise InputError(f"{path} cannot be read.", advice="Name the file of a bundle.") from problem
    try:
        return list(check(read_bundle(content), believed, _is_stamped))
    except Broken as problem:
        raise ProofBroken(str(problem)) from None
    except MALFORMED as problem:
        raise ProofBroken("A part of this bundle is missing.") from problem


def _is_stamped(token: bytes, digest: bytes, roots: str) -> bool:
    """Whether a timestamp verifies under the certificates in a file."""
    try:
        verify_stamp(token, digest, roots_in(Path(roots)))
    except ProofBroken:
        return False
    return True
