"""`takeback compare`."""

from __future__ import annotations

import io
import os
import time
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
from takeback.examine.at_need import AtNeed
from takeback.examine.compared.comparison import Comparison
from takeback.media import MediaLimits
from takeback.workflow.compare import compare_files

app = new_app()


@app.command(
    cls=PlainCommand,
    epilog=example(
        "takeback compare mine.jpg suspect.jpg",
        "takeback compare mine.jpg suspect.jpg --json",
        "takeback compare mine.jpg suspect.jpg --mask changed.png",
    ),
)
def compare(
    original: Annotated[Path, typer.Argument(metavar="ORIGINAL", help="The picture as it was taken.")],
    suspect: Annotated[Path, typer.Argument(metavar="SUSPECT", help="What may have been made of it.")],
    mask: Annotated[
        Path | None,
        typer.Option("--mask", metavar="FILE", help="Write a PNG that is white where the suspect was changed."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Say what of a picture was changed, by the original.

    Needs no server, and sends nothing anywhere. The suspect may be a crop, scaled, mirrored, in other tones, saved
    again, or a screenshot. What differs from what the original makes of it is called changed where at most four of a
    thousand unchanged copies differ as much. With --json, one line. Exit code 0 whatever was found; 2 where a file
    could not be read.
    """
    terminal = Terminal(as_json)
    limits = MediaLimits.of(load_settings({}, os.environ))
    began = time.perf_counter()
    files = (read_file(original, limits.max_bytes), read_file(suspect, limits.max_bytes))
    found = compare_files(AtNeed(limits), *files)
    if mask is not None:
        write_new(mask, _picture(found))
    if as_json:
        line = {"original": str(original), "suspect": str(suspect), **found.as_json()}
        terminal.json({**line, "seconds": round(time.perf_counter() - began, 3)})
    else:
        _show(terminal, suspect, found)


def _picture(found: Comparison) -> bytes:
    mask = np.zeros((found.height, found.width), np.bool_) if found.mask is None else found.mask
    file = io.BytesIO()
    PIL.Image.fromarray(mask.astype(np.uint8) * 255).save(file, "PNG")
    return file.getvalue()


def _show(terminal: Terminal, suspect: Path, found: Comparison) -> None:
    terminal.line(f"{_heading(found):<14}  {suspect}")
    if found.same_source:
        terminal.indented(_laid(found))
    if found.changed:
        terminal.indented(f"At most {_share(found.nfa)} of unchanged copies differ as much anywhere.")
    for change in found.changes:
        left, top, width, height = change.box
        terminal.indented(f"{change.kind.value} at {left},{top} ({width} × {height}): {change.reason}")
    if found.unjudged is not None:
        terminal.indented(found.unjudged)


def _heading(found: Comparison) -> str:
    if found.same_source is None:
        return "unjudged"
    if not found.same_source:
        return "not from it"
    return "changed" if found.changed else "kept"


def _laid(found: Comparison) -> str:
    facts = [f"at {found.scale:.2f} of its size" if found.scale is not None else ""]
    facts.append("mirrored" if found.mirrored else "")
    facts.append(f"turned by {found.angle:.0f}°" if found.angle is not None and abs(found.angle) >= 0.5 else "")
    seen = "all of it" if found.compared_share > 0.999 else f"{found.compared_share:.0%} of it"
    return f"It shows the original, {', '.join(fact for fact in facts if fact)}; {seen} can be compared."


def _share(nfa: float) -> str:
    return f"one in {round(1 / nfa):,}" if nfa > 0 else "none"
