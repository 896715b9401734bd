"""Where the shared data lies, and what a test says when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not beside the project (../shared/{name})")
    return folder


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Published test vectors of the field: other projects' data with their answers."""
    return _folder("vectors")


@pytest.fixture(scope="session")
def photos() -> Path:
    """Photographs of places, things and animals."""
    return _folder("photos")
