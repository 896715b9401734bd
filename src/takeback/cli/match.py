"""`takeback match`."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from takeback.cli.against import Against, read_against
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, example
from takeback.cli.pictures import Read, files_below, picture_reader
from takeback.cli.terminal import Terminal
from takeback.workflow.picture import PictureQuery, query_of_picture
from takeback.workflow.screen import Screening, screen_query

NONE = "none"
UNJUDGED = "unjudged"

app = new_app()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one query, under the names of the interface (design §4)."""

    file: str
    copy_class: str
    entry: str | None
    distance: int | None
    view: str | None
    seconds: float
    unjudged: str | None

    def as_json(self) -> dict[str, object]:
        """Return the line; `unjudged` is there only where that is the class."""
        line: dict[str, object] = {
            "file": self.file,
            "class": self.copy_class,
            "entry": self.entry,
            "distance": self.distance,
            "view": self.view,
            "seconds": round(self.seconds, 6),
        }
        return line if self.unjudged is None else line | {"unjudged": self.unjudged}


@app.command(
    cls=PlainCommand,
    epilog=example(
        "takeback match suspect.jpg --against originals/",
        "takeback match uploads/ --against bank.csv --json | grep identical",
    ),
)
def match(
    queries: Annotated[list[Path], typer.Argument(metavar="QUERY", help="Pictures, or folders of them.")],
    against: Annotated[
        Path,
        typer.Option(
            "--against",
            metavar="FOLDER_OR_BANK",
            help="A folder of pictures, one picture, or a file of fingerprints: .csv, .jsonl or .txt "
            "(the output of `takeback hash --json` is one).",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """
    Say which pictures of a folder or a bank each query is a copy of.

    Needs no server. Digests are compared first, then PDQ fingerprints in all eight orientations: identical
    (the same file or pixels), substantially_same (within 31 bits of 256), possible (within 40), none; or
    unjudged, with the reason, which is never "none". The view is what has to be done to the query to see the
    original, or the digest that is equal. With --json, one line for each query. Exit code 0 where every query
    was read, whatever it matched; 2 where one could not be.
    """
    terminal = Terminal(as_json)
    paths = files_below(queries)
    began, classes, unread = time.perf_counter(), Counter[str](), 0
    with picture_reader() as reader:
        known = read_against(against, reader, terminal)
        with terminal.progress("Comparing", len(paths), among_results=True) as step:
            for read in reader.each(paths, query_of_picture):
                answer = _answer(read, known)
                classes[answer.copy_class] += 1
                unread += read.value is None or read.value.problem is not None
                _write(terminal, answer)
                step()
    _sum_up(terminal, classes, known, time.perf_counter() - began)
    if unread:
        terminal.say(f"{unread} of {len(paths)} could not be read.")
        raise typer.Exit(ExitCode.INPUT)


def _answer(read: Read[PictureQuery], known: Against) -> Answer:
    # 1. A file that could not even be opened: nothing was compared.
    if read.value is None:
        assert read.problem is not None
        return Answer(str(read.path), UNJUDGED, None, None, None, read.seconds, read.problem.message)
    # 2. Otherwise its digests were compared at least.
    began = time.perf_counter()
    screening = screen_query(read.value.query, index=known.index, bank=known.bank, at=datetime.now(UTC))
    return _of_screening(str(read.path), screening, read.seconds + time.perf_counter() - began)


def _of_screening(file: str, screening: Screening, seconds: float) -> Answer:
    match = screening.strongest
    if match is not None:
        view = match.fact if match.orientation is None else match.orientation.value
        return Answer(file, match.copy_class.value, match.entry.public_id, match.distance, view, seconds, None)
    if screening.unjudged:
        return Answer(file, UNJUDGED, None, None, None, seconds, " ".join(each.why for each in screening.unjudged))
    return Answer(file, NONE, None, None, None, seconds, None)


def _write(terminal: Terminal, answer: Answer) -> None:
    if terminal.as_json:
        terminal.json(answer.as_json())
        return
    terminal.line(f"{answer.copy_class:<18}  {answer.file}")
    if answer.entry is not None:
        how = "" if answer.distance is None else f"{answer.distance} bits, "
        terminal.line(f"{'':<18}  = {answer.entry} ({how}{answer.view})")
    if answer.unjudged is not None:
        terminal.indented(answer.unjudged)


def _sum_up(terminal: Terminal, classes: Counter[str], known: Against, seconds: float) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in classes.most_common())
    terminal.say(f"{classes.total()} compared with {known.size} in {seconds:.1f} s: {counts}.")
