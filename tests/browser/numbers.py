"""A half-year that is over, with something in every table of the page of numbers and a small number among them."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.acceptance.serving import Service
from tests.house import LAWS

from takeback.cli.data import opened

NUMBERS_ARE_PUBLIC = {"TAKEBACK_TRANSPARENCY_PAGE": "on"}
_COUNTS = {
    ("notices", ""): 124, ("valid", ""): 110, ("decided", "removed"): 98, ("decided", "refused"): 11,
    ("overturned", ""): 3, ("found", "identical"): 700, ("found", "substantially_same"): 410, ("found", "possible"): 95,
    ("found", "altered_copy"): 12, ("found", "named"): 130, ("removed", "identical"): 690,
    ("removed", "substantially_same"): 400, ("removed", "named"): 118, ("contested", ""): 9, ("restored", ""): 6,
    ("hidden_within", "2"): 300, ("hidden_within", "15"): 20, ("decided_within", "1200"): 90,
    ("decided_within", "2880"): 18, ("missed", "in_service"): 6, ("missed", "in_outage"): 12, ("late_by", "60"): 12,
    ("late_by", "300"): 6, ("confirmed", "notices"): 200, ("unconfirmed", "notices"): 9,
}  # fmt: skip


def count_half_a_year(service: Service) -> None:
    """Count it beside the running service, in two months of 2025."""
    with opened(service.data, str(service.folder / "master.key")) as store, store.write() as tx:
        for (name, part), count in _COUNTS.items():
            for number in range(count):
                month = 9 if count < 10 or number < count // 2 else 11
                tx.tallies.add(name, part, laws=LAWS, at=datetime(2025, month, 1, tzinfo=UTC))
