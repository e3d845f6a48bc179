"""Small images for the tests of the index, of any bytes and given vectors, and short ways to ask for them."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.gallery import Gallery
from index.records import CollectionRecord, Json, NewCaption, NewImage, SearchOptions
from index.vectors import Row

DIM = 4
MODEL = "model-1"
BEYOND_INT64 = 2**63


def unit(*numbers: float) -> Row:
    """The numbers as a row of length 1."""
    row = np.array(numbers, np.float32)
    return row / np.float32(np.linalg.norm(row))


def random_rows(n: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    """(n, dim) float32, unit, non-negative, about half of the numbers zero."""
    rows = np.maximum(np.random.default_rng(seed).standard_normal((n, dim), np.float32), 0)
    rows[:, 0] += np.float32(0.1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def sample(
    content: str,
    vector: Row | None = None,
    *,
    filename: str = "photo.jpg",
    metadata: dict[str, Json] | None = None,
    captions: Sequence[NewCaption] = (),
) -> NewImage:
    original = content.encode()
    return NewImage(
        original=original,
        thumbnail=b"thumbnail of " + original,
        format="jpeg",
        width=640,
        height=480,
        filename=filename,
        metadata=metadata or {},
        vector=unit(1, 2, 3, 4) if vector is None else vector,
        sha256=hashlib.sha256(original).hexdigest(),
        captions=tuple(captions),
    )


def found(gallery: Gallery, query: Row, of: str = "default") -> list[int]:
    """The ids that a search finds, best first."""
    return [hit.record.id for hit in gallery.search(of, query, SearchOptions()).hits]


def counts(record: CollectionRecord) -> tuple[str, int, int]:
    return record.name, record.images, record.searchable
