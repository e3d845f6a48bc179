"""Shelf: what the gallery holds in memory of one collection."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from index.candidates import Candidates
from index.catalog import Catalog
from index.records import CollectionKey
from index.snapshots import Snapshot
from index.vectors import Row

SnapshotPair: TypeAlias = tuple[Snapshot, Snapshot]
"""Where the lists of images are kept, and those of captions."""


@dataclass(frozen=True)
class Shelf:
    images: Candidates
    captions: Candidates  # by caption id

    @classmethod
    def empty(cls, dim: int, snapshots: SnapshotPair) -> "Shelf":
        images, captions = snapshots
        return cls(Candidates(dim, images), Candidates(dim, captions))

    @classmethod
    def loaded(
        cls, catalog: Catalog, collection: CollectionKey, dim: int, snapshots: SnapshotPair
    ) -> "Shelf":
        """Filled from the catalog. Raises StoreDamaged."""
        with ExitStack() as failing:
            images = Candidates.loaded(dim, catalog.vectors.of_collection(collection), snapshots[0])
            failing.enter_context(closing(images))
            captions = Candidates.loaded(dim, catalog.captions.vectors(collection), snapshots[1])
            failing.pop_all()
            return cls(images, captions)

    def close(self) -> None:
        """Gives up what is being built in the background."""
        self.images.close()
        self.captions.close()

    def add_captions(self, vectors: Mapping[int, Row]) -> None:
        """Adds vectors, (dim,) float32 each, by new caption ids."""
        if vectors:
            self.captions.add(list(vectors), np.stack(list(vectors.values())))

    def remove_captions(self, ids: Sequence[int]) -> None:
        if ids:
            self.captions.remove(ids)
