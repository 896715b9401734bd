"""What every gate asks: a bounded number of looks at a time, a deadline for each, and a count of what was found."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from takeback.assembly import Parts
from takeback.errors import Overloaded, TakebackError
from takeback.gates.line import Fault, GateLine
from takeback.gates.spool import Memory, Spool
from takeback.workflow.gate import Gate
from takeback.workflow.passage import Finding, Passage, count_passages, screen_passage

SCREEN_SECONDS = 110.0
"""From a whole file to its answer: a little less than what asks a clamd waits (`ReadTimeout` of clamd.conf(5): 120)."""
COUNT_SECONDS = 5.0
"""How often what was counted is written down."""
REPORT_SECONDS = 60.0
"""Between two lines of the log that say of one gate that uploads could not be judged."""
_RETRY_SECONDS = 0.02

FAULT = "fault"
"""What is counted where the service could not do its work in time."""

log = logging.getLogger("takeback.gates")


type Opened = Callable[[bytes], Sequence[bytes]]
"""From what came to the files in it; `InputError` where it cannot be opened."""


def whole(data: bytes) -> Sequence[bytes]:
    """Return what came as the one file that it is."""
    return (data,)


class Answer(StrEnum):
    """What a gate tells the platform."""

    PASS = "pass"  # noqa: S105 (no password)
    REFUSE = "refuse"
    """A person decided about this picture."""
    UNCHECKED = "unchecked"
    """It could not be judged, and the operator lets nothing pass unjudged."""
    ERROR = "error"
    """It could not be judged, and the platform is to decide what follows."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and of a refusal by which secret whoever sent the upload contests it; None where no case refused."""

    answer: Answer
    contest_code: str | None = field(default=None, repr=False)


_OF_FAULT = {Fault.PASS: Answer.PASS, Fault.REFUSE: Answer.UNCHECKED, Fault.ERROR: Answer.ERROR}


class Screener:
    """Looks at files for all gates of one process. Use it from one event loop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # One look waits for a decoder most of the time, so one more than there are keeps them all busy.
        looks = parts.settings.decoders + 1
        self._slots = asyncio.Semaphore(looks)
        self._threads = ThreadPoolExecutor(looks, thread_name_prefix="gate")
        self._counts: Counter[tuple[str, str]] = Counter()
        self._reported_at: dict[str, float] = {}
        self._memory = Memory()

    def now(self) -> datetime:
        """Return the moment."""
        return self._parts.now()

    def spool(self) -> Spool:
        """Return a place for a file that is about to come; close it."""
        return Spool(self._memory, self._parts.settings.data, self._parts.settings.max_upload_bytes)

    async def answer(self, spool: Spool, line: GateLine, gate: Gate, *, opened: Opened = whole) -> Told:
        """
        Look at a file that came whole, and say what to tell the platform.

        `opened` returns the files in it, where it is a form that holds several; each is looked at.
        """
        try:
            async with asyncio.timeout(SCREEN_SECONDS):
                passages = await self._looked(spool, opened, gate)
        except TimeoutError:
            return Told(self.fault(line, gate, "it took too long"))
        except TakebackError as problem:
            return Told(self.fault(line, gate, problem.message))
        except Exception:
            log.exception("an upload could not be looked at for an unexpected reason")
            return Told(self.fault(line, gate, "something failed that should not have"))
        for passage in passages:
            self._counts[gate.name, passage.finding.value] += 1
        return self._told(passages, line, gate)

    def _told(self, passages: Sequence[Passage], line: GateLine, gate: Gate) -> Told:
        findings = {passage.finding for passage in passages}
        if Finding.REFUSED in findings:
            code = next((passage.contest_code for passage in passages if passage.contest_code), None)
            return Told(Answer.REFUSE, code)
        if Finding.UNJUDGED in findings:
            self._report(gate, "a picture is damaged or beyond the limits")
            return Told(_OF_FAULT[line.fault])
        return Told(Answer.PASS)

    def fault(self, line: GateLine, gate: Gate, why: str) -> Answer:
        """Count that something could not be judged, say so, and return what the line answers then."""
        self._counts[gate.name, FAULT] += 1
        self._report(gate, why)
        return _OF_FAULT[line.fault]

    def take_counts(self) -> Mapping[tuple[str, str], int]:
        """Return what was counted since the last time; whoever takes it writes it down."""
        counts, self._counts = self._counts, Counter()
        return counts

    def write_counts(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Write down what was counted; where that fails, it is said and lost: nobody's case hangs on it."""
        try:
            count_passages(self._parts.store, counts, at=self._parts.now())
        except TakebackError as problem:
            log.error("what was counted at the gates could not be written down: %s", problem.message)

    def close(self) -> None:
        """Write down what was counted, and end."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        if counts := self.take_counts():
            self.write_counts(counts)

    async def _looked(self, spool: Spool, opened: Opened, gate: Gate) -> list[Passage]:
        await self._slots.acquire()
        try:
            data = await spool.read()
            look = self._threads.submit(self._look, data, opened, gate)
        except BaseException:
            self._slots.release()
            raise
        # The slot is free once the look is over, also where nobody waits for it any more.
        loop = asyncio.get_running_loop()
        look.add_done_callback(lambda _: loop.call_soon_threadsafe(self._slots.release))
        return await asyncio.wrap_future(look)

    def _look(self, data: bytes, opened: Opened, gate: Gate) -> list[Passage]:
        ends = time.monotonic() + SCREEN_SECONDS
        return [self._look_at(file, gate, ends) for file in opened(data)]

    def _look_at(self, file: bytes, gate: Gate, ends: float) -> Passage:
        parts = self._parts
        while True:
            try:
                return screen_passage(
                    parts.store, parts.replica, parts.decoder, parts.describer, file, gate, at=parts.now()
                )
            except Overloaded:
                if time.monotonic() > ends:
                    raise
                time.sleep(_RETRY_SECONDS)

    def _report(self, gate: Gate, why: str) -> None:
        now = time.monotonic()
        if now - self._reported_at.get(gate.name, -REPORT_SECONDS) >= REPORT_SECONDS:
            self._reported_at[gate.name] = now
            log.warning("the gate %s could not judge an upload: %s", gate.name, why)
