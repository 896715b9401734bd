"""
Coop's signature, by the key that its own page shows.

The example is Node's: `openssl dgst -sha256 -sign` makes the same bytes as `crypto.subtle.sign` with RSASSA-PKCS1-v1_5.
"""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from tests.unit.coop import ANOTHER, ORGANIZATION, callback, pem_of, signature_of

from takeback.actions.coop.signature import PublicKeys
from takeback.actions.coop.word import Word, read_word
from takeback.errors import BadSetting, NotAllowed

BODY = callback("1f" * 16)
_ED25519 = (
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----"
)


def test_what_openssl_signs_as_node_does_is_taken(tmp_path: Path) -> None:
    key, body = tmp_path / "key.pem", tmp_path / "body"
    make = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(key)]
    subprocess.run(make, check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout"], check=True, capture_output=True).stdout
    body.write_bytes(BODY)
    signed = ["openssl", "dgst", "-sha256", "-sign", str(key), str(body)]
    signature = subprocess.run(signed, check=True, capture_output=True).stdout
    PublicKeys.parse(public.decode()).verify(base64.b64encode(signature).decode(), BODY)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "=",
        "not base64",
        signature_of(BODY)[:-4],
        signature_of(BODY, ANOTHER),
        signature_of(BODY + b"\n"),
        signature_of(BODY) + " ",
        "A" * 4_000,
    ],
)
def test_anything_else_is_not(signature: str) -> None:
    with pytest.raises(NotAllowed):
        PublicKeys.parse(pem_of(ORGANIZATION)).verify(signature, BODY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        pem_of(ORGANIZATION) * 5,
        _ED25519,
    ],
)
def test_a_file_without_a_key_of_coops_kind_is_said(text: str) -> None:
    with pytest.raises(BadSetting, match="coop_public_key_file"):
        PublicKeys.parse(text)


def test_of_a_callback_only_the_item_the_action_and_who_took_it_are_read() -> None:
    assert read_word(BODY) == Word("1f" * 16, "5a1c0f8b7e2", "9f3e1d5b7a0", "ada@forum.example")
    assert read_word(callback("1", actor=" Ada@Forum.example ")).actor == "ada@forum.example"
    assert "ada@" not in repr(read_word(BODY))
    assert read_word(callback("1", actor="")).actor is None
