"""Removal: how images leave the catalog, the memory and the disk, a full one too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.catalog import Catalog
from index.errors import StorageFull
from index.files import FileStore
from index.records import CollectionRef
from index.reserve import Reserve
from index.spaces import Space

SPARING_STEP = 16  # images that are removed at a time on a full disk


@dataclass(frozen=True)
class Removal:
    """For the time of one change of the gallery, in which nothing else changes."""

    space: Space
    files: FileStore
    reserve: Reserve

    @property
    def _catalog(self) -> Catalog:
        return self.space.catalog

    def remove(self, collection: CollectionRef, ids: Sequence[int]) -> list[int]:
        """Gives those of the ids that were there, ascending; on a full disk they leave a few at a time.

        Raises UnknownCollection; StorageFull where not even that works, and some may be gone then.
        """
        try:
            return self._remove(collection, ids)
        except StorageFull:
            with self.reserve.given_up():
                return self._sparingly(collection, ids)

    def delete(self, name: str) -> None:
        """Deletes a collection with all that is in it. Raises UnknownCollection, StorageFull."""
        key = self._catalog.collections.key(name)
        contents = self._cleared(name, self._catalog.collections.delete)
        self.space.forget(key)
        self.files.remove(self._catalog.unused(contents))

    def empty(self, name: str) -> None:
        """Deletes all that is in a collection, which stays. Raises UnknownCollection, StorageFull."""
        contents = self._cleared(name, self._catalog.collections.empty)
        key = self._catalog.collections.key(name)
        self.space.forget(key)
        self.space.create(key)
        self.files.remove(self._catalog.unused(contents))

    def _remove(self, collection: CollectionRef, ids: Sequence[int]) -> list[int]:
        removed = self._catalog.remove(collection, ids)
        if removed.contents:
            shelf = self.space.shelf(collection)
            shelf.images.remove(list(removed.contents))
            shelf.remove_captions(removed.captions)
            self.files.remove(self._catalog.unused(set(removed.contents.values())))
        return list(removed.contents)

    def _sparingly(self, collection: CollectionRef, ids: Sequence[int]) -> list[int]:
        """Each step finds the space that the one before left: in SQLite's log, and where its files lay."""
        removed: list[int] = []
        for start in range(0, len(ids), SPARING_STEP):
            self._catalog.shorten_log()
            removed += self._remove(collection, ids[start : start + SPARING_STEP])
        return sorted(removed)

    def _cleared(self, name: str, clear: Callable[[str], set[str]]) -> set[str]:
        """What `clear`, a method of the catalog, gives; on a full disk, the images leave one by one first."""
        try:
            return clear(name)
        except StorageFull:
            with self.reserve.given_up():
                while page := self._catalog.images(name, after=None, limit=1000, newest_first=False):
                    self._sparingly(name, [record.id for record in page])
                return clear(name)
