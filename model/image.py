"""PIL image -> the image tower's input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

MEAN, SCALE = 127.0, 128.0  # what the EfficientNet-Lite weights were trained with


def network_input(images: Sequence[Image.Image], size: int) -> Tensor:
    """Upright RGB images of any size -> `(n, 3, size, size) float32` in [-1, 1].

    The whole frame is squashed to a square, as in training: a crop could cut off what is asked for.
    """
    squares = [image.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0) for image in images]
    pixels = torch.from_numpy(np.stack([np.asarray(square, dtype=np.float32) for square in squares]))
    return pixels.permute(0, 3, 1, 2).sub(MEAN).div(SCALE)
