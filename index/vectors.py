"""Vectors, the language that the model and the index share: unit rows of float32.

The rows of our models are non-negative where images and texts meet, which is what the asymmetric score is
made for. Those of a public model need not be, and the index takes them as well.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.errors import BadVector

Row: TypeAlias = NDArray[np.float32]
"""(dim,) float32, unit"""
Rows: TypeAlias = NDArray[np.float32]
"""(n, dim) float32, unit rows"""
Ids: TypeAlias = NDArray[np.int64]
"""(n,) int64"""
Scores: TypeAlias = NDArray[np.float32]
"""(n,) float32, higher is better"""


class Matches(NamedTuple):
    """The images that match one: their ids, ascending, and how much."""

    ids: Ids
    values: NDArray[np.float32]  # (n,), of the same images


LENGTH_TOLERANCE = 1e-3  # a row that was normalised in bfloat16 still passes


def check_vector(vector: Row, dim: int) -> None:
    """Raises BadVector unless `vector` is (dim,) float32, finite and of length 1."""
    if vector.shape != (dim,):
        raise BadVector(f"has the shape {vector.shape}", dim)
    if vector.dtype != np.float32:
        raise BadVector(f"is of {vector.dtype}", dim)
    if not np.isfinite(vector).all():
        raise BadVector("holds NaN or infinity", dim)
    length = float(np.linalg.norm(vector))
    if abs(length - 1) > LENGTH_TOLERANCE:
        raise BadVector(f"has the length {length:.3g}", dim)


def to_blob(vector: Row) -> bytes:
    """(dim,) float32 -> 4 * dim bytes, little endian on every machine."""
    return vector.astype("<f4").tobytes()


def from_blobs(blobs: Sequence[bytes], dim: int) -> Rows:
    """n times 4 * dim bytes -> (n, dim) float32. Raises ValueError where the bytes are not that many."""
    return np.frombuffer(b"".join(blobs), "<f4").astype(np.float32, copy=False).reshape(len(blobs), dim)
