"""
The gate for comparing with the original: a small fixed part of its benchmark, which must not get worse.

Five photographs, of each six changed suspects and ten clean ones. The whole benchmark is
`python -m benchmarks compared`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.compared import ORIGINAL_QUALITY, Outcome, outcome, suspects_of
from benchmarks.edits import as_upload
from benchmarks.photographs import Photograph

from takeback.registration import can_register

PHOTOGRAPHS, STEP = 5, 35
CHANGED_EACH = 6
LEAST_FOUND = 0.93
LEAST_F1 = 0.85
MOST_WRONG = 1
"""Of fifty clean pairs."""


@pytest.fixture(scope="module")
def outcomes(photos: Path) -> list[Outcome]:
    if not can_register():
        pytest.skip("the extra copies is not installed")
    scenes = sorted((photos / "scenes").glob("*.jpg"))[::STEP][:PHOTOGRAPHS]
    photographs = [Photograph(f"scenes/{path.stem}", path) for path in scenes]
    found: list[Outcome] = []
    for row, photograph in enumerate(photographs):
        original = as_upload(photograph.pixels(), ORIGINAL_QUALITY)
        found += [outcome(original, each) for each in suspects_of(photographs, row, 7, original, CHANGED_EACH)]
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_changes_are_found_and_outlined_as_well_as_before(outcomes: list[Outcome]) -> None:
    changed = [each for each in outcomes if not each.is_clean]
    assert len(changed) >= 25
    assert sum(each.is_found for each in changed) / len(changed) >= LEAST_FOUND
    assert sum(each.f1 for each in changed) / len(changed) >= LEAST_F1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_unchanged_copies_are_kept(outcomes: list[Outcome]) -> None:
    clean = [each for each in outcomes if each.is_clean]
    assert all(each.same_source for each in clean)
    assert sum(bool(each.changed) for each in clean) <= MOST_WRONG
