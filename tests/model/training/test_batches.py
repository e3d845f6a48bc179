from __future__ import annotations

from pathlib import Path

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
