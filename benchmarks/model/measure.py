"""Measures one contender and prints the numbers as JSON: python -m benchmarks.model.measure NAME."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.model.report import Measured, Times

QUERY_ROUNDS = 15
PHOTOS = 30


def measure(name: str) -> Measured:
    """In this process, which should have done nothing before: the peak of its memory counts."""
    started = perf_counter()
    import torch

    from benchmarks.model.contenders import CONTENDERS

    torch.set_num_threads(1)
    contender = CONTENDERS[name]()
    loaded = perf_counter() - started
    from benchmarks.model.photo import jpeg
    from benchmarks.model.queries import LENGTHS

    query = photo = None
    if contender.query is not None:
        query = times(contender.query, list(LENGTHS) * QUERY_ROUNDS)
    if contender.photo is not None:
        photo = times(contender.photo, [jpeg()] * PHOTOS)
    return Measured(name, contender.weight_bytes, loaded, query, photo, _peak_bytes())


def times(work: Callable[[Any], object], items: list[Any]) -> Times:
    """Of each item, after a first one that does not count."""
    work(items[0])
    taken = []
    for item in items:
        started = perf_counter()
        work(item)
        taken.append(1000 * (perf_counter() - started))
    return Times.of(taken)


def _peak_bytes() -> int:
    """Of resident memory since this program began. (`getrusage` would count the parent's before it, too.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    print(json.dumps(asdict(measure(sys.argv[1]))))
