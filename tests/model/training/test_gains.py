from __future__ import annotations

import pytest

from model.training.gains import Report, chance, comparison, recall, verdict


def report(recalls: dict[str, float], photos: int = 400) -> Report:
    """Every language with the same recall in each column."""
    return {
        "languages": {
            language: {
                "images": photos,
                "captions": photos,
                **{
                    way: {"r1": value, "r5": value, "r10": value, "median_rank": 3.0}
                    for way in ("text_to_image", "image_to_text")
                },
            }
            for language, value in recalls.items()
        }
    }


def test_by_hand() -> None:
    ways = {
        "text_to_image": {"r1": 10, "r5": 20, "r10": 30},
        "image_to_text": {"r1": 20, "r5": 30, "r10": 40},
    }
    assert recall(ways) == 25
    assert chance(100) == 5


def test_the_table_has_before_and_after_of_every_language() -> None:
    lines = comparison(report({"en": 20, "tr": 30}), report({"en": 21, "tr": 40})).splitlines()

    assert [line.split()[:2] for line in lines[2:]] == [
        ["en", "before"],
        ["after", "21.0"],
        ["tr", "before"],
        ["after", "40.0"],
    ]
    assert len({len(line) for line in lines[2:]}) == 1
    assert len(comparison(None, report({"en": 20})).splitlines()) == 3


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"en": 20.0, "tr": 30.0}, "Not better than before (+0.0 points"),
        (
            {"en": 21.0, "tr": 31.0},
            "Better than before by 1.0 points of recall on average, which may be chance",
        ),
        ({"en": 26.0, "tr": 40.0}, "Better than before by 8.0 points of recall on average."),
    ],
)
def test_the_verdict_claims_no_more_than_the_numbers(after: dict[str, float], said: str) -> None:
    (line,) = verdict(report({"en": 20, "tr": 30}), report(after))

    assert line.startswith(said)


def test_a_language_that_lost_is_named() -> None:
    assert verdict(report({"en": 20, "tr": 30}), report({"en": 18, "tr": 50}))[1] == "Worse in: en (-2.0)."


def test_a_small_part_is_called_small() -> None:
    lines = verdict(report({"en": 20}, 10), report({"en": 30}, 10))

    assert "may be chance" in lines[0]
    assert lines[1] == "Only 10 photos were held back: each is 10.0 points in a column."
