"""Semantic textual similarity: do sentences that people find alike lie close to each other?

A folder of tables with the columns `score` (0 to 5, by people), `sentence1` and `sentence2`. The measure is
Pearson's r between the people's scores and the cosines, times 100 (Gella et al. 2017, table 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from model.encoder import Encoder
from model.training.data import DataError, read_table

if TYPE_CHECKING:
    from model.hub import HubEncoder


@dataclass(frozen=True)
class Pairs:
    """Sentences side by side, and how alike people find each two."""

    scores: tuple[float, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]


def read_pairs(file: Path) -> Pairs:
    """One table.

    Raises:
        DataError: a column is missing, a score is no number, or there are fewer than two pairs.
    """
    rows = list(read_table(file, "score", "sentence1", "sentence2"))
    if len(rows) < 2:
        raise DataError(f"{file} has fewer than two pairs, which correlate with nothing.")
    try:
        scores = tuple(float(row["score"]) for row in rows)
    except ValueError as error:
        raise DataError(f"{file} has a score that is no number: {error}.") from error
    return Pairs(scores, tuple(row["sentence1"] for row in rows), tuple(row["sentence2"] for row in rows))


def correlation(encoder: Encoder | HubEncoder, pairs: Pairs) -> float:
    """Pearson's r x 100 between people's scores and the cosines of the text tower's unit rows."""
    first, second = encoder.embed_texts(pairs.first), encoder.embed_texts(pairs.second)
    return round(pearson(pairs.scores, np.einsum("ij,ij->i", first, second)), 2)


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson's r x 100. By hand: (1, 2, 3) and (1, 3, 2) have covariance 1/3 and variances 2/3, so 50."""
    return 100 * float(np.corrcoef(np.asarray(x), np.asarray(y))[0, 1])
