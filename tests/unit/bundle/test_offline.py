"""The verifier inside every bundle: its own Ed25519 against published vectors, trees and stamps against others'."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from takeback.audit.keys import log_signer
from takeback.audit.merkle import leaf_hash, root_of
from takeback.audit.proof import inclusion_proof
from takeback.bundle import offline
from takeback.bundle.offline import Broken, ed25519_holds, read_key, read_note, root_by_inclusion

# RFC 8032, section 7.1: public key, message, signature.
_VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
        "b00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
        "c027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
        "2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
        "d9bef1177331a704",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), _VECTORS)
def test_the_published_signatures_hold(public: str, message: str, signature: str) -> None:
    assert ed25519_holds(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


@pytest.mark.parametrize("place", [0, 31, 32, 63])
def test_a_signature_with_one_bit_flipped_does_not_hold(place: int) -> None:
    public, message, signature = (bytes.fromhex(each) for each in _VECTORS[1])
    changed = bytes([*signature[:place], signature[place] ^ 1, *signature[place + 1 :]])

    assert not ed25519_holds(public, message, changed)
    assert not ed25519_holds(public, message + b"!", signature)


def test_a_scalar_that_was_not_reduced_does_not_hold() -> None:
    # RFC 8032, section 5.1.7: else everybody could make a second signature of a first.
    public, message, signature = (bytes.fromhex(each) for each in _VECTORS[0])
    order = 2**252 + 27742317777372353535851937790883648493
    again = int.from_bytes(signature[32:], "little") + order

    assert not ed25519_holds(public, message, signature[:32] + again.to_bytes(32, "little"))


def test_it_agrees_with_another_program_about_random_signatures() -> None:
    for number in range(8):
        key = Ed25519PrivateKey.from_private_bytes(bytes([number] * 32))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        message = bytes(range(number * 7))

        assert ed25519_holds(public, message, key.sign(message))
        assert not ed25519_holds(public, message, key.sign(message + b"?"))


def test_a_note_holds_under_the_key_that_signed_it_and_no_other() -> None:
    signer, other = log_signer(bytes(32), "a.example"), log_signer(bytes([1] * 32), "a.example")
    text = "a.example\n1\nhello\n"
    note = f"{text}\n{signer.line(text)}"

    assert read_note(note, read_key(str(signer.key))) == text
    with pytest.raises(Broken, match="not signed by"):
        read_note(note, read_key(str(other.key)))
    with pytest.raises(Broken, match="does not fit"):
        read_note(note.replace("hello", "hullo"), read_key(str(signer.key)))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 100])
def test_every_leaf_of_a_tree_is_proven_by_its_path_and_by_no_other(size: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]

    def node(level: int, index: int) -> bytes:
        return root_of(leaves[index << level : (index + 1) << level])

    for index in range(size):
        path = inclusion_proof(node, index, size)
        assert root_by_inclusion(leaves[index], index, size, path) == root_of(leaves)
        with pytest.raises(Broken, match=r"longer|leaf"):
            root_by_inclusion(leaves[index], index, size, [*path, bytes(32)] * (1 + 63 // (len(path) + 1)))
        if path:
            with pytest.raises(Broken, match="shorter"):
                root_by_inclusion(leaves[index], index, size, path[:-1])


def test_it_needs_nothing_but_the_standard_library_of_python_3_9() -> None:
    source = Path(offline.__file__).read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        (node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert imported <= set(sys.stdlib_module_names)
