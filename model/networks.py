"""The two towers: each ends in unit rows of one dimension.

    an image   coordinates that both share | one of images | one of texts | likeness
               length * shared             | the rest      | 0            | 0
    a text     length * shared             | 0             | the rest     | how it reads

The shared coordinates are non-negative; the others are there where the architecture says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.efficientnet import HEAD_CHANNELS, EfficientNetLite
from model.hubness import Hubness
from model.likeness import SHARE, Likeness
from model.ngrams import Ngrams
from model.sentence_encoder import SENTENCE, SentenceEncoder, package_weights


@dataclass(frozen=True)
class Architecture:
    """What has to be known to build the towers; saved inside the checkpoint."""

    dim: int = 512
    image_size: int = 260
    width: float = 1.1  # EfficientNet-Lite2
    depth: float = 1.2
    buckets: int = 0  # rows of the table of n-grams; 0: the text tower has none
    ngram_width: int = 256
    bank: int = 0  # rows that tell hubs; 0: hubs are left alone, and no coordinate belongs to one tower
    likeness: int = 0  # coordinates in which texts are compared; 0: those that they share with images

    @property
    def shared(self) -> int:
        """Coordinates that images and texts have in common."""
        return self.dim - self.likeness - (2 if self.bank else 0)


def non_negative_unit(x: Tensor) -> Tensor:
    """`(n, dim)` -> unit rows of absolute values, the space of order embeddings (Vendrov et al. 2016)."""
    return F.normalize(x.abs(), dim=1)


def rest(length: Tensor) -> Tensor:
    """What makes a row of this length a unit row, in one more coordinate."""
    return (1 - length.square()).clamp(min=0).sqrt()


class ImageTower(nn.Module):
    """`(n, 3, size, size)` in [-1, 1] -> `(n, dim)` unit, non-negative rows."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.network = EfficientNetLite(architecture.width, architecture.depth)
        self.norm = nn.LayerNorm(HEAD_CHANNELS)
        self.head = nn.Linear(HEAD_CHANNELS, architecture.shared)
        self.hubness = Hubness(architecture.bank, architecture.shared) if architecture.bank else None
        self._likeness = architecture.likeness

    def forward(self, pixels: Tensor) -> Tensor:
        return self.rows(self.network(pixels))

    def rows(self, features: Tensor) -> Tensor:
        """The network's pooled features `(n, 1280)` -> the tower's rows."""
        shared = self.embed(features)
        if self.hubness is None:
            return shared
        length = self.hubness(shared)
        if self._likeness:
            length = length * math.sqrt(1 - SHARE)
        return F.pad(torch.cat([length * shared, rest(length)], dim=1), (0, 1 + self._likeness))

    def embed(self, features: Tensor) -> Tensor:
        """The network's pooled features `(n, 1280)` -> `(n, shared)` unit rows, hubs as they are."""
        return non_negative_unit(self.head(self.norm(features)))


class TextTower(nn.Module):
    """Texts, as `model.text.network_input` makes them -> `(n, dim)` unit rows, non-negative but for likeness.

    The gist, from the sentence vector, and the wording, from n-grams, are added up. In a language without
    training data the n-grams are strangers and the gist has to do, which training prepares for by leaving
    either out.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.encoder = SentenceEncoder(package_weights())
        self.norm = nn.LayerNorm(SENTENCE)
        self.head = nn.Linear(SENTENCE, architecture.shared)
        self.ngrams = (
            Ngrams(architecture.buckets, architecture.ngram_width, architecture.shared)
            if architecture.buckets
            else None
        )
        self.hubness = Hubness(architecture.bank, architecture.shared) if architecture.bank else None
        self.likeness = Likeness(architecture.likeness) if architecture.likeness else None

    def forward(self, ids: Tensor, mask: Tensor, hashes: Tensor, starts: Tensor) -> Tensor:
        sentences = self.encoder(ids, mask)
        shared = self.embed(sentences, hashes, starts)
        if self.hubness is None:
            return shared
        length = self.hubness(shared)
        rows = torch.cat([length * shared, torch.zeros_like(length), rest(length)], dim=1)
        if self.likeness is None:
            return rows
        return torch.cat([math.sqrt(1 - SHARE) * rows, math.sqrt(SHARE) * self.likeness(sentences)], dim=1)

    def embed(self, sentences: Tensor, hashes: Tensor, starts: Tensor) -> Tensor:
        """Sentence vectors `(n, 512)` and n-grams -> `(n, shared)` unit rows, hubs as they are."""
        gist = self.gist(sentences)
        return non_negative_unit(gist if self.ngrams is None else gist + self.ngrams(hashes, starts))

    def gist(self, sentences: Tensor) -> Tensor:
        """The encoder's sentence vectors `(n, 512)` -> `(n, shared)`, before they become unit rows."""
        projected: Tensor = self.head(self.norm(sentences))
        return projected


class Pivot(nn.Module):
    """Both towers, which is what a checkpoint holds.

    Raises:
        ValueError: the architecture has likeness and no bank, or no coordinates left to share.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        if architecture.shared < 1 or (architecture.likeness and not architecture.bank):
            raise ValueError(
                f"likeness needs a bank, and a dimension that leaves some to share: {architecture}"
            )
        self.architecture = architecture
        self.image = ImageTower(architecture)
        self.text = TextTower(architecture)
