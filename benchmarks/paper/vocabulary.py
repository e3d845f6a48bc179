"""Words of the training captions, and their numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

UNKNOWN = 0


def words(text: str) -> list[str]:
    """Small letters, no punctuation. By hand: "Ein Hund, der bellt!" is ein, hund, der, bellt."""
    return re.findall(r"\w+", text.lower())


class Vocabulary:
    """The words that occur at least `least` times in `captions`; every other one is the same unknown word.

    Only training captions belong here: a word that training never saw is unknown.
    """

    def __init__(self, captions: Iterable[str], least: int) -> None:
        counts = Counter(word for caption in captions for word in words(caption))
        known = sorted(word for word, count in counts.items() if count >= least)
        self._numbers = {word: number for number, word in enumerate(known, start=UNKNOWN + 1)}

    def __len__(self) -> int:
        """With the unknown word."""
        return len(self._numbers) + 1

    def numbers(self, text: str) -> list[int]:
        """The words' numbers, one at least: a text without words is one unknown word."""
        return [self._numbers.get(word, UNKNOWN) for word in words(text)] or [UNKNOWN]
