"""Which photos and captions go into which step."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.text import Reading, Tokenizer
from model.training.data import Caption, Photos
from model.training.hyperparameters import Hyperparameters


@dataclass(frozen=True)
class Texts:
    """Captions of one language, the row of each one's photo, and a number for its wording."""

    readings: list[Reading]
    owners: list[int]

    @property
    def wordings(self) -> list[int]:
        numbers: dict[tuple[int, ...], int] = {}
        return [numbers.setdefault(tuple(text.subwords), len(numbers)) for text in self.readings]


@dataclass(frozen=True)
class Batch:
    """Photos of one source, by their position in it."""

    source: int
    photos: list[int]
    texts: list[Texts]  # of every language that has a caption for one of the photos


class Batches:
    """The photos of all sources in batches, an epoch at a time, with a few of the captions that each has.

    A batch holds photos of one source: those of another would be negatives too easy to learn from.
    """

    def __init__(self, sources: Sequence[Photos], settings: Hyperparameters) -> None:
        self._settings = settings
        tokenizer = Tokenizer()
        self._captions = [
            [_by_photo(captions, tokenizer) for captions in photos.captions.values()] for photos in sources
        ]
        self._described = [sorted(set().union(*languages)) for languages in self._captions]

    def __len__(self) -> int:
        """Steps in an epoch."""
        return sum(math.ceil(len(photos) / self._settings.batch) for photos in self._described)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Every photo with a caption once; seed and number alone determine the order."""
        chance = random.Random(f"{self._settings.seed} {number}")
        size = self._settings.batch
        chosen: list[tuple[int, list[int]]] = []
        for source, described in enumerate(self._described):
            order = chance.sample(described, len(described))
            chosen += [(source, order[start : start + size]) for start in range(0, len(order), size)]
        for source, photos in chance.sample(chosen, len(chosen)):
            texts = [self._some(captions, photos, chance) for captions in self._captions[source]]
            yield Batch(source, photos, [language for language in texts if language.owners])

    def ngrams(self) -> Iterator[list[int]]:
        """Those of every caption."""
        for languages in self._captions:
            for by_photo in languages:
                for readings in by_photo.values():
                    yield from (reading.ngrams for reading in readings)

    def _some(
        self, captions: dict[int, list[Reading]], photos: Sequence[int], chance: random.Random
    ) -> Texts:
        readings: list[Reading] = []
        owners: list[int] = []
        for row, photo in enumerate(photos):
            known = captions.get(photo, [])
            chosen = chance.sample(known, min(self._settings.captions, len(known)))
            readings += chosen
            owners += [row] * len(chosen)
        return Texts(readings, owners)


def _by_photo(captions: Sequence[Caption], tokenizer: Tokenizer) -> dict[int, list[Reading]]:
    by_photo: dict[int, list[Reading]] = {}
    for caption in captions:
        by_photo.setdefault(caption.image, []).append(tokenizer.read(caption.text))
    return by_photo
