"""The paper's tables in Markdown, from the results of the units; what is missing is shown as missing."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.paper.systems import LANGUAGES, SYSTEMS, System

Result = dict[str, Any]  # what benchmarks/paper/run.py writes
WAYS = {"image_to_text": "image to text", "text_to_image": "text to image"}
MEASURES = {"r1": "R@1", "r5": "R@5", "r10": "R@10", "median_rank": "median rank"}
MISSING = "missing"


def tables(results: Sequence[Result], seeds: int, sts: Sequence[str]) -> str:
    """Recall by language and way, then Pearson's r: means over the seeds ± standard deviations."""
    recall = [
        _table(f"{language}, {title}", list(MEASURES.values()), _recall(results, seeds, language, way))
        for language in LANGUAGES
        for way, title in WAYS.items()
    ]
    asymmetric = [system for system in SYSTEMS if system.scoring == "asymmetric"]
    return "\n\n".join(
        [
            *recall,
            _table("Pearson's r x 100, cosine", sts, _correlations(results, seeds, SYSTEMS, "cosine", sts)),
            _table(
                "Pearson's r x 100, asymmetric score in its better direction",
                sts,
                _correlations(results, seeds, asymmetric, "asymmetric", sts),
            ),
        ]
    )


def _recall(results: Sequence[Result], seeds: int, language: str, way: str) -> dict[str, list[str]]:
    return {
        system.name: [
            _cell([result["dev"][language][way][measure] for result in _of(results, system, language)], seeds)
            for measure in MEASURES
        ]
        for system in SYSTEMS
    }


def _correlations(
    results: Sequence[Result], seeds: int, systems: Sequence[System], score: str, sts: Sequence[str]
) -> dict[str, list[str]]:
    return {
        system.name: [
            _cell([result["sts"][name][score] for result in _of(results, system, "en")], seeds)
            for name in sts
        ]
        for system in systems
    }


def _of(results: Sequence[Result], system: System, language: str) -> list[Result]:
    return [
        result for result in results if result["system"] == system.name and language in result["languages"]
    ]


def _cell(values: Sequence[float], seeds: int) -> str:
    """By hand: 1, 2, 3 of three seeds is 2.0 ± 1.0; of four, it says that one is missing."""
    if not values:
        return MISSING
    deviation = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    partial = f" ({len(values)} of {seeds})" if len(values) < seeds else ""
    return f"{statistics.mean(values):.1f}{deviation}{partial}"


def _table(title: str, columns: Sequence[str], rows: dict[str, list[str]]) -> str:
    lines = [
        [title, *columns],
        ["---"] * (1 + len(columns)),
        *([name, *cells] for name, cells in rows.items()),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
