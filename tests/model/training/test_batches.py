from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from model.text import Reading, Tokenizer
from model.training.batches import Batch, Batches, Texts
from model.training.data import Caption, Photos
from model.training.hyperparameters import Hyperparameters

SETTINGS = Hyperparameters(batch=2, captions=2)


def photos(count: int, captions: dict[str, list[Caption]]) -> Photos:
    return Photos(tuple(Path(f"{number}.jpg") for number in range(count)), captions)


ENGLISH = [
    Caption(0, "a dog"),
    Caption(0, "a cat"),
    Caption(0, "a cow"),
    Caption(1, "a tree"),
    Caption(3, "a car"),
]
GERMAN = [Caption(1, "ein Baum"), Caption(2, "ein Haus")]
ANIMALS = photos(5, {"en": ENGLISH, "de": GERMAN})
WEB = photos(3, {"en": [Caption(0, "one"), Caption(1, "two"), Caption(2, "three")]})


def test_an_epoch_has_every_described_photo_once() -> None:
    batches = Batches([ANIMALS, WEB], SETTINGS)

    seen = [(batch.source, photo) for batch in batches.epoch(0) for photo in batch.photos]

    assert sorted(seen) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]
    assert len(list(batches.epoch(0))) == len(batches) == 4


def test_an_epoch_takes_some_of_each_further_source_anew() -> None:
    batches = Batches([ANIMALS, WEB], replace(SETTINGS, further=0.3))

    epochs = [
        [(batch.source, photo) for batch in batches.epoch(number) for photo in batch.photos]
        for number in range(20)
    ]

    assert all(sorted(seen)[:4] == [(0, 0), (0, 1), (0, 2), (0, 3)] for seen in epochs)
    assert {len(seen) for seen in epochs} == {5}  # 0.3 of 3 photos, rounded up
    assert {photo for seen in epochs for source, photo in seen if source == 1} == {0, 1, 2}
    assert len(list(batches.epoch(0))) == len(batches) == 3


@pytest.mark.parametrize(("others", "taking_part"), [(0, 5), (1, 4), (7, 5)])
def test_two_languages_and_the_keywords_take_part_in_every_step(others: int, taking_part: int) -> None:
    said = {code: [Caption(0, f"in {code}")] for code in ("en", "de", "fr", "cs", "keywords")}
    batches = Batches([photos(1, said)], replace(SETTINGS, others=others))
    words = {tuple(Tokenizer().subwords(f"in {code}")): code for code in said}

    steps = [
        [words[tuple(texts.readings[0].subwords)] for texts in batch.texts]
        for number in range(20)
        for batch in batches.epoch(number)
    ]

    assert all({"en", "de", "keywords"} <= set(step) for step in steps)
    assert {len(set(step)) for step in steps} == {len(step) for step in steps} == {taking_part}
    assert {code for step in steps for code in step} == set(said)


def test_captions_belong_to_their_photo_and_are_at_most_as_many_as_asked_for() -> None:
    tokenizer = Tokenizer()
    known = {(caption.image, tuple(tokenizer.subwords(caption.text))) for caption in [*ENGLISH, *GERMAN]}

    for batch in Batches([ANIMALS], SETTINGS).epoch(3):
        for texts in batch.texts:
            pairs = [
                (batch.photos[owner], tuple(reading.subwords))
                for owner, reading in zip(texts.owners, texts.readings, strict=True)
            ]
            assert pairs
            assert set(pairs) <= known
            assert len(set(pairs)) == len(pairs)
            assert max(texts.owners.count(owner) for owner in texts.owners) <= 2


def test_seed_and_epoch_decide_the_order() -> None:
    def order(seed: int, epoch: int) -> list[Batch]:
        return list(Batches([ANIMALS, WEB], Hyperparameters(batch=2, seed=seed)).epoch(epoch))

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


def test_equal_captions_have_one_wording() -> None:
    readings = [Reading([1, id, 2], [7]) for id in (5, 6, 5)]

    assert Texts(readings, owners=[0, 1, 2]).wordings == [0, 1, 0]
