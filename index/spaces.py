"""Spaces: the vectors of one model each. One is searched, a coming one is filled beside it to take over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from index.catalog import Catalog
from index.errors import ModelChanged, NoStore, UnknownCollection
from index.records import CaptionRecord, ImageRecord
from index.shelf import Shelf
from index.sql import pending
from index.store import catalog_in
from index.vectors import Row, check_vector


@dataclass(frozen=True)
class Space:
    """What is searched, all of one model; replaced as a whole, so that no search sees half of two."""

    model_version: str
    dim: int
    catalog: Catalog
    shelves: dict[str, Shelf]

    @classmethod
    def loaded(cls, catalog: Catalog, names: Iterable[str], model_version: str, dim: int) -> Self:
        """With the collections of these names, as the catalog has them. Raises StoreDamaged."""
        shelves = {name: Shelf.loaded(catalog, name, dim) for name in names}
        return cls(model_version, dim, catalog, shelves)

    def shelf(self, collection: str) -> Shelf:
        """Raises UnknownCollection."""
        try:
            return self.shelves[collection]
        except KeyError:
            raise UnknownCollection(collection) from None

    def check(self, model_version: str | None) -> None:
        """Raises ModelChanged for vectors of another model; None vouches for itself."""
        if model_version not in (None, self.model_version):
            raise ModelChanged(str(model_version), self.model_version)


class Coming:
    """The space of a model that is to serve next. It is written to, durably, and never searched."""

    def __init__(self, catalog: Catalog, model_version: str, dim: int) -> None:
        self.model_version = model_version
        self.dim = dim
        self.catalog = catalog.of_model(model_version, dim)

    def pending(self) -> int:
        """How many images and captions still lack their vector."""
        return self.catalog.pending()

    def without_vector(self, *, after: int = 0, limit: int = 32) -> list[ImageRecord]:
        """Up to `limit` images of any collection without a vector of this model, by ascending id."""
        return self.catalog.without_vector(after=after, limit=limit)

    def put_vectors(self, vectors: Mapping[int, Row]) -> None:
        """Gives images their vectors, (dim,) float32 by id; deleted images are ignored.

        Raises BadVector, StorageFull, StorageUnwritable.
        """
        self._check(vectors)
        self.catalog.put_vectors(vectors)

    def captions_without_vector(self, *, after: int = 0, limit: int = 32) -> list[CaptionRecord]:
        """As `without_vector`, of captions."""
        return self.catalog.captions.without_vector(after=after, limit=limit)

    def put_caption_vectors(self, vectors: Mapping[int, Row]) -> None:
        """As `put_vectors`, of captions."""
        self._check(vectors)
        self.catalog.captions.put_vectors(vectors)

    def _check(self, vectors: Mapping[int, Row]) -> None:
        for vector in vectors.values():
            check_vector(vector, self.dim)


@dataclass(frozen=True)
class Served:
    """The model that a data folder was searched with last."""

    model_version: str
    checkpoint: str | None
    pending: int  # images and captions that lack a vector of it
    pending_of_next: int  # those that lack one of the model that asks to be next


def served_before(folder: Path, next_version: str) -> Served | None:
    """Who served the folder, which nobody need have open; None where it is new or does not tell.

    Raises StoreTooNew, StoreDamaged; for a folder of an older release also what `catalog_in` raises then.
    """
    try:
        with catalog_in(folder) as connection:
            row = connection.execute("SELECT model_version, checkpoint FROM serving").fetchone()
            if row is None:
                return None
            versions = (row[0], next_version)
            return Served(*row, *(pending(connection, version) for version in versions))
    except NoStore:
        return None
