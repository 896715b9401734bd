"""Run the demonstration: open the stage, tell the story, clear everything away."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.text import Text

from takeback.demo.show import Show, ending
from takeback.demo.stage import Stage
from takeback.demo.story import PATIENCE_SECONDS, tell

PASSED, FAILED = 0, 1


def run_demo(
    *,
    stay: bool,
    as_json: bool,
    console: Console,
    site_options: Sequence[str] = (),
    patience_seconds: float = PATIENCE_SECONDS,
) -> int:
    """
    Tell the story on `console` and return 0 if every step happened, 1 if not.

    `as_json` writes the record as one line to stdout. `stay` leaves both processes running until Ctrl-C.
    Either way they are stopped, and what they stored is deleted. `site_options` go to the sample site.
    Raises `InputError` where the photographs are not installed.
    """
    with (
        _ended_by_term(),
        tempfile.TemporaryDirectory(prefix="takeback-demo-") as folder,
        Stage(Path(folder), site_options=site_options) as stage,
    ):
        with Show(console) as show:
            story = tell(stage, show, patience_seconds=patience_seconds)
        # Whoever reads that it is told may end it in that moment: from here on that is its good end.
        with suppress(KeyboardInterrupt) if stay else nullcontext():
            console.print(ending(story))
            if as_json:
                places = {
                    "service": stage.service_address,
                    "site": stage.site_address,
                    "keys_file": str(stage.keys_file),
                }
                sys.stdout.write(json.dumps({**story.to_json(), **places}) + "\n")
                sys.stdout.flush()
            if stay and stage.service_address:
                _stay(console, stage)
    return PASSED if story.passed else FAILED


def _stay(console: Console, stage: Stage) -> None:
    places = {
        "Sample site": stage.site_address,
        "Service": stage.service_address,
        "Keys of the desk": str(stage.keys_file),
        "Data": str(stage.data),
        "Master key": str(stage.master_key_file),
    }
    console.print()
    for name, place in places.items():
        console.print(Text(f"  {name:<17} {place}"), soft_wrap=True)
    console.print(Text("Both run until Ctrl-C; then all of it is deleted."))
    signal.pause()


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """Let SIGTERM end the demonstration as Ctrl-C does, so that no process stays behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
