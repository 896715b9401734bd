"""`takeback examine`."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import PIL.Image
import typer

from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.new_file import write_new
from takeback.cli.options import AsJson, example
from takeback.cli.pictures import read_file
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.errors import BadSetting
from takeback.examine.asked import HANDLER, WARM_UP, PooledExaminer, pool_limits
from takeback.examine.examination import Examination
from takeback.examine.outcome import BUDGET, Finding, Test
from takeback.media import MediaLimits
from takeback.media.sandbox import temporary_pool
from takeback.provenance.trust import TrustLists, read_trust_lists
from takeback.registration import can_register
from takeback.workflow.examine import Examiner, examine_file

app = new_app()

_NAMES = {
    Test.JPEG_GRID: "JPEG blocks",
    Test.DOUBLE_JPEG: "saved twice",
    Test.COPY_MOVE: "copied within",
    Test.NOISE_LEVEL: "noise",
    Test.DEMOSAICING: "sensor pattern",
    Test.RESAMPLING: "scaled or turned",
    Test.FILE_STRUCTURE: "the file",
    Test.CONTENT_CREDENTIALS: "credentials",
    Test.DECLARED_ORIGIN: "what it declares",
}


@app.command(
    cls=PlainCommand,
    epilog=example(
        "takeback examine suspect.jpg",
        "takeback examine suspect.jpg --json",
        "takeback examine suspect.jpg --mask where.png",
    ),
)
def examine(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The picture.")],
    mask: Annotated[
        Path | None,
        typer.Option("--mask", metavar="FILE", help="Write a PNG that is white where something was found."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Say what a picture gives away of what was done to it.

    Needs no server, no original, and sends nothing anywhere. Each finding says how rarely unaltered pictures have as
    much; of a hundred of them at most one is expected to have any. Each test that cannot be applied says why: that
    nothing is found does not mean that nothing was done. With --json, one line. Exit code 0 whatever was found; 2
    where the file could not be read.
    """
    terminal = Terminal(as_json)
    settings = load_settings({}, os.environ)
    limits = MediaLimits.of(settings)
    began = time.perf_counter()
    data = read_file(file, limits.max_bytes)
    with _examiner(limits, read_trust_lists(settings)) as examiner, terminal.progress("Examining", len(Test)) as step:

        def progress(done: int, _tests: Sequence[Test]) -> None:
            if done:
                step()

        found = examine_file(examiner, data, progress)
    if mask is not None:
        write_new(mask, _picture(found))
    if as_json:
        terminal.json({"file": str(file), **found.as_json(), "seconds": round(time.perf_counter() - began, 3)})
    else:
        _show(terminal, file, found)


@contextmanager
def _examiner(limits: MediaLimits, trust: TrustLists) -> Iterator[Examiner]:
    if not can_register():
        raise BadSetting(
            "Examining pictures needs OpenCV, which is not installed.",
            advice='Install the extra "copies" (pip install "takeback[copies]").',
        )
    allowed = pool_limits(limits)
    with temporary_pool(HANDLER, children=1, limits=allowed, warm_up=WARM_UP) as pool:
        yield PooledExaminer(pool, limits, trust)


def _picture(found: Examination) -> bytes:
    mask = np.zeros((found.height, found.width), np.bool_)
    for finding in found.findings:
        if finding.mask is not None:
            mask |= finding.mask
    file = io.BytesIO()
    PIL.Image.fromarray(mask.astype(np.uint8) * 255).save(file, "PNG")
    return file.getvalue()


def _show(terminal: Terminal, file: Path, found: Examination) -> None:
    count = len(found.findings)
    heading = "no finding" if not count else "1 finding" if count == 1 else f"{count} findings"
    terminal.line(f"{heading:<12}  {file}")
    for finding in found.findings:
        terminal.indented(f"{_NAMES[finding.test]}: {finding.text}{_where(finding)}{_how_rare(finding)}")
    if found.facts:
        terminal.line("  What else is seen:")
        for outcome, fact in found.facts:
            terminal.indented(f"{_NAMES[outcome.test]}: {fact}")
    if found.not_applicable:
        terminal.line("  What cannot be tested:")
        for outcome, why in found.not_applicable:
            terminal.indented(f"{_NAMES[outcome.test]}: {why}")
    terminal.line(f"  Of {round(1 / BUDGET)} unaltered pictures at most one is expected to have a finding.")


def _where(finding: Finding) -> str:
    if not finding.boxes:
        return ""
    return " At " + "; ".join(f"{x},{y} ({width} × {height})" for x, y, width, height in finding.boxes[:4]) + "."


def _how_rare(finding: Finding) -> str:
    if finding.nfa is None:
        return ""
    return f" At most one of {round(1 / max(finding.nfa, 1e-9)):,} unaltered pictures shows as much."
