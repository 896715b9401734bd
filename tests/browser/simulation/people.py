"""Who works at the desk: an hour a day each, by the pages alone, with as many looks as the day allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from playwright.sync_api import Page
from tests.browser.desk import Colleague
from tests.browser.simulation.service import SimulatedService
from tests.browser.walking import Browser
from tests.house import Clock

LOOK, ACT = timedelta(seconds=15), timedelta(seconds=40)
"""What a look, and a form that is filled in, take of a person's hour."""
SHIFT = timedelta(hours=1)
REASON = "It shows what the notice says."
NOT_COVERED = "It shows a drawing, and nobody."


class Moderator:
    """
    One person; `is_true` of a case's id is what they would see in its picture.

    What they do takes time, in which the world goes on (`let_pass`).
    """

    def __init__(
        self,
        browser: Browser,
        service: SimulatedService,
        name: str,
        clock: Clock,
        let_pass: Callable[[timedelta], None],
        is_true: dict[str, bool],
    ) -> None:
        self._colleague = Colleague(browser, service, name)
        self._clock, self._let_pass, self._is_true = clock, let_pass, is_true
        self._spent = timedelta()
        self.looks: Counter[str] = Counter()
        self.acts: Counter[str] = Counter()
        self._has_joined = False
        self._seen: set[str] = set()

    @property
    def page(self) -> Page:
        return self._colleague.page

    @property
    def problems(self) -> list[str]:
        return self._colleague.problems

    def work(self) -> None:
        """Work for an hour, or until nothing is left that this person may do."""
        ends = self._clock.at + SHIFT
        if self._has_joined:
            self._colleague.sign_in()
        else:
            self._colleague.join()
            self._has_joined = True
        done_with: set[str] = set()
        while self._clock.at < ends:
            case = self._next_case(done_with)
            if case is None:
                break
            if not self._work_on(case, ends):
                done_with.add(case)
            self._let_pass(self._spent)
            self._spent = timedelta()
        self.page.click(".bar button")

    def close(self) -> None:
        self._colleague.close()

    def _next_case(self, besides: set[str]) -> str | None:
        """Return the case at the top of the queue that was not given up in this hour; of the next pages if need be."""
        self.page.goto(f"{self._colleague.origin}/desk")
        while True:
            for link in self.page.locator("table.queue a.open").all():
                case = (link.get_attribute("href") or "").rpartition("/")[2]
                if case not in besides:
                    return case
            later = self.page.locator("nav.pages a[rel=next]")
            if later.count() == 0:
                return None
            later.click()

    def _work_on(self, case: str, ends: datetime) -> bool:
        """Do one thing on a case; False where nothing is left on it for this person now."""
        self._colleague.open(case)
        for do in (self._hear, self._answer, self._read_again, self._decide):
            if self._clock.at < ends and do(case):
                return True
        return False

    def _hear(self, case: str) -> bool:
        if self.page.locator("form[action$='/hearing']").count() == 0:
            return False
        self.page.fill("#summary", "It is said that the picture is a drawing.")
        return self._send("form[action$='/hearing'] button", "passed on")

    def _answer(self, case: str) -> bool:
        form = "form[action$='/answer']"
        if self.page.locator(form).count() == 0:
            return False
        if self._is_true[case]:
            self.page.check("#answer-uphold")
            self.page.fill("#answer-reason", REASON)
            return self._send(f"{form} button", "contest upheld")
        if self.page.locator("#answer-put_back").count() == 0:
            return False
        self.page.check("#answer-put_back")
        self.page.locator(f"{form} input[name=elements]").first.check()
        self.page.fill("#answer-reason", NOT_COVERED)
        return self._send(f"{form} button", "put back")

    def _read_again(self, case: str) -> bool:
        form = "form[action$='/reading']"
        if self.page.locator(form).count() == 0:
            return False
        self.page.check("#reread-uphold")
        self.page.locator(f"{form} input[name=elements]").first.check()
        self.page.fill("#reread-reason", NOT_COVERED)
        return self._send(f"{form} button", "refusal read again")

    def _decide(self, case: str) -> bool:
        if self.page.locator("form#decide").count() == 0:
            return False
        of = self.page.get_attribute("form#decide input[name=of]", "value")
        if case not in self._seen and not self._look(case):
            return False
        if of == "copies":
            self.page.locator("input.open").evaluate_all("all => all.forEach((each) => { each.checked = true })")
        if self._is_true[case]:
            self.page.check("#outcome-remove")
            self.page.check("#covered")
            if self.page.locator("#confirm-all").count():
                self.page.check("#confirm-all")
            self.page.fill("#reason", REASON)
            return self._send("form#decide button", "removed")
        self.page.check("#outcome-refuse")
        if self.page.locator("#element-intimate").count():
            self.page.check("#element-intimate")
        self.page.fill("#reason", NOT_COVERED)
        return self._send("form#decide button", "refused")

    def _look(self, case: str) -> bool:
        """Look once at one picture of the case, clearer for a moment; False where the day's looks are used up."""
        forms = self.page.locator("details.look form")
        if forms.count() == 0:
            # Somebody looked and wrote down what they found.
            return bool(self.page.locator("p.looked:has(time)").count())
        self.page.locator("details.look > summary").first.click()
        again = forms.first.locator("input[name=again]")
        if again.count():
            return True
        forms.first.locator("button").click()
        self.page.click("form[action$='/clear'] button")
        self.page.wait_for_selector("#hold")
        self.page.hover("#hold")
        self.page.mouse.down()
        self.page.wait_for_selector("#picture.clear")
        self.page.mouse.up()
        self.page.check("#found-covered" if self._is_true[case] else "#found-something_else")
        self.page.click("form[action$='/found'] button")
        self.page.wait_for_selector("form#decide")
        self._spent += LOOK
        self.looks[case] += 1
        self._seen.add(case)
        return True

    def _send(self, button: str, what: str) -> bool:
        self.page.click(button)
        self.page.wait_for_load_state()
        assert self.page.locator("p.problem[role=alert]").count() == 0, self.page.inner_text("p.problem[role=alert]")
        self._spent += ACT
        self.acts[what] += 1
        return True
