"""Which photos and captions go into which step."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.text import Reading, Tokenizer
from model.training.data import Caption, Photos
from model.training.hyperparameters import Hyperparameters

STEADY = 2  # languages that take part in every step
KEYWORDS = "keywords"  # what the captions of `model.training.keywords` have for a language


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

    A batch holds photos of one source: those of another would be negatives too easy to learn from. With
    `others` in the settings, only the first two languages and the keywords take part in every step: with
    nine languages in each, English and German found a point or two less.
    """

    def __init__(self, sources: Sequence[Photos], settings: Hyperparameters) -> None:
        self._settings = settings
        tokenizer = Tokenizer()
        self._captions = [
            {language: _by_photo(captions, tokenizer) for language, captions in photos.captions.items()}
            for photos in sources
        ]
        self._described = [sorted(set().union(*languages.values())) for languages in self._captions]
        self._sizes = [  # photos of each source in an epoch
            len(photos) if source == 0 else math.ceil(settings.further * len(photos))
            for source, photos in enumerate(self._described)
        ]

    def __len__(self) -> int:
        """Steps in an epoch."""
        return sum(math.ceil(photos / self._settings.batch) for photos in self._sizes)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Every photo with a caption once, or where `further` says so, some; seed and number determine it."""
        chance = random.Random(f"{self._settings.seed} {number}")
        size = self._settings.batch
        chosen: list[tuple[int, list[int]]] = []
        for source, described in enumerate(self._described):
            order = chance.sample(described, self._sizes[source])
            chosen += [(source, order[start : start + size]) for start in range(0, len(order), size)]
        for source, photos in chance.sample(chosen, len(chosen)):
            languages = self._taking_part(list(self._captions[source]), chance)
            texts = [self._some(self._captions[source][code], photos, chance) for code in languages]
            yield Batch(source, photos, [language for language in texts if language.owners])

    def sample(self, number: int) -> list[Reading]:
        """Up to so many captions of each source in the steady languages, drawn at random; the seed
        determines them.
        """
        chance = random.Random(self._settings.seed)
        drawn: list[Reading] = []
        for languages in self._captions:
            steady = [code for code in languages if code != KEYWORDS][:STEADY]
            known = [r for code in steady for readings in languages[code].values() for r in readings]
            drawn += chance.sample(known, min(number, len(known)))
        return drawn

    def ngrams(self) -> Iterator[list[int]]:
        """Those of every caption."""
        for languages in self._captions:
            for by_photo in languages.values():
                for readings in by_photo.values():
                    yield from (reading.ngrams for reading in readings)

    def _taking_part(self, languages: list[str], chance: random.Random) -> list[str]:
        lone = [code for code in languages if code == KEYWORDS]
        spoken = [code for code in languages if code != KEYWORDS]
        others = spoken[STEADY:]
        number = self._settings.others or len(others)
        return [*spoken[:STEADY], *chance.sample(others, min(number, len(others))), *lone]

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
    readings = {text: tokenizer.read(text) for text in {caption.text for caption in captions}}
    by_photo: dict[int, list[Reading]] = {}
    for caption in captions:
        by_photo.setdefault(caption.image, []).append(readings[caption.text])
    return by_photo
