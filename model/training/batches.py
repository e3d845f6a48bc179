"""Which photos and captions go into which step."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.text import Tokenizer
from model.training.data import Photos
from model.training.hyperparameters import Hyperparameters

Subwords = list[int]


@dataclass(frozen=True)
class Texts:
    """Captions of one language: their subwords, and for each the row of its photo in the batch."""

    subwords: list[Subwords]
    owners: list[int]


@dataclass(frozen=True)
class Batch:
    photos: list[int]
    texts: list[Texts]  # of every language that has a caption for one of the photos


class Batches:
    """Photos in batches, an epoch at a time, with a few of the captions that each has."""

    def __init__(self, photos: Photos, settings: Hyperparameters) -> None:
        self._settings = settings
        self._captions = [_by_photo(photos, language) for language in photos.captions]
        self._described = sorted(set().union(*self._captions))

    def __len__(self) -> int:
        """Steps in an epoch."""
        return math.ceil(len(self._described) / self._settings.batch)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Every photo with a caption once; seed and number alone determine the order."""
        chance = random.Random(f"{self._settings.seed} {number}")
        order = chance.sample(self._described, len(self._described))
        for start in range(0, len(order), self._settings.batch):
            photos = order[start : start + self._settings.batch]
            texts = [self._some(captions, photos, chance) for captions in self._captions]
            yield Batch(photos, [language for language in texts if language.owners])

    def _some(
        self, captions: dict[int, list[Subwords]], photos: Sequence[int], chance: random.Random
    ) -> Texts:
        subwords: list[Subwords] = []
        owners: list[int] = []
        for row, photo in enumerate(photos):
            known = captions.get(photo, [])
            chosen = chance.sample(known, min(self._settings.captions, len(known)))
            subwords += chosen
            owners += [row] * len(chosen)
        return Texts(subwords, owners)


def _by_photo(photos: Photos, language: str) -> dict[int, list[Subwords]]:
    tokenizer = Tokenizer()
    captions: dict[int, list[Subwords]] = {}
    for caption in photos.captions[language]:
        captions.setdefault(caption.image, []).append(tokenizer.subwords(caption.text))
    return captions
