"""Tell the operator's Coop what waits for a decision, each report again until it is taken."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import timedelta

from takeback.actions.coop.account import CoopAccount
from takeback.actions.coop.report import CoopReport, CoopReporter
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.retry import next_attempt_at
from takeback.assembly import Parts
from takeback.errors import BadSetting, OutsideError
from takeback.store.coop_reports import CoopReportRow
from takeback.workflow.coop import begin_reports, drop_report, due_reports, report_failed, report_told

_MOST_BEGUN = 20
_AT_ONCE = 4

log = logging.getLogger("takeback.jobs")


class CoopJob:
    """Makes the reports that are missing, and tells a few a step; nothing where no Coop is set up."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._account = CoopAccount.of(parts.settings)
        self._reporter = None if self._account is None else CoopReporter(self._account, http, clock=parts.now)

    async def step(self) -> None:
        """Begin what is new, then tell what is due."""
        if self._reporter is None:
            return
        store, at = self._parts.store, self._parts.now()
        await asyncio.to_thread(begin_reports, store, most=_MOST_BEGUN, at=at)
        desk = self._parts.settings.desk_origin
        due = await asyncio.to_thread(due_reports, store, most=_AT_ONCE, at=at, desk=desk)
        await asyncio.gather(*(self._tell(self._reporter, row, report) for row, report in due))

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _tell(self, reporter: CoopReporter, row: CoopReportRow, report: CoopReport | None) -> None:
        store = self._parts.store
        if report is None:
            await asyncio.to_thread(drop_report, store, row, at=self._parts.now())
            return
        try:
            await reporter.send(report)
        except OutsideError as problem:
            await asyncio.to_thread(self._failed, row, problem)
        except BadSetting as problem:
            await asyncio.to_thread(self._failed, row, OutsideError(f"{problem.message} {problem.advice}"))
        else:
            await asyncio.to_thread(report_told, store, row, at=self._parts.now())

    def _failed(self, row: CoopReportRow, problem: OutsideError) -> None:
        at, again_at = self._parts.now(), None
        if not problem.permanent:
            give_up = timedelta(hours=self._parts.settings.give_up_hours)
            again_at = next_attempt_at(
                row.attempts + 1,
                at,
                random.random(),  # noqa: S311 (spreads retries; no secret)
                retry_after_seconds=problem.retry_after_seconds,
                give_up_seconds=give_up.total_seconds(),
            )
        log.warning("Coop did not take a report: %s", problem.message)
        report_failed(self._parts.store, row, problem.message, again_at, at=at)
