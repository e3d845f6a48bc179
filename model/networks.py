"""The two towers: each ends in unit, non-negative rows of one dimension."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from model.efficientnet import HEAD_CHANNELS, EfficientNetLite
from model.sentence_encoder import SENTENCE, SentenceEncoder, package_weights


@dataclass(frozen=True)
class Architecture:
    """What has to be known to build the towers; saved inside the checkpoint."""

    dim: int = 512
    image_size: int = 260
    width: float = 1.1  # EfficientNet-Lite2
    depth: float = 1.2


def non_negative_unit(x: Tensor) -> Tensor:
    """`(n, dim)` -> unit rows of absolute values, the space of order embeddings (Vendrov et al. 2016)."""
    return F.normalize(x.abs(), dim=1)


class ImageTower(nn.Module):
    """`(n, 3, size, size)` in [-1, 1] -> `(n, dim)` unit, non-negative rows."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.network = EfficientNetLite(architecture.width, architecture.depth)
        self.norm = nn.LayerNorm(HEAD_CHANNELS)
        self.head = nn.Linear(HEAD_CHANNELS, architecture.dim)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.embed(self.network(pixels))

    def embed(self, features: Tensor) -> Tensor:
        """The network's pooled features `(n, 1280)` -> `(n, dim)`."""
        return non_negative_unit(self.head(self.norm(features)))


class TextTower(nn.Module):
    """Subword ids `(n, t) int64` and mask `(n, t) bool` -> `(n, dim)` unit, non-negative rows."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.encoder = SentenceEncoder(package_weights())
        self.norm = nn.LayerNorm(SENTENCE)
        self.head = nn.Linear(SENTENCE, architecture.dim)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return self.embed(self.encoder(ids, mask))

    def embed(self, sentences: Tensor) -> Tensor:
        """The encoder's sentence vectors `(n, 512)` -> `(n, dim)`."""
        return non_negative_unit(self.head(self.norm(sentences)))


class Pivot(nn.Module):
    """Both towers, which is what a checkpoint holds."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.image = ImageTower(architecture)
        self.text = TextTower(architecture)
