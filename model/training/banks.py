"""The banks of rows that tell hubs (see `model.hubness`), made from the training data after training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from model.hubness import Hubness
from model.networks import Pivot
from model.text import Reading, network_input
from model.training.frozen import vectors

BANK = 1024  # more of them find no more, and a query has to pass by all
SAMPLE = 6000  # photos of each source, and captions: one that is large alone should not decide
ROUNDS = 15


@torch.no_grad()
def make_banks(model: Pivot, features: Sequence[NDArray[np.float16]], texts: Sequence[Reading]) -> None:
    """Give both towers new banks, as large as their old ones.

    `features` are the image network's, `(n, 2, 1280)` for each source, of which the first view counts.
    """
    tower = model.text
    captions = tower.embed(vectors(tower.encoder, texts), *network_input(texts)[2:])
    images = model.image.embed(
        torch.from_numpy(np.concatenate([_sample(rows)[:, 0] for rows in features])).float()
    )
    for hubness, others in ((model.image.hubness, captions), (tower.hubness, images)):
        assert isinstance(hubness, Hubness)
        hubness.bank.copy_(centroids(others, len(hubness.bank)))


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
