"""Training of the heads and the n-grams alone, with both networks left as they are.

What the networks make of a photo or a caption is then computed once, and a step costs a hundredth of one that
trains them: thousands of steps fit in minutes, which is what the n-grams need.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from model.networks import Pivot
from model.text import Reading
from model.training.hyperparameters import Hyperparameters
from model.training.trainer import Trainer

AT_ONCE = 16


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


class FrozenTrainer(Trainer):
    """A trainer whose photos are rows of `pooled`, `(n, 2, 1280)`."""

    def __init__(self, model: Pivot, settings: Hyperparameters, steps: int) -> None:
        super().__init__(model, settings, steps)
        self._known: dict[tuple[int, ...], Tensor] = {}

    def _images(self, activations: Tensor) -> Tensor:
        view = torch.randint(0, activations.shape[1], (len(activations),))
        features = activations[torch.arange(len(activations)), view]
        return self.model.image.embed(F.dropout(features, self.settings.dropout))

    def _sentences(self, readings: Sequence[Reading], ids: Tensor, mask: Tensor) -> Tensor:
        captions = [tuple(reading.subwords) for reading in readings]
        new = [row for row, caption in enumerate(captions) if caption not in self._known]
        if new:
            with torch.no_grad():
                vectors = self.model.text.encoder(ids[new], mask[new]).half()
            self._known.update(zip((captions[row] for row in new), vectors, strict=True))
        return torch.stack([self._known[caption] for caption in captions]).float()
