"""What counts as which class of copy, by which fact, and when it may be confirmed without looking."""

from __future__ import annotations

import numpy as np
import pytest

from takeback.bank import Thresholds
from takeback.fingerprint import Orientation
from takeback.match import CopyClass, Evidence, Fact, class_of, is_blind
from takeback.registration import Alignment

BOUNDS = Thresholds(
    same_bits=31, possible_bits=46, blind_bits=10, same_similarity=0.9, possible_similarity=0.4, same_inliers=12,
    possible_inliers=6,
)  # fmt: skip


def aligned(inliers: int) -> Alignment:
    return Alignment(inliers, 40, False, np.eye(2, 3), (100, 100), (100, 100))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (Evidence(digest=Fact.PIXELS, distance=0), (CopyClass.IDENTICAL, Fact.PIXELS)),
        (Evidence(distance=31), (CopyClass.SUBSTANTIALLY_SAME, Fact.PDQ)),
        (Evidence(distance=32), (CopyClass.POSSIBLE, Fact.PDQ)),
        (Evidence(distance=46), (CopyClass.POSSIBLE, Fact.PDQ)),
        (Evidence(distance=47), None),
        (Evidence(similarity=0.9), (CopyClass.SUBSTANTIALLY_SAME, Fact.SSCD)),
        (Evidence(similarity=0.89), (CopyClass.POSSIBLE, Fact.SSCD)),
        (Evidence(similarity=0.39), None),
        (Evidence(alignment=aligned(12)), (CopyClass.SUBSTANTIALLY_SAME, Fact.LOCAL)),
        (Evidence(alignment=aligned(11)), (CopyClass.POSSIBLE, Fact.LOCAL)),
        (Evidence(alignment=aligned(5)), None),
        (Evidence(distance=40, similarity=0.95), (CopyClass.SUBSTANTIALLY_SAME, Fact.SSCD)),
        (Evidence(), None),
    ],
)
def test_the_strongest_fact_decides_the_class(evidence: Evidence, expected: tuple[CopyClass, Fact] | None) -> None:
    assert class_of(evidence, BOUNDS) == expected


def test_what_local_features_deny_the_descriptor_alone_does_not_make_the_same() -> None:
    assert class_of(Evidence(similarity=0.95, refuted=True), BOUNDS) == (CopyClass.POSSIBLE, Fact.SSCD)
    assert class_of(Evidence(similarity=0.95, distance=20, refuted=True), BOUNDS) == (
        CopyClass.SUBSTANTIALLY_SAME,
        Fact.PDQ,
    )


@pytest.mark.parametrize(
    ("evidence", "blind"),
    [
        (Evidence(digest=Fact.FILE), True),
        (Evidence(distance=10), True),
        (Evidence(distance=12), False),
        (Evidence(distance=31, similarity=0.9), True),
        (Evidence(distance=31, similarity=0.89), False),
        (Evidence(distance=31, similarity=0.95, refuted=True), False),
        (Evidence(distance=31, alignment=aligned(12)), True),
        (Evidence(distance=33, similarity=0.99, alignment=aligned(300)), False),
        (Evidence(similarity=0.99), False),
    ],
)
def test_facts_allow_blind_confirmation_when_near_or_when_two_agree(evidence: Evidence, blind: bool) -> None:
    assert is_blind(evidence, BOUNDS) == blind


def test_joined_evidence_has_the_strongest_of_each_fact_whichever_comes_first() -> None:
    near = Evidence(distance=20, view="region", orientation=Orientation.MIRRORED)
    like = Evidence(distance=30, view="whole", orientation=Orientation.UPRIGHT, similarity=0.7)
    placed = Evidence(view="local", alignment=aligned(9), digest=Fact.PIXELS)
    for joined in (near.joined(like).joined(placed), placed.joined(like).joined(near)):
        assert (joined.distance, joined.view, joined.orientation) == (20, "region", Orientation.MIRRORED)
        assert (joined.similarity, joined.inliers, joined.digest) == (0.7, 9, Fact.PIXELS)
