"""Spaces: the vectors of one model each. One is searched, a coming one is filled beside it to take over."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.catalog import Catalog
from index.errors import ModelChanged, NoStore, UnknownCollection
from index.records import CaptionRecord, CollectionKey, CollectionRef, ImageRecord
from index.shelf import Shelf, SnapshotPair
from index.snapshots import Snapshots
from index.sql import pending
from index.store import catalog_in
from index.vectors import Row, check_vector


@dataclass(frozen=True)
class Space:
    """What is searched, all of one model; replaced as a whole, so that no search sees half of two."""

    model_version: str
    dim: int
    catalog: Catalog
    snapshots: Snapshots
    shelves: dict[CollectionKey, Shelf] = field(default_factory=dict)

    def tidy(self, collections: Iterable[CollectionKey]) -> None:
        """Deletes lists on disk of other collections or models. To be called before `load`."""
        self.snapshots.keep(key for one in collections for key in self._keys_of(one))

    def load(self, collections: Iterable[CollectionKey]) -> None:
        """Fills shelves for these collections from the catalog. Raises StoreDamaged."""
        for one in collections:
            self.shelves[one] = Shelf.loaded(self.catalog, one, self.dim, self._snapshots_of(one))

    def close(self) -> None:
        """Gives up what is being built in the background; searches under way end in peace."""
        for shelf in self.shelves.values():
            shelf.close()

    def discard(self) -> None:
        """As `close`, where another space serves instead: its lists on disk go as well."""
        self.close()
        for collection in self.shelves:
            self._remove_snapshots(collection)

    def create(self, collection: CollectionKey) -> None:
        """An empty shelf for a collection that has none."""
        self.shelves[collection] = Shelf.empty(self.dim, self._snapshots_of(collection))

    def forget(self, collection: CollectionKey) -> None:
        """The shelf of a collection, and its lists on disk."""
        self.shelves.pop(collection).close()
        self._remove_snapshots(collection)

    def shelf(self, collection: CollectionRef) -> Shelf:
        """Raises UnknownCollection."""
        if isinstance(collection, str):
            collection = self.catalog.collections.key(collection)
        try:
            return self.shelves[collection]
        except KeyError:
            raise UnknownCollection(collection.name) from None

    def check(self, model_version: str | None) -> None:
        """Raises ModelChanged for vectors of another model; None vouches for itself."""
        if model_version not in (None, self.model_version):
            raise ModelChanged(str(model_version), self.model_version)

    def _snapshots_of(self, collection: CollectionKey) -> SnapshotPair:
        images, captions = map(self.snapshots.of, self._keys_of(collection))
        return images, captions

    def _remove_snapshots(self, collection: CollectionKey) -> None:
        for snapshot in self._snapshots_of(collection):
            snapshot.remove()

    def _keys_of(self, collection: CollectionKey) -> Iterator[str]:
        """Of the images' snapshot and the captions'. No model's builder writes where another's does."""
        model = hashlib.sha256(self.model_version.encode()).hexdigest()[:16]  # which may hold any characters
        return (f"{collection.id}.{kind}.{model}" for kind in ("images", "captions"))


class Coming:
    """The space of a model that is to serve next. It is written to, durably, and never searched."""

    def __init__(self, catalog: Catalog, model_version: str, dim: int) -> None:
        self.model_version = model_version
        self.dim = dim
        self.catalog = catalog.of_model(model_version, dim)

    def pending(self) -> int:
        """How many images and captions still await their vector."""
        return self.catalog.pending()

    def without_vector(self, *, after: int = 0, limit: int = 32) -> list[ImageRecord]:
        """Up to `limit` images of any collection without a vector of this model, by ascending id."""
        return self.catalog.without_vector(after=after, limit=limit)

    def put_vectors(self, vectors: Mapping[int, Row]) -> None:
        """Gives images their vectors, (dim,) float32 by id; deleted images are ignored.

        Raises BadVector, StorageFull, StorageUnwritable.
        """
        self._check(vectors)
        self.catalog.vectors.put(vectors)

    def captions_without_vector(self, *, after: int = 0, limit: int = 32) -> list[CaptionRecord]:
        """As `without_vector`, of captions."""
        return self.catalog.captions.without_vector(after=after, limit=limit)

    def put_caption_vectors(self, vectors: Mapping[int, Row]) -> None:
        """As `put_vectors`, of captions."""
        self._check(vectors)
        self.catalog.captions.put_vectors(vectors)

    def put_unreadable_captions(self, ids: Sequence[int]) -> None:
        """Notes that the model cannot read these captions. Raises StorageFull, StorageUnwritable."""
        self.catalog.captions.put_unreadable(ids)

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
