"""The measurements in Prometheus' text format, gathered when they are asked for.

The names are those of the dashboard in `contrib/`.
"""

from __future__ import annotations

import resource
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from chatsvc import __version__
from chatsvc.model.histogram import Histogram
from chatsvc.services.hub import Hub
from chatsvc.transports.census import ConnectionCensus, count
from chatsvc.transports.gate import Gate

CONTENT_TYPE = CONTENT_TYPE_LATEST

_YES = {True: "yes", False: "no"}


async def exposed(gate: Gate) -> bytes:
    """Return all measurements."""
    return generate_latest(cast(Any, _Collected(families(gate, await count(gate)))))


class _Collected:
    """Families, as `generate_latest` expects them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def families(gate: Gate, census: ConnectionCensus) -> Iterator[Metric]:
    """Yield what there is to measure."""
    yield _labelled(GaugeMetricFamily("chatsvc_info", "The version.", labels=["version"]),
                    {(__version__,): 1})  # fmt: skip
    yield from _people(gate.hub)
    yield from _connections(gate, census)
    yield from _messages(gate.hub)
    yield from _archive(gate.hub)
    yield from _nodes(gate.hub)
    yield from _process(gate.hub)


def _people(hub: Hub) -> Iterator[Metric]:
    directory = hub.directory
    accounts = len(directory.by_account)
    people = {("account",): accounts, ("guest",): len(directory.users) - accounts}
    about = "Users online, with an account or as guests."
    yield _labelled(GaugeMetricFamily("chatsvc_people", about, labels=["kind"]), people)
    yield _gauge("chatsvc_people_peak", "Most users online at once.", directory.peak)
    yield _gauge("chatsvc_rooms", "Rooms that exist.", len(directory.rooms))


def _connections(gate: Gate, census: ConnectionCensus) -> Iterator[Metric]:
    about = "Connections that chat, by dialect, WebSocket and TLS."
    labels = ["dialect", "websocket", "tls"]
    sessions = {
        (dialect, _YES[websocket], _YES[tls]): number
        for (dialect, websocket, tls), number in census.sessions.items()
    }
    yield _labelled(GaugeMetricFamily("chatsvc_sessions", about, labels=labels), sessions)
    yield _gauge("chatsvc_connections", "Open connections of all kinds.", census.connections)
    yield _gauge("chatsvc_connections_max", "The limit of connections.", gate.most)
    yield _gauge("chatsvc_slow_readers", "Readers who are behind.", census.slow)
    yield _gauge("chatsvc_queued_bytes", "Bytes that wait for slow readers.", census.queued)


def _messages(hub: Hub) -> Iterator[Metric]:
    measured = hub.measurements
    yield _counter("chatsvc_messages", "Messages stored and shown.", measured.messages)
    about = "Messages, times the connections in their rooms."
    yield _counter("chatsvc_deliveries", about, measured.deliveries)
    about = "Time from a message's arrival until its room was shown it."
    yield _histogram("chatsvc_shown_seconds", about, measured.shown)
    about = "Requests, messages and connections refused, by code."
    refusals = {(code,): number for code, number in sorted(measured.refusals.items())}
    yield _labelled(CounterMetricFamily("chatsvc_refusals", about, labels=["code"]), refusals)


def _archive(hub: Hub) -> Iterator[Metric]:
    archive = hub.archive
    about = "Time in which messages that waited were written to the disk together."
    yield _histogram("chatsvc_commit_seconds", about, archive.commits.times)
    yield _gauge("chatsvc_waiting_messages", "Messages not stored yet.", archive.waiting)
    about = "0 from the first message that cannot be stored until one is stored again."
    yield _gauge("chatsvc_storing", about, int(hub.messaging.storing))
    about = "Stored messages that the search index lacks."
    yield _gauge("chatsvc_index_lag_messages", about, hub.search.lag)
    sizes = {(name,): size for name, size in archive.file_sizes().items()}
    about = "Size of the archive's files."
    yield _labelled(GaugeMetricFamily("chatsvc_file_bytes", about, labels=["file"]), sizes)


def _nodes(hub: Hub) -> Iterator[Metric]:
    """Yield what there is to measure of the nodes, if the chat can have several."""
    nodes, epoch, heartbeat = hub.status.nodes()
    if not nodes or epoch is None or heartbeat is None:
        return
    about = "Open connections at a node."
    yield _of_nodes("connections", about, {each.name: each.connections for each in nodes})
    about = "1 for the node that leads, 0 for those that relay."
    yield _of_nodes("leads", about, {each.name: int(each.leads) for each in nodes})
    about = "Time that a node's link to the leading node needs there and back."
    lags = {each.name: each.lag_ms / 1000 for each in nodes if each.lag_ms is not None}
    yield _of_nodes("lag_seconds", about, lags)
    yield _gauge("chatsvc_epoch", "Increases whenever a node begins to lead.", epoch)
    about = "Time since the leading node has stored its heartbeat."
    yield _gauge("chatsvc_heartbeat_age_seconds", about, heartbeat)


def _of_nodes(name: str, about: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"chatsvc_node_{name}", about, labels=["node"])
    return _labelled(family, {(node,): value for node, value in values.items()})


def _process(hub: Hub) -> Iterator[Metric]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    yield _counter("process_cpu_seconds", "Processor time of all threads.", cpu)
    yield _gauge("process_start_time_seconds", "Start, in seconds since 1970.", hub.since)
    if (resident := _resident()) is not None:
        yield _gauge("process_resident_memory_bytes", "Memory in use.", resident)


def _resident() -> int | None:
    """Return the memory that the process uses, on a system that says so."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * resource.getpagesize()


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(name, about, value=value)


def _histogram(name: str, about: str, measured: Histogram) -> Metric:
    buckets = [("+Inf" if bound == float("inf") else str(bound), number)
               for bound, number in measured.cumulative()]  # fmt: skip
    return HistogramMetricFamily(name, about, buckets=buckets, sum_value=measured.sum)


def _labelled(family: Any, values: Mapping[Any, float]) -> Metric:
    for labels, value in values.items():
        family.add_metric(labels, value)
    return cast(Metric, family)
