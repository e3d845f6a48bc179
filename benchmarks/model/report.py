"""The numbers as a table, and which of our budgets they keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MB = 1_000_000

MOST_WEIGHTS = 80  # MB, all committed weights together
MOST_QUERY = 5  # ms
MOST_PHOTO = 100  # ms
MOST_MEMORY = 1200  # MB


@dataclass(frozen=True)
class Times:
    """Milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Times:
        p50, p99 = np.percentile(milliseconds, [50, 99]).tolist()
        return cls(p50, p99)


@dataclass(frozen=True)
class Measured:
    """What one contender cost in a process of its own, on one thread; None: it does not do that."""

    name: str
    weight_bytes: int
    load_seconds: float
    query: Times | None
    photo: Times | None
    peak_bytes: int

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Measured:
        query, photo = (None if raw[key] is None else Times(**raw[key]) for key in ("query", "photo"))
        return cls(**{**raw, "query": query, "photo": photo})


def table(rows: Sequence[Measured]) -> str:
    """A line for each contender."""
    lines = [
        f"{'':24}{'weights':>9}{'load':>8}{'query, ms':>16}{'photo, ms':>16}{'peak':>10}",
        f"{'':24}{'MB':>9}{'s':>8}{'p50':>8}{'p99':>8}{'p50':>8}{'p99':>8}{'MB':>10}",
    ]
    for row in rows:
        times = "".join(
            f"{'-':>8}{'-':>8}" if one is None else f"{one.p50:8.1f}{one.p99:8.1f}"
            for one in (row.query, row.photo)
        )
        weights, peak = row.weight_bytes / MB, row.peak_bytes / MB
        lines.append(f"{row.name:24}{weights:9.0f}{row.load_seconds:8.1f}{times}{peak:10.0f}")
    return "\n".join(lines)


@dataclass(frozen=True)
class Budget:
    """A promise and what was measured."""

    what: str
    measured: float
    most: float
    unit: str

    @property
    def kept(self) -> bool:
        return self.measured <= self.most

    def __str__(self) -> str:
        verdict = "kept" if self.kept else "MISSED"
        return f"{verdict:7} {self.what}: {self.measured:.1f} {self.unit}, at most {self.most:g}"


def budgets(ours: Measured, committed_bytes: int) -> list[Budget]:
    """Times are medians: the slowest runs tell what else the machine was doing."""
    assert ours.query is not None
    assert ours.photo is not None
    return [
        Budget("committed weights", committed_bytes / MB, MOST_WEIGHTS, "MB"),
        Budget("a query, p50", ours.query.p50, MOST_QUERY, "ms"),
        Budget("a photo of 2 megapixels, p50", ours.photo.p50, MOST_PHOTO, "ms"),
        Budget("peak memory", ours.peak_bytes / MB, MOST_MEMORY, "MB"),
    ]
