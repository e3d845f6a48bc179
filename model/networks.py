"""The two towers: each ends in unit, non-negative rows of one dimension."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from model.efficientnet import HEAD_CHANNELS, EfficientNetLite
from model.hubness import IMAGES, TEXTS, Hubness
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
    bank: int = 0  # rows that tell hubs; 0: hubs are left alone


def non_negative_unit(x: Tensor) -> Tensor:
    """`(n, dim)` -> unit rows of absolute values, the space of order embeddings (Vendrov et al. 2016)."""
    return F.normalize(x.abs(), dim=1)


def _hubness(architecture: Architecture, own: int) -> nn.Module:
    return Hubness(architecture.bank, architecture.dim, own) if architecture.bank else nn.Identity()


class ImageTower(nn.Module):
    """`(n, 3, size, size)` in [-1, 1] -> `(n, dim)` unit, non-negative rows."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.network = EfficientNetLite(architecture.width, architecture.depth)
        self.norm = nn.LayerNorm(HEAD_CHANNELS)
        self.head = nn.Linear(HEAD_CHANNELS, architecture.dim)
        self.hubness = _hubness(architecture, IMAGES)

    def forward(self, pixels: Tensor) -> Tensor:
        rows: Tensor = self.hubness(self.embed(self.network(pixels)))
        return rows

    def embed(self, features: Tensor) -> Tensor:
        """The network's pooled features `(n, 1280)` -> `(n, dim)`, hubs as they are."""
        return non_negative_unit(self.head(self.norm(features)))


class TextTower(nn.Module):
    """Texts, as `model.text.network_input` makes them -> `(n, dim)` unit, non-negative rows.

    The gist, from the sentence vector, and the wording, from n-grams, are added up. In a language without
    training data the n-grams are strangers and the gist has to do, which training prepares for by leaving
    either out.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.encoder = SentenceEncoder(package_weights())
        self.norm = nn.LayerNorm(SENTENCE)
        self.head = nn.Linear(SENTENCE, architecture.dim)
        self.ngrams = (
            Ngrams(architecture.buckets, architecture.ngram_width, architecture.dim)
            if architecture.buckets
            else None
        )
        self.hubness = _hubness(architecture, TEXTS)

    def forward(self, ids: Tensor, mask: Tensor, hashes: Tensor, starts: Tensor) -> Tensor:
        rows: Tensor = self.hubness(self.embed(ids, mask, hashes, starts))
        return rows

    def embed(self, ids: Tensor, mask: Tensor, hashes: Tensor, starts: Tensor) -> Tensor:
        """The rows with hubs as they are."""
        gist = self.gist(self.encoder(ids, mask))
        return non_negative_unit(gist if self.ngrams is None else gist + self.ngrams(hashes, starts))

    def gist(self, sentences: Tensor) -> Tensor:
        """The encoder's sentence vectors `(n, 512)` -> `(n, dim)`, before they become unit rows."""
        projected: Tensor = self.head(self.norm(sentences))
        return projected


class Pivot(nn.Module):
    """Both towers, which is what a checkpoint holds."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.image = ImageTower(architecture)
        self.text = TextTower(architecture)
