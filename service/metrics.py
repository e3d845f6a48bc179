"""What operators watch: numbers of one app in the text format of Prometheus, in a registry of its own."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from index.audit import Recall

DISTRIBUTION: Final = "pivot-image-search"
STAGES: Final = ("decode", "language", "embed", "candidates", "rerank", "records", "captions", "total")
STAGE_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)
REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
REFUSALS: Final = (429, 503)


class Metrics:
    """Counts what happens. Thread-safe."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        Info("pivot_build", "What runs.", registry=self.registry).info({"version": _version()})
        self._requests = Counter(
            "pivot_http_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "pivot_http_request_seconds",
            "Time from a request's head to the end of its answer.",
            ("route",),
            buckets=REQUEST_BUCKETS,
            registry=self.registry,
        )
        self._refused = Counter(
            "pivot_http_refused", "Requests that had to come back later.", ("status",), registry=self.registry
        )
        self._stages = Histogram(
            "pivot_search_stage_seconds",
            "Time of a search by stage, as its answer tells it in timings_ms.",
            ("stage",),
            buckets=STAGE_BUCKETS,
            registry=self.registry,
        )
        self._recall = Gauge(
            "pivot_recall",
            "What the last audit found, each a share. symmetric: of the ten best, those that lists find;"
            " asymmetric: those that are among so many candidates; complete: queries that miss none.",
            ("collection", "candidates", "score"),
            registry=self.registry,
        )
        for status in REFUSALS:  # a rate needs the zero before the first
            self._refused.labels(str(status))
        for stage in STAGES:
            self._stages.labels(stage)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. `method` and `route` are of the few that there are, never from outside."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if status in REFUSALS:
            self._refused.labels(str(status)).inc()

    def search(self, timings_ms: Mapping[str, float]) -> None:
        """A search was answered; milliseconds by stage."""
        for stage, milliseconds in timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)

    def audited(self, recalls: Mapping[str, list[Recall]]) -> None:
        """What the audit found, by collection, in place of what it found before."""
        self._recall.clear()
        for collection, rows in recalls.items():
            for recall in rows:
                for score in ("symmetric", "asymmetric", "complete"):
                    labels = collection, str(recall.candidates), score
                    self._recall.labels(*labels).set(getattr(recall, score))

    def text(self) -> bytes:
        return generate_latest(self.registry)


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:  # a checkout that was never installed
        return "unknown"
