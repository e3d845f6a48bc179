"""What is the case at the moment that somebody asks: queues, batches, indexes, jobs."""

from collections.abc import Iterator, Mapping
from itertools import accumulate, pairwise
from typing import Final, get_args

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from index.records import Held
from service.batcher import Load
from service.gate import Gate
from service.jobs.ledger import Ledger
from service.jobs.records import State
from service.library import Library
from service.reembedding import Reembedding

MOST_COLLECTIONS: Final = 50  # with numbers of their own; those of all others are added up
OTHERS: Final = "(others)"  # which no collection can be called
BATCH_SIZES: Final = (1, 2, 4, 8, 16, 32, 64)


class Gauges(Collector):
    """Reads the library, the ledger and the gates, each time anew."""

    def __init__(
        self, library: Library, reembedding: Reembedding, ledger: Ledger, gates: Mapping[str, Gate]
    ) -> None:
        self._library = library
        self._reembedding = reembedding
        self._ledger = ledger
        self._gates = gates

    def collect(self) -> Iterator[Metric]:
        yield from _batchers(self._library.loads())
        yield from _indexes(self._library.gallery.held())
        yield _gauge("pivot_gate_inside", "Requests at work or waiting.", "gate", self._inside())
        model, pending = self._reembedding.awaited()
        awaiting = "Images and captions that await a vector of the model that is to serve."
        yield _gauge("pivot_pending", awaiting, "model", {model: pending})
        counts = dict.fromkeys(get_args(State), 0) | self._ledger.counts()
        yield _gauge("pivot_jobs", "Jobs that are remembered.", "state", counts)
        version = self._library.encoder.version
        yield _gauge("pivot_model_info", "The model that serves.", "model", {version: 1})

    def _inside(self) -> dict[str, int]:
        return {name: gate.inside for name, gate in self._gates.items()}


def _gauge(name: str, help: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, help, labels=[label])
    for of, value in values.items():
        family.add_metric([of], value)
    return family


def _batchers(loads: Mapping[str, Load]) -> Iterator[Metric]:
    waiting = {name: load.waiting for name, load in loads.items()}
    yield _gauge("pivot_queue_length", "Items that wait for the model.", "queue", waiting)
    busy = {name: load.busy_seconds for name, load in loads.items()}
    yield _gauge("pivot_batch_under_way_seconds", "Age of the batch at work.", "queue", busy)
    family = HistogramMetricFamily("pivot_batch_size", "Items that went together.", labels=["queue"])
    for name, load in loads.items():
        family.add_metric([name], _buckets(load.sizes), sum(size * n for size, n in load.sizes.items()))
    yield family


def _buckets(sizes: Mapping[int, int]) -> list[tuple[str, float]]:
    """How many batches were at most so large."""
    bounds = (0, *BATCH_SIZES, float("inf"))
    counts = (sum(n for size, n in sizes.items() if low < size <= high) for low, high in pairwise(bounds))
    names = (*map(str, BATCH_SIZES), "+Inf")
    return list(zip(names, map(float, accumulate(counts)), strict=True))


def _indexes(held: list[Held]) -> Iterator[Metric]:
    rows = GaugeMetricFamily("pivot_index_rows", "Vectors in memory.", labels=["collection", "kind"])
    lists = GaugeMetricFamily(
        "pivot_index_lists",
        "1 where lists bring candidates forward, 0 where every row is scored.",
        labels=["collection", "kind"],
    )
    largest = sorted(held, key=lambda one: one.images, reverse=True)
    for one in largest[:MOST_COLLECTIONS]:
        rows.add_metric([one.collection, "images"], one.images)
        rows.add_metric([one.collection, "captions"], one.captions)
        lists.add_metric([one.collection, "images"], one.images_in_lists)
        lists.add_metric([one.collection, "captions"], one.captions_in_lists)
    if others := largest[MOST_COLLECTIONS:]:
        rows.add_metric([OTHERS, "images"], sum(one.images for one in others))
        rows.add_metric([OTHERS, "captions"], sum(one.captions for one in others))
    yield rows
    yield lists
    yield GaugeMetricFamily("pivot_collections", "Collections.", value=len(held))
