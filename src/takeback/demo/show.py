"""The demonstration on a terminal: a line for each step, and below them the copies as they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from takeback.demo.record import CopyRow, Step, Story

MAX_COLUMNS = 90
_FRAMES_PER_SECOND = 12
_NAME_COLUMNS, _TIME_COLUMNS = 12, 7
_CLASSES = {"identical": "identical", "substantially_same": "substantially the same", "possible": "possible"}
_TURNS = {"upright": "–", "rotated_90": "by 90°", "rotated_180": "by 180°", "rotated_270": "by 270°"}
_LEGEND = (
    "Bits: how many of 256 differ, up to 31 count; none where a digest or a link decided.\n"
    "Found, held: since the notice, or the upload after it. Removed: since the decision."
)


class Show:
    """Tells the story as it happens: live on a terminal, else in plain lines with the table at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=_FRAMES_PER_SECOND) if console.is_terminal else None
        self._rows: Sequence[CopyRow] = ()
        self._step = ""

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        if self._live is not None:
            self._live.update(self._below(), refresh=True)
            self._live.stop()
        elif self._rows:
            self._console.print(copies_table(self._rows))

    def begun(self, name: str) -> None:
        """See `story.Listener`."""
        self._step = name
        self._refresh()

    def done(self, step: Step) -> None:
        """See `story.Listener`."""
        self._step = ""
        self._console.print(step_line(step), width=_columns(self._console))
        self._refresh()

    def copies(self, rows: Sequence[CopyRow]) -> None:
        """See `story.Listener`."""
        self._rows = rows
        self._refresh()

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.update(self._below())

    def _below(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._step:
            parts.append(Spinner("dots", Text(self._step, style="bold")))
        if self._rows:
            parts.append(copies_table(self._rows))
        return Group(*parts)


def whole(story: Story, console: Console) -> None:
    """Print a story that is over: what a terminal shows at the end."""
    for step in story.steps:
        console.print(step_line(step), width=_columns(console))
    console.print(copies_table(story.copies))
    console.print(ending(story))


def step_line(step: Step) -> RenderableType:
    """Return a step in one line, or a failed one with what had to happen."""
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=1)
    line.add_column(width=_NAME_COLUMNS)
    line.add_column(ratio=1)
    line.add_column(width=_TIME_COLUMNS, justify="right")
    mark = Text("✓", style="bold green") if step.passed else Text("✗", style="bold red")
    line.add_row(mark, Text(step.name, style="bold"), _told(step), Text(_time(step.seconds), style="dim"))
    return line


def copies_table(rows: Sequence[CopyRow]) -> RenderableType:
    """Return the table of copies, between empty lines."""
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=0,
        pad_edge=False,
        show_edge=False,
        caption=_LEGEND,
        caption_justify="left",
    )
    table.add_column("Copy", no_wrap=True)
    table.add_column("Class")  # the one that is cut short where the terminal is narrow
    table.add_column("Bits", justify="right", no_wrap=True)
    table.add_column("Turned", no_wrap=True)
    for moment, style in (("Found\nafter", "cyan"), ("Held", "yellow"), ("Removed", "green")):
        table.add_column(moment, justify="right", no_wrap=True, style=style)
    for row in rows:
        table.add_row(*_cells(row))
    return Padding(table, (1, 0))


def ending(story: Story) -> Text:
    """Return the last line: all of it happened, or which step did not."""
    failed = story.failed_step
    if failed is not None:
        return Text(f"The step “{failed.name}” failed; the demonstration ended there.", style="bold red")
    return Text(f"All {len(story.steps)} steps happened, in {story.seconds:.1f} s.", style="bold green")


def _told(step: Step) -> Text:
    if step.passed:
        return Text(step.happened)
    return Text.assemble((step.happened, "red"), f"\nHad to happen: {step.expected}.")


def _cells(row: CopyRow) -> tuple[Text, ...]:
    turned = "–" if row.turned is None else _TURNS.get(row.turned, row.turned)
    known = row.copy_class is not None
    cells = (
        row.name,
        _CLASSES[row.copy_class] if row.copy_class is not None else "",
        ("–" if row.distance is None else str(row.distance)) if known else "",
        turned if known else "",
        _time(row.found_seconds),
        _time(row.held_seconds),
        _time(row.removed_seconds),
    )
    return tuple(Text(cell, no_wrap=True, overflow="ellipsis") for cell in cells)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1_000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _columns(console: Console) -> int:
    return min(console.width, MAX_COLUMNS)
