"""What tests build with: drawn pictures, what a server and a device compute of them, valid notices, a clock."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from takeback.cases import Contact, Notice, Role
from takeback.cases.notice import ReportedPicture
from takeback.cases.receipt import Work
from takeback.fingerprint import (
    Fingerprints,
    FrameFingerprint,
    Orientation,
    file_digest,
    pdq_orientations,
    pixel_digest,
)
from takeback.store import Keyring, MasterKey
from takeback.store.database import KEYS_NAME

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LAWS = ("us-take-it-down", "uk-osa-20a", "eu-dsa-16")
MASTER = MasterKey(bytes(range(32)))
"""The master key of `store`."""
_LITTLE_WORK = Work(1, 8)
"""The least that Argon2id takes: what a guess costs is a matter of tests/unit/store/test_keyring.py."""

type Pixels = NDArray[np.uint8]


class Clock:
    """A moment that a test moves."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **amount: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(**amount)
        return self.at


def keyring_in(data: Path, master: MasterKey = MASTER) -> Keyring:
    """Open the keys in a data directory of tests, where a receipt is looked up with next to no work."""
    return Keyring(master, data / KEYS_NAME, receipt_work=_LITTLE_WORK, recovery_work=_LITTLE_WORK)


def drawn(seed: int) -> Pixels:
    """Draw a picture with enough detail to be compared: soft blobs of many sizes, different for each seed."""
    return _blobs(seed).copy()


@cache
def _blobs(seed: int) -> Pixels:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:160, 0:200] / 160.0
    plane = np.zeros((160, 200, 3))
    for _ in range(40):
        cx, cy, size = rng.random() * 1.25, rng.random(), 0.02 + rng.random() * 0.15
        blob = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / size**2)
        plane += blob[..., None] * rng.uniform(-255, 255, 3)
    return np.clip(plane + 128, 0, 255).astype(np.uint8)


def tiled(seed: int) -> Pixels:
    """Draw a picture of another kind: tiles of any colour. Learned descriptors take two of `drawn` for alike."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (5, 8, 3)).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(np.repeat(small, 32, axis=0), 25, axis=1))


def prints_of(pixels: Pixels, data: bytes = b"") -> Fingerprints:
    """Return what the server computes of a picture; `data` stands for the file."""
    frame = FrameFingerprint(pixel_digest(pixels), pdq_orientations(pixels))
    height, width = pixels.shape[:2]
    return Fingerprints("png", width, height, file_digest(data or pixels.tobytes()), (frame,))


def reported(pixels: Pixels, *, digests: bool = False, orientations: bool = True) -> ReportedPicture:
    """Return what her device computes of a picture."""
    turned = pdq_orientations(pixels)
    return ReportedPicture(
        pdq=turned[Orientation.UPRIGHT],
        orientations=turned if orientations else None,
        file_digest=file_digest(pixels.tobytes()) if digests else None,
        pixel_digest=pixel_digest(pixels) if digests else None,
    )


def notice_about(*pictures: ReportedPicture, links: tuple[str, ...] = (), under_18: bool = False) -> Notice:
    """Return a notice that is valid under every law."""
    return Notice(
        laws=LAWS,
        pictures=pictures,
        links=links,
        role=Role.ME,
        statement="This is an intimate picture of me that was published without my consent.",
        signature="A. Person",
        intimate=True,
        not_consensual=True,
        good_faith=True,
        contact=Contact(name="A. Person", email="a@person.example"),
        under_18=under_18,
    )


def forms_of(secret: bytes) -> list[bytes]:
    """Return `secret` as it is, in hexadecimal of either case, and inside base64 at each of three offsets."""
    in_base64 = [base64.b64encode(bytes(offset) + secret)[4:-4] for offset in range(3)]
    digits = secret.hex()
    return [secret, digits.encode(), digits.upper().encode(), *(text for text in in_base64 if len(text) >= 8)]
