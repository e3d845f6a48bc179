"""Builds or measures one contender: python -m benchmarks.index.measure build|search NAME SIZE OUT.

Each in a process of its own, so that the memory of a search is not that of the build. Prints JSON.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, thread_time

import faiss
import numpy as np

from benchmarks.index.contenders import CONTENDERS, K, Search
from benchmarks.index.vectors import augmented
from index.vectors import Ids, Rows

CLIENTS = 16
CLIENT_SECONDS = 3
SINGLE_SECONDS = 20  # at most, for one client
ROUNDS = 3
TRUTHS = 300  # queries that recall is measured on


def build(name: str, size: int, out: Path) -> dict[str, float]:
    return CONTENDERS[name](out).build(augmented(np.load(out / "images.npy"), size), size)


def search(name: str, size: int, out: Path) -> dict[str, float]:
    faiss.omp_set_num_threads(1)
    queries = np.load(out / "queries.npy")
    contender = CONTENDERS[name](out)
    started = perf_counter()
    ask = contender.open()
    ask(queries[0])
    load_seconds = perf_counter() - started
    measured = {"load_seconds": load_seconds, **single(ask, queries)}
    measured["memory"] = _peak_bytes()
    measured["recall"] = _recall(ask, queries, _truth(ask, queries, name, out / f"truth-{size}.npy"))
    measured["searches_per_second"] = throughput(ask, queries)
    beside_bare = contender.beside_bare()
    if beside_bare is not None:
        measured["overhead"] = overhead(*beside_bare, queries)
    return measured


def single(ask: Search, queries: Rows) -> dict[str, float]:
    """One client. Processor time is what remains of the median on a machine that does something else, too."""
    wall, processor = [], []
    begun = perf_counter()
    for query in np.tile(queries, (ROUNDS, 1)):
        started, worked = perf_counter(), thread_time()
        ask(query)
        processor.append(1000 * (thread_time() - worked))
        wall.append(1000 * (perf_counter() - started))
        if perf_counter() - begun > SINGLE_SECONDS and len(wall) >= 100:
            break
    p50, p99 = np.percentile(wall, [50, 99]).tolist()
    return {"p50": p50, "p99": p99, "processor_p50": float(np.median(processor))}


def throughput(ask: Search, queries: Rows) -> float:
    """Searches a second of CLIENTS threads."""
    until = perf_counter() + CLIENT_SECONDS

    def client(number: int) -> int:
        done = 0
        while perf_counter() < until:
            ask(queries[(number * 61 + done) % len(queries)])
            done += 1
        return done

    started = perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = sum(pool.map(client, range(CLIENTS)))
    return done / (perf_counter() - started)


def overhead(ask: Search, bare: Search, queries: Rows) -> float:
    """How much longer ours takes, as a share; processor time of both in turns, on the same queries."""
    ours: list[float] = []
    theirs: list[float] = []
    for query in queries:
        for one, times in ((bare, theirs), (ask, ours)):
            started = thread_time()
            one(query)
            times.append(thread_time() - started)
    return float(np.median(ours) / np.median(theirs) - 1)


def _truth(ask: Search, queries: Rows, name: str, file: Path) -> list[Ids]:
    """What an exhaustive search finds, from that of FAISS, which has been measured first."""
    if name == "IndexFlatIP":
        np.save(file, np.stack([ask(query) for query in queries[:TRUTHS]]))
    return list(np.load(file))


def _recall(ask: Search, queries: Rows, truth: list[Ids]) -> float:
    """recall@K of the scores' order: the share of the true K best that were found."""
    found = [set(ask(query).tolist()) for query in queries[: len(truth)]]
    return float(np.mean([len(one & set(true.tolist())) / K for one, true in zip(found, truth, strict=True)]))


def _peak_bytes() -> int:
    """Of resident memory since this program began."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    phase, name, size, out = sys.argv[1:]
    print(json.dumps({"build": build, "search": search}[phase](name, int(size), Path(out))))
