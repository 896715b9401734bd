"""`takeback match`."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from takeback.cases.notice import Level
from takeback.cli.against import Against, read_against
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.likeness import likeness
from takeback.cli.options import AsJson, example
from takeback.cli.pictures import Read, files_below, picture_reader
from takeback.cli.reported import describer_for
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.match import Fact
from takeback.store.copies import Likeness
from takeback.workflow.closer import Describer, look_closer
from takeback.workflow.originals import altered_copies, suspects_of
from takeback.workflow.picture import PictureQuery, look_at
from takeback.workflow.query import Query
from takeback.workflow.screen import Screening, screen_query
from takeback.workflow.sweep import likeness_of

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
    unjudged: str | None = None
    likeness: Likeness | None = None

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
        if self.likeness is not None:
            more = {name: getattr(self.likeness, name) for name in ("similarity", "inliers", "place", "changed")}
            line |= {name: value for name, value in more.items() if value is not None}
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
    originals: Annotated[
        bool,
        typer.Option(
            "--originals", help="The pictures of --against are ordinary ones: name only altered copies, and where."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """
    Say which pictures of a folder or a bank each query is a copy of.

    Needs no server. Digests are compared first, then PDQ fingerprints in all eight orientations: identical
    (the same file or pixels), substantially_same (within 31 bits of 256), possible (within 46), none; or
    unjudged, with the reason, which is never "none". With --originals: altered_copy, where a part of an ordinary
    picture was replaced, or none, which an unaltered copy is too. The view is what has to be done to the query to
    see the original, or the digest that is equal. With --json, one line for each query. Exit code 0 where every
    query was read, whatever it matched; 2 where one could not be.
    """
    terminal = Terminal(as_json)
    paths = files_below(queries)
    began, classes, unread = time.perf_counter(), Counter[str](), 0
    describer, missing = describer_for(Level.FEATURES, load_settings({}, os.environ))
    if missing is not None:
        terminal.say(missing)
    with picture_reader() as reader:
        known = read_against(against, reader, describer, terminal, as_originals=originals)
        with terminal.progress("Comparing", len(paths), among_results=True) as step:
            for read in reader.each(paths, lambda decoder, data: look_at(decoder, data, closer=True)):
                answer = _answer(read, known, describer)
                classes[answer.copy_class] += 1
                unread += read.value is None or read.value.problem is not None
                _write(terminal, answer)
                step()
    _sum_up(terminal, classes, known, time.perf_counter() - began)
    if unread:
        terminal.say(f"{unread} of {len(paths)} could not be read.")
        raise typer.Exit(ExitCode.INPUT)


def _answer(read: Read[PictureQuery], known: Against, describer: Describer | None) -> Answer:
    # 1. A file that could not even be opened: nothing was compared.
    if read.value is None:
        assert read.problem is not None
        return Answer(str(read.path), UNJUDGED, None, None, None, read.seconds, unjudged=read.problem.message)
    # 2. Otherwise its digests were compared at least, and whatever takes longer only where that decides nothing.
    began, at = time.perf_counter(), datetime.now(UTC)

    def screened(query: Query) -> Screening:
        return screen_query(query, indexes=known.indexes, bank=known.bank, at=at)

    query = look_closer(
        read.value.query, read.value.looked, screened, describer=describer, local=len(known.indexes.local) > 0
    )
    screening = screened(query)
    # 3. Of ordinary pictures only an altered copy counts.
    if known.holds_originals and read.value.looked is not None and read.value.looked.miniatures is not None:
        suspects = suspects_of(query, indexes=known.indexes, bank=known.bank, at=at)
        altered = altered_copies(suspects, query, read.value.looked)
        screening = Screening((*screening.matches, *altered), screening.unjudged)
    return _of_screening(str(read.path), screening, read.seconds + time.perf_counter() - began)


def _of_screening(file: str, screening: Screening, seconds: float) -> Answer:
    match = screening.strongest
    if match is not None:
        found = likeness_of(match.fact, match.evidence)
        view = _view(found) if match.fact is Fact.PDQ else match.fact.value
        entry = match.entry.public_id
        return Answer(file, match.copy_class.value, entry, found.distance, view, seconds, likeness=found)
    if screening.unjudged:
        return Answer(
            file, UNJUDGED, None, None, None, seconds, unjudged=" ".join(each.why for each in screening.unjudged)
        )
    return Answer(file, NONE, None, None, None, seconds)


def _view(found: Likeness) -> str:
    return ", ".join(each for each in (found.view, found.orientation) if each not in (None, "whole")) or "upright"


def _write(terminal: Terminal, answer: Answer) -> None:
    if terminal.as_json:
        terminal.json(answer.as_json())
        return
    terminal.line(f"{answer.copy_class:<18}  {answer.file}")
    if answer.entry is not None:
        assert answer.likeness is not None
        terminal.line(f"{'':<18}  = {answer.entry} ({'; '.join(likeness(asdict(answer.likeness)))})")
    if answer.unjudged is not None:
        terminal.indented(answer.unjudged)


def _sum_up(terminal: Terminal, classes: Counter[str], known: Against, seconds: float) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in classes.most_common())
    terminal.say(f"{classes.total()} compared with {known.size} in {seconds:.1f} s: {counts}.")
