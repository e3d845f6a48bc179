"""How well an image and a description match: the two scores of the paper.

    symmetric   S(v, s) = <v, s>                          in [0, 1]
    asymmetric  S(v, s) = -|| max(0, s - v) ||^2          in [-1, 0]; Vendrov et al. 2016, equation 2

The asymmetric score reads a description as more general than its image: whatever the description says, the
image should show, while the image may show more. By hand, with v = (0.8, 0.6) and s = (0.6, 0.8):
<v, s> = 0.96, and only the second coordinate of s exceeds v, by 0.2, so the asymmetric score is -0.04.

Where texts have coordinates of their own (`model.likeness`), all images have 0 there, and these add the same
to the score of each pair.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Scoring = Literal["symmetric", "asymmetric"]

BLOCK = 2**20  # numbers in the widest intermediate: 4 MB stay in the cache, three times as fast as 64 MB


def symmetric(images: Tensor, texts: Tensor) -> Tensor:
    """`(n, dim)` images, `(m, dim)` texts, unit non-negative rows -> `(n, m)` inner products."""
    return images @ texts.T


def asymmetric(images: Tensor, texts: Tensor) -> Tensor:
    """`(n, dim)` images, `(m, dim)` texts, unit non-negative rows -> `(n, m)` negated order penalties."""
    rows = max(1, BLOCK // max(1, texts.numel()))
    return torch.cat(
        [_order_penalty(images[start : start + rows], texts) for start in range(0, len(images), rows)]
    ).neg()


def _order_penalty(images: Tensor, texts: Tensor) -> Tensor:
    return (texts[None] - images[:, None]).clamp(min=0).square().sum(dim=2)


def score(images: Tensor, texts: Tensor, scoring: Scoring) -> Tensor:
    """`(n, dim)` images, `(m, dim)` texts -> `(n, m)`, higher is better."""
    return symmetric(images, texts) if scoring == "symmetric" else asymmetric(images, texts)
