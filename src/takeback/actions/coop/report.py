"""
What waits for a decision, told to Coop as a report.

`POST /api/v1/report` with `X-API-KEY` (roostorg/coop: `docs/api/report.md`, the form in
`server/routes/reporting/ReportingRoutes.ts`, what it answers in `submitReport.ts`). The item is of a type that the
operator made for this, and its id is drawn here: what comes back about it can be about nothing else. No picture, no
address of one as such (`images`, which Coop would fetch and show), no fingerprint, no word of the notice.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from takeback.actions.coop.account import CoopAccount
from takeback.actions.outgoing import OutgoingHttp, Response
from takeback.errors import DeliveryError

FIELDS = ("notice", "found_as", "address", "item", "desk", "due_at")
"""Of the item type: all that is ever sent. The first two always are; Coop refuses a report without what it requires."""
ALWAYS = frozenset(FIELDS[:2])
NOTICE = "A notice says that this shows someone without their consent. It is hidden until a person decides."
REASON = "A notice is being examined."
"""What Coop shows as the reporter's reason: the same for all."""

_ADVICE = "Read docs/coop.md."
_MAX_ANSWER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CoopReport:
    """One report: of copies that show the same, by one of them."""

    item_id: str
    at: datetime
    found_as: str
    """The class of copy, or `link`."""
    address: str
    """Where it is on the operator's own site; empty where only its id is known."""
    site_item: str
    desk: str
    """The page of the case at the desk; empty where there is none in a browser."""
    due_at: datetime | None


def report_body(account: CoopAccount, report: CoopReport) -> dict[str, object]:
    """Return what is sent."""
    said = {
        "notice": NOTICE,
        "found_as": report.found_as,
        "address": report.address,
        "item": report.site_item,
        "desk": report.desk,
        "due_at": "" if report.due_at is None else _moment(report.due_at),
    }
    data = {name: text for name, text in said.items() if text}
    return {
        "reporter": {"kind": "user", "typeId": account.reporter_type, "id": account.reporter_id},
        "reportedAt": _moment(report.at),
        "reportedForReason": {"reason": REASON, **({"policyId": account.policy} if account.policy else {})},
        "reportedItem": {"id": report.item_id, "typeId": account.item_type, "data": data},
    }


class CoopReporter:
    """Tells one Coop; `clock` gives the moment by which a wait that it asks for is counted."""

    def __init__(self, account: CoopAccount, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._http = http
        self._clock = clock

    async def send(self, report: CoopReport) -> None:
        """Send a report and return once Coop has it; raises `DeliveryError` with what to do."""
        body = json.dumps(report_body(self._account, report)).encode()
        self._judge(await self._ask("POST", "/api/v1/report", body))

    async def required_fields(self) -> dict[str, set[str]]:
        """Return which fields each item type requires, by its id (`GET /api/v1/item_types/`)."""
        said = await self._list("/api/v1/item_types/", "itemTypes")
        return {str(each.get("id")): _required(each.get("schema")) for each in said}

    async def ids_of(self, what: str) -> set[str]:
        """Return the ids of its `actions` or `policies` (`GET /api/v1/actions/`, `/api/v1/policies/`)."""
        return {str(each.get("id")) for each in await self._list(f"/api/v1/{what}/", what)}

    async def _list(self, path: str, name: str) -> list[dict[str, object]]:
        answer = await self._ask("GET", path, None)
        self._judge(answer)
        try:
            said = json.loads(answer.body)[name]
        except (ValueError, KeyError, TypeError, RecursionError):
            said = None
        if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
            raise DeliveryError("Coop answered with something that its API does not say.", advice=_ADVICE)
        return said

    async def _ask(self, method: str, path: str, body: bytes | None) -> Response:
        headers = {"X-API-KEY": self._account.api_key(), "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = self._account.address + path
        return await self._http.ask(method, url, headers, body, max_bytes=_MAX_ANSWER_BYTES)

    def _judge(self, answer: Response) -> None:
        """Raise `DeliveryError` unless Coop has taken it: of what it says only the status is read."""
        why = _NEVER.get(answer.status)
        if why is None and 300 <= answer.status < 400:
            why = f"Coop answers at another address now (HTTP status {answer.status}): change `coop_address`."
        if why is not None:
            raise DeliveryError(why, permanent=True, advice=_ADVICE)
        answer.require_success(now=self._clock())


_KEY = (
    "Coop does not accept the API key (HTTP status {}): make one under Settings → API Keys there, put it into the file "
    "of `coop_api_key_file`, and try again."
)
_NEVER = {
    400: "Coop refused the report (HTTP status 400): `coop_item_type`, `coop_reporter` or the fields of that item type "
    "are others there. Run `takeback coop check`, and try again.",
    401: _KEY.format(401),
    403: _KEY.format(403),
    404: "There is no Coop at this address (HTTP status 404): check `coop_address`, and try again.",
}


def _required(schema: object) -> set[str]:
    fields = schema if isinstance(schema, list) else []
    return {str(each.get("name")) for each in fields if isinstance(each, dict) and each.get("required")}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
