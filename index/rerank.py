"""The two scores of image rows against one query row, and the order that a score gives.

A row's score depends on that row and the query alone, to the last bit, never on where in the array the row
lies: the same image scores the same among 200 candidates and in a scan of everything, and equal images tie.
(BLAS would not promise that: its kernels treat the last rows of an array differently.)
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from index.records import Scoring
from index.vectors import Ids, Row, Rows, Scores

BLOCK = 1024  # rows a step: bounds memory, and 2 MB at 512 dimensions stay in the cache


def symmetric(rows: Rows, query: Row) -> Scores:
    """S(v, s) = <v, s>, in [0, 1] for non-negative vectors, else in [-1, 1].

    rows v: (n, dim) float32, unit; query s: (dim,) likewise; gives (n,) float32.

    By hand: v = (0.6, 0.8), s = (1, 0): S = 0.6.
    """
    scores: Scores = np.einsum("ij,j->i", rows, query)
    return np.minimum(scores, 1, out=scores)  # rounding may end just above


def asymmetric(rows: Rows, query: Row) -> Scores:
    """S(v, s) = -||max(0, s - v)||^2, in [-1, 0]: the order penalty of Vendrov et al. 2016, equation 2.

    A description s abstracts from an image v: what it leaves out costs nothing, what it adds does. That
    is meant for non-negative vectors; with negative numbers only the formula is left, in [-4, 0].
    rows v: (n, dim) float32, unit; query s: (dim,) likewise, both of one model; gives (n,) float32.

    By hand: v = (0.6, 0.8), s = (1, 0): max(0, s - v) = (0.4, 0), S = -0.16.
    The other way round, v = (1, 0), s = (0.6, 0.8): max(0, s - v) = (0, 0.8), S = -0.64.
    """
    scores = np.empty(len(rows), np.float32)
    signed = bool((query < 0).any())
    columns = np.flatnonzero(query)  # elsewhere s - v <= 0, where v is not negative
    # Picking columns costs as much as the arithmetic on them.
    gather = not signed and 2 * len(columns) < len(query)
    if gather:
        query = query[columns]
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        excess = query - (block.take(columns, axis=1) if gather else block)
        np.maximum(excess, 0, out=excess)
        np.einsum("ij,ij->i", excess, excess, out=scores[start : start + BLOCK])
    np.minimum(scores, 4 if signed else 1, out=scores)
    return np.subtract(0, scores, out=scores)  # 0 - 0 is 0; -(0) would be -0.0


def asymmetric_texts(texts: Rows, image: Row) -> Scores:
    """S(v, s_i) = -||max(0, s_i - v)||^2: `asymmetric` turned round, many descriptions s_i of one image v.

    texts s: (n, dim) float32, unit; image v: (dim,) likewise; gives (n,) float32.
    """
    scores = np.empty(len(texts), np.float32)
    for start in range(0, len(texts), BLOCK):
        excess = np.maximum(texts[start : start + BLOCK] - image, 0)
        np.einsum("ij,ij->i", excess, excess, out=scores[start : start + BLOCK])
    np.minimum(scores, 4, out=scores)
    return np.subtract(0, scores, out=scores)


SCORES: Mapping[Scoring, Callable[[Rows, Row], Scores]] = {"symmetric": symmetric, "asymmetric": asymmetric}
TEXT_SCORES: Mapping[Scoring, Callable[[Rows, Row], Scores]] = {
    "symmetric": symmetric,
    "asymmetric": asymmetric_texts,
}


def best(ids: Ids, scores: Scores, n: int) -> NDArray[np.intp]:
    """The positions of the `n` best scores, best first; equal scores by ascending id. `n` is at least 1."""
    positions = np.arange(len(scores))
    if n < len(scores):
        last = len(scores) - n
        positions = np.flatnonzero(scores >= np.partition(scores, last)[last])
    return positions[np.lexsort((ids[positions], -scores[positions]))][:n]
