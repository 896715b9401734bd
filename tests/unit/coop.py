"""A Coop on loopback, as far as an operator's own server meets it: it takes reports, and signs what it calls back."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.unit.actions.platforms.server import Answers, Asked, Loopback, Said, platform

API_KEY = "a-key-of-this-organization-alone"
ITEM_TYPE, USER_TYPE = "5a1c0f8b7e2", "0b2d4f6a8c1"
REMOVE, NOT_COVERED = "9f3e1d5b7a0", "7c5a3e1f9b2"
MODERATOR = "ada@forum.example"
FIELDS = [
    {"name": name, "type": kind, "required": required, "container": None}
    for name, kind, required in (
        ("notice", "STRING", True), ("found_as", "STRING", True), ("address", "URL", False), ("item", "STRING", False),
        ("desk", "URL", False), ("due_at", "DATETIME", False),
    )
]  # fmt: skip
_WRONG_KEY = {
    "errors": [
        {
            "status": 401, "type": ["/errors/unauthorized"], "title": "Invalid API Key",
            "detail": "Something went wrong finding or validating your API key. Make sure the proper key is provided "
            "in the x-api-key header.", "requestId": "api-key-validation:1",
        }
    ]
}  # fmt: skip
_WRONG_ITEM = {
    "errors": [
        {
            "status": 400, "type": ["/errors/data-invalid-for-item-type"], "title": "Invalid Data for Item",
            "detail": "The field 'caption' is required, but was not provided.",
        }
    ]
}  # fmt: skip
WRONG_ITEM = Said(400, _WRONG_ITEM)


def new_key() -> RSAPrivateKey:
    """Make a key pair as `createSigningKeys` does."""
    return generate_private_key(public_exponent=65_537, key_size=2_048)


ORGANIZATION, ANOTHER = new_key(), new_key()


def pem_of(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signature_of(body: bytes, key: RSAPrivateKey = ORGANIZATION) -> str:
    """Sign as `SigningKeyPairService.sign` does, and write it as `fetchHTTP` does."""
    return base64.b64encode(key.sign(body, PKCS1v15(), hashes.SHA256())).decode()


def callback(item: str, action: str = REMOVE, *, actor: str | None = MODERATOR, **more: object) -> bytes:
    """Return the body of a callback as `publishAction` writes it, members in its order."""
    said = {
        "item": {"id": item, "typeId": ITEM_TYPE, "typeName": "Takeback"},
        "policies": [{"id": "3d1b5f7a9c2", "name": "Intimate pictures", "penalty": "SEVERE"}],
        "rules": [],
        "action": {"id": action},
        "custom": {},
        **({} if actor is None else {"actorEmail": actor}),
        "actorNote": "She wrote to me privately.",
        "creator": {"id": "user-9", "typeId": USER_TYPE},
        "userStrikeCount": 3,
        **more,
    }
    return json.dumps(said, separators=(",", ":")).encode()


@dataclass
class Coop:
    """One organization; `instead` is what is answered to a report whatever it says."""

    instead: Said | None = None
    reports: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Said:
        if asked.headers.get("x-api-key") != API_KEY:
            return Said(401, _WRONG_KEY)
        if asked.line == "GET /api/v1/item_types/":
            own = {"id": ITEM_TYPE, "kind": "CONTENT", "name": "Takeback", "schema": FIELDS}
            users = {"id": USER_TYPE, "kind": "USER", "name": "Member", "schema": []}
            return Said(200, {"itemTypes": [own, users]})
        if asked.line == "GET /api/v1/policies/":
            return Said(200, {"policies": [{"id": "3d1b5f7a9c2", "name": "Intimate pictures", "parentId": None}]})
        if asked.line == "GET /api/v1/actions/":
            return Said(200, {"actions": [{"id": each, "name": "x"} for each in (REMOVE, NOT_COVERED)]})
        if asked.line != "POST /api/v1/report":
            return Said(404, b"<html>")
        if self.instead is not None:
            return self.instead
        self.reports.append(asked)
        return Said(201, {"reportId": "6f1c2a10-d5b8-11f0-9c3b-0242ac120002"})


def settings_of(folder: Path, address: str = "https://coop.forum.example", **more: object) -> dict[str, object]:
    """Return the settings of an operator who runs it, with the files that they name."""
    key, public = folder / "coop.key", folder / "coop.pem"
    key.write_text(API_KEY + "\n")
    key.chmod(0o600)
    public.write_text(pem_of(ORGANIZATION))
    return {
        "coop_address": address, "coop_api_key_file": str(key), "coop_public_key_file": str(public),
        "coop_item_type": ITEM_TYPE, "coop_reporter": f"{USER_TYPE}/takeback", "coop_policy": "3d1b5f7a9c2",
        "coop_actions": (f"{REMOVE}=remove", f"{NOT_COVERED}=not_covered"), "coop_people": (f"{MODERATOR}=Ada",),
        **more,
    }  # fmt: skip


@contextmanager
def coop_on_loopback(coop: Answers) -> Iterator[Loopback]:
    """Answer on a loopback port, beside whatever a test does, as long as the block lasts."""
    started, over = threading.Event(), threading.Event()
    found: list[Loopback] = []

    async def listen() -> None:
        async with platform(coop) as there:
            found.append(there)
            started.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(listen()))
    thread.start()
    started.wait()
    try:
        yield found[0]
    finally:
        over.set()
        thread.join()
