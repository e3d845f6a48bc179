"""Training captions in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.paper.vocabulary import Vocabulary
from model.training.data import Caption

Sentence = list[int]
ByPhoto = dict[int, list[Sentence]]


@dataclass(frozen=True)
class Texts:
    """Sentences of one language; owners: the position of each one's photo in the batch."""

    sentences: list[Sentence]
    owners: list[int]

    def wordings(self) -> list[int]:
        """Equal sentences have equal numbers, as in `Described`. By hand: [1, 2], [3], [1, 2] are 0, 1, 0."""
        numbers: dict[tuple[int, ...], int] = {}
        return [numbers.setdefault(tuple(sentence), len(numbers)) for sentence in self.sentences]


@dataclass(frozen=True)
class Batch:
    photos: list[int]
    texts: dict[str, Texts]  # of every language that has a caption for one of the photos


def by_photo(captions: Sequence[Caption], vocabulary: Vocabulary) -> ByPhoto:
    """The captions as word numbers."""
    grouped: ByPhoto = {}
    for caption in captions:
        grouped.setdefault(caption.image, []).append(vocabulary.numbers(caption.text))
    return grouped


def epoch(languages: dict[str, ByPhoto], rounds: int, size: int, chance: Random) -> Iterator[Batch]:
    """Every round takes every photo once, in a new order, with a caption in each language.

    The captions of a photo come in random order, each at most once; a photo with fewer captions than rounds
    appears without the language in the last of them, and not at all where no language is left.
    """
    shuffled = {
        language: {photo: chance.sample(captions, len(captions)) for photo, captions in grouped.items()}
        for language, grouped in languages.items()
    }
    for turn in range(rounds):
        left = {
            language: {photo: captions[turn] for photo, captions in grouped.items() if turn < len(captions)}
            for language, grouped in shuffled.items()
        }
        photos = sorted(set().union(*left.values()))
        chance.shuffle(photos)
        for start in range(0, len(photos), size):
            yield _batch(photos[start : start + size], left)


def _batch(photos: list[int], captions: dict[str, dict[int, Sentence]]) -> Batch:
    texts = {}
    for language, by_number in captions.items():
        owners = [row for row, photo in enumerate(photos) if photo in by_number]
        if owners:
            texts[language] = Texts([by_number[photos[row]] for row in owners], owners)
    return Batch(photos, texts)
