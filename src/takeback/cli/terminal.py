"""The two streams of a command: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from getpass import getpass
from textwrap import wrap
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from takeback.errors import TakebackError

_INDENT = " " * 4


class Terminal:
    """
    Where a command writes.

    With `as_json`, stdout holds JSON and nothing else: one document, or one line for each file. Text from
    elsewhere (a file's name, another system's words) is made harmless for the terminal here.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._out = _console(stderr=False)
        self._err = _console(stderr=True)

    def json(self, value: object) -> None:
        """Write one line of JSON to stdout, at once; text beyond ASCII is escaped."""
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    def line(self, text: str = "") -> None:
        """Write one line of the result to stdout, never wrapped."""
        self._out.print(shown(text.rstrip()), soft_wrap=True)

    def verbatim(self, text: str) -> None:
        """Write a text of our own to stdout as it is, for a file: the marks for right-to-left writing stay in it."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()

    def paragraph(self, text: str) -> None:
        """Write text of the result to stdout, wrapped between words."""
        for line in wrap(shown(text), self._out.width):
            self.line(line)

    def indented(self, text: str) -> None:
        """Write text of the result to stdout, set in and wrapped between words."""
        for line in wrap(shown(text), self._out.width - len(_INDENT)):
            self.line(_INDENT + line)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Write a table to stdout; the first column stays whole, what is too wide in another goes on below."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for position, name in enumerate(columns):
            table.add_column(name, overflow="fold", no_wrap=position == 0 and len(columns) > 1)
        for row in rows:
            table.add_row(*(shown("–" if cell is None else str(cell)) for cell in row))
        if self._out.is_terminal:
            self._out.print(table)
            return
        with self._out.capture() as captured:
            self._out.print(table)
        for line in captured.get().splitlines():
            self.line(line.rstrip())

    def say(self, text: str) -> None:
        """Say something on stderr."""
        self._err.print(shown(text), soft_wrap=not self._err.is_terminal)

    def ask(self, question: str) -> str:
        """Ask on stderr and return the line that is typed; empty at the end of the input."""
        self._err.print(shown(f"{question}: "), end="")
        return sys.stdin.readline().strip()

    def confirm(self, question: str) -> bool:
        """Ask whether something is so; only yes is yes."""
        return self.ask(f"{question} [y/N]").lower() in ("y", "yes")

    def ask_secret(self, question: str) -> str:
        """Return a line of stdin; typed at a terminal, it is asked for and not shown."""
        if sys.stdin.isatty():
            return getpass(f"{question}: ", stream=sys.stderr).strip()
        return sys.stdin.readline().strip()

    @contextmanager
    def progress(self, what: str, total: int | None, *, among_results: bool = False) -> Iterator[Callable[[], None]]:
        """
        Show a bar on stderr where that is a terminal; call what is yielded once a step.

        `among_results` says that results are written meanwhile: on a terminal these show how far it is, and
        a bar would only stand in their way.
        """
        counted = () if total is None else (MofNCompleteColumn(), TimeRemainingColumn())
        columns = (TextColumn("{task.description}"), BarColumn(), *counted)
        hidden = not self._err.is_terminal or (among_results and self._out.is_terminal)
        # Rich would otherwise send to stderr whatever is written to stdout meanwhile.
        bar = Progress(*columns, console=self._err, transient=True, disable=hidden, redirect_stdout=False)
        with bar:
            task = bar.add_task(what, total=total)
            yield lambda: bar.advance(task)


def shown(text: str) -> str:
    r"""
    Return `text` so that it cannot steer a terminal: control characters and broken text become `\x1b`, `\udcff`.

    A file's name is whatever its sender wrote.
    """
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)


def complain(problem: TakebackError, *, as_json: bool) -> None:
    """Say on stderr what happened and what to do next."""
    if as_json:
        error = {"code": problem.code, "message": problem.message, "advice": problem.advice}
        sys.stderr.write(json.dumps({"error": error}) + "\n")
        return
    console = _console(stderr=True)
    for text, style in ((problem.message, "bold red"), (problem.advice, "")):
        console.print(shown(text), style=style, soft_wrap=not console.is_terminal)


def _console(*, stderr: bool) -> Console:
    return _Console(stderr=stderr, markup=False, highlight=False, emoji=False)


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        # Rich would end the process; `run` knows better how.
        raise BrokenPipeError
