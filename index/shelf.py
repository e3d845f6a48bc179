"""Shelf: what the gallery holds in memory of one collection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.candidates import Candidates
from index.catalog import Catalog
from index.vectors import Row


@dataclass(frozen=True)
class Shelf:
    images: Candidates
    captions: Candidates  # by caption id

    @classmethod
    def empty(cls, dim: int) -> "Shelf":
        return cls(Candidates(dim), Candidates(dim))

    @classmethod
    def loaded(cls, catalog: Catalog, collection: str, dim: int) -> "Shelf":
        """Filled from the catalog. Raises StoreDamaged."""
        shelf = cls.empty(dim)
        for ids, rows in catalog.vectors(collection):
            shelf.images.add(ids, rows)
        for ids, rows in catalog.captions.vectors(collection):
            shelf.captions.add(ids, rows)
        return shelf

    def add_captions(self, vectors: Mapping[int, Row]) -> None:
        """Adds vectors, (dim,) float32 each, by new caption ids."""
        if vectors:
            self.captions.add(list(vectors), np.stack(list(vectors.values())))

    def remove_captions(self, ids: Sequence[int]) -> None:
        if ids:
            self.captions.remove(ids)
