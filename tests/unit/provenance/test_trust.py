"""Trust lists, as an operator names them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.provenance.signing import signer

from takeback.config import Settings, load_settings
from takeback.errors import BadSetting
from takeback.provenance.trust import MAX_LIST_BYTES, TrustLists, Vouching, read_trust_lists


def test_there_are_none_by_default() -> None:
    lists = read_trust_lists(Settings())
    assert lists == TrustLists()
    assert not lists.vouch_for(Vouching.SIGNERS)


def test_lists_are_read_by_name_and_by_what_they_vouch_for(tmp_path: Path) -> None:
    ours, times = signer(), signer()
    (tmp_path / "ours.pem").write_text(ours.root)
    (tmp_path / "times.pem").write_text(times.root)
    told = {
        "TAKEBACK_SIGNER_TRUST_LISTS": f"our own={tmp_path}/ours.pem",
        "TAKEBACK_TIMESTAMP_TRUST_LISTS": f"times = {tmp_path}/times.pem",
    }
    lists = read_trust_lists(load_settings({}, told))
    assert [(each.name, each.vouching) for each in lists.lists] == [
        ("our own", Vouching.SIGNERS),
        ("times", Vouching.TIMES),
    ]
    assert lists.lists[0].pem == ours.root
    assert lists.vouch_for(Vouching.SIGNERS)
    assert lists.vouch_for(Vouching.TIMES)


@pytest.mark.parametrize("entry", ["list.pem", "=list.pem", "name=", "<b>=list.pem", "x" * 50 + "=list.pem"])
def test_an_entry_that_names_no_list_is_refused(entry: str) -> None:
    with pytest.raises(BadSetting, match="no name and file"):
        read_trust_lists(replace(Settings(), signer_trust_lists=(entry,)))


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (None, "cannot be read"),
        (b"", "no certificates"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificates"),
        (b"x" * (MAX_LIST_BYTES + 1), "has over"),
    ],
)
def test_a_file_that_holds_no_list_is_refused(tmp_path: Path, held: bytes | None, said: str) -> None:
    if held is not None:
        (tmp_path / "list.pem").write_bytes(held)
    with pytest.raises(BadSetting, match=said):
        read_trust_lists(replace(Settings(), timestamp_trust_lists=(f"one={tmp_path}/list.pem",)))
