"""Signed notes and checkpoints, against the example that the specification prints."""

from __future__ import annotations

import pytest

from takeback.audit.checkpoint import LogCheckpoint
from takeback.audit.note import KeyType, Signer, VerifierKey, signatures_of, split_note
from takeback.errors import InputError, ProofBroken

LOG = Signer("notes.example.org/log", KeyType.LOG, bytes(range(32)))
WITNESS = Signer("witness.example.org", KeyType.WITNESS, bytes(range(1, 33)))
HEAD = LogCheckpoint("notes.example.org/log", 7, bytes(range(32)))

# The key and the note with which golang.org/x/mod/sumdb/note, whose format this is, documents itself.
PETER = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_published_note_verifies() -> None:
    assert [each.key for each in signatures_of(PETERS_NOTE, PETER)] == [PETER]


@pytest.mark.parametrize("place", range(0, len(PETERS_NOTE.partition("\n\n")[0]), 7))
def test_a_published_note_with_another_letter_does_not(place: int) -> None:
    changed = PETERS_NOTE[:place] + "~" + PETERS_NOTE[place + 1 :]

    with pytest.raises(ProofBroken, match="PeterNeumann"):
        signatures_of(changed, PETER)


def test_a_key_is_written_as_it_is_read() -> None:
    for key in (PETER, LOG.key, WITNESS.key):
        assert VerifierKey.parse(str(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "name+00000000", "name+00000000+", "name+00000000+AAAA", "a b+00000000+AAAA",
        str(LOG.key)[:-4] + "AAA=", str(LOG.key).replace("notes", "votes"),
        str(LOG.key).replace("+", "+0", 1),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        VerifierKey.parse(text)


@pytest.mark.parametrize("name", ["", "two words", "plus+sign", "new\nline"])
def test_a_name_that_would_break_a_line_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="no spaces"):
        VerifierKey(name, KeyType.LOG, bytes(32))


def test_a_checkpoint_is_read_as_it_was_signed() -> None:
    note = HEAD.signed(LOG)

    assert LogCheckpoint.parse(note) == HEAD
    assert [each.key for each in signatures_of(note, LOG.key)] == [LOG.key]


def test_a_witness_says_when_it_saw_a_head() -> None:
    note = HEAD.signed(LOG) + WITNESS.line(HEAD.text(), seconds=1_795_000_000)

    found = signatures_of(note, LOG.key, WITNESS.key)

    assert [(each.key, each.seconds) for each in found] == [(LOG.key, None), (WITNESS.key, 1_795_000_000)]


def test_a_witness_signature_with_another_moment_does_not_verify() -> None:
    line = WITNESS.line(HEAD.text(), seconds=1_795_000_000)
    other = WITNESS.line(HEAD.text(), seconds=1_795_000_001)
    # The moment of one line before the signature of the other.
    mixed = line[: len(line) - 80] + other[len(line) - 80 :]

    with pytest.raises(ProofBroken, match="witness"):
        signatures_of(HEAD.signed(LOG) + mixed, WITNESS.key)


def test_a_log_cannot_pass_for_a_witness() -> None:
    same_seed = Signer("notes.example.org/log", KeyType.WITNESS, bytes(range(32)))

    assert signatures_of(HEAD.signed(LOG), same_seed.key) == []
    with pytest.raises(ValueError, match="witness"):
        LOG.line(HEAD.text(), seconds=1)
    with pytest.raises(ValueError, match="witness"):
        WITNESS.line(HEAD.text())


def test_signatures_of_strangers_are_passed_over() -> None:
    stranger = Signer("notes.example.org/log", KeyType.LOG, bytes(32))

    assert signatures_of(HEAD.signed(stranger), LOG.key) == []


@pytest.mark.parametrize(
    "note",
    [
        "", "text", "text\n\n", "text\n\nno dash\n", HEAD.text(), HEAD.signed(LOG)[:-1], HEAD.signed(LOG) + "more\n",
        HEAD.signed(LOG).replace("\n", "\r\n"), "\x00" + HEAD.signed(LOG), "x" * 20_000,
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(ProofBroken):
        split_note(note)


@pytest.mark.parametrize(
    "text",
    [
        "origin\n", "origin\n7\n", "\n7\n{root}\n", "origin\n07\n{root}\n", "origin\n-7\n{root}\n",
        "origin\n\u0667\n{root}\n", "origin\n99999999999999999999\n{root}\n", "origin\n9999999999999999999\n{root}\n",
        "origin\n7\nAAAA\n", "origin\n7\n{root}=\n", "origin\n7\n!!\n",
    ],
)  # fmt: skip
def test_what_is_no_head_is_refused(text: str) -> None:
    root = HEAD.text().split("\n")[2]
    written = text.replace("{root}", root)

    with pytest.raises(ProofBroken):
        LogCheckpoint.parse(f"{written}\n{LOG.line(written)}")


def test_lines_that_follow_a_head_are_passed_over() -> None:
    text = HEAD.text() + "an extension\n"

    assert LogCheckpoint.parse(f"{text}\n{LOG.line(text)}") == HEAD
