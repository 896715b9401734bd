"""HMA's own index (`threatexchange`) and ours answer alike: each match, each distance."""

from __future__ import annotations

import warnings
from importlib import import_module

import numpy as np
from tests.house import AT
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.codes import at_distance

from takeback.assembly import Parts
from takeback.bank import Opinion
from takeback.cases.notice import ReportedPicture
from takeback.fingerprint import PdqHash
from takeback.workflow.register import add_entries


def test_every_match_and_distance_of_hmas_index_is_ours(hma: Hma, parts: Parts) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = import_module("threatexchange.signal_type.pdq.pdq_index")
    ones = np.zeros((200, 256), np.uint8)
    ones[:, :128] = 1
    codes = np.packbits(np.random.default_rng(5).permuted(ones, axis=1), axis=1)
    hashes = [code.tobytes().hex() for code in codes]
    hashes += [at_distance(text, distance) for text, distance in zip(hashes, range(0, 40, 2), strict=False)]
    hma.new_bank("KNOWN")
    pictures = [ReportedPicture(pdq=PdqHash.from_hex(text)) for text in hashes]
    add_entries(
        parts.store, "KNOWN", pictures, opinion=Opinion.POSITIVE, source="test", expires_at=None, actor="test", at=AT
    )
    with parts.store.write() as tx:
        entry_ids = sorted(entry.id for entry in set(tx.banks.entries(range(1, 1_000)).values()))
        numbers = tx.hma_contents.number_all(entry_ids)
    theirs = module.PDQIndex.build((text, numbers[entry_ids[row]]) for row, text in enumerate(hashes))
    for text in [at_distance(hashes[row], distance) for row, distance in enumerate(range(0, 36))]:
        expected = sorted((match.metadata, match.similarity_info.pretty_str()) for match in theirs.query(text))
        asked = {"signal": text, "signal_type": "pdq", "include_distance": "true"}
        matches = hma.get("/m/raw_lookup", params=asked).json()["matches"]
        assert sorted((match["bank_content_id"], match["distance"]) for match in matches) == expected
