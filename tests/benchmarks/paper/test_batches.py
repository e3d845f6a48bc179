from __future__ import annotations

from random import Random

from benchmarks.paper.batches import Texts, epoch


def test_the_worked_example_of_wordings() -> None:
    assert Texts([[1, 2], [3], [1, 2]], [0, 1, 2]).wordings() == [0, 1, 0]


def test_an_epoch_has_every_caption_once_with_its_photo() -> None:
    languages = {"en": {7: [[1], [2]], 8: [[3], [4]], 9: [[5], [6]]}, "de": {8: [[30]]}}

    batches = list(epoch(languages, rounds=2, size=2, chance=Random(0)))

    seen = {
        language: sorted(
            (batch.photos[owner], sentence)
            for batch in batches
            if language in batch.texts
            for owner, sentence in zip(
                batch.texts[language].owners, batch.texts[language].sentences, strict=True
            )
        )
        for language in languages
    }
    assert seen["en"] == [(7, [1]), (7, [2]), (8, [3]), (8, [4]), (9, [5]), (9, [6])]
    assert seen["de"] == [(8, [30])]
    assert [len(batch.photos) for batch in batches] == [2, 1, 2, 1]


def test_of_more_captions_than_rounds_another_choice_is_taken_each_time() -> None:
    languages = {"de": {1: [[number] for number in range(100)]}}

    first, second = (next(epoch(languages, 1, 1, Random(seed))).texts["de"].sentences for seed in (0, 1))

    assert first != second
