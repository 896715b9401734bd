"""What a screen reader is given of each state, kept beside the pages so that people read it when it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser.test_access import STATES, State
from tests.browser.walking import Open, spoken

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pages" / "spoken"


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_what_is_spoken_is_what_was_read(visit: Open, photo: Path, state: State) -> None:
    """`tools/page-pictures` writes them anew; read the difference before it is committed."""
    here = visit()
    state(here, photo)
    assert spoken(here) == (FOLDER / f"{state.__name__}.yml").read_text("utf-8")
