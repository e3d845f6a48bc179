"""Recall@k and median rank, from images to texts and back, with bounded memory.

A rank counts from 1. Among equal scores the earlier item ranks first, as in the service: a model that
scores everything alike gains nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.similarity import Scoring, score

TEXTS_AT_ONCE = 64

Ranks = NDArray[np.int64]


@dataclass(frozen=True)
class Recall:
    """Percentages of queries whose target ranks within the first 1, 5, 10, and the median of the ranks."""

    r1: float
    r5: float
    r10: float
    median_rank: float

    @classmethod
    def of(cls, ranks: Ranks) -> Recall:
        """By hand: of the ranks 1, 3, 7, 20 one is within 1, two are within 5, three within 10; median 5."""
        r1, r5, r10 = (round(100 * float((ranks <= k).mean()), 2) for k in (1, 5, 10))
        return cls(r1, r5, r10, float(np.median(ranks)))


def text_to_image(images: Tensor, texts: Tensor, owners: Tensor, scoring: Scoring) -> Ranks:
    """Rank of each text's own image among all images.

    images `(n, dim)`, texts `(m, dim)`, owners `(m,) int64`: the row of each text's image. Returns `(m,)`.
    """
    position = torch.arange(len(images))
    ranks = np.empty(len(texts), dtype=np.int64)
    for rows, scores in _blocks(images, texts, scoring):
        owner = owners[rows, None]
        own = scores.gather(1, owner)
        ahead = (scores > own) | ((scores == own) & (position < owner))
        ranks[rows] = 1 + ahead.sum(dim=1).numpy()
    return ranks


def image_to_text(images: Tensor, texts: Tensor, owners: Tensor, scoring: Scoring) -> Ranks:
    """Rank of the best of each image's own texts among all texts, for the images that have any.

    Shapes as in `text_to_image`. Returns `(images with a text,)`, in the order of the images.
    """
    best = torch.full((len(images),), -torch.inf)
    first = torch.full((len(images),), len(texts))  # the earliest text that reaches the best score
    for rows, scores in _blocks(images, texts, scoring):
        owner = owners[rows]
        own = scores.gather(1, owner[:, None])[:, 0]
        for number, (image, value) in enumerate(zip(owner.tolist(), own.tolist(), strict=True)):
            if value > best[image]:
                best[image], first[image] = value, rows.start + number
    ahead = torch.zeros(len(images), dtype=torch.int64)
    for rows, scores in _blocks(images, texts, scoring):
        position = torch.arange(rows.start, rows.stop)[:, None]
        ahead += ((scores > best) | ((scores == best) & (position < first))).sum(dim=0)
    ranks: Ranks = (1 + ahead[torch.unique(owners)]).numpy()
    return ranks


def _blocks(images: Tensor, texts: Tensor, scoring: Scoring) -> Iterator[tuple[slice, Tensor]]:
    """Scores `(texts of the block, n)`, block by block; the same numbers at every pass."""
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        rows = slice(start, min(start + TEXTS_AT_ONCE, len(texts)))
        yield rows, score(images, texts[rows], scoring).T
