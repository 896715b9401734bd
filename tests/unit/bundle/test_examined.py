"""The report of an examination: what it says, for whom, and that nothing a file says of itself does anything in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from takeback.bundle.examined import Examined, name_of, page_of, summary_of, written_of
from takeback.bundle.summary import drawn_summary
from takeback.examine import Examination, Finding, Outcome, Test
from takeback.examine.sentences import Sentence

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
BOX = (100, 50, 200, 80)


def finding(nfa: float | None, test: Test = Test.JPEG_GRID) -> Finding:
    return Finding(test, Sentence("declared_origin.program", program=SCRIPT), nfa, (BOX,))


def examined(*findings: Finding, seen: bool = False) -> Examined:
    outcomes = (
        Outcome(Test.JPEG_GRID, findings, statistic=12.0, counted=64, nfa=0.0001),
        Outcome(Test.COPY_MOVE, why_not=Sentence("declared_origin.not_said")),
        Outcome(Test.DECLARED_ORIGIN, facts=(Sentence("declared_origin.program", program="a program"),)),
    )
    pixels = np.full((30, 40, 3), 90, np.uint8) if seen else None
    return Examined(Examination(400, 300, "jpeg", "ab" * 32, outcomes, pixels), f"{SCRIPT}.jpg", 12_345, AT, "1.2.3")


def rows(of: Examined, heading: str) -> list[str]:
    return [text for part in summary_of(of).parts if part.heading == heading for _, text in part.rows]


@pytest.mark.parametrize(
    ("nfa", "support"),
    [
        (None, "decided and not counted"),
        (0.0014, "moderately strong support for the proposition"),
        (0.0001, "strong support for the proposition"),
        (0.005, "moderate support for the proposition"),
    ],
)
def test_a_finding_says_what_it_supports_on_a_scale_and_how_rare_it_is(nfa: float | None, support: str) -> None:
    (said,) = rows(examined(finding(nfa)), "What was found")
    assert support in said
    assert "%" not in said
    if nfa is not None:
        assert f"at most one of {round(1 / nfa)} unaltered pictures" in said


def test_nothing_is_called_rarer_than_was_measured() -> None:
    (said,) = rows(examined(finding(1e-12)), "What was found")
    assert "at most one of 10000 unaltered pictures" in said


def test_no_finding_is_not_called_genuine() -> None:
    summary = summary_of(examined())
    assert "does not show that nothing was done to it" in summary.intro
    assert "Of 2 tests that look for changes 1 could be applied" in summary.intro
    assert rows(examined(), "What was found") == ["Nothing."]
    assert len(rows(examined(), "What could not be tested")) == 1


def test_it_can_be_run_again() -> None:
    said = " ".join(rows(examined(), "How it was examined") + rows(examined(), "The file"))
    for each in ("Takeback 1.2.3", "2026-11-27 12:00 UTC", "ab" * 32, "12,345 bytes", "400 × 300"):
        assert each in said
    written = json.loads(written_of(examined(finding(0.001))))
    assert (written["version"], written["sha256"], len(written["findings"])) == ("1.2.3", "ab" * 32, 1)
    assert written["tests"][0]["statistic"] == 12.0


def test_whatever_a_file_says_is_text_on_the_page() -> None:
    page = page_of(examined(finding(0.001)))
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    for loading in ('http-equiv="refresh"', 'href="http', 'src="', "url("):
        assert loading not in page


def test_the_map_has_a_box_for_each_place_and_the_picture_only_where_it_is_shown() -> None:
    left_out, shown = page_of(examined(finding(0.001))), page_of(examined(finding(0.001), seen=True))
    for page in (left_out, shown):
        assert '<rect x="100" y="50" width="200" height="80"/>' in page
        assert "with 1 marked places" in page
    assert "data:image" not in left_out
    assert shown.count("data:image/png;base64,") == 1


def test_the_paper_is_one_page_and_the_same_each_time() -> None:
    one = drawn_summary(summary_of(examined(finding(0.001), finding(None), seen=True)))
    assert one == drawn_summary(summary_of(examined(finding(0.001), finding(None), seen=True)))
    assert one.startswith(b"%PDF-")
    assert one.count(b"/Type /Page\n") == 1
    # The picture stands in it where it is shown, and only there.
    assert b"/Subtype /Image" in one
    assert b"/Subtype /Image" not in drawn_summary(summary_of(examined(finding(0.001))))


def test_a_tall_picture_leaves_room_for_the_text() -> None:
    tall = examined(finding(0.001))
    found = replace(tall.found, width=100, height=5_000)
    assert drawn_summary(summary_of(replace(tall, found=found))).count(b"/Type /Page\n") == 1


def test_every_test_has_a_name() -> None:
    assert len({name_of(test) for test in Test}) == len(Test)
