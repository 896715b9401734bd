"""Timestamps: what an authority is told, and what is believed of its answer."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.timestamp_authority import TimestampAuthority

from takeback.audit.checkpoint import LogCheckpoint
from takeback.audit.timestamp import digest_of, query_about, read_roots, read_stamp, verify_stamp
from takeback.bundle import offline
from takeback.errors import BadSetting, ProofBroken

HEAD = LogCheckpoint("forum.example/1f2e3d4c", 96, bytes(range(32)))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimestampAuthority:
    return TimestampAuthority(tmp_path_factory.mktemp("tsa") / "ours")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> TimestampAuthority:
    return TimestampAuthority(tmp_path_factory.mktemp("tsa") / "other", "Another authority")


def test_an_authority_learns_a_digest_and_nothing_else() -> None:
    first, second = query_about(HEAD), query_about(HEAD)

    assert first.digest == hashlib.sha256(HEAD.text().encode()).digest() == digest_of(HEAD)
    assert first.digest in first.body
    assert HEAD.root not in first.body
    assert b"forum" not in first.body
    assert len(first.body) < 80
    assert first.nonce != second.nonce


def test_a_stamp_of_a_real_authority_is_read_and_verified(authority: TimestampAuthority) -> None:
    query, roots = query_about(HEAD), read_roots(authority.roots.read_bytes())
    answer = authority.reply(query.body)

    stamp = read_stamp(answer, query, roots)

    assert stamp.is_verified
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=5)
    assert verify_stamp(stamp.token, query.digest, roots) == stamp.at
    assert not read_stamp(answer, query, []).is_verified


def test_the_verifier_in_a_bundle_reads_the_same(authority: TimestampAuthority, other: TimestampAuthority) -> None:
    query = query_about(HEAD)
    answer = authority.reply(query.body)

    said = offline.read_stamp(answer)

    assert said.digest == query.digest
    assert said.at.startswith(f"{read_stamp(answer, query, []).at:%Y-%m-%dT%H:%M:%S}")
    assert offline.openssl_says(answer, query.digest, str(authority.roots)) is True
    assert offline.openssl_says(answer, bytes(32), str(authority.roots)) is False
    assert offline.openssl_says(answer, query.digest, str(other.roots)) is False


def test_a_stamp_under_another_root_does_not_verify(authority: TimestampAuthority, other: TimestampAuthority) -> None:
    query = query_about(HEAD)
    answer = authority.reply(query.body)
    roots = read_roots(other.roots.read_bytes())

    with pytest.raises(ProofBroken, match="does not verify"):
        read_stamp(answer, query, roots)
    with pytest.raises(ProofBroken, match="does not verify"):
        verify_stamp(answer, query.digest, roots)


def test_an_answer_to_another_question_is_none_to_ours(authority: TimestampAuthority) -> None:
    ours, again = query_about(HEAD), query_about(HEAD)
    of_another = query_about(LogCheckpoint(HEAD.origin, 97, HEAD.root))

    for query in (again, of_another):
        with pytest.raises(ProofBroken, match="another question"):
            read_stamp(authority.reply(query.body), ours, [])


def test_a_stamp_of_another_digest_does_not_verify(authority: TimestampAuthority) -> None:
    query, roots = query_about(HEAD), read_roots(authority.roots.read_bytes())
    token = authority.reply(query.body)

    with pytest.raises(ProofBroken, match="does not verify"):
        verify_stamp(token, bytes(32), roots)


def test_a_byte_flipped_anywhere_in_what_is_signed_is_found(authority: TimestampAuthority) -> None:
    query, roots = query_about(HEAD), read_roots(authority.roots.read_bytes())
    token = authority.reply(query.body)
    start = token.index(query.digest)

    for place in (start, start + 31, start + 40, len(token) - 1):
        changed = token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]
        with pytest.raises(ProofBroken):
            verify_stamp(changed, query.digest, roots)


@pytest.mark.parametrize(
    "answer", [b"", b"no", b"\x30\x03\x02\x01\x00", b"\x30\x05\x30\x03\x02\x01\x02", bytes(70_000)]
)
def test_what_is_no_stamp_says_so(answer: bytes) -> None:
    with pytest.raises(ProofBroken):
        read_stamp(answer, query_about(HEAD), [])
    with pytest.raises(offline.Broken):
        offline.read_stamp(answer)


def test_a_file_without_certificates_is_no_root(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="no file with root certificates"):
        read_roots(b"-----BEGIN NOTHING-----")
