"""Someone at the desk who looks at one case and sends the forms of its page."""

from __future__ import annotations

import re

from tests.house import LAWS, drawn, notice_about, reported
from tests.unit.service.at_desk import Desk

from takeback.cases import CopyState
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.workflow.intake import Received, receive_notice

SAID = "It is covered & <clear>."


def noticed(desk: Desk, seed: int = 1) -> Received:
    notice = notice_about(reported(drawn(seed), digests=True))
    store, replica = desk.store, desk.parts.replica
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=desk.parts.now())


class OnCase:
    """The page of one case."""

    def __init__(self, desk: Desk, case: Case) -> None:
        self.desk, self.path, self.case = desk, f"/desk/cases/{case.public_id}", case
        self.form: dict[str, object] = {}

    def read(self) -> str:
        page = self.desk.get(self.path).text
        self.form = {name: self._hidden(page, name) for name in ("token", "seen", "of") if f'name="{name}"' in page}
        return page

    def decide(self, **fields: object) -> tuple[int, str]:
        answer = self.desk.post(f"{self.path}/decision", **{**self.form, **fields})
        return answer.status_code, answer.text

    def send(self, form: str, **fields: object) -> tuple[int, str]:
        """Send another form of the page than that of the decision."""
        answer = self.desk.post(f"{self.path}/{form}", **{**self.form, "of": "", "form": form, **fields})
        return answer.status_code, answer.text

    def copies(self) -> dict[str | None, Copy]:
        with self.desk.store.read() as tx:
            return {copy.site_item_id: copy for copy in tx.copies.of_case(self.case.id)}

    def states(self) -> list[CopyState]:
        return [copy.state for copy in self.copies().values()]

    def now(self) -> Case:
        with self.desk.store.read() as tx:
            return tx.cases.by_id(self.case.id)

    def _hidden(self, page: str, name: str) -> str:
        found = re.search(rf'name="{name}" value="(\w+)"', page)
        assert found is not None
        return found[1]
