from __future__ import annotations

from typing import Any

from benchmarks.paper.table import tables


def result(seed: int, r1: float) -> dict[str, Any]:
    ways = {
        way: {"r1": r1, "r5": 20.0, "r10": 30.0, "median_rank": 7.0}
        for way in ("image_to_text", "text_to_image")
    }
    return {
        "system": "VSE",
        "languages": ["en"],
        "seed": seed,
        "dev": {"en": ways},
        "sts": {"set": {"cosine": 50.0, "asymmetric": 40.0}},
    }


def lines(printed: str, title: str) -> list[str]:
    part = next(part for part in printed.split("\n\n") if part.startswith(f"| {title} |"))
    return part.splitlines()


def test_means_and_deviations_over_the_seeds() -> None:
    printed = tables([result(0, 1.0), result(1, 2.0), result(2, 3.0)], seeds=3, sts=["set"])

    assert (
        lines(printed, "en, image to text")[2] == "| VSE | 2.0 ± 1.0 | 20.0 ± 0.0 | 30.0 ± 0.0 | 7.0 ± 0.0 |"
    )
    assert lines(printed, "Pearson's r x 100, cosine")[2] == "| VSE | 50.0 ± 0.0 |"


def test_what_is_missing_is_shown_as_missing() -> None:
    printed = tables([result(0, 1.0), result(1, 2.0)], seeds=3, sts=["set"])

    assert lines(printed, "en, text to image")[2].startswith("| VSE | 1.5 ± 0.7 (2 of 3) |")
    assert lines(printed, "en, text to image")[3] == "| OE | missing | missing | missing | missing |"
    assert lines(printed, "de, text to image")[2] == "| VSE | missing | missing | missing | missing |"
