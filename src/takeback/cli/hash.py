"""`takeback hash`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, example
from takeback.cli.pictures import Read, files_below, picture_reader, route_reader
from takeback.cli.terminal import Terminal
from takeback.errors import TakebackError
from takeback.fingerprint import (
    MIN_QUALITY,
    Fingerprints,
    Orientation,
    PdqHash,
    Route,
    RoutedFingerprint,
    file_digest,
)

app = new_app()

ROUTE_HELP = (
    "Which pixels are hashed. pixels: as they are seen, of every frame; the others hash one picture a file. "
    "luminance: a JPEG's own grey plane, faster, a few bits apart. For lists of others, without colour profile "
    "and not turned: as-stored, as HMA does; nearest-512, reduced first, as ThreatExchange's C++ and WASM do."
)


@dataclass(frozen=True, slots=True)
class _Frame:
    pixel_digest: bytes | None
    orientations: Mapping[Orientation, PdqHash]

    @property
    def upright(self) -> PdqHash:
        return self.orientations[Orientation.UPRIGHT]


@dataclass(frozen=True, slots=True)
class _Hashed:
    """What one file is known by, by whatever route; `incomplete` is a code or None."""

    route: Route
    format: str
    size: int
    width: int
    height: int
    file_digest: bytes
    frames: tuple[_Frame, ...]
    incomplete: str | None


@app.command(
    cls=PlainCommand,
    epilog=example(
        "takeback hash photo.jpg",
        "takeback hash pictures/ --json > bank.jsonl",
        "takeback hash photo.jpg --route nearest-512",
    ),
)
def hash(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Pictures, or folders of them.")],
    route: Annotated[Route, typer.Option("--route", help=ROUTE_HELP)] = Route.PIXELS,
    as_json: AsJson = False,
) -> None:
    """
    Say what pictures are known by: digests and fingerprints.

    Decoding happens in processes without files, network or keys. With --json, a line for each file, which
    `takeback match --against` takes as a bank; `route` in it says which pixels were hashed. Keep fingerprints
    as you keep the pictures: a rough likeness can be computed back. Exit code 2 where a file could not be read;
    the others are done all the same.
    """
    terminal = Terminal(as_json)
    paths = files_below(files)
    failed = 0
    with _reading(paths, route) as reads, terminal.progress("Hashing", len(paths), among_results=True) as step:
        for read in reads:
            failed += read.problem is not None
            _write(terminal, read)
            step()
    if failed:
        terminal.say(f"{failed} of {len(paths)} files could not be read.")
        raise typer.Exit(ExitCode.INPUT)


@contextmanager
def _reading(paths: Sequence[Path], route: Route) -> Iterator[Iterator[Read[_Hashed]]]:
    if route is Route.PIXELS:
        with picture_reader() as pixels:
            yield pixels.each(paths, lambda decoder, data: _of_pixels(decoder.fingerprints(data), data))
    else:
        with route_reader(route) as routed:
            yield routed.each(paths, lambda decoder, data: _of_route(decoder.fingerprint(data), data))


def _of_pixels(prints: Fingerprints, data: bytes) -> _Hashed:
    return _Hashed(
        route=Route.PIXELS,
        format=prints.format,
        size=len(data),
        width=prints.width,
        height=prints.height,
        file_digest=prints.file_digest,
        frames=tuple(_Frame(frame.pixel_digest, frame.orientations) for frame in prints.frames),
        incomplete=prints.incomplete,
    )


def _of_route(found: RoutedFingerprint, data: bytes) -> _Hashed:
    return _Hashed(
        route=found.route,
        format=found.format,
        size=len(data),
        width=found.width,
        height=found.height,
        file_digest=file_digest(data),
        frames=(_Frame(None, found.orientations),),
        incomplete=None,
    )


def _write(terminal: Terminal, read: Read[_Hashed]) -> None:
    if read.value is not None:
        if terminal.as_json:
            terminal.json(_record(read.path, read.value))
        else:
            _show(terminal, read.path, read.value)
    elif read.problem is not None:
        if terminal.as_json:
            terminal.json({"file": str(read.path), "error": _error(read.problem)})
        else:
            terminal.say(f"{read.path}: {read.problem.message} {read.problem.advice}")


def _record(path: Path, hashed: _Hashed) -> dict[str, object]:
    return {
        "file": str(path),
        "route": hashed.route.value,
        "format": hashed.format,
        "bytes": hashed.size,
        "width": hashed.width,
        "height": hashed.height,
        "file_sha256": hashed.file_digest.hex(),
        "frames": [_frame(frame) for frame in hashed.frames],
        "incomplete": hashed.incomplete,
    }


def _frame(frame: _Frame) -> dict[str, object]:
    # Only the route `pixels` has canonical pixels of its own to be digested.
    digest = {} if frame.pixel_digest is None else {"pixels_sha256": frame.pixel_digest.hex()}
    return {
        **digest,
        "pdq": frame.upright.hex(),
        "quality": frame.upright.quality,
        "orientations": {name.value: pdq.hex() for name, pdq in frame.orientations.items()},
    }


def _error(problem: TakebackError) -> dict[str, str]:
    return {"code": problem.code, "message": problem.message, "advice": problem.advice}


def _show(terminal: Terminal, path: Path, hashed: _Hashed) -> None:
    terminal.line(str(path))
    terminal.line(f"  {hashed.format}, {hashed.width} × {hashed.height} pixels, {hashed.size:,} bytes")
    terminal.line(f"  SHA-256     {hashed.file_digest.hex()}")
    for number, frame in enumerate(hashed.frames, start=1):
        if len(hashed.frames) > 1:
            terminal.line(f"  frame {number} of {len(hashed.frames)}")
        if frame.pixel_digest is not None:
            terminal.line(f"  pixels      {frame.pixel_digest.hex()}")
        quality = frame.upright.quality
        weak = " (too little detail to be compared)" if quality < MIN_QUALITY else ""
        terminal.line(f"  PDQ         by {hashed.route.value}, quality {quality}{weak}")
        for name, pdq in frame.orientations.items():
            terminal.line(f"  {name.value:<11} {pdq.hex()}")
    if hashed.incomplete is not None:
        terminal.line("  Only the first frames could be read.")
    terminal.line()
