"""The numbers as a table, and which of our targets they reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MB = 1_000_000

Measured = Mapping[str, float]
Results = Mapping[tuple[int, str], Measured]
"""By size and contender"""


def table(results: Results) -> str:
    """A line for each size and contender."""
    lines = [
        f"{'':22}{'one search, ms':>24}{'searches/s':>12}{'adds':>11}{'memory':>9}{'build':>9}{'load':>8}"
        f"{'recall':>8}",
        f"{'rows':>9}{'':13}{'p50':>8}{'p99':>8}{'cpu':>8}{'16 threads':>12}{'/s':>11}{'MB':>9}{'s':>9}"
        f"{'s':>8}{'@10':>8}",
    ]
    lines += [_line(size, name, measured) for (size, name), measured in sorted(results.items())]
    return "\n".join(lines)


def _line(size: int, name: str, m: Measured) -> str:
    times = f"{m['p50']:8.2f}{m['p99']:8.2f}{m['processor_p50']:8.2f}"
    return (
        f"{size:>9,} {name:12}{times}{m['searches_per_second']:12,.0f}{m['adds_per_second']:11,.0f}"
        f"{m['memory'] / MB:9,.0f}{m['build_seconds']:9.1f}{m['load_seconds']:8.2f}{m['recall']:8.4f}"
    )


@dataclass(frozen=True)
class Target:
    """What is to be reached, and what was measured; the last is a limit from above or from below."""

    what: str
    measured: float
    limit: float
    least: bool = False

    @property
    def reached(self) -> bool:
        return self.measured >= self.limit if self.least else self.measured <= self.limit

    def __str__(self) -> str:
        verdict, bound = "reached" if self.reached else "MISSED", "at least" if self.least else "at most"
        return f"{verdict:8} {self.what}: {self.measured:.3g}, {bound} {self.limit:g}"


def targets(results: Results) -> list[Target]:
    """Those that the sizes measured say something about."""
    ours = {size: measured for (size, name), measured in results.items() if name == "Pivot"}
    found = []
    for size, most_p50, most_load in ((100_000, 5, 2), (1_000_000, 15, 15)):
        if size in ours:
            found += [
                Target(f"{size:,} rows, one search, p50 in ms", ours[size]["p50"], most_p50),
                Target(f"{size:,} rows, recall@10", ours[size]["recall"], 0.98, least=True),
                Target(f"{size:,} rows, open and ready in s", ours[size]["load_seconds"], most_load),
                Target(
                    f"{size:,} rows, durable adds a second", ours[size]["adds_per_second"], 1000, least=True
                ),
            ]
    if 100_000 in ours:
        found.append(Target("100,000 rows, overhead over the bare lists", ours[100_000]["overhead"], 0.25))
    if 1_000_000 in ours:
        found.append(Target("1,000,000 rows, memory in MB", ours[1_000_000]["memory"] / MB, 3000))
    if {100_000, 1_000_000} <= ours.keys():
        growth = ours[1_000_000]["processor_p50"] / ours[100_000]["processor_p50"]
        found.append(Target("a search of ten times 100,000 rows costs times", growth, 10))
    return found
