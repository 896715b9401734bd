"""`takeback hash`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, example
from takeback.cli.pictures import Read, files_below, picture_reader
from takeback.cli.terminal import Terminal
from takeback.errors import TakebackError
from takeback.fingerprint import MIN_QUALITY, Fingerprints, FrameFingerprint

app = new_app()


@app.command(
    cls=PlainCommand,
    epilog=example("takeback hash photo.jpg", "takeback hash pictures/ --json > bank.jsonl"),
)
def hash(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Pictures, or folders of them.")],
    as_json: AsJson = False,
) -> None:
    """
    Say what pictures are known by: digests and fingerprints.

    Decoding happens in processes without files, network or keys. With --json, a line for each file, which
    `takeback match --against` takes as a bank. Keep fingerprints as you keep the pictures: a rough likeness
    can be computed back. Exit code 2 where a file could not be read; the others are done all the same.
    """
    terminal = Terminal(as_json)
    paths = files_below(files)
    failed = 0
    with picture_reader() as reader, terminal.progress("Hashing", len(paths), among_results=True) as step:
        for read in reader.each(paths, lambda decoder, data: (decoder.fingerprints(data), len(data))):
            failed += read.problem is not None
            _write(terminal, read)
            step()
    if failed:
        terminal.say(f"{failed} of {len(paths)} files could not be read.")
        raise typer.Exit(ExitCode.INPUT)


def _write(terminal: Terminal, read: Read[tuple[Fingerprints, int]]) -> None:
    if read.value is not None:
        prints, size = read.value
        if terminal.as_json:
            terminal.json(as_record(read.path, prints, size))
        else:
            _show(terminal, read.path, prints, size)
    elif read.problem is not None:
        if terminal.as_json:
            terminal.json({"file": str(read.path), "error": _error(read.problem)})
        else:
            terminal.say(f"{read.path}: {read.problem.message} {read.problem.advice}")


def as_record(path: Path, prints: Fingerprints, size: int) -> dict[str, object]:
    """Return everything that one file is known by, as JSON can hold it; `incomplete` is a code or null."""
    return {
        "file": str(path),
        "format": prints.format,
        "bytes": size,
        "width": prints.width,
        "height": prints.height,
        "file_sha256": prints.file_digest.hex(),
        "frames": [_frame(frame) for frame in prints.frames],
        "incomplete": prints.incomplete,
    }


def _frame(frame: FrameFingerprint) -> dict[str, object]:
    return {
        "pixels_sha256": frame.pixel_digest.hex(),
        "pdq": frame.upright.hex(),
        "quality": frame.quality,
        "orientations": {name.value: pdq.hex() for name, pdq in frame.orientations.items()},
    }


def _error(problem: TakebackError) -> dict[str, str]:
    return {"code": problem.code, "message": problem.message, "advice": problem.advice}


def _show(terminal: Terminal, path: Path, prints: Fingerprints, size: int) -> None:
    terminal.line(str(path))
    terminal.line(f"  {prints.format}, {prints.width} × {prints.height} pixels, {size:,} bytes")
    terminal.line(f"  SHA-256     {prints.file_digest.hex()}")
    for number, frame in enumerate(prints.frames, start=1):
        if len(prints.frames) > 1:
            terminal.line(f"  frame {number} of {len(prints.frames)}")
        terminal.line(f"  pixels      {frame.pixel_digest.hex()}")
        weak = " (too little detail to be compared)" if frame.quality < MIN_QUALITY else ""
        terminal.line(f"  PDQ         quality {frame.quality}{weak}")
        for name, pdq in frame.orientations.items():
            terminal.line(f"  {name.value:<11} {pdq.hex()}")
    if prints.incomplete is not None:
        terminal.line("  Only the first frames could be read.")
    terminal.line()
