"""What training gained on the photos that were held back, and what to make of it."""

from __future__ import annotations

import math
from typing import Any

MEASURES = ("r1", "r5", "r10")
WAYS = ("text_to_image", "image_to_text")
FEW = 100  # photos: with fewer, one alone counts for more than a point of recall

Report = dict[str, Any]  # what model.training.evaluate.evaluate gives


def comparison(before: Report | None, after: Report) -> str:
    """Both reports in one table, for people; without one before, only the other."""
    columns = f"{'R@1':>9}{'R@5':>7}{'R@10':>7}{'rank':>7}"
    lines = [
        f"{'on what was held back':36}{'text to image':^30}{'image to text':^30}",
        f"{'':18}{'photos':>8}{'captions':>10}{columns}{columns}",
    ]
    for language, result in after["languages"].items():
        counts = f"{result['images']:8}{result['captions']:10}"
        if before is not None:
            lines.append(f"{language:10}{'before':8}{counts}{_numbers(before['languages'][language])}")
            language, counts = "", ""
        lines.append(f"{language:10}{'after':8}{counts:18}{_numbers(result)}")
    return "\n".join(lines)


def verdict(before: Report, after: Report) -> list[str]:
    """What the numbers allow to be said, a sentence or two a line."""
    changes = {
        language: recall(result) - recall(before["languages"][language])
        for language, result in after["languages"].items()
    }
    mean = round(sum(changes.values()) / len(changes), 1) + 0.0  # as printed, and never -0.0
    photos = max(result["images"] for result in after["languages"].values())
    lines = [_judgement(mean, chance(photos))]
    worse = [f"{language} ({change:+.1f})" for language, change in changes.items() if change < -0.05]
    if worse and mean > 0:
        lines.append(f"Worse in: {', '.join(worse)}.")
    if photos < FEW:
        lines.append(f"Only {photos} photos were held back: each is {100 / photos:.1f} points in a column.")
    return lines


def _judgement(mean: float, noise: float) -> str:
    if mean <= 0:
        return (
            f"Not better than before ({mean:+.1f} points of recall on average): keep the model that it"
            " started from. More photos or captions may help."
        )
    if mean <= noise:
        return (
            f"Better than before by {mean:.1f} points of recall on average, which may be chance: with so many"
            f" photos held back, only more than about {noise:.0f} would tell."
        )
    return f"Better than before by {mean:.1f} points of recall on average."


def chance(photos: int) -> float:
    """Points of recall that chance may well make of a difference measured on so many photos.

    Two standard errors, where one photo in 16 changes sides: 2 sqrt(1 / 16 / n). By hand: 100 photos, 5.
    """
    return 50 / math.sqrt(photos)


def recall(result: dict[str, Any]) -> float:
    """The mean of recall@1, 5 and 10 both ways. By hand: 10, 20, 30 and 20, 30, 40 are 25 on average."""
    values = [result[way][measure] for way in WAYS for measure in MEASURES]
    return float(sum(values) / len(values))


def _numbers(result: dict[str, Any]) -> str:
    return "".join(
        f"   {way['r1']:6.1f}{way['r5']:7.1f}{way['r10']:7.1f}{way['median_rank']:7g}"
        for way in (result[name] for name in WAYS)
    )
