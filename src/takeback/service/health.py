"""`/health/live`, `/health/ready`, `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from takeback.assembly import Parts
from takeback.errors import Overloaded
from takeback.service.auth import Reader, ServiceParts
from takeback.service.prints import Strict
from takeback.store.exchanges import ExchangeRow
from takeback.store.instances import Instance
from takeback.workflow.passage import COUNTED

router = APIRouter(tags=["health"])

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class LiveOut(Strict):
    """The process answers."""

    status: str = "live"


class ReadyOut(Strict):
    """The process can do its work. It asks for no key, so it says nothing of how much goes on."""

    status: str = "ready"


@router.get("/health/live")
def live() -> LiveOut:
    """Say that the process answers."""
    return LiveOut()


@router.get("/health/ready")
def ready(parts: ServiceParts) -> ReadyOut:
    """Say that the store can be read and the indexes follow it."""
    with parts.store.read() as tx:
        last = tx.changes.last()
    if parts.replica.seq == 0 and last > 0:
        raise Overloaded("The indexes are not loaded yet.")
    return ReadyOut()


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(_caller: Reader, parts: ServiceParts) -> Response:
    """Return the state of the house for Prometheus; numbers only."""
    registry = CollectorRegistry()
    registry.register(_StoreNumbers(parts))
    return Response(generate_latest(registry), media_type=METRICS_TYPE)


class _StoreNumbers(Collector):
    """Numbers read from the store at each scrape, so that every worker answers the same."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        """Yield every number."""
        with self._parts.store.read() as tx:
            yield _by_state("takeback_cases", "Cases by state.", tx.cases.count_by_state())
            yield _by_state("takeback_copies", "Copies by state.", tx.copies.count_by_state())
            yield _by_state("takeback_deliveries", "Orders to sites by state.", tx.outbox.count_by_state())
            overdue = tx.cases.overdue(self._parts.now())
            yield GaugeMetricFamily("takeback_cases_overdue", "Cases past their deadline.", value=overdue)
            yield GaugeMetricFamily("takeback_items", "Items remembered.", value=tx.items.count())
            yield GaugeMetricFamily("takeback_log_entries", "Entries of the audit log.", value=tx.audit.head().size)
            yield _at_gates(tx.tallies.total(COUNTED))
            yield _of_lists(tx.exchanges.every())
            yield _of_instances(tx.instances.all())
            last = tx.changes.last()
        yield GaugeMetricFamily("takeback_seq", "Newest change.", value=last)
        yield GaugeMetricFamily(
            "takeback_replica_behind",
            "Changes that this worker's indexes lack.",
            value=max(0, last - self._parts.replica.seq),
        )
        yield GaugeMetricFamily(
            "takeback_index_codes", "Codes that this worker searches.", value=len(self._parts.replica.entries)
        )


def _by_state(name: str, text: str, counts: object) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["state"])
    assert isinstance(counts, dict)
    for state, count in counts.items():
        family.add_metric([state.value], count)
    return family


def _of_lists(lists: Sequence[ExchangeRow]) -> GaugeMetricFamily:
    family = GaugeMetricFamily("takeback_list_trouble", "Whether the last fetch of a list failed.", labels=["list"])
    for row in lists:
        if row.enabled:
            family.add_metric([row.name], float(row.problem is not None))
    return family


def _of_instances(instances: Sequence[Instance]) -> GaugeMetricFamily:
    text = "Whether another instance did not answer the last time."
    family = GaugeMetricFamily("takeback_instance_trouble", text, labels=["instance"])
    for each in instances:
        family.add_metric([each.name], float(each.problem is not None))
    return family


def _at_gates(counts: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(
        "takeback_gate_uploads_total", "Uploads at gates by what was found.", labels=["gate", "space", "finding"]
    )
    for part, count in counts.items():
        family.add_metric(part.split(" "), count)
    return family
