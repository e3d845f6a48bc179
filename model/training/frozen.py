"""What a network that does not learn makes of photos and captions, computed once.

A step of heads and n-grams costs a hundredth of one that trains both networks: thousands of steps fit in
minutes, which is what the n-grams need.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from model.networks import Pivot
from model.sentence_encoder import SENTENCE, SentenceEncoder
from model.text import Reading, padded

AT_ONCE = 16
TEXTS_AT_ONCE = 64


@torch.inference_mode()
def pooled(model: Pivot, activations: NDArray[np.float16], blocks: int) -> NDArray[np.float16]:
    """`(n, channels, h, w)` behind the lower `blocks` -> `(n, 2, 1280)`: each photo, and its mirror image."""
    network = model.image.network.eval()
    features = []
    for start in tqdm(range(0, len(activations), AT_ONCE), desc="features", unit="batch", disable=None):
        rows = torch.from_numpy(activations[start : start + AT_ONCE].astype(np.float32))
        rows = rows.contiguous(memory_format=torch.channels_last)
        views = [network.pool(network.upper(view, blocks)) for view in (rows, rows.flip(3))]
        features.append(torch.stack(views, dim=1).half().numpy())
    return np.concatenate(features)


@torch.no_grad()
def vectors(encoder: SentenceEncoder, texts: Sequence[Reading]) -> Tensor:
    """Sentence vectors `(n, 512)`."""
    alike = sorted(range(len(texts)), key=lambda row: len(texts[row].subwords))  # wastes no padding
    made = torch.empty(len(texts), SENTENCE)
    for start in range(0, len(alike), TEXTS_AT_ONCE):
        step = alike[start : start + TEXTS_AT_ONCE]
        made[step] = encoder(*padded([texts[row].subwords for row in step]))
    return made


class FrozenEncoder:
    """The sentence encoder, where every caption is read once: then it is remembered, as half floats."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._known: dict[tuple[int, ...], Tensor] = {}

    @torch.no_grad()
    def sentences(self, readings: Sequence[Reading], ids: Tensor, mask: Tensor) -> Tensor:
        """Sentence vectors `(n, 512)`; ids and mask are those of the readings."""
        captions = [tuple(reading.subwords) for reading in readings]
        new = [row for row, caption in enumerate(captions) if caption not in self._known]
        if new:
            vectors = self._encoder(ids[new], mask[new]).half()
            self._known.update(zip((captions[row] for row in new), vectors, strict=True))
        return torch.stack([self._known[caption] for caption in captions]).float()
