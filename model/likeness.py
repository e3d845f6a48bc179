"""Likeness: how alike two texts are, in coordinates that no image has.

Training to find images teaches the towers what photos can show, and blurs the rest of what texts say. So a
text keeps a share of its length for a reading of its sentence vector whose inner products are those of the
sentence encoder as it was published: two texts are as alike as the photos they ask for and the sentences
they are, each counting half. An image has zeros there, and in one coordinate of its own the same share,
which leaves every order of images by a text, or of texts by an image, as it is.

A query is compared with captions to find their photos, and there what texts ask for tells more, above all in
languages that the sentence encoder does not know. So a query's reading is made quieter, and what is missing
goes to a coordinate that only queries have.
"""

from __future__ import annotations

import math

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from model.sentence_encoder import SENTENCE

# Chosen on STS-B's dev split, in English and German.
SHARE = 0.5
# Chosen on Flickr8k's dev split, among captions in five languages for the captions of the same photos.
QUIET = 0.125


def as_query(row: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """A text's row `(dim,)` -> the same as a query, `(dim,)`, of length 1, too; `width` as in `Likeness`."""
    quieter = row.copy()
    quieter[-width:-1] *= QUIET
    quieter[-1] = math.sqrt(SHARE * (1 - QUIET**2))
    return quieter


class Likeness(nn.Module):
    """Sentence vectors `(n, 512)` -> `(n, width)` unit rows, of any sign; the last number is 0."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(SENTENCE)
        self.head = nn.Linear(SENTENCE, width - 1)

    def forward(self, sentences: Tensor) -> Tensor:
        read: Tensor = self.head(self.norm(sentences))
        return F.pad(balanced(read), (0, 1))


def balanced(x: Tensor) -> Tensor:
    """`(n, width)` -> unit rows whose positive and whose negative numbers have one length.

    What a text asks for and an image has not is the penalty of the order score: with signs out of balance,
    it would be larger for some texts than for others. By hand: (3, 4, -2) -> (3, 4, -5) / sqrt 50.
    """
    halves: Tensor = F.normalize(x.clamp(min=0), dim=1) + F.normalize(x.clamp(max=0), dim=1)
    return halves / math.sqrt(2)
