"""An examination: what its sentences take, and boxes and masks turned as a person sees the picture."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from takeback.examine import sentences
from takeback.examine.outcome import BLIND_TESTS, BUDGET, MAX_NFA, Finding, Outcome, Test
from takeback.examine.sentences import MAX_VALUE_CHARACTERS, Sentence
from takeback.examine.upright import upright
from takeback.media.orientation import turn_mask


@pytest.fixture(autouse=True)
def _a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "SENTENCES", {"tests.named": "It says {name}."})
    monkeypatch.setattr(sentences, "VALUES", {"tests.named": frozenset({"name"})})


def test_all_tests_together_stay_within_the_budget() -> None:
    assert pytest.approx(BUDGET) == MAX_NFA * len(BLIND_TESTS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_and_masks_are_turned_alike(orientation: int) -> None:
    mask = np.zeros((30, 50), np.bool_)
    mask[3:9, 10:30] = True
    finding = Finding(Test.JPEG_GRID, Sentence("tests.named", name="x"), 0.001, ((10, 3, 20, 6),), mask)
    (turned,) = upright(Outcome(Test.JPEG_GRID, (finding,)), 50, 30, orientation).findings
    assert turned.mask is not None
    assert (turned.mask == turn_mask(mask, orientation)).all()
    ((left, top, width, height),) = turned.boxes
    found = np.zeros(turned.mask.shape, np.bool_)
    found[top : top + height, left : left + width] = True
    assert (found == turned.mask).all()


def test_a_sentence_takes_its_own_values_and_no_others() -> None:
    assert str(Sentence("tests.named", name="a thing")) == "It says a thing."
    with pytest.raises(ValueError, match="not a sentence"):
        Sentence("tests.named", title="a thing")
    with pytest.raises(ValueError, match="not a sentence"):
        Sentence("tests.unknown")


def test_what_a_file_says_of_itself_is_kept_short_and_on_one_line() -> None:
    said = str(Sentence("tests.named", name="a\x1b[31m\n{name}" + "x" * 200))
    assert "\x1b" not in said
    assert "\n" not in said
    assert "{name}" in said
    assert len(said) < MAX_VALUE_CHARACTERS + 20


def test_without_opencv_it_is_said_what_to_install() -> None:
    asking = (
        "import io, sys; sys.modules['cv2'] = None\n"
        "from PIL import Image\n"
        "from takeback.examine import examine_image\n"
        "Image.new('RGB', (64, 64)).save(picture := io.BytesIO(), 'PNG')\n"
        "examine_image(picture.getvalue())"
    )
    done = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "BadSetting: OpenCV is not installed" in done.stderr
