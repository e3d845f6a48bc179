"""Gallery: the face of the package. Collections of images on disk, found again by their vectors."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType

import numpy as np

from index.catalog import Catalog
from index.changes import ImageChange
from index.errors import CollectionFixed, StorageFull, translated
from index.files import FileStore
from index.lock import FolderLock
from index.names import check_collection_name
from index.reading import Reading
from index.records import (
    Added,
    Addition,
    CollectionRecord,
    CollectionRef,
    ImageRecord,
    NewCaption,
    NewImage,
)
from index.removal import Removal
from index.reserve import Reserve
from index.snapshots import Snapshots
from index.spaces import Coming, Space
from index.store import CATALOG
from index.vectors import Row, check_vector

DEFAULT_COLLECTION = "default"


class Gallery(Reading):
    """A data folder and the one process that uses it. Thread-safe; a context manager.

    Changes run one after the other, each in this order: files, commit of the catalog, FAISS. Searches wait
    for the last only, which is short. What FAISS finds counts only where the catalog has it.

    Whoever brings vectors may tell their `model_version`: where it serves no longer, ModelChanged is raised.
    """

    def __init__(self, space: Space, files: FileStore, reserve: Reserve, resources: ExitStack) -> None:
        """Use `open`."""
        super().__init__(space, files)
        self._reserve = reserve
        self._resources = resources
        self._changing = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, dim: int, model_version: str, checkpoint: str | None = None) -> "Gallery":
        """Opens the gallery in `folder`, which is made if need be, for vectors of `dim` numbers of one model.

        The folder remembers the model, and the `checkpoint` that it was loaded from, for `served_before`.

        Raises StoreInUse, StoreTooNew, StoreDamaged, StorageFull, StorageUnwritable.
        """
        with translated(folder):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            return cls._open(folder, dim, model_version, checkpoint)
        except StorageFull:  # which is met behind the lock only
            Reserve(folder).give_up()
            return cls._open(folder, dim, model_version, checkpoint)

    @classmethod
    def _open(cls, folder: Path, dim: int, model_version: str, checkpoint: str | None) -> "Gallery":
        reserve = Reserve(folder)
        with ExitStack() as opened, ExitStack() as failing:
            opened.enter_context(closing(FolderLock(folder)))
            catalog = opened.enter_context(
                closing(Catalog(folder / CATALOG, dim=dim, model_version=model_version))
            )
            if DEFAULT_COLLECTION not in (key.name for key in catalog.collections.all()):
                catalog.collections.create(DEFAULT_COLLECTION)
            keys = catalog.collections.all()
            files = FileStore(folder)
            space = Space(model_version, dim, catalog, Snapshots(folder / "lists"))
            failing.callback(space.close)
            space.tidy(keys)
            space.load(keys)
            if catalog.serving() != (model_version, checkpoint):
                catalog.serve(checkpoint)
            reserve.hold()
            failing.pop_all()
            return cls(space, files, reserve, opened.pop_all())

    def close(self) -> None:
        """Waits for a change under way, gives up builds, lets the folder go. Closing twice does nothing."""
        with self._changing:
            self._space.close()
            self._resources.close()

    def __enter__(self) -> "Gallery":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def create_collection(self, name: str) -> CollectionRecord:
        """Raises BadCollectionName, CollectionExists."""
        check_collection_name(name)
        with self._changing:
            self._catalog.collections.create(name)
            self._space.create(self._catalog.collections.key(name))
            return self._catalog.collections.record(name)

    def rename_collection(self, name: str, to: str) -> CollectionRecord:
        """Whatever is under way in it goes on. `default` keeps its name.

        Raises BadCollectionName, UnknownCollection, CollectionExists, CollectionFixed.
        """
        check_collection_name(to)
        if name == DEFAULT_COLLECTION != to:
            raise CollectionFixed(name)
        with self._changing:
            self._catalog.collections.rename(name, to)
            return self._catalog.collections.record(to)

    def delete_collection(self, name: str) -> None:
        """Deletes it with all that is in it. `default` can go too; the next `open` makes it anew, empty.

        Raises UnknownCollection.
        """
        with self._changing:
            self._removal.delete(name)

    def empty_collection(self, name: str) -> None:
        """Deletes all that is in it, in one step if the disk is not full; the collection itself stays.

        Raises UnknownCollection.
        """
        with self._changing:
            self._removal.empty(name)

    def add(
        self, collection: CollectionRef, images: Sequence[NewImage], *, model_version: str | None = None
    ) -> list[Added]:
        """Adds all of the images or none; when it returns they survive a power cut, and searches find them.

        Content that the collection has keeps its record; if that lacked a vector of the current model, it
        now has one, and captions and an external id that it lacked are added. Files that were lost are
        written anew.

        Raises BadVector, UnknownCollection, ExternalIdTaken, TooManyCaptions, StorageFull, StorageUnwritable,
        ModelChanged.
        """
        with self._changing:
            self._check((image.vector for image in images), model_version)
            for image in images:
                self._check_captions(image.captions, model_version)
            shelf = self._space.shelf(collection)
            self._catalog.check(collection, images)
            unused = self._catalog.unused({image.sha256 for image in images})
            try:
                self._files.write([image for image in images if self._is_due(image.sha256, unused)])
                stored = self._catalog.add(collection, images)
            except StorageFull:
                self._files.remove(unused)  # what was written so far, so that there is space again
                raise
            searchable = [i for i, one in enumerate(stored) if one.vector_is_new]
            if searchable:
                shelf.images.add(
                    [stored[i].added.record.id for i in searchable],
                    np.stack([images[i].vector for i in searchable]),
                )
            shelf.add_captions({id: row for one in stored for id, row in one.captions.items()})
        return [one.added for one in stored]

    def complete(
        self, collection: CollectionRef, additions: Sequence[Addition], *, model_version: str | None = None
    ) -> list[ImageRecord | None]:
        """Gives known contents the captions and the external id that they lack, as `add` does; all or none.

        None where the collection does not have the content any more. Raises BadVector, UnknownCollection,
        ExternalIdTaken, TooManyCaptions, StorageFull, StorageUnwritable, ModelChanged.
        """
        with self._changing:
            for addition in additions:
                self._check_captions(addition.captions, model_version)
            self._catalog.check(collection, additions)
            stored = self._catalog.complete(collection, additions)
            self._space.shelf(collection).add_captions(
                {id: row for one in stored if one for id, row in one.captions.items()}
            )
        return [None if one is None else one.added.record for one in stored]

    def update(
        self, collection: str, id: int, change: ImageChange, *, model_version: str | None = None
    ) -> ImageRecord:
        """Makes all of the change or none of it; gives the record as it is then. It survives a power cut.

        Raises BadVector, BadValue, UnknownCollection, UnknownImage, ExternalIdTaken, TooManyCaptions,
        StorageFull, StorageUnwritable, ModelChanged.
        """
        with self._changing:
            self._check_captions(change.captions or (), model_version)
            changed = self._catalog.update(collection, id, change)
            shelf = self._space.shelf(collection)
            shelf.remove_captions(changed.removed)
            shelf.add_captions(changed.captions)
            return changed.record

    def remove(self, collection: CollectionRef, ids: Sequence[int]) -> list[int]:
        """Removes images; gives those of the ids that were there, ascending. Raises UnknownCollection.

        On a full disk they leave a few at a time; StorageFull is raised where not even that works, and some
        may be gone then.
        """
        with self._changing:
            return self._removal.remove(collection, ids)

    def put_vectors(self, vectors: Mapping[int, Row], *, model_version: str | None = None) -> None:
        """Gives images their vectors of the current model, (dim,) float32 by id; deleted images are ignored.

        Raises BadVector, StorageFull, StorageUnwritable, ModelChanged.
        """
        with self._changing:
            self._check(vectors.values(), model_version)
            stored = self._catalog.vectors.put(vectors)
            for name, ids in _by_collection(stored).items():
                self._space.shelf(name).images.replace(ids, np.stack([vectors[id] for id in ids]))

    def put_caption_vectors(self, vectors: Mapping[int, Row], *, model_version: str | None = None) -> None:
        """As `put_vectors`, of captions."""
        with self._changing:
            self._check(vectors.values(), model_version)
            stored = self._catalog.captions.put_vectors(vectors)
            for name, ids in _by_collection(stored).items():
                self._space.shelf(name).captions.replace(ids, np.stack([vectors[id] for id in ids]))

    def put_unreadable_captions(self, ids: Sequence[int], *, model_version: str | None = None) -> None:
        """Notes that the current model cannot read these captions: they do not await a vector of it.

        Raises StorageFull, StorageUnwritable, ModelChanged.
        """
        with self._changing:
            self._space.check(model_version)
            self._catalog.captions.put_unreadable(ids)

    def coming(self, model_version: str, dim: int) -> Coming:
        """A space to fill for the model that is to serve next; what was put into it before is still there."""
        return Coming(self._catalog, model_version, dim)

    def switch(self, coming: Coming, checkpoint: str | None = None) -> None:
        """Has the coming model serve, in one step: each search uses the old space or the new one.

        What lacks a vector of it is not found until it gets one. Changes wait while its vectors are loaded;
        searches do not. Raises StoreDamaged, StorageFull, StorageUnwritable; the old one serves on.
        """
        with self._changing, ExitStack() as failing:
            before = self._space
            space = Space(coming.model_version, coming.dim, coming.catalog, before.snapshots)
            failing.callback(space.discard)
            space.load(before.shelves)
            coming.catalog.serve(checkpoint)
            failing.pop_all()
            self._space = space
            before.discard()

    def _check(self, vectors: Iterable[Row], model_version: str | None) -> None:
        """During a change, so that no other model takes over after it. Raises ModelChanged, BadVector."""
        self._space.check(model_version)
        for vector in vectors:
            check_vector(vector, self._space.dim)

    def _check_captions(self, captions: Sequence[NewCaption], model_version: str | None) -> None:
        self._check((one.vector for one in captions if one.vector is not None), model_version)

    @property
    def _removal(self) -> Removal:
        return Removal(self._space, self._files, self._reserve)

    def _is_due(self, sha256: str, unused: set[str]) -> bool:
        """Whether the files are to be written; those that nothing uses may be there, but nobody vouches."""
        return sha256 in unused or not self._files.has(sha256)


def _by_collection(collections: Mapping[int, str]) -> dict[str, list[int]]:
    """The ids of each collection."""
    ids: dict[str, list[int]] = {}
    for id, name in collections.items():
        ids.setdefault(name, []).append(id)
    return ids
