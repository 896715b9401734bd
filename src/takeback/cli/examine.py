"""`takeback examine`."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import PIL.Image
import typer

import takeback
from takeback.bundle.examined import Examined, budget_told, name_of, page_of, summary_of, written_of
from takeback.bundle.summary import drawn_summary
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.new_file import write_new
from takeback.cli.options import AsJson, example
from takeback.cli.pictures import files_below, read_file
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.errors import InputError
from takeback.examine.at_need import AtNeed
from takeback.examine.examination import Examination
from takeback.examine.outcome import EXAMINED, Finding
from takeback.examine.shown import Shown
from takeback.media import MediaLimits
from takeback.provenance.trust import read_trust_lists
from takeback.workflow.examine import examine_file

app = new_app()


@app.command(
    cls=PlainCommand,
    epilog=example(
        "takeback examine suspect.jpg",
        "takeback examine suspect.jpg --json",
        "takeback examine suspect.jpg --report report.html --picture blurred",
        "takeback examine suspect.jpg --known my-pictures/",
    ),
)
def examine(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The picture.")],
    mask: Annotated[
        Path | None,
        typer.Option("--mask", metavar="FILE", help="Write a PNG that is white where something was found."),
    ] = None,
    known: Annotated[
        list[Path] | None,
        typer.Option(
            "--known",
            metavar="FILE",
            help="Pictures as your camera wrote them, or folders of them; repeatable. It is said whether FILE is "
            "built as those.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write a report for people: .html, .pdf or .json."),
    ] = None,
    picture: Annotated[Shown, typer.Option("--picture", help="What of the picture the report shows.")] = Shown.LEFT_OUT,
    as_json: AsJson = False,
) -> None:
    """
    Say what a picture gives away of what was done to it.

    Needs no server, no original, and sends nothing anywhere. Each finding says how rarely unaltered pictures have as
    much; the tests are set so that of a hundred at most one has any. Each test that cannot be applied says why: that
    nothing is found does not mean that nothing was done. With --json, one line. Exit code 0 whatever was found; 2
    where the file could not be read.
    """
    terminal = Terminal(as_json)
    write_report = None if report is None else _writer(report)
    settings = load_settings({}, os.environ)
    limits = MediaLimits.of(settings)
    began = time.perf_counter()
    data = read_file(file, limits.max_bytes)
    examiner = AtNeed(limits, lambda: read_trust_lists(settings))
    if known:
        _learn(terminal, examiner, files_below(known), limits)
    with terminal.progress("Examining", len(EXAMINED)) as step:

        def progress(done: int) -> None:
            if done:
                step()

        found = examine_file(examiner, data, progress, picture)
    if mask is not None:
        write_new(mask, _picture(found))
    if report is not None and write_report is not None:
        examined = Examined(found, file.name, len(data), datetime.now(UTC), takeback.__version__)
        write_new(report, write_report(examined))
    if as_json:
        terminal.json({"file": str(file), **found.as_json(), "seconds": round(time.perf_counter() - began, 3)})
    else:
        _show(terminal, file, found)


def _learn(terminal: Terminal, examiner: AtNeed, paths: Sequence[Path], limits: MediaLimits) -> None:
    with terminal.progress("Learning", len(paths)) as step:

        def files() -> Iterator[bytes]:
            for path in paths:
                yield read_file(path, limits.max_bytes)
                step()

        if not examiner.learn(files()).cameras:
            raise InputError(
                "Nothing can be learnt from these files.",
                advice="Name JPEG files as your camera wrote them: copies from platforms no longer say what took them.",
            )


def _writer(report: Path) -> Callable[[Examined], str | bytes]:
    """Return what writes a report of the kind that a file's name asks for."""
    write = _REPORTS.get(report.suffix.lower())
    if write is None:
        raise InputError(f"{report.name} names no kind of report.", advice="End its name in .html, .pdf or .json.")
    return write


_REPORTS: Mapping[str, Callable[[Examined], str | bytes]] = {
    ".html": page_of,
    ".pdf": lambda examined: drawn_summary(summary_of(examined)),
    ".json": written_of,
}


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
        terminal.indented(f"{name_of(finding.test)}: {finding.text}{_where(finding)}{_how_rare(finding)}")
    if found.facts:
        terminal.line("  What else is seen:")
        for outcome, fact in found.facts:
            terminal.indented(f"{name_of(outcome.test)}: {fact}")
    if found.not_applicable:
        terminal.line("  What cannot be tested:")
        for outcome, why in found.not_applicable:
            terminal.indented(f"{name_of(outcome.test)}: {why}")
    terminal.line("  How often an unaltered picture has a finding:")
    terminal.indented(str(budget_told()))


def _where(finding: Finding) -> str:
    if not finding.boxes:
        return ""
    return " At " + "; ".join(f"{x},{y} ({width} × {height})" for x, y, width, height in finding.boxes[:4]) + "."


def _how_rare(finding: Finding) -> str:
    if finding.nfa is None:
        return ""
    return f" At most one of {round(1 / max(finding.nfa, 1e-9)):,} unaltered pictures shows as much."
