"""The banks of rows that tell hubs (see `model.hubness`), made from the training data after training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from model.hubness import shared
from model.networks import Pivot
from model.text import Reading, network_input

BANK = 1024  # more of them find no more, and a query has to pass by all
LEAST = 4 * BANK  # rows of either tower that centroids can be made of
SAMPLE = 6000  # photos of each source, and captions: one that is large alone should not decide
ROUNDS = 15
AT_ONCE = 64


def enough(photos: int, texts: int) -> bool:
    """Whether banks can be made of so many. Of fewer, a model does better with those of its start."""
    return min(photos, texts) >= LEAST


@torch.no_grad()
def with_banks(model: Pivot, features: Sequence[NDArray[np.float16]], texts: Sequence[Reading]) -> Pivot:
    """The model with new banks.

    `features` are the image network's, `(n, 2, 1280)` for each source, of which the first view counts.
    """
    images = [model.image.embed(torch.from_numpy(_sample(rows)[:, 0]).float()) for rows in features]
    captions = [model.text.embed(*network_input(step)) for step in _steps(texts)]
    cured = Pivot(replace(model.architecture, bank=BANK))
    banks = {
        "image.hubness.bank": centroids(shared(torch.cat(captions)), BANK),
        "text.hubness.bank": centroids(shared(torch.cat(images)), BANK),
    }
    cured.load_state_dict({**model.state_dict(), **banks})
    return cured.eval()


def centroids(rows: Tensor, count: int) -> Tensor:
    """`(n, dim)` unit rows -> `(count, dim)` unit rows: spherical k-means (Dhillon and Modha 2001).

    It begins with rows drawn at random, always the same; a centroid that nothing is near to stays.
    """
    chance = torch.Generator().manual_seed(0)
    centres = rows[torch.randperm(len(rows), generator=chance)[:count]]
    for _ in range(ROUNDS):
        nearest = (rows @ centres.T).argmax(dim=1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, rows)
        centres = torch.where(sums.any(dim=1, keepdim=True), F.normalize(sums, dim=1), centres)
    return centres


def _sample(rows: NDArray[np.float16]) -> NDArray[np.float16]:
    return rows[np.random.default_rng(0).permutation(len(rows))[:SAMPLE]]


def _steps(texts: Sequence[Reading]) -> Iterator[Sequence[Reading]]:
    alike = sorted(texts, key=lambda text: len(text.subwords))  # alike lengths waste no padding
    return (alike[start : start + AT_ONCE] for start in range(0, len(alike), AT_ONCE))
