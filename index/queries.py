"""Queries: what a search compares images with. A vector, several with weights, or a collection's image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.errors import BadValue
from index.records import Scoring
from index.rerank import SCORES
from index.vectors import Row, Rows, Scores, check_vector

MOST_VECTORS = 32


@dataclass(frozen=True, eq=False)
class Weighted:
    """A vector that counts `weight` times; with a negative weight, images unlike it come first."""

    vector: Row  # (dim,) float32, unit
    weight: float


@dataclass(frozen=True)
class Like:
    """More like this image of the collection, which is left out itself."""

    id: int


Query: TypeAlias = Row | Sequence[Weighted] | Like


class Question:
    """Vectors s_i with weights w_i: the score of an image v is sum_i w_i S(v, s_i) / sum_i |w_i|.

    By hand: `dog` with weight 1 and `snow` with -0.5. An image with the scores 0.6 and 0.2 has
    (0.6 - 0.5 * 0.2) / 1.5 = 0.333; one with 0.6 and 0.5 has 0.233 and comes after it.
    """

    def __init__(self, query: Row | Sequence[Weighted], dim: int) -> None:
        """Raises BadVector, BadValue."""
        parts = [Weighted(query, 1.0)] if isinstance(query, np.ndarray) else list(query)
        if not 0 < len(parts) <= MOST_VECTORS:
            raise BadValue("query", f"has {len(parts)} vectors; give 1 to {MOST_VECTORS}")
        for part in parts:
            check_vector(part.vector, dim)
        total = sum(abs(part.weight) for part in parts)
        if not math.isfinite(total) or not all(part.weight for part in parts):
            raise BadValue("query", "has a weight that is zero or not finite: leave that vector out")
        self.vectors: Rows = np.stack([part.vector for part in parts])
        self.weights: NDArray[np.float32] = np.array([part.weight / total for part in parts], np.float32)

    @property
    def positive(self) -> bool:
        return bool((self.weights > 0).all())

    @property
    def combined(self) -> Row:
        """sum_i w_i s_i / sum_i |w_i|, (dim,) float32, of length 1 at most.

        By linearity, its inner product with an image is the symmetric score of the whole query.
        """
        row: Row = np.einsum("i,ij->j", self.weights, self.vectors)
        return row

    def score(self, rows: Rows, scoring: Scoring) -> Scores:
        """(n, dim) float32 -> (n,) float32. As in `rerank`, a row's score depends on no other row."""
        score = SCORES[scoring]
        total = np.zeros(len(rows), np.float32)
        for weight, vector in zip(self.weights, self.vectors, strict=True):
            total += weight * score(rows, vector)
        return total
